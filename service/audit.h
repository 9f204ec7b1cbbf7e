/* Recomputes a registry from its rows: what a row was written as, what documents say of their bytes, numbers, balances, the
 * log. Needs the registry's keys and, to judge checkpoints, the log's public key; no server. */
#pragma once
#include "formats/tlog/note.h"
#include "store/log.h"

struct audit_summary {
  uint64_t rows, documents, copies, amendments, leaves, checkpoints;
  uint64_t faults;
};

/* Over one consistent snapshot. log_key NULL: signatures of checkpoints stay unjudged. Calls fault for each; *ret counts.
 * Fails: when the registry can't be read at all. Erasure keeps what was: an erased document has digests, no bytes. */
sv_status service_audit_registry(struct sv_ctx *ctx, struct store *store,
                                 const struct tlog_key *log_key, store_fault *fault, void *arg,
                                 struct audit_summary *ret);
