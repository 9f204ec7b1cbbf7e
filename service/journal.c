/* Lines are judged as they are read, and of each it is kept whose record it is about: sorted, so that documents find
 * theirs. */
#include "service/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "formats/journal/journal.h"
#include "formats/tlog/tree.h"
#include "model/number.h"
#include "service/log.h"

enum { ACT_MEMORY = 256 * 1024 * 1024, FILE_MEMORY = 3 * JOURNAL_FILE_MAX };

/* What a document looks for. */
struct signed_record {
  uint8_t sha256[32];
  uint32_t copy;
  enum journal_purpose purpose;
};

struct matching {
  service_journal_next *next;
  void *next_arg;
  store_fault *fault, *orphan;
  void *arg;
  struct store_tx *tx;
  struct sv_arena *mem; /* of one line */
  struct journal_state state;
  bool broken; /* nothing more can be judged */
  struct signed_record *records;
  size_t n, room;
  struct amendment_digests {
    uint8_t (*v)[32];
    size_t n, room;
  } amendments;
  struct journal_summary sum;
};

static void tell(struct matching *m, bool fault, const char *row, const char *what) {
  m->sum.faults += fault;
  m->sum.orphans += !fault;
  (fault ? m->fault : m->orphan)(m->arg, "journal", row, "", what);
}

static void tell_line(struct matching *m, bool fault, const struct journal_entry *e,
                      const char *what) {
  char row[32];
  (void)snprintf(row, sizeof row, "%llu", (unsigned long long)e->sequence);
  tell(m, fault, row, what);
}

/* --- amendments --- */

static sv_status amendment_row(void *arg, struct sv_ctx *ctx, const char *const *names,
                               const char *const *cells, size_t n) {
  struct amendment_digests *a = arg;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], "record") != 0 || !cells[i]) {
      continue;
    }
    size_t bytes = strlen(cells[i]) / 2;
    uint8_t *p = sv_arena_alloc(ctx->mem, bytes + 1);
    if (a->n == a->room) {
      size_t room = a->room ? 2 * a->room : 64;
      uint8_t(*more)[32] = realloc(a->v, room * sizeof *more);
      a->v = more ? more : a->v;
      a->room = more ? room : a->room;
    }
    if (!p || a->n == a->room || !sv_unhex(cells[i], p, bytes)) {
      return SV_FAIL(ctx, NO_MEMORY, "amendments");
    }
    crypto_sha256(sv_bytes_of(p, bytes), a->v[a->n++]);
  }
  return SV_DONE;
}

/* --- each line --- */

static bool amendment_known(const struct amendment_digests *a, const uint8_t digest[static 32]) {
  for (size_t i = 0; i < a->n; i++) {
    if (memcmp(a->v[i], digest, 32) == 0) {
      return true;
    }
  }
  return false;
}

static sv_status document_line(struct matching *m, struct store_tx *tx, struct sv_ctx *ctx,
                               const struct journal_entry *e) {
  uint8_t digest[32];
  struct store_document d;
  sv_status s = tx->ops->document_find(tx, ctx, e->number, (uint32_t)e->version, &d);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    tell_line(m, true, e, "is a signature for a number that the registry never gave");
    return SV_DONE;
  }
  SV_TRY(s);
  s = tx->log->record_digest(tx, ctx, e->number, (uint32_t)e->version, digest);
  bool issued = !sv_failed(s) && (d.record.n || d.state == MODEL_ERASED);
  sv_ctx_clear(ctx);
  if (issued && memcmp(digest, e->record_sha256, sizeof digest) == 0) {
    if (e->copy <= d.copy) {
      m->sum.matched++;
    } else {
      tell_line(m, false, e, "is of a copy that was never given out");
    }
  } else if (issued) {
    tell_line(m, true, e, "is a signature for a record that is not the document's");
  } else {
    tell_line(m, false, e, "is of a number that is no document");
  }
  return SV_DONE;
}

