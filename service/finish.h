/* Finishing what was reserved. Inside service/ only; thread: a worker, outside of transactions unless said otherwise. */
#pragma once
#include "service/inside.h"

enum {
  FINISH_LEASE_US = 120 * 1000 * 1000
}; /* of a reservation: afterwards the sweeper takes it over */

/* Produces and finalises a RESERVED row; a later version's record names the record of the version that is current until
 * it is issued. The content is completed (service_content_complete). When another worker finished it first, *ret is his.
 * Fails: as service_issue; after a final fault the number is VOID, after any other one the reservation stays. */
sv_status finish_row(struct service *s, struct sv_ctx *ctx, const char *actor,
                     const struct model_content *content, const struct store_document *row,
                     struct service_issued *ret);

/* A fault that more tries can't mend. */
bool finish_fault_is_final(enum sv_reason reason);

/* What of a receipt's amount is taken with its number. A payment's funds are; what a reversal gives back is there only
 * once it is issued: another receipt might spend it, and the reversal come to nothing. */
int64_t finish_taken_minor(int64_t base_minor);

/* Inside an act: what the number of a row took that will be no document is given back. */
sv_status finish_give_back(struct store_tx *tx, struct sv_ctx *ctx,
                           const struct store_document *row);

/* Inside a reserving act: the version after the current one. Void versions are passed over; one that is still being made
 * bars the way. Fails: VERSION_CHANGED, LIMIT_EXCEEDED (255: a byte in the visible seal). */
sv_status issue_next_version(struct store_tx *tx, struct sv_ctx *ctx,
                             const struct store_document *current, uint32_t *ret);
/* Inside a reserving act: a random place in the status list, so that neighbours say nothing about each other. */
sv_status issue_status_index(struct store_tx *tx, struct sv_ctx *ctx, struct store_document *row);
