/* The order of opening is the order of need; closing is its reverse. */
#include "apps/salvod/wire.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/salvod/files.h"
#include "apps/salvod/names.h"
#include "apps/salvod/reload.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/digest.h"
#include "formats/tlog/note.h"
#include "rpc/api/api.h"
#include "rpc/server.h"
#include "service/keys.h"
#include "service/log.h"
#include "store/sqlite.h"

enum { SWEEP_EVERY_S = 30, SWEEP_AT_ONCE = 16 };

struct wire {
  const struct settings *settings;
  struct loop *loop;
  struct workers *workers, *watchers;
  struct sv_metrics *metrics;
  struct store *store;
  struct signer_process signer_process;
  struct signer_link *signer;
  struct keyring *keyring;
  struct docs *docs;
  struct reload reload;
  struct service *service;
  struct rpc_server *server;
  struct rpc_service services[API_SERVICES];
  struct loop_timer *sweep_timer;
  struct workers_job sweep_job;
  bool sweeping, sweep_more, stopping;
  atomic_bool quit; /* stopping, for whoever is at work */
};

static sv_status secret_read(struct sv_ctx *ctx, const char *path,
                             uint8_t key[static STORE_KEY_BYTES]) {
  struct sv_bytes text;
  SV_TRY(file_read(ctx, path, &text));
  char hex[2 * STORE_KEY_BYTES + 1] = {0};
  if (text.n >= sizeof hex - 1) {
    memcpy(hex, text.p, sizeof hex - 1);
  }
  bool good = text.n <= sizeof hex && sv_unhex(hex, key, STORE_KEY_BYTES);
  crypto_wipe(hex, sizeof hex);
  return good ? SV_DONE : SV_FAIL(ctx, CONFIG, "%s is not 64 hexadecimal digits", path);
}

static sv_status store_open(struct sv_ctx *ctx, struct wire *w,
                            uint8_t registry_key[static SERVICE_KEY_BYTES]) {
  const struct settings *s = w->settings;
  struct store_keys keys;
  SV_TRY(secret_read(ctx, s->registry_key_file, keys.registry));
  SV_TRY(secret_read(ctx, s->master_key_file, keys.master));
  memcpy(registry_key, keys.registry, SERVICE_KEY_BYTES);
  sv_status status = store_sqlite_open(ctx, s->registry_file, &keys, &w->store);
  crypto_wipe(&keys, sizeof keys);
  return status;
}

/* No key that signs is in this process: the signer has them. */
static sv_status keys_open(struct sv_ctx *ctx, struct wire *w) {
  w->signer_process = (struct signer_process){
      .program = w->settings->signer_program, .config = w->settings->signer, .metrics = w->metrics};
  struct signer_start start = {signer_process_start, signer_process_end, &w->signer_process};
  SV_TRY(signer_link_open(ctx, &start, &w->signer));
  SV_TRY(keyring_open(ctx, w->settings, &w->keyring));
  SV_TRY(keyring_take(ctx, w->keyring, w->settings, w->signer));
  sv_metrics_set(w->metrics, SV_GAUGE_KEY_NOT_AFTER_S,
                 seal_signer_not_after_us(w->keyring->seal) / 1000000);
  return SV_DONE;
}

static sv_status parts_open(struct sv_ctx *ctx, struct wire *w) {
  const struct settings *s = w->settings;
  SV_TRY(keys_open(ctx, w));
  SV_TRY(docs_open(ctx, s->templates, &w->docs));
  SV_TRY(names_check(ctx, &s->policy, w->docs));
  for (size_t i = 0; i < s->policy.authority_count; i++) {
    SV_TRY(docs_prepare(w->docs, ctx, &s->policy.authorities[i]));
  }
  if (!tlog_origin_valid(s->log_origin) || !tlog_origin_valid(s->trust_name)) {
    return SV_FAIL(ctx, CONFIG, "log.origin or signing.trust_name is no name of a key");
  }
  struct service_parts parts = {
      .docs = w->docs,
      .policy = &s->policy,
      .trust_name = s->trust_name,
      .log_origin = s->log_origin,
      .specimen = s->specimen,
      .metrics = w->metrics,
      .request_decode = api_request_decode,
  };
  keyring_lend(w->keyring, &parts);
  SV_TRY(store_open(ctx, w, parts.registry_key));
  parts.store = w->store;
  sv_status status = service_open(ctx, &parts, &w->service);
  crypto_wipe(parts.registry_key, sizeof parts.registry_key);
  SV_TRY(status);
  return service_keys_tell(w->service, ctx);
}

