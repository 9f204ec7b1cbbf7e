/* The audit: each part reads one kind of thing and says what contradicts another. Invariant: a fault never ends the audit;
 * what can't be read does, and is itself a fault that names the place. */
#include "service/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "formats/record/record.h"
#include "model/audience.h"
#include "model/number.h"
#include "pki/cms.h"
#include "store/audience.h"
#include "store/levels.h"
#include "verify/twin.h"

enum { SERIES_MAX = 300, MISSES_MAX = 100, ACT_MEMORY = 256 * 1024 * 1024 };

struct audit {
  const struct tlog_key *log_key;
  store_fault *fault;
  void *arg;
  struct audit_summary sum;
};

static void fault_put(void *arg, const char *table, const char *row, const char *column,
                      const char *what) {
  struct audit *a = arg;
  a->sum.faults++;
  a->fault(a->arg, table, row ? row : "", column, what);
}

/* --- numbers --- */

/* Each number that a series handed out has a first version. A series that is long off is not followed to its end. */
static sv_status series_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx) {
  struct store_series series[SERIES_MAX];
  size_t n;
  SV_TRY(tx->log->series(tx, ctx, series, SERIES_MAX, &n));
  for (size_t i = 0; i < n; i++) {
    unsigned misses = 0;
    for (uint32_t k = 1; k <= series[i].last && misses < MISSES_MAX; k++) {
      char number[10];
      uint8_t digest[32];
      model_number_format(series[i].kind, series[i].year, k, number);
      sv_status s = tx->log->record_digest(tx, ctx, number, 1, digest);
      if (s.reason == SV_NOT_FOUND) {
        fault_put(a, "documents", number, "number", "was handed out and has no row");
        misses++;
      }
      sv_ctx_clear(ctx);
    }
  }
  return SV_DONE;
}

/* --- documents --- */

/* What is wrong with what was appended to a file; NULL: nothing. */
static const char *tails_fault(struct store_tx *tx, struct sv_ctx *ctx,
                               const struct store_file *file, struct sv_bytes pdf) {
  struct store_tail *tails;
  size_t n;
  SV_AUTO(crypto_hash_close) struct crypto_hash *so_far = NULL;
  if (sv_failed(tx->levels->tails(tx, ctx, file, true, &tails, &n)) ||
      sv_failed(crypto_hash_open(ctx, CRYPTO_SHA256, &so_far))) {
    return sv_arena_strdup(ctx->mem, ctx->detail);
  }
  crypto_hash_update(so_far, pdf);
  for (size_t i = 0; i < n; i++) {
    SV_AUTO(crypto_hash_close) struct crypto_hash *whole = NULL;
    uint8_t made[32];
    crypto_hash_update(so_far, tails[i].bytes);
    if (sv_failed(crypto_hash_copy(ctx, so_far, &whole))) {
      return sv_arena_strdup(ctx->mem, ctx->detail);
    }
    crypto_hash_final(whole, made);
    if (memcmp(made, tails[i].file_sha256, sizeof made) != 0) {
      return "with what was appended has another digest than file_sha256";
    }
  }
  return NULL;
}

/* What is wrong with a copy; NULL: nothing. The text is static or in ctx->mem. */
static const char *copy_fault(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *d, uint32_t copy) {
  struct sv_bytes pdf;
  uint8_t kept[32], made[32];
  struct pdfio *file;
  struct verify_twin twin = {0};
  sv_status s = tx->ops->pdf(tx, ctx, d->number, d->version, copy, &pdf, kept);
  if (sv_failed(s)) {
    return sv_arena_strdup(ctx->mem, ctx->detail);
  }
  crypto_sha256(pdf, made);
  if (memcmp(made, kept, sizeof made) != 0) {
    return "has another digest than pdf_sha256";
  }
  s = pdfio_open(ctx, pdf, &file);
  if (!sv_failed(s)) {
    s = verify_twin_read(ctx, file, &twin);
  }
  if (sv_failed(s) || !twin.readable || !sv_bytes_equal(twin.json, d->record)) {
    return "does not carry the record of the document";
  }
  struct store_file of = {d->number, d->version, copy, MODEL_AUTHORITY};
  return tails_fault(tx, ctx, &of, pdf);
}

