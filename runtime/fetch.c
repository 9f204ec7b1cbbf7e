/* A handle a question: nothing of one answer is there for the next. Invariants, under the lock: a breaker that is open lets
 * nobody through; one that was open lets one question through at a time. */
#include "runtime/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

enum { SERVERS_MAX = 32, CONNECT_MS = 5000, REDIRECTS_MAX = 2 };

struct server {
  char url[FETCH_URL_MAX + 1];
  uint32_t failures;
  uint64_t shut_until_ns;
  bool trying; /* somebody asks, to see whether it is back */
  uint64_t used_ns;
};

struct fetcher {
  struct fetch_breaker breaker;
  pthread_mutex_t lock;
  struct server servers[SERVERS_MAX];
};

static void curl_close(CURL *c) { curl_easy_cleanup(c); }
SV_AUTO_DEFINE(CURL, curl_close)
static void headers_close(struct curl_slist *s) { curl_slist_free_all(s); }
SV_AUTO_DEFINE(struct curl_slist, headers_close)

sv_status fetcher_open(struct sv_ctx *ctx, const struct fetch_breaker *breaker,
                       struct fetcher **ret) {
  struct fetcher *f = calloc(1, sizeof *f);
  if (!f) {
    return SV_FAIL(ctx, NO_MEMORY, "fetcher");
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    free(f);
    return SV_FAIL(ctx, INTERNAL, "curl can't be initialised");
  }
  f->breaker = *breaker;
  (void)pthread_mutex_init(&f->lock, NULL);
  *ret = f;
  return SV_DONE;
}

void fetcher_close(struct fetcher *f) {
  if (f) {
    (void)pthread_mutex_destroy(&f->lock);
    curl_global_cleanup();
    free(f);
  }
}

bool fetch_url_valid(const char *url) {
  size_t n = strlen(url);
  size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
  if (scheme == 0 || n > FETCH_URL_MAX || n == scheme || url[scheme] == '/') {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    if (url[i] <= ' ' || url[i] > '~') {
      return false;
    }
  }
  return true;
}

/* --- breakers --- */

/* The server's place; a new one takes that of whom nobody asked for longest. */
static struct server *server_of(struct fetcher *f, const char *url) {
  struct server *oldest = &f->servers[0];
  for (size_t i = 0; i < SERVERS_MAX; i++) {
    struct server *s = &f->servers[i];
    if (strcmp(s->url, url) == 0) {
      return s;
    }
    if (s->used_ns < oldest->used_ns) {
      oldest = s;
    }
  }
  *oldest = (struct server){0};
  memcpy(oldest->url, url, strlen(url) + 1);
  return oldest;
}

static sv_status breaker_enter(struct fetcher *f, struct sv_ctx *ctx, const char *url) {
  uint64_t now_ns = sv_monotonic_ns();
  (void)pthread_mutex_lock(&f->lock);
  struct server *s = server_of(f, url);
  bool was_shut = s->failures >= f->breaker.failures;
  bool shut = was_shut && (now_ns < s->shut_until_ns || s->trying);
  uint64_t left_ns = now_ns < s->shut_until_ns ? s->shut_until_ns - now_ns : 0;
  uint32_t failures = s->failures;
  s->used_ns = now_ns;
  s->trying = s->trying || (was_shut && !shut);
  (void)pthread_mutex_unlock(&f->lock);
  if (shut) {
    ctx->retry_after_ms = (uint32_t)(left_ns / 1000000) + 1;
    return SV_FAIL(ctx, UNREACHABLE, "%.120s failed %u times in a row: not asked for another %u ms",
                   url, failures, ctx->retry_after_ms);
  }
  return SV_DONE;
}

static void breaker_leave(struct fetcher *f, const char *url, bool good, bool told) {
  (void)pthread_mutex_lock(&f->lock);
  struct server *s = server_of(f, url);
  s->trying = false;
  if (!told) {
    (void)pthread_mutex_unlock(&f->lock);
    return;
  }
  s->failures = good ? 0 : s->failures + (s->failures < UINT32_MAX);
  s->shut_until_ns = sv_monotonic_ns() + (uint64_t)f->breaker.pause_ms * 1000000;
  (void)pthread_mutex_unlock(&f->lock);
}

/* --- a question --- */

static size_t body_take(char *p, size_t size, size_t n, void *arg) {
  struct sv_buf *out = arg;
  sv_buf_put(out, p, size * n);
  return out->failed ? 0 : size * n;
}

/* Not zero: the call is not wanted any more. */
static int still_wanted(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  const struct sv_ctx *ctx = arg;
  (void)a, (void)b, (void)c, (void)d;
  return ctx->cancelled && atomic_load(ctx->cancelled);
}

