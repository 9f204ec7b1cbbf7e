/* The signer's journal against the registry: every signature is one of a document, or of a number that never became one;
 * every document has its signatures in the journal. Needs no key. */
#pragma once
#include "store/log.h"

struct journal_summary {
  uint64_t signatures; /* lines */
  uint64_t matched;    /* of a document, an amendment or a checkpoint of the registry */
  uint64_t
      orphans; /* of a number that was voided, rejected or is still being made: named, no fault */
  uint64_t faults;
};

/* Over one consistent snapshot. journal: the whole file; a torn last line is an orphan of a signer that died. Calls fault
 * for each fault, orphan for each orphan (either with table "journal", the line as row). Fails: when the registry can't be
 * read at all, NO_MEMORY. */
sv_status service_audit_journal(struct sv_ctx *ctx, struct store *store, struct sv_bytes journal,
                                store_fault *fault, store_fault *orphan, void *arg,
                                struct journal_summary *ret);