static void copies_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx,
                         const struct store_document *d, const char *name) {
  for (uint32_t c = 1; c <= d->copy && c <= STORE_COPIES_MAX; c++) {
    const char *fault = copy_fault(tx, ctx, d, c);
    sv_ctx_clear(ctx);
    if (fault) {
      fault_put(a, "copies", sv_arena_printf(ctx->mem, "%s/%u", name, c), "pdf", fault);
    }
    a->sum.copies++;
  }
}

/* What is wrong with a copy for an audience; NULL: nothing. */
static const char *audience_fault(struct store_tx *tx, struct sv_ctx *ctx,
                                  const struct store_document *d,
                                  const struct store_audience_copy *row) {
  struct store_audience_copy copy;
  uint8_t made[32];
  struct pdfio *file;
  struct verify_twin twin = {0};
  sv_status s = tx->audience->find(tx, ctx, d->number, d->version, row->audience, &copy);
  if (sv_failed(s)) {
    return sv_arena_strdup(ctx->mem, ctx->detail);
  }
  crypto_sha256(copy.pdf, made);
  if (memcmp(made, copy.pdf_sha256, sizeof made) != 0) {
    return "has another digest than pdf_sha256";
  }
  s = pdfio_open(ctx, copy.pdf, &file);
  if (!sv_failed(s)) {
    s = verify_twin_read(ctx, file, &twin);
  }
  if (sv_failed(s) || !twin.readable ||
      strcmp(twin.facts.audience, model_audience_name(row->audience)) != 0 ||
      memcmp(twin.sha256, d->record_sha256, sizeof twin.sha256) != 0) {
    return "does not name its audience and the record of the document";
  }
  struct store_file of = {d->number, d->version, d->copy, row->audience};
  return tails_fault(tx, ctx, &of, copy.pdf);
}

static sv_status audiences_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct store_document *d, const char *name) {
  struct store_audience_copy all[MODEL_AUDIENCES];
  size_t n;
  SV_TRY(tx->audience->all(tx, ctx, d->number, d->version, all, &n));
  for (size_t i = 0; i < n; i++) {
    const char *fault = audience_fault(tx, ctx, d, &all[i]);
    sv_ctx_clear(ctx);
    if (fault) {
      fault_put(a, "audience_copies",
                sv_arena_printf(ctx->mem, "%s/%u", name, (unsigned)all[i].audience), "pdf", fault);
    }
    a->sum.copies++;
  }
  return SV_DONE;
}

static sv_status document_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx,
                                const struct store_document *d) {
  char *name = sv_arena_printf(ctx->mem, "%s/%u", d->number, d->version);
  if (!name) {
    return SV_FAIL(ctx, NO_MEMORY, "audit");
  }
  a->sum.documents++;
  if (!model_number_parse(d->number, NULL, NULL, NULL)) {
    fault_put(a, "documents", name, "number", "has a wrong check character");
  }
  if (d->state == MODEL_ERASED || d->record.n == 0) {
    return SV_DONE;
  }
  uint8_t made[32];
  crypto_sha256(d->record, made);
  if (memcmp(made, d->record_sha256, sizeof made) != 0) {
    fault_put(a, "documents", name, "record", "has another digest than record_sha256");
  }
  copies_check(a, tx, ctx, d, name);
  return audiences_check(a, tx, ctx, d, name);
}

static sv_status documents_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx) {
  struct sv_arena *mem = sv_arena_open(ACT_MEMORY);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "audit");
  }
  uint64_t row = 0;
  unsigned misses =
      0; /* a row that can't be opened is stepped over; a store that can't be read is not */
  for (bool more = true; more && misses < MISSES_MAX;) {
    struct sv_ctx one = sv_ctx_over(mem); /* a document's bytes are let go before the next */
    struct store_document d;
    sv_status s = tx->log->document_after(tx, &one, row, &d);
    more = s.reason != SV_NOT_FOUND;
    if (!sv_failed(s)) {
      row = d.row;
      misses = 0;
      s = document_check(a, tx, &one, &d);
    } else {
      row++;
      misses++;
    }
    if (sv_failed(s) && more) {
      fault_put(a, "documents", "", "", one.detail);
    }
    sv_arena_reset(mem);
  }
  sv_arena_close(mem);
  return SV_DONE;
}

/* --- amendments --- */

