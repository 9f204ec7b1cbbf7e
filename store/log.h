/* The transparency log's part of the contract of store.h, and what an auditor reads.
 *
 * The log is a sequence of leaves without holes, the nodes of their tree (RFC 6962, formats/tlog), and the checkpoints that
 * were signed. A leaf is appended in the act that it speaks of; acts run one after the other, so the writer is the
 * sequencer. A backend whose writers run side by side has to append from an outbox, in one process that holds a lease: two
 * leaves of one index are the end of a log. The backend keeps bytes and hashes, and hashes nothing itself. */
#pragma once
#include "store/store.h"

enum { STORE_LEAF_MAX = 4096, STORE_LEAF_SALT = 32 };

struct store_leaf {
  uint64_t index;
  const char *act; /* "issue", ... */
  const char *
      subject; /* what it speaks of, by number or name; not in the leaf, which has a commitment to it */
  uint32_t version;
  uint8_t salt[STORE_LEAF_SALT]; /* of the commitment */
  struct sv_bytes leaf;
};

struct store_checkpoint {
  uint64_t size;
  uint8_t root[32];
  int64_t time_us;
  const char *note; /* signed */
};

/* Where an audit row stands in the chain of all of them. */
struct store_audit_head {
  uint64_t seq;
  uint8_t link[32];
};

/* What of a document goes when it is erased, and what is left: see document_erase. */
struct store_erasable {
  uint64_t row; /* order of numbers */
  const char *number;
  uint32_t version;
  enum model_kind kind;
  enum model_state state;
  const char *issue_date;
  const char *valid_until; /* "" where the kind has none */
};

struct store_series {
  enum model_kind kind;
  int year;
  uint32_t last;
};

/* A fault that an audit found in rows: which, where, what. */
typedef void store_fault(void *arg, const char *table, const char *row, const char *column,
                         const char *what);

/* A row of an export; names and cells are lent for the call, a cell is NULL where nothing is. */
typedef sv_status store_cells(void *arg, struct sv_ctx *ctx, const char *const *names,
                              const char *const *cells, size_t n);

struct store_log_ops {
  sv_status (*size)(struct store_tx *, struct sv_ctx *, uint64_t *ret);
  /* leaf->index is the size before. CORRUPT when it is taken. */
  sv_status (*leaf_add)(struct store_tx *, struct sv_ctx *, const struct store_leaf *);
  /* NOT_FOUND. */
  sv_status (*leaf)(struct store_tx *, struct sv_ctx *, uint64_t index, struct store_leaf *ret);
  /* The first leaf of an act on a subject. NOT_FOUND. */
  sv_status (*leaf_of)(struct store_tx *, struct sv_ctx *, const char *act, const char *subject,
                       uint32_t version, struct store_leaf *ret);
  sv_status (*node_add)(struct store_tx *, struct sv_ctx *, unsigned level, uint64_t index,
                        const uint8_t hash[32]);
  /* CORRUPT when there is none. */
  sv_status (*node)(struct store_tx *, struct sv_ctx *, unsigned level, uint64_t index,
                    uint8_t ret[32]);
  /* Becomes the last one; earlier ones stay one an hour. CORRUPT when it is smaller than the last, or of the same size
   * with another root: nothing may be signed any more. */
  sv_status (*checkpoint_add)(struct store_tx *, struct sv_ctx *, const struct store_checkpoint *);
  /* NOT_FOUND where nothing was signed yet. */
  sv_status (*checkpoint_last)(struct store_tx *, struct sv_ctx *, struct store_checkpoint *ret);
  /* The next one of more leaves. NOT_FOUND at the end. */
  sv_status (*checkpoint_after)(struct store_tx *, struct sv_ctx *, uint64_t size,
                                struct store_checkpoint *ret);
  /* The newest row of the audit; seq 0 and the chain's seed where there is none. */
  sv_status (*audit_head)(struct store_tx *, struct sv_ctx *, struct store_audit_head *ret);
  /* The record digest of an issued document; all zero before. NOT_FOUND. */
  sv_status (*record_digest)(struct store_tx *, struct sv_ctx *, const char *number,
                             uint32_t version, uint8_t ret[32]);

  /* Destroys the data key and what is left of personal data: request, secrets, record, PDFs, seals, keys of persons. The
   * row becomes ERASED (one that was never issued keeps its state) and its request empty; number, digests, amounts, leaves
   * and audit stay. NOT_ISSUED while it is being made. */
  sv_status (*document_erase)(struct store_tx *, struct sv_ctx *, const char *number,
                              uint32_t version);
  /* Rows of a kind after one, not erased nor in the making, whose last day (the later of valid_until and issue_date) is
   * before `day`, oldest row first. */
  sv_status (*erasable)(struct store_tx *, struct sv_ctx *, enum model_kind kind, const char *day,
                        uint64_t after_row, struct store_erasable *ret, size_t limit,
                        size_t *ret_n);

  /* --- for audits and exports --- */

  /* The document after a row, with all its bytes; an erased one without. NOT_FOUND at the end. */
  sv_status (*document_after)(struct store_tx *, struct sv_ctx *, uint64_t row,
                              struct store_document *ret);
  sv_status (*series)(struct store_tx *, struct sv_ctx *, struct store_series *ret, size_t limit,
                      size_t *ret_n);
  /* Digests of all rows, the audit's chain, and what the backend can say of its own files. Calls fault for each. */
  sv_status (*rows_check)(struct store_tx *, struct sv_ctx *, store_fault *fault, void *arg,
                          uint64_t *ret_rows);
  /* Contradictions between rows: ids that name two live rows, balances, approvers, holds on issued lines. */
  sv_status (*rules_check)(struct store_tx *, struct sv_ctx *, store_fault *fault, void *arg);
  /* A table as text cells, blobs in hexadecimal, without its sealed columns, in the order of its key. NOT_FOUND for an
   * unknown table. */
  sv_status (*table)(struct store_tx *, struct sv_ctx *, const char *table, store_cells *row,
                     void *arg);
};
