/* fact record FILE.json | FILE.jsonl: one request, or one a line. Sent again, a file changes nothing. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "rpc/grpc/json.h"
#include "salvo/v1/operations.pb-c.h"

enum { FACTS_MAX_BYTES = 64 * 1024 * 1024 };

static int fact_send(struct salvo *s, const ProtobufCMessage *request, bool quiet) {
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.ProtectionService/RecordFact", request,
                        &salvo__v1__record_fact_response__descriptor, &answer);
  if (code != EXIT_DONE || (quiet && !s->json)) {
    return code;
  }
  const Salvo__V1__RecordFactResponse *r = (const Salvo__V1__RecordFactResponse *)(void *)answer;
  if (s->json) {
    return json_print(s, answer);
  }
  (void)printf("%s%s%s\n", r->fact, r->hold ? "  placed " : "", r->hold ? r->hold->name : "");
  return EXIT_DONE;
}

/* Each line in memory of its own, so that a long file is no matter. */
static int line_send(struct salvo *s, struct sv_bytes line, size_t number) {
  ProtobufCMessage *request;
  sv_status status =
      json_to_message(s->ctx, &salvo__v1__record_fact_request__descriptor, line, &request);
  if (sv_failed(status)) {
    (void)fprintf(stderr, "salvo: line %zu: %s\n", number, s->ctx->detail);
    return EXIT_USAGE;
  }
  int code = fact_send(s, request, true);
  if (code != EXIT_DONE) {
    (void)fprintf(stderr, "salvo: line %zu was not recorded; those before it were\n", number);
  }
  return code;
}

static int lines_send(struct salvo *s, const char *path) {
  struct sv_bytes all;
  sv_status status = file_read(s->ctx, path, FACTS_MAX_BYTES, &all);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  size_t number = 0, sent = 0;
  for (size_t at = 0; at < all.n;) {
    const uint8_t *end = memchr(all.p + at, '\n', all.n - at);
    size_t n = end ? (size_t)(end - all.p) - at : all.n - at;
    number++;
    if (n > 0) {
      int code = line_send(s, sv_bytes_of(all.p + at, n), number);
      if (code != EXIT_DONE) {
        return code;
      }
      sent++;
    }
    at += n + 1;
  }
  if (!s->json) {
    (void)printf("%zu facts on record\n", sent);
  }
  return EXIT_DONE;
}

int command_fact(struct salvo *s, struct arguments a) {
  if (a.count != 2 || strcmp(a.v[0], "record") != 0) {
    return usage_fault("fact record FILE.json | FILE.jsonl");
  }
  size_t n = strlen(a.v[1]);
  if (n > 6 && strcmp(a.v[1] + n - 6, ".jsonl") == 0) {
    return lines_send(s, a.v[1]);
  }
  ProtobufCMessage *request;
  int code = call_request_read(s, a.v[1], &salvo__v1__record_fact_request__descriptor, &request);
  return code == EXIT_DONE ? fact_send(s, request, false) : code;
}
