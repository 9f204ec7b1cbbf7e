/* Another signer is asked what it would sign with before the one that signs is ended: keys that can't be read, or that the
 * trust does not lead to, change nothing. */
#include "apps/salvod/reload.h"

#include "base/log.h"
#include "crypto/digest.h"
#include "service/keys.h"

enum { RELOAD_MEMORY = 64 * 1024 * 1024 };

struct swapping {
  struct reload *r;
  struct service_keyset keys; /* as they were announced */
  bool turn;                  /* the signer has other keys */
  struct keyring *next;       /* with all that comes from files */
  struct keyring *before;     /* out */
};

static bool says(const struct keyring *k, const struct service_keyset *keys) {
  struct service_keyset own;
  memcpy(own.document, seal_signer_sha256(k->seal), sizeof own.document);
  memcpy(own.visible, seal_vds_sha256(k->seal), sizeof own.visible);
  crypto_sha256(sv_bytes_of(k->log_key->note_public, SEAL_NOTE_PUBLIC_BYTES), own.log);
  crypto_sha256(sv_bytes_of(k->trust_key->note_public, SEAL_NOTE_PUBLIC_BYTES), own.trust);
  return memcmp(&own, keys, sizeof own) == 0;
}

static sv_status swap(void *arg, struct sv_ctx *ctx, struct service_parts *parts) {
  struct swapping *w = arg;
  struct reload *r = w->r;
  if (w->turn) {
    SV_TRY(signer_link_turn(ctx, r->link));
  }
  SV_TRY(keyring_take(ctx, w->next, r->settings, r->link));
  if (!says(w->next, &w->keys)) { /* its configuration was edited meanwhile */
    return SV_FAIL(ctx, CONFIG, "the signer came with other keys than it was asked about");
  }
  keyring_lend(w->next, parts);
  w->before = *r->keyring;
  *r->keyring = w->next;
  return SV_DONE;
}

/* Whether who would sign from now on is somebody whom the trust of now leads to. */
static sv_status wanted_check(struct reload *r, struct sv_ctx *ctx, const struct keyring *next,
                              struct service_keyset *ret_keys, bool *ret_turn) {
  struct signer_hello hello;
  SV_AUTO(pki_chain_close) struct pki_chain *document = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *visible = NULL;
  SV_TRY(signer_process_check(r->process, ctx, &hello));
  SV_TRY(pki_chain_open(ctx, hello.document_chain, &document));
  SV_TRY(pki_chain_open(ctx, hello.visible_chain, &visible));
  *ret_turn = !signer_link_says(r->link, &hello);
  memcpy(ret_keys->document, pki_cert_sha256(pki_chain_signer(document)), 32);
  memcpy(ret_keys->visible, pki_cert_sha256(pki_chain_signer(visible)), 32);
  crypto_sha256(sv_bytes_of(hello.log_public, sizeof hello.log_public), ret_keys->log);
  crypto_sha256(sv_bytes_of(hello.trust_public, sizeof hello.trust_public), ret_keys->trust);
  return verify_trust_believes(next->trust, document, visible, sv_wall_us())
             ? SV_DONE
             : SV_FAIL(ctx, CONFIG, "%s does not lead to who would sign", r->settings->trust);
}

static sv_status announced_swap(struct reload *r, struct sv_ctx *ctx, struct swapping *w) {
  sv_status status = service_keys_announce(r->service, ctx, &w->keys);
  if (!sv_failed(status)) {
    status = service_rotate(r->service, ctx, swap, w);
  }
  if (sv_failed(status)) { /* those of before go on, and the announced ones do not sign */
    struct sv_ctx aside = sv_ctx_over(ctx->mem);
    (void)service_keys_tell(r->service, &aside).reason;
  }
  return status;
}

static sv_status keys_reload(struct reload *r, struct sv_ctx *ctx) {
  struct swapping w = {.r = r};
  SV_TRY(keyring_open(ctx, r->settings, &w.next));
  sv_status status = wanted_check(r, ctx, w.next, &w.keys, &w.turn);
  if (!sv_failed(status)) {
    atomic_store(&r->process->barred, false); /* who was looked at has taken the PIN */
    status = announced_swap(r, ctx, &w);
  }
  keyring_close(w.before ? w.before : w.next); /* what is in force is never closed */
  SV_TRY(status);
  sv_metrics_set(r->metrics, SV_GAUGE_KEY_NOT_AFTER_S,
                 seal_signer_not_after_us((*r->keyring)->seal) / 1000000);
  return service_keys_tell(r->service, ctx);
}

static void tell(const char *what, sv_status status, const struct sv_ctx *ctx) {
  sv_log(sv_failed(status) ? SV_LOG_ERROR : SV_LOG_INFO, "reload", SV_LOG_TEXT("what", what),
         SV_LOG_TEXT("reason", sv_reason_name(status.reason)), SV_LOG_TEXT("detail", ctx->detail));
}

static void reload_run(struct workers_job *job) {
  struct reload *r = (struct reload *)((char *)job - offsetof(struct reload, job));
  struct sv_arena *mem = sv_arena_open(RELOAD_MEMORY);
  if (!mem) {
    return;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  ctx.cancelled = r->quit;
  tell("templates", docs_reload(r->docs, &ctx), &ctx);
  sv_ctx_clear(&ctx);
  tell("keys", keys_reload(r, &ctx), &ctx);
  sv_arena_close(mem);
}

static void reload_done(struct workers_job *job) {
  struct reload *r = (struct reload *)((char *)job - offsetof(struct reload, job));
  r->running = false;
  if (r->again) {
    reload_ask(r);
  }
}

void reload_ask(struct reload *r) {
  struct sv_ctx ctx = {0};
  if (r->running) {
    r->again = true;
    return;
  }
  r->again = false;
  r->job = (struct workers_job){.run = reload_run, .done = reload_done};
  sv_status status = workers_submit(r->workers, &ctx, &r->job);
  r->running = !sv_failed(status);
  if (sv_failed(status)) { /* as many calls wait as may */
    tell("keys", status, &ctx);
  }
}
