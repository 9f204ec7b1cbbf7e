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
  uint64_t
      repeated; /* signatures over a record that had one of the same purpose and copy: asked once more */
};

enum { JOURNAL_FILE_MAX = 384 * 1024 * 1024 };

/* The journal's files in their order. ret in ctx->mem, at most JOURNAL_FILE_MAX bytes. Fails: NOT_FOUND after the last
 * one, IO. */
typedef sv_status service_journal_next(void *arg, struct sv_ctx *ctx, struct sv_bytes *ret);

/* Over one consistent snapshot, a file at a time; a torn last line is an orphan of a signer that died. Calls fault for each
 * fault, orphan for each orphan (either with table "journal", the line as row). Fails: when the registry or the journal
 * can't be read at all, NO_MEMORY. */
sv_status service_audit_journal(struct sv_ctx *ctx, struct store *store, service_journal_next *next,
                                void *next_arg, store_fault *fault, store_fault *orphan, void *arg,
                                struct journal_summary *ret);