static sv_status checkpoint_line(struct matching *m, struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct journal_entry *e) {
  struct tlog_hash root;
  uint64_t size;
  struct tlog_nodes nodes = log_nodes(tx);
  SV_TRY(tx->log->size(tx, ctx, &size));
  if (e->version > size) {
    tell_line(m, true, e, "is a checkpoint of more leaves than there are");
    return SV_DONE;
  }
  SV_TRY(tlog_root(ctx, &nodes, e->version, &root));
  if (memcmp(root.b, e->record_sha256, sizeof root.b) != 0) {
    tell_line(m, true, e, "is a checkpoint of another tree");
  } else {
    m->sum.matched++;
  }
  return SV_DONE;
}

static sv_status line_judge(struct matching *m, struct store_tx *tx, struct sv_ctx *ctx,
                            const struct journal_entry *e) {
  if (e->purpose == JOURNAL_CHECKPOINT) {
    return checkpoint_line(m, tx, ctx, e);
  }
  if (e->purpose == JOURNAL_TRUST) { /* its text is in the hands of devices, not in the registry */
    m->sum.matched++;
    return SV_DONE;
  }
  if (model_number_parse(e->number, NULL, NULL, NULL)) {
    return document_line(m, tx, ctx, e);
  }
  if (amendment_known(&m->amendments, e->record_sha256)) {
    m->sum.matched++;
  } else {
    tell_line(m, false, e, "is of an amendment that was not recorded");
  }
  return SV_DONE;
}

/* --- reading --- */

static sv_status record_keep(struct matching *m, struct sv_ctx *ctx,
                             const struct journal_entry *e) {
  if (m->n == m->room) {
    size_t room = m->room ? 2 * m->room : 1024;
    struct signed_record *more = realloc(m->records, room * sizeof *more);
    if (!more) {
      return SV_FAIL(ctx, NO_MEMORY, "journal");
    }
    m->records = more;
    m->room = room;
  }
  struct signed_record *r = &m->records[m->n++];
  *r = (struct signed_record){.copy = e->copy, .purpose = e->purpose};
  memcpy(r->sha256, e->record_sha256, sizeof r->sha256);
  return SV_DONE;
}

static sv_status line_take(struct matching *m, struct sv_ctx *ctx, struct sv_bytes line) {
  struct sv_ctx one = sv_ctx_over(m->mem);
  struct journal_entry e;
  if (sv_failed(journal_read(&one, &m->state, line, &e))) {
    char row[32];
    (void)snprintf(row, sizeof row, "%llu", (unsigned long long)m->state.sequence + 1);
    tell(m, true, row, "is not the line that was written: nothing after it can be judged");
    m->broken = true;
    return SV_DONE;
  }
  m->sum.signatures++;
  SV_TRY(record_keep(m, ctx, &e));
  sv_status s = line_judge(m, m->tx, &one, &e);
  if (sv_failed(s)) {
    (void)sv_ctx_fail(ctx, s.reason, "%s", one.detail);
  }
  sv_arena_reset(m->mem);
  return s;
}

/* The first line of a file says what the files before amount to. */
static bool head_follows(struct matching *m, struct sv_ctx *ctx, struct sv_bytes line) {
  struct sv_buf own = sv_buf_in(ctx->mem, 0);
  return !sv_failed(journal_head_write(ctx, &m->state, &own)) && own.n == line.n + 1 &&
         memcmp(own.p, line.p, line.n) == 0;
}

static sv_status file_take(struct matching *m, struct sv_ctx *ctx, struct sv_bytes text) {
  bool head = true;
  for (size_t at = 0; at < text.n && !m->broken;) {
    const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
    if (!end) {
      tell(m, false, "last", "is torn: its signer died before it signed");
      break;
    }
    struct sv_bytes line = sv_bytes_of(text.p + at, (size_t)(end - (text.p + at)));
    if (!head) {
      SV_TRY(line_take(m, ctx, line));
    } else if (!head_follows(m, ctx, line)) {
      tell(m, true, "0",
           m->state.sequence ? "is a file that does not go on where the one before ended"
                             : "does not begin as a journal");
      m->broken = true;
    }
    head = false;
    at += line.n + 1;
  }
  return SV_DONE;
}

