/* The adapter between what seal/ asks and what runtime/ fetches, with its settings. The bounds of the times together are
 * below a reservation's lease: who waits for an authority keeps his document. */
#include "apps/salvod/services.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

enum { TRUST_FILE_MAX = 1024 * 1024, POLICY_TEXT_MAX = 100 };

/* --- settings --- */

static sv_status path(struct sv_ctx *ctx, struct config_group g, const char *dir, const char *name,
                      const char *fallback, const char **ret) {
  const char *v;
  SV_TRY(config_text(ctx, g, name, fallback, &v));
  bool relative = v[0] != '/' && v != fallback;
  *ret = sv_arena_printf(ctx->mem, "%s%s", relative ? dir : "", v);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "settings");
}

static sv_status text(struct sv_ctx *ctx, struct config_group g, const char *name,
                      const char *fallback, const char **ret) {
  const char *v;
  SV_TRY(config_text(ctx, g, name, fallback, &v));
  *ret = sv_arena_strdup(ctx->mem, v);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "settings");
}

static bool is_oid(const char *s) {
  size_t n = strlen(s);
  return n == 0 || (n <= POLICY_TEXT_MAX && strspn(s, "0123456789.") == n && s[0] != '.' &&
                    s[n - 1] != '.' && strchr(s, '.') && !strstr(s, ".."));
}

static sv_status timestamp_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                                struct services_settings *s) {
  struct config_group g;
  SV_TRY(config_group(ctx, root, "timestamp", &g));
  SV_TRY(text(ctx, g, "url", CONFIG_REQUIRED, &s->tsa_url));
  if (!fetch_url_valid(s->tsa_url)) {
    return config_fault(ctx, g, "url", "is no http:// or https:// URL");
  }
  SV_TRY(text(ctx, g, "policy", "", &s->tsa_policy));
  if (!is_oid(s->tsa_policy)) {
    return config_fault(ctx, g, "policy", "is no OID in digits and dots");
  }
  SV_TRY(path(ctx, g, dir, "trust", CONFIG_REQUIRED, &s->tsa_trust));
  SV_TRY(config_int(ctx, g, "timeout_ms", 100, 15000, 10000, &s->tsa_timeout_ms));
  return config_int(ctx, g, "clock_skew_seconds", 1, 3600, 300, &s->tsa_skew_s);
}

static sv_status revocation_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                                 const char *trust, struct services_settings *s) {
  struct config_group g;
  s->document_ca = trust;
  s->revocation_timeout_ms = 5000;
  s->revocation_budget_ms = 10000;
  s->fresh_s = 3600;
  s->kept_s = 86400;
  if (!config_has(root, "revocation")) {
    return SV_DONE;
  }
  SV_TRY(config_group(ctx, root, "revocation", &g));
  SV_TRY(path(ctx, g, dir, "issuers", trust, &s->document_ca));
  SV_TRY(config_int(ctx, g, "timeout_ms", 100, 15000, 5000, &s->revocation_timeout_ms));
  SV_TRY(config_int(ctx, g, "budget_ms", 100, 20000, 10000, &s->revocation_budget_ms));
  SV_TRY(config_int(ctx, g, "fresh_seconds", 0, 86400, 3600, &s->fresh_s));
  return config_int(ctx, g, "kept_seconds", 0, 604800, 86400, &s->kept_s);
}

sv_status services_settings_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                                 const char *trust, struct services_settings *ret) {
  struct services_settings s = {.failures = 3, .pause_ms = 10000};
  struct config_group g;
  s.given = config_has(root, "timestamp");
  if (s.given) {
    SV_TRY(timestamp_read(ctx, root, dir, &s));
    SV_TRY(revocation_read(ctx, root, dir, trust, &s));
  }
  if (s.given && config_has(root, "services")) {
    SV_TRY(config_group(ctx, root, "services", &g));
    SV_TRY(config_int(ctx, g, "failures", 1, 1000, 3, &s.failures));
    SV_TRY(config_int(ctx, g, "pause_ms", 10, 3600000, 10000, &s.pause_ms));
  }
  *ret = s;
  return SV_DONE;
}

