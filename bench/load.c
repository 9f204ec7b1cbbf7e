/* Clients that ask for letters, each of a person of its own, over connections of their own: what bench/store loads the server with.
 *   bench_load PORT ROOT.pem CERT.pem KEY.pem REQUEST.json CLIENTS CALLS RATE SECONDS
 * RATE 0: each client asks as soon as it has its answer. Else so many a second are due, and the time of a call counts from when
 * it was due: who is late is not forgiven. Ends early after SECONDS. Prints a line: issued, refused, seconds, and the microseconds
 * that half of the calls, 99 of 100, and all of them took at most; then a line a cause of refusal. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/digest.h"
#include "rpc/client/client.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/issuance.pb-c.h"

enum { CLIENTS_MAX = 256, MEMORY = 16 * 1024 * 1024, REQUEST_MAX = 1024 * 1024, CAUSES_MAX = 16 };

struct load {
  struct rpc_client_config server;
  struct sv_bytes json;
  size_t calls;
  double rate;
  uint64_t start_ns, end_ns;
  uint32_t *took_us; /* a call that was issued; 0: none */
  pthread_mutex_t mutex;
  size_t next;
  size_t refused;
  struct cause {
    char reason[48];
    size_t n;
  } causes[CAUSES_MAX];
};

static void must(struct sv_ctx *ctx, sv_status s) {
  if (sv_failed(s)) {
    (void)fprintf(stderr, "bench_load: %s: %s\n", sv_reason_name(s.reason), ctx->detail);
    exit(1);
  }
}

static void cause_count(struct load *l, const char *reason) {
  (void)pthread_mutex_lock(&l->mutex);
  l->refused++;
  for (size_t i = 0; i < CAUSES_MAX; i++) {
    struct cause *c = &l->causes[i];
    if (c->n == 0) {
      (void)snprintf(c->reason, sizeof c->reason, "%s", reason);
    }
    if (strcmp(c->reason, reason) == 0) {
      c->n++;
      break;
    }
  }
  (void)pthread_mutex_unlock(&l->mutex);
}

static bool call_take(struct load *l, size_t *ret) {
  (void)pthread_mutex_lock(&l->mutex);
  bool more = l->next < l->calls && sv_monotonic_ns() < l->end_ns;
  *ret = more ? l->next++ : 0;
  (void)pthread_mutex_unlock(&l->mutex);
  return more;
}

/* --- somebody --- */

/* n of 26 letters, or of letters and digits. */
static void random_text(struct sv_ctx *ctx, unsigned alphabet, char *out, size_t n) {
  static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  uint8_t random[32];
  SV_ASSERT(n <= sizeof random);
  must(ctx, crypto_random(ctx, random, n));
  for (size_t i = 0; i < n; i++) {
    out[i] = symbols[random[i] % alphabet];
  }
  out[n] = '\0';
}

static char *person_text(struct sv_ctx *ctx, const char *prefix, unsigned alphabet, size_t n) {
  char random[33];
  random_text(ctx, alphabet, random, n);
  char *text = sv_arena_printf(ctx->mem, "%s%s", prefix, random);
  SV_ASSERT(text);
  return text;
}

static void renew(struct sv_ctx *ctx, Salvo__V1__IssueDocumentRequest *m) {
  uint8_t r[20];
  char hex[33];
  must(ctx, crypto_random(ctx, r, sizeof r));
  sv_hex(r, 16, hex);
  m->request_id = sv_arena_printf(ctx->mem, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13,
                                  hex + 17, hex + 20);
  m->safe_conduct->holder->surname = person_text(ctx, "ZUNIGA ", 26, 12);
  m->safe_conduct->holder->birth_date = sv_arena_printf(
      ctx->mem, "%u-%02u-%02u", 1950 + r[16] % 50U, 1 + r[17] % 12U, 1 + r[18] % 28U);
  m->safe_conduct->identity_document->number = person_text(ctx, "Q", 36, 8);
  SV_ASSERT(m->request_id && m->safe_conduct->holder->birth_date);
}

/* --- a client --- */

static void due_wait(uint64_t due_ns) {
  uint64_t now = sv_monotonic_ns();
  if (due_ns > now) {
    uint64_t ns = due_ns - now;
    (void)nanosleep(&(struct timespec){(time_t)(ns / 1000000000U), (long)(ns % 1000000000U)}, NULL);
  }
}

