/* Erasure: a document's personal data goes, its number, digests, amounts, audit and leaves stay. Needs no server. */
#pragma once
#include "store/store.h"

struct erase_order {
  const char *actor;
  const char *number;
  const char *cause; /* a fixed word */
  const char
      *before; /* "YYYY-MM-DD": every version's last day is before it; NULL: any that may go */
};
/* Inside an act: destroys a document's personal data in every version, with audit rows and leaves. Fails: NOT_FOUND,
 * NOT_ISSUED while a version is in force or in the making, or ended too late. */
sv_status erase_in_act(struct store_tx *tx, struct sv_ctx *ctx, const struct erase_order *order);

/* Destroys a document's personal data in every version: an act with its audit row and leaf. `cause` is a fixed word.
 * Fails: NOT_FOUND, NOT_ISSUED while a version is in force or in the making: all of it stays then. */
sv_status service_erase(struct sv_ctx *ctx, struct store *store, const char *actor,
                        const char *number, const char *cause);