static sv_status files_take(struct matching *m, struct sv_ctx *ctx) {
  struct sv_arena *mem = sv_arena_open(FILE_MEMORY);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "journal");
  }
  sv_status s = SV_DONE;
  for (bool none = true; !sv_failed(s) && !m->broken; none = false) {
    struct sv_ctx one = sv_ctx_over(mem);
    struct sv_bytes text;
    s = m->next(m->next_arg, &one, &text);
    if (s.reason == SV_NOT_FOUND && !none) {
      s = SV_DONE;
      break;
    }
    s = sv_failed(s) ? s : file_take(m, &one, text);
    if (sv_failed(s)) {
      (void)sv_ctx_fail(ctx, s.reason, "%s", one.detail);
    }
    sv_arena_reset(mem);
  }
  sv_arena_close(mem);
  return s;
}

/* --- each document --- */

static int by_record(const void *a, const void *b) {
  const struct signed_record *x = a, *y = b;
  int order = memcmp(x->sha256, y->sha256, sizeof x->sha256);
  if (order == 0) {
    order = x->purpose != y->purpose ? (x->purpose < y->purpose ? -1 : 1)
            : x->copy != y->copy     ? (x->copy < y->copy ? -1 : 1)
                                     : 0;
  }
  return order;
}

static void records_sort(struct matching *m) {
  if (m->n) {
    qsort(m->records, m->n, sizeof *m->records, by_record);
  }
  for (size_t i = 1; i < m->n; i++) {
    bool document = m->records[i].purpose <= JOURNAL_VISIBLE;
    m->sum.repeated += document && by_record(&m->records[i - 1], &m->records[i]) == 0;
  }
}

static void document_match(struct matching *m, const struct store_document *d) {
  for (uint32_t copy = 1; copy <= d->copy; copy++) {
    for (int purpose = JOURNAL_DOCUMENT; purpose <= JOURNAL_VISIBLE; purpose++) {
      struct signed_record sought = {.purpose = (enum journal_purpose)purpose, .copy = copy};
      memcpy(sought.sha256, d->record_sha256, sizeof sought.sha256);
      if (!m->n || !bsearch(&sought, m->records, m->n, sizeof sought, by_record)) {
        char row[64];
        (void)snprintf(row, sizeof row, "%s/%u/%u", d->number, d->version, copy);
        tell(m, true, row, "is a document whose signatures the journal does not have");
        return;
      }
    }
  }
}

static sv_status documents_match(struct matching *m, struct sv_ctx *ctx) {
  sv_status s = SV_DONE;
  for (uint64_t row = 0; !sv_failed(s);) {
    struct sv_ctx one = sv_ctx_over(m->mem);
    struct store_document d;
    s = m->tx->log->document_after(m->tx, &one, row, &d);
    if (!sv_failed(s)) {
      row = d.row;
      if (d.record.n) {
        document_match(m, &d);
      }
    } else if (s.reason != SV_NOT_FOUND) {
      (void)sv_ctx_fail(ctx, s.reason, "%s", one.detail);
    }
    sv_arena_reset(m->mem);
  }
  return s.reason == SV_NOT_FOUND ? SV_DONE : s;
}

static sv_status match_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct matching *m = arg;
  m->tx = tx;
  SV_TRY(tx->log->table(tx, ctx, "amendments", amendment_row, &m->amendments));
  SV_TRY(files_take(m, ctx));
  records_sort(m);
  return documents_match(m, ctx);
}

sv_status service_audit_journal(struct sv_ctx *ctx, struct store *store, service_journal_next *next,
                                void *next_arg, store_fault *fault, store_fault *orphan, void *arg,
                                struct journal_summary *ret) {
  struct matching m = {.next = next,
                       .next_arg = next_arg,
                       .fault = fault,
                       .orphan = orphan,
                       .arg = arg,
                       .mem = sv_arena_open(ACT_MEMORY)};
  sv_status s = m.mem ? store_read(store, ctx, match_act, &m) : SV_FAIL(ctx, NO_MEMORY, "audit");
  sv_arena_close(m.mem);
  free(m.records);
  free(m.amendments.v);
  *ret = m.sum;
  return s;
}