/* What is left of the call's time, at most the request's; 0: none. */
static long time_left_ms(const struct sv_ctx *ctx, uint32_t timeout_ms) {
  uint64_t left = timeout_ms < FETCH_TIMEOUT_MAX_MS ? timeout_ms : FETCH_TIMEOUT_MAX_MS;
  if (ctx->deadline_ns) {
    uint64_t now_ns = sv_monotonic_ns();
    uint64_t until = ctx->deadline_ns > now_ns ? (ctx->deadline_ns - now_ns) / 1000000 : 0;
    left = until < left ? until : left;
  }
  return (long)left;
}

static bool options_set(CURL *c, struct sv_ctx *ctx, const struct fetch_request *r, long ms,
                        struct sv_buf *out) {
  bool ok = curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK; /* the environment names none */
  ok = ok && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms < CONNECT_MS ? ms : CONNECT_MS) ==
                 CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->answer_max) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, body_take) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_WRITEDATA, out) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
  ok = ok && curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, still_wanted) == CURLE_OK;
  return ok && curl_easy_setopt(c, CURLOPT_XFERINFODATA, ctx) == CURLE_OK;
}

static bool body_set(CURL *c, const struct fetch_request *r, struct curl_slist **headers) {
  if (!r->content_type) {
    return curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX) == CURLE_OK;
  }
  char line[128] = "Content-Type: ";
  size_t at = strlen(line), n = strlen(r->content_type);
  if (n >= sizeof line - at) {
    return false;
  }
  memcpy(line + at, r->content_type, n + 1);
  struct curl_slist *first = curl_slist_append(NULL, line);
  *headers = first;
  struct curl_slist *more = first ? curl_slist_append(first, "Expect:") : NULL;
  return more && curl_easy_setopt(c, CURLOPT_HTTPHEADER, first) == CURLE_OK &&
         curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n) == CURLE_OK &&
         curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)r->body.p) == CURLE_OK;
}

static sv_status asked(struct sv_ctx *ctx, const struct fetch_request *r, struct sv_buf *out) {
  long ms = time_left_ms(ctx, r->timeout_ms), code = 0;
  if (ms == 0) {
    return SV_FAIL(ctx, DEADLINE, "no time is left to ask %.120s", r->url);
  }
  SV_AUTO(headers_close) struct curl_slist *headers = NULL;
  SV_AUTO(curl_close) CURL *c = curl_easy_init();
  if (!c || !options_set(c, ctx, r, ms, out) || !body_set(c, r, &headers)) {
    return SV_FAIL(ctx, NO_MEMORY, "a question to %.120s", r->url);
  }
  CURLcode rc = curl_easy_perform(c);
  if (rc == CURLE_ABORTED_BY_CALLBACK) {
    return SV_FAIL(ctx, CANCELLED, "while %.120s was asked", r->url);
  }
  if (rc == CURLE_FILESIZE_EXCEEDED || out->failed) {
    return SV_FAIL(ctx, UNREACHABLE, "%.120s: the answer is over %zu bytes", r->url, r->answer_max);
  }
  long whole = r->timeout_ms < FETCH_TIMEOUT_MAX_MS ? (long)r->timeout_ms : FETCH_TIMEOUT_MAX_MS;
  if (rc == CURLE_OPERATION_TIMEDOUT && ms < whole - whole / 4) { /* it was not given its time */
    return SV_FAIL(ctx, DEADLINE, "the call had no more time for %.120s", r->url);
  }
  if (rc != CURLE_OK) {
    return SV_FAIL(ctx, UNREACHABLE, "%.120s: %s", r->url, curl_easy_strerror(rc));
  }
  (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
  return code == 200 ? SV_DONE : SV_FAIL(ctx, UNREACHABLE, "%.120s: status %ld", r->url, code);
}

sv_status fetcher_call(struct fetcher *f, struct sv_ctx *ctx, const struct fetch_request *request,
                       struct sv_bytes *ret) {
  SV_ASSERT(request->answer_max > 0 && request->answer_max <= FETCH_ANSWER_MAX);
  if (!fetch_url_valid(request->url)) {
    return SV_FAIL(ctx, UNREACHABLE, "no URL that can be asked");
  }
  SV_TRY(sv_ctx_alive(ctx));
  SV_TRY(breaker_enter(f, ctx, request->url));
  struct sv_buf out = sv_buf_in(ctx->mem, request->answer_max);
  sv_status s = asked(ctx, request, &out);
  /* who went away, or had no time, says nothing of the server */
  bool told = s.reason != SV_CANCELLED && s.reason != SV_DEADLINE;
  breaker_leave(f, request->url, !sv_failed(s), told);
  SV_TRY(s);
  *ret = sv_buf_bytes(&out);
  return SV_DONE;
}
