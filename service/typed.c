/* What is typed from under a bar code. Invariants: every answer comes at a step of the same grid; a stranger learns one
 * bit; a wrong code and an unknown number are the same, to everybody; strangers try a
 * number five times an hour, all together (others have budgets of their own). */
#include "service/typed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "model/number.h"
#include "service/inside.h"
#include "verify/headline.h"
#include "verify/state.h"

enum { CODE_CHARACTERS = 13, TRIES_AN_HOUR = 5, ROWS = 8192, PROBES = 16 };
static const uint64_t hour_ns = 3600ULL * 1000 * 1000 * 1000;

/* --- tries --- */

/* Numbers that were tried within an hour. The table has a bound: where it is full, the oldest of a few rows gives way. */
struct tried {
  char number[10];
  unsigned n;
  uint64_t since_ns;
};
struct typed_tries {
  pthread_mutex_t mutex;
  struct tried rows[ROWS];
};

struct typed_tries *typed_tries_open(void) {
  struct typed_tries *t = calloc(1, sizeof *t);
  if (t) {
    (void)pthread_mutex_init(&t->mutex, NULL);
  }
  return t;
}

void typed_tries_close(struct typed_tries *t) {
  if (t) {
    (void)pthread_mutex_destroy(&t->mutex);
    free(t);
  }
}

static struct tried *row_of(struct typed_tries *t, const char *number, uint64_t now_ns) {
  uint8_t digest[32];
  crypto_sha256(sv_bytes_str(number), digest);
  size_t at = (size_t)digest[0] << 8 | digest[1];
  struct tried *oldest = NULL;
  for (size_t i = 0; i < PROBES; i++) {
    struct tried *row = &t->rows[(at + i) % ROWS];
    if (strcmp(row->number, number) == 0) {
      return row;
    }
    if (row->number[0] == '\0' || now_ns - row->since_ns > hour_ns) {
      oldest = row;
      break;
    }
    oldest = oldest && oldest->since_ns <= row->since_ns ? oldest : row;
  }
  *oldest = (struct tried){.since_ns = now_ns};
  (void)snprintf(oldest->number, sizeof oldest->number, "%s", number);
  return oldest;
}

/* False when the number was tried too often; *ret_wait_ns: until it may be tried again. */
static bool try_take(struct typed_tries *t, const char *number, uint64_t *ret_wait_ns) {
  uint64_t now = sv_monotonic_ns();
  (void)pthread_mutex_lock(&t->mutex);
  struct tried *row = row_of(t, number, now);
  if (now - row->since_ns > hour_ns) {
    row->n = 0;
    row->since_ns = now;
  }
  bool free_yet = row->n < TRIES_AN_HOUR;
  row->n += free_yet;
  *ret_wait_ns = hour_ns - (now - row->since_ns);
  (void)pthread_mutex_unlock(&t->mutex);
  return free_yet;
}

/* --- what people type --- */

/* Capitals and digits alone, as many as there are; false when there are others, or too many. */
static bool plain(const char *typed, bool crockford, char *ret, size_t n) {
  size_t at = 0;
  for (const char *p = typed; *p; p++) {
    char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    if (c == ' ' || c == '-') {
      continue;
    }
    if (crockford) { /* letters that are read as digits */
      c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    }
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) || at == n) {
      return false;
    }
    ret[at++] = c;
  }
  ret[at] = '\0';
  return at == n;
}

/* --- looking --- */

struct typing {
  struct service *s;
  const char *number;
  char code[CODE_CHARACTERS + 1];
  uint32_t version, copy; /* out: 0: no such code */
};

static void code_of(const struct service *s, const char *number, uint32_t version, uint32_t copy,
                    char ret[static CODE_CHARACTERS + 1]) {
  char printed[18];
  service_check_code(s, number, version, copy, printed);
  bool good = plain(printed, true, ret, CODE_CHARACTERS);
  SV_ASSERT(good);
}

/* Every version and copy of the number is compared, whether or not one was right before. */
static sv_status typing_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct typing *t = arg;
  struct store_document current, d;
  sv_status s = tx->ops->document_find(tx, ctx, t->number, 0, &current);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(s);
  for (uint32_t version = 1; version <= current.version; version++) {
    s = tx->ops->document_find(tx, ctx, t->number, version, &d);
    if (sv_failed(s) || d.record.n == 0) {
      sv_ctx_clear(ctx);
      continue; /* a number that is no document has no code */
    }
    for (uint32_t copy = 1; copy <= d.copy; copy++) {
      char code[CODE_CHARACTERS + 1];
      code_of(t->s, t->number, version, copy, code);
      if (crypto_equal(code, t->code, CODE_CHARACTERS)) {
        t->version = version;
        t->copy = copy;
      }
    }
  }
  return SV_DONE;
}

static sv_status judge(struct service *s, struct sv_ctx *ctx, const struct typing *t,
                       struct verify_report *report) {
  struct verify_row row = {0};
  if (t->version) {
    SV_TRY(service_row_find(s, ctx, t->number, t->version, &row));
  }
  if (!row.found) { /* no reason: an unknown number and a wrong code are one */
    report->verdict = VERIFY_INVALID;
    return SV_DONE;
  }
  report->number = row.number;
  report->registry_asked = true;
  verify_judge_row(report, &row, t->copy);
  verify_conclude(report);
  return SV_DONE;
}

static sv_status typed_judge(struct service *s, struct sv_ctx *ctx, bool stranger,
                             const char *number, const char *code, struct verify_report *report) {
  char typed[10];
  struct typing t = {.s = s, .number = typed};
  uint64_t wait_ns;
  if (!plain(number, false, typed, sizeof typed - 1) ||
      !model_number_parse(typed, NULL, NULL, NULL)) {
    report->verdict = VERIFY_INVALID;
    return SV_DONE;
  }
  if (stranger && !try_take(s->tries, typed, &wait_ns)) {
    ctx->retry_after_ms = (uint32_t)(wait_ns / 1000000) + 1;
    return SV_FAIL(ctx, BUDGET, "a number may be tried five times an hour");
  }
  if (plain(code, true, t.code, CODE_CHARACTERS)) {
    SV_TRY(store_read(s->parts.store, ctx, typing_act, &t));
  }
  return judge(s, ctx, &t, report);
}

sv_status service_verify_number(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller, const char *number,
                                const char *code, const char *language,
                                struct service_report *ret) {
  int64_t start_us = sv_wall_us();
  if (caller) {
    SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_VerifyNumber, MODEL_KIND_NONE));
  }
  *ret = (struct service_report){.report = verify_report_new(start_us)};
  sv_status status = typed_judge(s, ctx, caller == NULL, number, code, &ret->report);
  if (!sv_failed(status) && caller) {
    status = service_report_project(s, ctx, caller, language, ret);
  } else if (!sv_failed(status)) { /* a stranger: confirmed or not */
    bool confirmed = ret->report.verdict == VERIFY_VALID;
    ret->report = verify_report_new(start_us);
    ret->report.verdict = confirmed ? VERIFY_VALID : VERIFY_INVALID;
    ret->headline = verify_headline_public(confirmed, language);
  }
  service_quantum_wait(ctx, start_us);
  return status;
}
