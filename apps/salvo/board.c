/* board check NUMBER --mrz FILE | --occupant ID
 * board mark NUMBER OCCUPANT MARK --version N --device ID
 * board replay QUEUE.jsonl: marks made off line, one MarkOccupantRequest a line. Sent again, a file changes nothing.
 * board close NUMBER --version N --boarded HEADS [-o OUT.pdf] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/operations.pb-c.h"

static const char usage[] =
    "board check NUMBER --mrz FILE | --occupant ID; board mark NUMBER OCCUPANT MARK --version N "
    "--device ID; board replay QUEUE.jsonl; board close NUMBER --version N --boarded HEADS "
    "[-o OUT.pdf]";

enum {
  MRZ_MAX_BYTES = 256,
  QUEUE_MAX_BYTES = 16 * 1024 * 1024,
  REPLAY_TIMEOUT_S = 60,
};
static const char mark_path[] = "/salvo.v1.BoardingService/MarkOccupant";

/* A request_id for an act that nobody repeats. */
static char *fresh_id(struct salvo *s) {
  uint8_t r[16];
  if (sv_failed(crypto_random(s->ctx, r, sizeof r))) {
    return NULL;
  }
  r[6] = (uint8_t)((r[6] & 0x0F) | 0x40);
  r[8] = (uint8_t)((r[8] & 0x3F) | 0x80);
  char hex[33];
  sv_hex(r, sizeof r, hex);
  return sv_arena_printf(s->ctx->mem, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                         hex + 20);
}

static char *text(const char *v) { return (char *)(uintptr_t)v; } /* packing only reads */

/* --- check --- */

static int board_check(struct salvo *s, struct arguments a) {
  Salvo__V1__CheckOccupantRequest request = SALVO__V1__CHECK_OCCUPANT_REQUEST__INIT;
  const char *file = argument_take(&a, "--mrz"), *occupant = argument_take(&a, "--occupant");
  ProtobufCMessage *answer;
  if (a.count != 1 || !file == !occupant) {
    return usage_fault(usage);
  }
  request.manifest_number = a.v[0];
  request.bearer_case = SALVO__V1__CHECK_OCCUPANT_REQUEST__BEARER_OCCUPANT_ID;
  request.occupant_id = text(occupant);
  if (file) {
    struct sv_bytes zone;
    sv_status status = file_read(s->ctx, file, MRZ_MAX_BYTES, &zone);
    if (sv_failed(status)) {
      return call_failed(s, status);
    }
    request.bearer_case = SALVO__V1__CHECK_OCCUPANT_REQUEST__BEARER_MRZ;
    request.mrz = sv_arena_strndup(s->ctx->mem, (const char *)zone.p, zone.n);
    if (!request.mrz) {
      return call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "zone"));
    }
  }
  int code = call_unary(s, "/salvo.v1.BoardingService/CheckOccupant", &request.base,
                        &salvo__v1__check_occupant_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  const Salvo__V1__CheckOccupantResponse *r =
      (const Salvo__V1__CheckOccupantResponse *)(void *)answer;
  if (s->json) {
    code = json_print(s, answer);
  } else {
    (void)printf("%s%s%s\n", r->headline, r->listed ? "  " : "", r->occupant_id);
  }
  return code != EXIT_DONE ? code : r->listed ? EXIT_DONE : EXIT_REFUSED;
}

/* --- mark --- */

static int board_mark(struct salvo *s, struct arguments a) {
  Salvo__V1__MarkOccupantRequest request = SALVO__V1__MARK_OCCUPANT_REQUEST__INIT;
  Google__Protobuf__Timestamp now = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
  const char *version = argument_take(&a, "--version"), *device = argument_take(&a, "--device");
  ProtobufCMessage *answer;
  int mark;
  if (a.count != 3 || !version || !device || !number_of(version, &request.manifest_version) ||
      !enum_value(&salvo__v1__mark_occupant_request__mark__descriptor, "MARK_", a.v[2], &mark)) {
    return usage_fault(usage);
  }
  int64_t us = sv_wall_us();
  now.seconds = us / 1000000;
  now.nanos = (int32_t)(us % 1000000) * 1000;
  request.request_id = fresh_id(s);
  if (!request.request_id) {
    return call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "request id"));
  }
  request.manifest_number = a.v[0];
  request.occupant_id = a.v[1];
  request.mark = (Salvo__V1__MarkOccupantRequest__Mark)mark;
  request.mark_time = &now;
  request.device_id = text(device);
  int code = call_unary(s, mark_path, &request.base, &salvo__v1__mark_occupant_response__descriptor,
                        &answer);
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__MarkOccupantResponse *r =
      (const Salvo__V1__MarkOccupantResponse *)(void *)answer;
  if (r->manifest) {
    document_print(r->manifest);
  } else {
    (void)puts("marked");
  }
  return EXIT_DONE;
}

/* --- close --- */

