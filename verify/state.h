/* What the registry's row means for a verdict: the part that PDFs and seals share. */
#pragma once
#include "formats/vds/vds_profile.h"
#include "verify/registry.h"
#include "verify/report.h"

/* Adds the reasons of the row's state, of its validity today and of a copy that was replaced; HOLD when suspended.
 * Fills version, validity and kind of the report. */
void verify_judge_row(struct verify_report *report, const struct verify_row *row, uint32_t copy);
/* Adds EXPIRED or NOT_YET_VALID; dates are "YYYY-MM-DD" or "", zone is IANA or "". */
void verify_judge_validity(struct verify_report *report, const char *from, const char *until,
                           const char *zone);
/* The kind of document that a seal of ours is of; MODEL_KIND_NONE: of none. */
enum model_kind verify_kind_of_seal(enum vds_kind kind);
/* Once everything has been judged: VALID if nothing was found. */
void verify_conclude(struct verify_report *report);