/* Rows come in the order of obligations and amendments: each names the record of the one before. */
struct amendments {
  struct audit *a;
  char last[512]; /* "authority/id" of the row before */
  uint8_t previous[32];
};

static const char *cell(const char *const *names, const char *const *cells, size_t n,
                        const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], name) == 0) {
      return cells[i] ? cells[i] : "";
    }
  }
  return "";
}

static sv_status blob_cell(struct sv_ctx *ctx, const char *hex, struct sv_bytes *ret) {
  size_t n = strlen(hex) / 2;
  uint8_t *p = sv_arena_alloc(ctx->mem, n + 1);
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "audit");
  }
  *ret = sv_bytes_of(p, sv_unhex(hex, p, n) ? n : 0);
  return SV_DONE;
}

static sv_status amendment_judge(struct amendments *m, struct sv_ctx *ctx, const char *name,
                                 const struct record_amendment *known, struct sv_bytes record,
                                 struct sv_bytes signature) {
  bool same;
  struct pki_cms cms = {0};
  SV_TRY(record_amendment_says(ctx, record, known, &same));
  if (!same) {
    fault_put(m->a, "amendments", name, "record",
              "does not say what the row and the one before do");
  }
  SV_TRY(pki_cms_verify(ctx, signature, crypto_pieces_of(&record, 1), &cms));
  if (cms.fault != PKI_CMS_GOOD) {
    fault_put(m->a, "amendments", name, "signature", "is not one over the record");
  }
  pki_chain_close(cms.chain);
  m->a->sum.amendments++;
  crypto_sha256(record, m->previous);
  return SV_DONE;
}

static sv_status amendment_row(void *arg, struct sv_ctx *ctx, const char *const *names,
                               const char *const *cells, size_t n) {
  struct amendments *m = arg;
  struct record_amendment known = {
      .authority = cell(names, cells, n, "authority"),
      .obligation = cell(names, cells, n, "id"),
      .amendment = (uint32_t)strtoul(cell(names, cells, n, "amendment"), NULL, 10),
      .change_minor = strtoll(cell(names, cells, n, "change_minor"), NULL, 10),
      .obligated_minor = strtoll(cell(names, cells, n, "obligated_minor"), NULL, 10),
      .period_end = cell(names, cells, n, "period_end"),
      .actor = cell(names, cells, n, "actor"),
      .time_us = strtoll(cell(names, cells, n, "time_us"), NULL, 10)};
  char of[sizeof m->last];
  (void)snprintf(of, sizeof of, "%s/%s", known.authority, known.obligation);
  known.previous_sha256 = strcmp(of, m->last) == 0 ? m->previous : NULL;
  memcpy(m->last, of, sizeof of);
  char *name = sv_arena_printf(ctx->mem, "%s/%u", of, known.amendment);
  struct sv_bytes record, signature;
  SV_TRY(blob_cell(ctx, cell(names, cells, n, "record"), &record));
  SV_TRY(blob_cell(ctx, cell(names, cells, n, "signature"), &signature));
  return amendment_judge(m, ctx, name, &known, record, signature);
}

static sv_status amendments_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx) {
  struct amendments m = {.a = a};
  return tx->log->table(tx, ctx, "amendments", amendment_row, &m);
}

/* --- the log --- */

/* The tree grows leaf by leaf; its right edge is enough to have the root of every size that was signed. */
struct edge {
  struct tlog_hash node[TLOG_LEVELS];
  struct tlog_hash
      made[TLOG_LEVELS]; /* by the last leaf: its own and the nodes that it completed */
  unsigned made_n;
  uint64_t size;
};

static void edge_put(struct edge *e, struct sv_bytes leaf) {
  struct tlog_hash h;
  tlog_leaf_hash(leaf, &h);
  unsigned level = 0;
  e->made[0] = h;
  for (uint64_t i = e->size; i & 1; i >>= 1) {
    tlog_node_hash(&e->node[level++], &h, &h);
    e->made[level] = h;
  }
  e->node[level] = h;
  e->made_n = level + 1;
  e->size++;
}