/* --- the client --- */

struct services_client {
  struct seal_fetch fetch; /* first: seal/ hands it back */
  struct fetcher *fetcher;
  struct seal_services *services;
};

static sv_status fetch_ask(struct seal_fetch *fetch, struct sv_ctx *ctx,
                           const struct seal_question *q, struct sv_bytes *ret) {
  struct services_client *client = (struct services_client *)fetch;
  struct fetch_request request = {.url = q->url,
                                  .content_type = q->content_type,
                                  .body = q->body,
                                  .timeout_ms = q->timeout_ms,
                                  .answer_max = q->answer_max};
  sv_status status = fetcher_call(client->fetcher, ctx, &request, ret);
  if (sv_failed(status)) {
    sv_log(SV_LOG_WARN, "service_failed", SV_LOG_TEXT("url", q->url),
           SV_LOG_TEXT("detail", ctx->detail));
  }
  return status;
}

static sv_status pem_read(struct sv_ctx *ctx, const char *file_path, struct sv_bytes *ret) {
  FILE *f = fopen(file_path, "rbe");
  if (!f) {
    return SV_FAIL(ctx, CONFIG, "%.200s can't be opened", file_path);
  }
  struct sv_buf out = sv_buf_in(ctx->mem, TRUST_FILE_MAX);
  uint8_t part[4096];
  size_t n;
  while ((n = fread(part, 1, sizeof part, f)) > 0) {
    sv_buf_put(&out, part, n);
  }
  bool bad = ferror(f) || out.failed;
  (void)fclose(f);
  *ret = sv_buf_bytes(&out);
  return bad ? SV_FAIL(ctx, CONFIG, "%.200s can't be read", file_path) : SV_DONE;
}

static sv_status services_open(struct sv_ctx *ctx, const struct services_settings *s,
                               struct seal_fetch *fetch, struct seal_services **ret) {
  struct seal_services_config config = {.fetch = fetch,
                                        .tsa_url = s->tsa_url,
                                        .tsa_policy = s->tsa_policy,
                                        .tsa_timeout_ms = (uint32_t)s->tsa_timeout_ms,
                                        .tsa_skew_s = (uint32_t)s->tsa_skew_s,
                                        .revocation_timeout_ms = (uint32_t)s->revocation_timeout_ms,
                                        .revocation_budget_ms = (uint32_t)s->revocation_budget_ms,
                                        .kept_s = (uint32_t)s->kept_s,
                                        .fresh_s = (uint32_t)s->fresh_s};
  SV_TRY(pem_read(ctx, s->tsa_trust, &config.tsa_trust_pem));
  SV_TRY(pem_read(ctx, s->document_ca, &config.document_ca_pem));
  return seal_services_open(ctx, &config, ret);
}

sv_status services_settings_check(struct sv_ctx *ctx, const struct services_settings *settings) {
  SV_AUTO(seal_services_close) struct seal_services *services = NULL;
  return settings->given ? services_open(ctx, settings, NULL, &services) : SV_DONE;
}

sv_status services_client_open(struct sv_ctx *ctx, const struct services_settings *settings,
                               struct services_client **ret) {
  SV_AUTO(services_client_close) struct services_client *client = calloc(1, sizeof *client);
  struct fetch_breaker breaker = {.failures = (uint32_t)settings->failures,
                                  .pause_ms = (uint32_t)settings->pause_ms};
  if (!client) {
    return SV_FAIL(ctx, NO_MEMORY, "services");
  }
  client->fetch.ask = fetch_ask;
  SV_TRY(fetcher_open(ctx, &breaker, &client->fetcher));
  SV_TRY(services_open(ctx, settings, &client->fetch, &client->services));
  *ret = SV_TAKE(client);
  return SV_DONE;
}

void services_client_close(struct services_client *client) {
  if (client) {
    seal_services_close(client->services);
    fetcher_close(client->fetcher);
    free(client);
  }
}

struct seal_services *services_client_lend(struct services_client *client) {
  return client ? client->services : NULL;
}
