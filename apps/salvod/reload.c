/* Another signer is asked what it would sign with before the one that signs is ended: keys that can't be read, or that the
 * trust does not lead to, change nothing. */
#include "apps/salvod/reload.h"

#include "base/log.h"
#include "service/log.h"

enum { RELOAD_MEMORY = 64 * 1024 * 1024 };

struct swapping {
  struct reload *r;
  bool turn; /* the signer has other keys */
  struct keyring *before;
};

static sv_status swap(void *arg, struct sv_ctx *ctx, struct service_parts *parts) {
  struct swapping *w = arg;
  struct reload *r = w->r;
  struct keyring *next;
  if (w->turn) {
    SV_TRY(signer_link_turn(ctx, r->link));
  }
  SV_TRY(keyring_open(ctx, r->settings, r->link, &next));
  keyring_lend(next, parts);
  w->before = *r->keyring;
  *r->keyring = next;
  return SV_DONE;
}

/* Whether who would sign from now on is somebody whom the trust of now leads to. */
static sv_status wanted_check(struct reload *r, struct sv_ctx *ctx, bool *ret_turn) {
  struct signer_hello hello;
  SV_AUTO(verify_trust_close) struct verify_trust *trust = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *document = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *visible = NULL;
  SV_TRY(signer_process_check(r->process, ctx, &hello));
  SV_TRY(verify_trust_open(ctx, &r->settings->trust, 1, &trust));
  SV_TRY(pki_chain_open(ctx, hello.document_chain, &document));
  SV_TRY(pki_chain_open(ctx, hello.visible_chain, &visible));
  *ret_turn = !signer_link_says(r->link, &hello);
  return verify_trust_believes(trust, document, visible, sv_wall_us())
             ? SV_DONE
             : SV_FAIL(ctx, CONFIG, "%s does not lead to who would sign", r->settings->trust);
}

static sv_status keys_reload(struct reload *r, struct sv_ctx *ctx) {
  struct swapping w = {.r = r};
  atomic_store(&r->process->barred, false); /* whoever asks has seen to the PIN */
  SV_TRY(wanted_check(r, ctx, &w.turn));
  sv_status status = service_rotate(r->service, ctx, swap, &w);
  SV_TRY(status);
  keyring_close(w.before);
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