static void edge_root(const struct edge *e, struct tlog_hash *ret) {
  bool any = false;
  crypto_sha256(sv_bytes_of(NULL, 0), ret->b);
  for (unsigned level = 0; level < TLOG_LEVELS; level++) {
    if ((e->size >> level) & 1) {
      if (any) {
        tlog_node_hash(&e->node[level], ret, ret);
      } else {
        *ret = e->node[level];
      }
      any = true;
    }
  }
}

static void checkpoint_check(struct audit *a, struct sv_ctx *ctx, const struct edge *e,
                             const struct store_checkpoint *c) {
  char *name = sv_arena_printf(ctx->mem, "%llu", (unsigned long long)c->size);
  struct tlog_hash root;
  edge_root(e, &root);
  a->sum.checkpoints++;
  if (memcmp(root.b, c->root, sizeof c->root) != 0) {
    fault_put(a, "log_checkpoints", name, "root", "is not the root of the leaves");
  }
  struct tlog_checkpoint said;
  if (a->log_key) {
    sv_status s = tlog_checkpoint_open(ctx, sv_bytes_str(c->note), a->log_key, &said);
    if (sv_failed(s) || said.size != c->size || memcmp(said.root.b, root.b, sizeof root.b) != 0) {
      fault_put(a, "log_checkpoints", name, "note", "is not signed, or says something else");
    }
    sv_ctx_clear(ctx);
  }
}

static void nodes_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx,
                        const struct edge *e) {
  uint64_t index = e->size - 1;
  for (unsigned level = 0; level < e->made_n; level++) {
    struct tlog_hash kept;
    sv_status s = tx->log->node(tx, ctx, level, index >> level, kept.b);
    if (sv_failed(s) || memcmp(kept.b, e->made[level].b, sizeof kept.b) != 0) {
      fault_put(a, "log_nodes",
                sv_arena_printf(ctx->mem, "%u/%llu", level, (unsigned long long)(index >> level)),
                "hash", "does not follow from the leaves");
    }
    sv_ctx_clear(ctx);
  }
}

static sv_status log_check(struct audit *a, struct store_tx *tx, struct sv_ctx *ctx) {
  struct edge *e = SV_NEW(ctx->mem, struct edge);
  uint64_t size;
  if (!e) {
    return SV_FAIL(ctx, NO_MEMORY, "audit");
  }
  SV_TRY(tx->log->size(tx, ctx, &size));
  struct store_checkpoint next = {0};
  sv_status more = tx->log->checkpoint_after(tx, ctx, 0, &next);
  for (uint64_t i = 0; i < size; i++) {
    struct store_leaf leaf;
    sv_status s = tx->log->leaf(tx, ctx, i, &leaf);
    if (sv_failed(s)) {
      fault_put(a, "log_leaves", sv_arena_printf(ctx->mem, "%llu", (unsigned long long)i), "",
                "is gone, or can't be read");
      sv_ctx_clear(ctx);
      return SV_DONE; /* no tree beyond it */
    }
    edge_put(e, leaf.leaf);
    nodes_check(a, tx, ctx, e);
    a->sum.leaves++;
    if (!sv_failed(more) && next.size == e->size) {
      checkpoint_check(a, ctx, e, &next);
      more = tx->log->checkpoint_after(tx, ctx, e->size, &next);
    }
  }
  if (!sv_failed(more)) {
    fault_put(a, "log_checkpoints",
              sv_arena_printf(ctx->mem, "%llu", (unsigned long long)next.size), "size",
              "is more than there are leaves");
  }
  sv_ctx_clear(ctx);
  return SV_DONE;
}

static sv_status audit_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct audit *a = arg;
  SV_TRY(tx->log->rows_check(tx, ctx, fault_put, a, &a->sum.rows));
  SV_TRY(tx->log->rules_check(tx, ctx, fault_put, a));
  SV_TRY(series_check(a, tx, ctx));
  SV_TRY(documents_check(a, tx, ctx));
  SV_TRY(amendments_check(a, tx, ctx));
  return log_check(a, tx, ctx);
}

sv_status service_audit_registry(struct sv_ctx *ctx, struct store *store,
                                 const struct tlog_key *log_key, store_fault *fault, void *arg,
                                 struct audit_summary *ret) {
  struct audit a = {.log_key = log_key, .fault = fault, .arg = arg};
  SV_TRY(store_read(store, ctx, audit_act, &a));
  *ret = a.sum;
  return SV_DONE;
}
