/* What a content must satisfy before it can become a document: field tables, code lists, dates, sums. All violations
 * are recorded in ctx at once, each with its path in the request. Thread: any. */
#pragma once
#include "base/clock.h"
#include "base/ctx.h"
#include "model/document.h"

enum {
  MODEL_LEGS_MAX = 8,
  MODEL_ALTERNATES_MAX = 8,
  MODEL_OCCUPANTS_MAX = 500,
  MODEL_LINES_MAX = 60,
  MODEL_ROUTE_MAX = 5,
  MODEL_PORTRAIT_MAX_BYTES = 64 * 1024,
};

/* Name of the content's field in IssueDocumentRequest: "safe_conduct", ... */
const char *model_kind_field(enum model_kind kind);

/* today: the issue date in the authority's zone. Fails: FIELD_INVALID with ctx->violations. */
sv_status model_check(struct sv_ctx *ctx, const struct model_content *content,
                      struct sv_date today);

/* A person, and a travel document (nothing where none is given), outside a document. Violations go to ctx. */
void model_person_check(struct sv_ctx *ctx, const struct model_person *p, const char *path,
                        struct sv_date today);
void model_travel_document_check(struct sv_ctx *ctx, const struct model_travel_document *d,
                                 const char *path);
/* A state of no return: one that has airports. NULL when good, else the fault. */
const char *model_territory_fault(const char *code);

/* Fills in what the caller may leave out (embark, debark) and puts a manifest's occupants in the order of its lines:
 * alphabetical over passengers and accompanying persons together, crew last. After model_check. */
sv_status model_complete(struct sv_ctx *ctx, struct model_content *content);

/* quantity (thousandths) x unit price, rounded half to even to the minor unit; false on overflow. */
bool model_line_amount(int64_t quantity_thousandths, int64_t unit_price_minor, int64_t *ret_minor);
/* An amount in another currency: rate in millionths of base units for one unit; half to even; false on overflow. */
bool model_exchange(int64_t minor, int exponent, int64_t rate_millionths, int base_exponent,
                    int64_t *ret_base_minor);
/* ISO 11649: RF, check digits by MOD 97-10, up to 21 characters. */
bool model_rf_reference_valid(const char *reference);

bool model_role_is_passenger(enum model_role role); /* category P */
