/* Outgoing HTTP: one bounded question to a server that somebody configured, on a worker (it blocks). Answers are hostile:
 * their size, time and redirects have bounds, and what they mean is the caller's to judge. A server that failed often is
 * not asked for a while (a circuit breaker a URL), so that a dead one costs nobody its timeout again and again. */
#pragma once
#include "base/ctx.h"

enum { FETCH_URL_MAX = 1024, FETCH_ANSWER_MAX = 32 * 1024 * 1024, FETCH_TIMEOUT_MAX_MS = 120000 };

struct fetcher;

struct fetch_breaker {
  uint32_t failures; /* in a row, then the server is not asked */
  uint32_t pause_ms; /* for so long; then one question is tried */
};

/* At start, before other threads: curl's own initialisation is not thread-safe.
 * Fails: INTERNAL, NO_MEMORY. ret: caller, fetcher_close, which accepts NULL. */
sv_status fetcher_open(struct sv_ctx *ctx, const struct fetch_breaker *breaker,
                       struct fetcher **ret);
void fetcher_close(struct fetcher *f);
SV_AUTO_DEFINE(struct fetcher, fetcher_close)

struct fetch_request {
  const char *url;          /* http: or https:, at most FETCH_URL_MAX */
  const char *content_type; /* of a POST; NULL: a GET, which follows two redirects at most */
  struct sv_bytes body;
  uint32_t timeout_ms; /* of the whole exchange; less where ctx's deadline is nearer */
  size_t answer_max;   /* bytes */
};

/* The body of a 200. ret in ctx->mem. Fails: UNREACHABLE with the URL and what happened, CANCELLED, DEADLINE, NO_MEMORY.
 * Thread: any, several at once. */
sv_status fetcher_call(struct fetcher *f, struct sv_ctx *ctx, const struct fetch_request *request,
                       struct sv_bytes *ret);

/* Whether a text is a URL that can be asked: http:// or https://, a host, no white space or control, not too long. */
bool fetch_url_valid(const char *url);
