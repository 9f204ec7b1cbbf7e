/* Reasons in words, in the five languages of the gate. */
#pragma once
#include "verify/report.h"

/* A sentence for a reason, in es, en, fr, ht or pt (a BCP 47 tag, its first two letters count); anything else is es. It says
 * nothing of the document. Static; "" for no reason. */
const char *verify_reason_text(enum verify_reason reason, const char *language);