static int board_close(struct salvo *s, struct arguments a) {
  Salvo__V1__CloseManifestRequest request = SALVO__V1__CLOSE_MANIFEST_REQUEST__INIT;
  const char *version = argument_take(&a, "--version"), *heads = argument_take(&a, "--boarded"),
             *out = argument_take(&a, "-o");
  ProtobufCMessage *answer;
  if (a.count != 1 || !version || !heads || !number_of(version, &request.manifest_version) ||
      !number_of(heads, &request.expected_boarded)) {
    return usage_fault(usage);
  }
  request.request_id = fresh_id(s);
  if (!request.request_id) {
    return call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "request id"));
  }
  request.manifest_number = a.v[0];
  int code = call_unary(s, "/salvo.v1.BoardingService/CloseManifest", &request.base,
                        &salvo__v1__close_manifest_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  const Salvo__V1__CloseManifestResponse *r =
      (const Salvo__V1__CloseManifestResponse *)(void *)answer;
  if (out && r->manifest) {
    sv_status status = file_write(s->ctx, out, sv_bytes_of(r->pdf.data, r->pdf.len));
    if (sv_failed(status)) {
      return call_failed(s, status);
    }
  }
  if (s->json) {
    return json_print(s, answer);
  }
  document_print(r->manifest);
  return EXIT_DONE;
}

/* --- replay --- */

struct replay {
  size_t fresh, known, conflicts, refused;
};

/* Whether the server had the mark before: it says so. */
static void answer_count(const struct rpc_result *result, const Salvo__V1__MarkOccupantRequest *m,
                         const Salvo__V1__MarkOccupantResponse *r, size_t line, struct replay *t) {
  bool off = m->mark >= SALVO__V1__MARK_OCCUPANT_REQUEST__MARK__MARK_OFFLOADED;
  if (result->code == SV_CODE_ABORTED) {
    t->conflicts++;
    (void)printf("line %zu: conflict: %s boarded, and is off the current version\n", line,
                 m->occupant_id);
  } else if (result->code != SV_CODE_OK) {
    t->refused++;
    (void)printf("line %zu: refused: %s [%s]\n", line, result->message, result->reason);
    for (size_t i = 0; i < result->violation_n; i++) {
      (void)printf("  %s %s\n", result->violations[i].path, result->violations[i].message);
    }
  } else if (off && !r->manifest) {
    t->conflicts++;
    (void)printf("line %zu: conflict: a later mark says that %s is aboard\n", line, m->occupant_id);
  } else if (r->known) {
    t->known++;
  } else {
    t->fresh++;
  }
}

static int line_send(struct salvo *s, struct sv_bytes line, size_t number, struct replay *t) {
  ProtobufCMessage *request, *answer = NULL;
  struct rpc_result result;
  struct sv_bytes wire;
  sv_status status =
      json_to_message(s->ctx, &salvo__v1__mark_occupant_request__descriptor, line, &request);
  if (sv_failed(status)) {
    (void)fprintf(stderr, "salvo: line %zu: %s\n", number, s->ctx->detail);
    return EXIT_USAGE;
  }
  status = rpc_pack(s->ctx, request, &wire);
  if (!sv_failed(status)) {
    status = rpc_client_unary(s->client, s->ctx, mark_path, wire,
                              (uint64_t)REPLAY_TIMEOUT_S * 1000000000U, &result);
  }
  if (!sv_failed(status) && result.code == SV_CODE_OK) {
    status = rpc_unpack(s->ctx, &salvo__v1__mark_occupant_response__descriptor, result.response,
                        &answer);
  }
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  switch (result.code) {
    case SV_CODE_OK:
    case SV_CODE_ABORTED:
    case SV_CODE_FAILED_PRECONDITION:
    case SV_CODE_INVALID_ARGUMENT:
    case SV_CODE_NOT_FOUND:
      answer_count(&result, (const Salvo__V1__MarkOccupantRequest *)(void *)request,
                   (const Salvo__V1__MarkOccupantResponse *)(void *)answer, number, t);
      return EXIT_DONE;
    default: /* the rest of the queue would fare no better */
      return call_refused(s, &result);
  }
}

static int lines_send(struct salvo *s, struct sv_bytes all, struct replay *t) {
  size_t number = 0;
  int code = EXIT_DONE;
  for (size_t at = 0; at < all.n && code == EXIT_DONE;) {
    const uint8_t *end = memchr(all.p + at, '\n', all.n - at);
    size_t n = end ? (size_t)(end - all.p) - at : all.n - at;
    number++;
    if (n > 0) {
      code = line_send(s, sv_bytes_of(all.p + at, n), number, t);
    }
    at += n + 1;
  }
  return code;
}

static int board_replay(struct salvo *s, const char *path) {
  struct replay t = {0};
  struct sv_bytes all;
  int code = call_open(s);
  if (code != EXIT_DONE) {
    return code;
  }
  sv_status status = file_read(s->ctx, path, QUEUE_MAX_BYTES, &all);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  code = lines_send(s, all, &t);
  (void)printf("%zu new, %zu known, %zu conflict%s, %zu refused\n", t.fresh, t.known, t.conflicts,
               t.conflicts == 1 ? "" : "s", t.refused);
  if (code != EXIT_DONE) {
    (void)fprintf(stderr, "salvo: the queue was not sent to its end; send it again\n");
    return code;
  }
  return t.refused ? EXIT_REFUSED : t.conflicts ? EXIT_CHECK : EXIT_DONE;
}

int command_board(struct salvo *s, struct arguments a) {
  const char *act = a.count > 0 ? a.v[0] : "";
  struct arguments rest = {a.count - 1, a.v + 1};
  if (strcmp(act, "replay") == 0 && a.count == 2) {
    return board_replay(s, a.v[1]);
  }
  return strcmp(act, "check") == 0   ? board_check(s, rest)
         : strcmp(act, "mark") == 0  ? board_mark(s, rest)
         : strcmp(act, "close") == 0 ? board_close(s, rest)
                                     : usage_fault(usage);
}
