/* The service's life, and the few things that all its parts use. */
#include "service/service.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/digest.h"
#include "service/budget.h"
#include "service/bundle.h"
#include "service/inside.h"
#include "service/keys.h"
#include "service/log.h"
#include "service/typed.h"

enum { QUANTUM_US = 100 * 1000, ROTATE_MAX_S = 60, ROTATE_SLICE_MS = 200 };

/* Who wants to change things is not kept waiting by those who come after. */
static void rotation_open(struct service *s) {
  pthread_rwlockattr_t attr;
  (void)pthread_rwlockattr_init(&attr);
  (void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  (void)pthread_rwlock_init(&s->rotation, &attr);
  (void)pthread_rwlockattr_destroy(&attr);
}

sv_status service_rotate(struct service *s, struct sv_ctx *ctx,
                         sv_status (*swap)(void *arg, struct sv_ctx *ctx,
                                           struct service_parts *parts),
                         void *arg) {
  static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
  uint64_t end_ns = sv_monotonic_ns() + (uint64_t)ROTATE_MAX_S * 1000000000U;
  for (
      ;
      ;) { /* who comes meanwhile waits for a slice of time, and not for somebody who waits for an answer */
    struct timespec slice;
    (void)clock_gettime(CLOCK_MONOTONIC, &slice);
    slice.tv_nsec += ROTATE_SLICE_MS * 1000000L;
    slice.tv_sec += slice.tv_nsec / 1000000000L;
    slice.tv_nsec %= 1000000000L;
    if (pthread_rwlock_clockwrlock(&s->rotation, CLOCK_MONOTONIC, &slice) == 0) {
      break;
    }
    SV_TRY(sv_ctx_alive(ctx));
    if (sv_monotonic_ns() > end_ns) {
      return SV_FAIL(ctx, UNAVAILABLE, "somebody is at work for over %d s", ROTATE_MAX_S);
    }
    (void)nanosleep(&pause, NULL);
  }
  sv_status status = swap(arg, ctx, &s->parts);
  status = sv_failed(status) ? status : keys_told(s, ctx);
  bundle_cache_forget(s->bundles);
  (void)pthread_rwlock_unlock(&s->rotation);
  return status;
}

sv_status service_open(struct sv_ctx *ctx, const struct service_parts *parts,
                       struct service **ret) {
  struct service *s = calloc(1, sizeof *s);
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "service");
  }
  s->parts = *parts;
  s->budgets = budgets_open(parts->policy);
  s->tries = typed_tries_open();
  s->bundles = bundle_cache_open();
  if (!s->budgets || !s->tries || !s->bundles) {
    bundle_cache_close(s->bundles);
    budgets_close(s->budgets);
    typed_tries_close(s->tries);
    free(s);
    return SV_FAIL(ctx, NO_MEMORY, "budgets");
  }
  rotation_open(s);
  (void)pthread_mutex_init(&s->mutex, NULL);
  (void)pthread_mutex_init(&s->signing, NULL);
  (void)pthread_cond_init(&s->landed, NULL);
  *ret = s;
  return SV_DONE;
}

void service_close(struct service *s) {
  if (s) {
    SV_ASSERT(!s->flights);
    crypto_wipe(s->parts.registry_key, sizeof s->parts.registry_key);
    budgets_close(s->budgets);
    typed_tries_close(s->tries);
    bundle_cache_close(s->bundles);
    free(s->lives);
    (void)pthread_rwlock_destroy(&s->rotation);
    (void)pthread_mutex_destroy(&s->mutex);
    (void)pthread_mutex_destroy(&s->signing);
    (void)pthread_cond_destroy(&s->landed);
    free(s);
  }
}

const struct service_policy *service_policy_of(const struct service *s) { return s->parts.policy; }

bool service_asks_others(const struct service *s) { return s->parts.services != NULL; }

void service_mac_key(const struct service *s, const char *purpose, uint8_t ret[static 32]) {
  crypto_hmac_sha256(sv_bytes_of(s->parts.registry_key, SERVICE_KEY_BYTES), sv_bytes_str(purpose),
                     ret);
}

void service_mac(const struct service *s, const char *purpose, struct sv_bytes in,
                 uint8_t ret[static 32]) {
  uint8_t key[32];
  service_mac_key(s, purpose, key);
  crypto_hmac_sha256(sv_bytes_of(key, sizeof key), in, ret);
  crypto_wipe(key, sizeof key);
}