/* --- the sweeper: on a worker, now and then --- */

static void sweep_run(struct workers_job *job) {
  struct wire *w = (struct wire *)((char *)job - offsetof(struct wire, sweep_job));
  struct sv_arena *mem = sv_arena_open((size_t)256 * 1024 * 1024);
  if (!mem) {
    return;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  ctx.cancelled = &w->quit;
  bool left = false;
  sv_status status = service_sweep(w->service, &ctx, SWEEP_AT_ONCE, &left);
  if (sv_failed(status)) {
    sv_log(SV_LOG_WARN, "sweep", SV_LOG_TEXT("reason", sv_reason_name(status.reason)),
           SV_LOG_TEXT("detail", ctx.detail));
  }
  w->sweep_more = left && !sv_failed(status);
  sv_ctx_clear(&ctx);
  status = service_keys_learn(w->service, &ctx);
  if (sv_failed(status)) {
    sv_log(SV_LOG_ERROR, "keys_learn", SV_LOG_TEXT("reason", sv_reason_name(status.reason)),
           SV_LOG_TEXT("detail", ctx.detail));
  }
  sv_ctx_clear(&ctx);
  status = service_log_sign(w->service, &ctx);
  if (sv_failed(status)) {
    sv_log(SV_LOG_ERROR, "log_sign", SV_LOG_TEXT("reason", sv_reason_name(status.reason)),
           SV_LOG_TEXT("detail", ctx.detail));
  }
  sv_arena_close(mem);
}

static void sweep_done(struct workers_job *job) {
  struct wire *w = (struct wire *)((char *)job - offsetof(struct wire, sweep_job));
  w->sweeping = false;
  if (!w->stopping) {
    loop_timer_set(w->sweep_timer, w->sweep_more ? 1 : (uint64_t)SWEEP_EVERY_S * RPC_SECOND_NS);
  }
}

static void sweep_start(void *arg) {
  struct wire *w = arg;
  struct sv_ctx ctx = {0};
  w->sweep_job = (struct workers_job){.run = sweep_run, .done = sweep_done};
  w->sweeping = !sv_failed(workers_submit(w->workers, &ctx, &w->sweep_job));
  if (!w->sweeping) {
    loop_timer_set(w->sweep_timer, RPC_SECOND_NS);
  }
}

/* --- life --- */

static void stopped(void *arg) {
  struct wire *w = arg;
  sv_log(SV_LOG_INFO, "stopped", SV_LOG_NUM("pid", getpid()));
  loop_stop(w->loop);
}

static void stop_asked(void *arg) {
  struct wire *w = arg;
  if (!w->stopping) {
    w->stopping = true;
    atomic_store(&w->quit, true);
    sv_log(SV_LOG_INFO, "stopping", SV_LOG_NUM("drain_s", w->settings->drain_s));
    loop_timer_unset(w->sweep_timer);
    rpc_server_stop(w->server, 0, (uint64_t)w->settings->drain_s * RPC_SECOND_NS, stopped, w);
  }
}

static void reload_asked(void *arg) {
  struct wire *w = arg;
  struct sv_arena *mem = sv_arena_open((size_t)4 * 1024 * 1024);
  if (!mem) {
    return;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  sv_status status = rpc_server_reload(w->server, &ctx);
  sv_log(sv_failed(status) ? SV_LOG_ERROR : SV_LOG_INFO, "reload", SV_LOG_TEXT("what", "tls"),
         SV_LOG_TEXT("reason", sv_reason_name(status.reason)), SV_LOG_TEXT("detail", ctx.detail));
  sv_arena_close(mem);
  reload_ask(&w->reload);
}

/* Written aside and renamed, so that who waits for it never reads half a number. */
static sv_status port_write(struct sv_ctx *ctx, const char *path, uint16_t port) {
  if (path[0] == '\0') {
    return SV_DONE;
  }
  char *aside = sv_arena_printf(ctx->mem, "%s.new", path);
  FILE *f = aside ? fopen(aside, "we") : NULL;
  bool ok = f && fprintf(f, "%u\n", port) > 0;
  ok = (f && fclose(f) == 0) && ok;
  return ok && rename(aside, path) == 0 ? SV_DONE : SV_FAIL(ctx, IO, "%s can't be written", path);
}

static sv_status server_open(struct sv_ctx *ctx, struct wire *w) {
  const struct settings *s = w->settings;
  SV_TRY(loop_open(ctx, &w->loop));
  SV_TRY(workers_open(ctx, w->loop, (size_t)s->workers, (size_t)s->queue, &w->workers));
  SV_TRY(workers_open(ctx, w->loop, (size_t)s->watchers, 0, &w->watchers));
  struct rpc_listen listen[RPC_DOORS_MAX] = {{.address = s->address,
                                              .port = s->port,
                                              .certificate_path = s->certificate,
                                              .key_path = s->key,
                                              .client_ca_path = s->client_ca,
                                              .trust_domain = s->policy.trust_domain,
                                              .require_peer = true}};
  size_t listen_n = 1;
  if (s->doors.has_public) {
    listen[listen_n++] = s->doors.public_door;
  }
  if (s->doors.has_admin) {
    listen[listen_n++] = s->doors.admin_door;
  }
  struct rpc_server_config config = {.listen = listen,
                                     .listen_n = listen_n,
                                     .loops = (size_t)s->doors.loops,
                                     .limits = s->doors.limits,
                                     .origins = s->doors.origins,
                                     .origin_n = s->doors.origin_n,
                                     .metrics = w->metrics,
                                     .descriptor_set = api_descriptor_set(),
                                     .watchers = w->watchers};
  api_services(w->service, w->services);
  SV_TRY(rpc_server_open(ctx, w->loop, w->workers, &config, w->services, API_SERVICES, &w->server));
  w->reload = (struct reload){.settings = s,
                              .workers = w->workers,
                              .process = &w->signer_process,
                              .link = w->signer,
                              .service = w->service,
                              .docs = w->docs,
                              .metrics = w->metrics,
                              .quit = &w->quit,
                              .keyring = &w->keyring};
  SV_TRY(loop_on_signal(w->loop, ctx, SIGTERM, stop_asked, w));
  SV_TRY(loop_on_signal(w->loop, ctx, SIGINT, stop_asked, w));
  SV_TRY(loop_on_signal(w->loop, ctx, SIGHUP, reload_asked, w));
  SV_TRY(loop_timer_open(w->loop, ctx, sweep_start, w, &w->sweep_timer));
  loop_timer_set(w->sweep_timer, 1);
  return port_write(ctx, s->port_file, rpc_server_port(w->server));
}

sv_status wire_open(struct sv_ctx *ctx, const struct settings *settings, struct wire **ret) {
  struct wire *w = calloc(1, sizeof *w);
  if (!w) {
    return SV_FAIL(ctx, NO_MEMORY, "wire");
  }
  w->settings = settings;
  sv_status status = sv_metrics_open(ctx, &w->metrics);
  status = sv_failed(status) ? status : parts_open(ctx, w);
  if (!sv_failed(status)) {
    status = server_open(ctx, w);
  }
  if (sv_failed(status)) {
    wire_close(w);
    return status;
  }
  *ret = w;
  return SV_DONE;
}

void wire_run(struct wire *w) {
  sv_log(SV_LOG_INFO, "ready", SV_LOG_TEXT("address", w->settings->address),
         SV_LOG_NUM("port", rpc_server_port(w->server)), SV_LOG_NUM("pid", getpid()));
  loop_run(w->loop);
}

void wire_close(struct wire *w) {
  if (w) {
    workers_close(w->watchers);
    workers_close(w->workers);
    loop_timer_close(w->sweep_timer);
    rpc_server_close(w->server);
    loop_close(w->loop);
    service_close(w->service);
    store_close(w->store);
    docs_close(w->docs);
    keyring_close(w->keyring);
    signer_link_close(w->signer);
    sv_metrics_close(w->metrics);
    free(w);
  }
}
