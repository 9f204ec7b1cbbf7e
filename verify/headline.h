/* One line for people: word, reason, next step. Texts of the gate (design of the screens, section "Gate"). */
#pragma once
#include "verify/report.h"

/* "ALTO. Documento revocado. No pasa. Llame si hay duda." In es, en, fr, ht or pt (a BCP 47 tag, its first two letters
 * count); anything else is es. The text depends on verdict and first reason alone, and says nothing of the document.
 * ret  in ctx->mem; a constant when memory is out. */
const char *verify_headline(struct sv_ctx *ctx, const struct verify_report *report,
                            const char *language);
/* What a stranger learns of a number and its code, in the same five languages; a constant. */
const char *verify_headline_public(bool confirmed, const char *language);