bool service_uuid(const char *text, char ret[static 37]) {
  if (strlen(text) != 36) {
    return false;
  }
  for (int i = 0; i < 36; i++) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
      return false;
    }
    ret[i] = (char)tolower((unsigned char)text[i]);
  }
  ret[36] = '\0';
  return true;
}

void service_quantum_wait(struct sv_ctx *ctx, int64_t start_us) {
  int64_t elapsed = sv_wall_us() - start_us;
  int64_t left = QUANTUM_US - (elapsed > 0 ? elapsed % QUANTUM_US : 0);
  struct sv_ctx aside = sv_ctx_over(ctx->mem); /* the refusal stays ctx's fault */
  aside.deadline_ns = ctx->deadline_ns;
  aside.cancelled = ctx->cancelled;
  while (left > 0 && !sv_failed(sv_ctx_alive(&aside))) {
    int64_t part = left < 20000 ? left : 20000;
    (void)nanosleep(&(struct timespec){.tv_nsec = part * 1000}, NULL);
    left -= part;
  }
}

static sv_status audit_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct store_audit *row = arg;
  return tx->life->audit(tx, ctx, row);
}

sv_status service_audit(struct service *s, struct sv_ctx *ctx, const struct store_audit *row) {
  struct store_audit copy = *row;
  return store_write(s->parts.store, ctx, audit_act, &copy);
}

/* Who agreed, and which copies there are; the row's place in the status list is the newest copy's. */
static sv_status row_history(struct store_tx *tx, struct sv_ctx *ctx, struct service_issued *doc) {
  struct store_document *d = &doc->document;
  if (d->approvals_needed) {
    doc->approvals = SV_ARRAY(ctx->mem, STORE_APPROVALS_MAX, struct store_approval);
    if (!doc->approvals) {
      return SV_FAIL(ctx, NO_MEMORY, "approvals");
    }
    SV_TRY(tx->life->approvals(tx, ctx, d->number, d->version, STORE_ISSUE, doc->approvals,
                               STORE_APPROVALS_MAX, &doc->approval_count));
  }
  if (d->copy < 2) {
    return SV_DONE;
  }
  doc->copies = SV_ARRAY(ctx->mem, d->copy, struct store_copy);
  if (!doc->copies) {
    return SV_FAIL(ctx, NO_MEMORY, "copies");
  }
  SV_TRY(tx->ops->copies(tx, ctx, d->number, d->version, doc->copies, d->copy, &doc->copy_count));
  uint32_t index =
      doc->copy_count ? doc->copies[doc->copy_count - 1].status_index : STORE_INDEX_OF_DOCUMENT;
  d->status_index = index == STORE_INDEX_OF_DOCUMENT ? d->status_index : index;
  return SV_DONE;
}

sv_status service_row_read(struct store_tx *tx, struct sv_ctx *ctx, struct service_issued *doc,
                           bool with_pdf) {
  const struct store_document *d = &doc->document;
  doc->seals = SV_ARRAY(ctx->mem, STORE_SEALS_MAX, struct store_seal);
  if (!doc->seals) {
    return SV_FAIL(ctx, NO_MEMORY, "seals");
  }
  SV_TRY(tx->ops->seals(tx, ctx, d->number, d->version, d->copy, doc->seals, &doc->seal_count));
  SV_TRY(log_entry(tx, ctx, d->number, d->version, &doc->logged, &doc->log_index));
  SV_TRY(row_history(tx, ctx, doc));
  if (d->state == MODEL_RESERVED || d->state == MODEL_VOID || d->state == MODEL_PENDING_APPROVAL ||
      d->state == MODEL_REJECTED) {
    return SV_DONE;
  }
  struct store_file file = {d->number, d->version, d->copy, MODEL_AUTHORITY};
  SV_TRY(tx->ops->pdf(tx, ctx, d->number, d->version, d->copy, with_pdf ? &doc->pdf : NULL,
                      doc->pdf_sha256));
  SV_TRY(levels_tell(tx, ctx, &file, doc->pdf_sha256, &doc->level, doc->file_sha256));
  return with_pdf && doc->pdf.n ? levels_file(tx, ctx, &file, false, &doc->pdf) : SV_DONE;
}