static void call_make(struct load *l, struct rpc_client *client, struct sv_ctx *ctx,
                      Salvo__V1__IssueDocumentRequest *m, size_t index) {
  struct sv_bytes wire;
  struct rpc_result r;
  renew(ctx, m);
  must(ctx, rpc_pack(ctx, &m->base, &wire));
  uint64_t from_ns = sv_monotonic_ns();
  if (l->rate > 0) {
    uint64_t due_ns = l->start_ns + (uint64_t)((double)index / l->rate * 1e9);
    due_wait(due_ns);
    from_ns = due_ns;
  }
  must(ctx, rpc_client_unary(client, ctx, "/salvo.v1.IssuanceService/IssueDocument", wire,
                             60000000000U, &r));
  if (r.code == SV_CODE_OK) {
    l->took_us[index] = (uint32_t)((sv_monotonic_ns() - from_ns) / 1000 + 1);
  } else {
    cause_count(l, r.reason[0] ? r.reason : r.message);
  }
}

static void *client_run(void *arg) {
  struct load *l = arg;
  struct sv_ctx own = sv_ctx_over(sv_arena_open(MEMORY));
  struct sv_arena *mem = sv_arena_open((size_t)4 * MEMORY);
  struct rpc_client *client;
  ProtobufCMessage *m;
  SV_ASSERT(own.mem && mem);
  must(&own, rpc_client_open(&own, &l->server, &client));
  must(&own, json_to_message(&own, &salvo__v1__issue_document_request__descriptor, l->json, &m));
  for (size_t i; call_take(l, &i);) {
    struct sv_ctx ctx = sv_ctx_over(mem);
    call_make(l, client, &ctx, (Salvo__V1__IssueDocumentRequest *)(void *)m, i);
    sv_arena_reset(mem);
  }
  rpc_client_close(client);
  sv_arena_close(mem);
  sv_arena_close(own.mem);
  return NULL;
}

/* --- all of them --- */

static struct sv_bytes file_bytes(const char *path) {
  uint8_t *p = malloc(REQUEST_MAX);
  FILE *f = fopen(path, "rb");
  size_t n = p && f ? fread(p, 1, REQUEST_MAX, f) : 0;
  if (n == 0 || n == REQUEST_MAX) {
    (void)fprintf(stderr, "bench_load: %s can't be read\n", path);
    exit(1);
  }
  (void)fclose(f);
  return sv_bytes_of(p, n);
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void report(struct load *l, double seconds) {
  size_t n = 0;
  for (size_t i = 0; i < l->next; i++) {
    if (l->took_us[i]) {
      l->took_us[n++] = l->took_us[i];
    }
  }
  qsort(l->took_us, n, sizeof *l->took_us, by_size);
  (void)printf("%zu\t%zu\t%.3f\t%u\t%u\t%u\n", n, l->refused, seconds, n ? l->took_us[n / 2] : 0,
               n ? l->took_us[n - 1 - n / 100] : 0, n ? l->took_us[n - 1] : 0);
  for (size_t i = 0; i < CAUSES_MAX && l->causes[i].n; i++) {
    (void)printf("%s\t%zu\n", l->causes[i].reason, l->causes[i].n);
  }
}

int main(int argc, char **argv) {
  if (argc != 10) {
    (void)fprintf(stderr,
                  "usage: bench_load PORT ROOT CERT KEY REQUEST CLIENTS CALLS RATE SECONDS\n");
    return 2;
  }
  struct load l = {.server = {.host = "localhost",
                              .port = (uint16_t)atoi(argv[1]),
                              .ca_path = argv[2],
                              .certificate_path = argv[3],
                              .key_path = argv[4]},
                   .json = file_bytes(argv[5]),
                   .calls = strtoul(argv[7], NULL, 10),
                   .rate = strtod(argv[8], NULL),
                   .mutex = PTHREAD_MUTEX_INITIALIZER};
  size_t clients = strtoul(argv[6], NULL, 10);
  l.took_us = calloc(l.calls ? l.calls : 1, sizeof *l.took_us);
  if (!l.took_us || clients == 0 || clients > CLIENTS_MAX) {
    (void)fprintf(stderr, "bench_load: %zu clients, %zu calls\n", clients, l.calls);
    return 2;
  }
  pthread_t threads[CLIENTS_MAX];
  l.start_ns = sv_monotonic_ns();
  l.end_ns = l.start_ns + strtoul(argv[9], NULL, 10) * 1000000000U;
  for (size_t i = 0; i < clients; i++) {
    SV_ASSERT(pthread_create(&threads[i], NULL, client_run, &l) == 0);
  }
  for (size_t i = 0; i < clients; i++) {
    (void)pthread_join(threads[i], NULL);
  }
  report(&l, (double)(sv_monotonic_ns() - l.start_ns) / 1e9);
  return 0;
}
