/* Erasure: a document's personal data goes, its number, digests, amounts, audit and leaves stay. Needs no server. */
#pragma once
#include "store/store.h"

/* Destroys a document's personal data in every version: an act with its audit row and leaf. `cause` is a fixed word.
 * Fails: NOT_FOUND, NOT_ISSUED while a version is in force or in the making: all of it stays then. */
sv_status service_erase(struct sv_ctx *ctx, struct store *store, const char *actor,
                        const char *number, const char *cause);
