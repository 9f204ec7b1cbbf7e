/* One way to call, and one to say what went wrong: the text, the fields, the next step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "crypto/digest.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"

enum { CALL_TIMEOUT_S = 60, REQUEST_MAX = 16 * 1024 * 1024 };

int call_open(struct salvo *s) {
  if (s->client) {
    return EXIT_DONE;
  }
  const char *colon = s->server ? strrchr(s->server, ':') : NULL;
  char *end = NULL;
  long port = colon ? strtol(colon + 1, &end, 10) : 0;
  if (!colon || *end || port < 1 || port > 65535) {
    return usage_fault("--server HOST:PORT is needed (or a profile)");
  }
  if (!s->ca) {
    return usage_fault("--ca FILE is needed: the certificate that the server's is checked against");
  }
  if (!s->cert != !s->key) {
    return usage_fault("--cert and --key go together");
  }
  struct rpc_client_config config = {
      .host = sv_arena_strndup(s->ctx->mem, s->server, (size_t)(colon - s->server)),
      .port = (uint16_t)port,
      .ca_path = s->ca,
      .certificate_path = s->cert,
      .key_path = s->key,
      .retries = 3}; /* every act has its request_id */
  sv_status status = config.host ? rpc_client_open(s->ctx, &config, &s->client)
                                 : SV_FAIL(s->ctx, NO_MEMORY, "client");
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}

int call_failed(struct salvo *s, sv_status status) {
  const char *detail = s->ctx->detail;
  switch (status.reason) {
    case SV_UNREACHABLE:
    case SV_DEADLINE:
      (void)fprintf(
          stderr,
          "salvo: %s can't be reached: %s\nIs salvod running there? Is --ca its authority?\n",
          s->server ? s->server : "the server", detail);
      return EXIT_UNREACHABLE;
    case SV_CONFIG:
    case SV_IO:
    case SV_JSON_FORMAT:
    case SV_CERT_FORMAT:
      (void)fprintf(stderr, "salvo: %s\n", detail);
      return EXIT_USAGE;
    default:
      (void)fprintf(stderr, "salvo: %s: %s\n", sv_reason_text(status.reason), detail);
      return EXIT_REFUSED;
  }
}

/* What a person may do about a refusal. */
static const char *next_step(enum sv_code code) {
  switch (code) {
    case SV_CODE_UNAUTHENTICATED:
      return "Give --cert and --key of a caller that the server's policy knows.";
    case SV_CODE_PERMISSION_DENIED:
      return "Another role may do this: see the server's policy file.";
    case SV_CODE_NOT_FOUND:
      return "Check the number; documents of another authority are not shown.";
    case SV_CODE_INVALID_ARGUMENT:
      return "Correct the fields and send the request again.";
    case SV_CODE_UNAVAILABLE:
    case SV_CODE_RESOURCE_EXHAUSTED:
      return "Nothing was lost: send the same request again.";
    case SV_CODE_ABORTED:
      return "Look at the current state (salvo get NUMBER), then ask for what is wanted now.";
    default:
      return NULL;
  }
}

int call_refused(struct salvo *s, const struct rpc_result *result) {
  (void)s;
  (void)fprintf(stderr, "refused: %s%s%s%s\n", result->message, result->reason[0] ? " [" : "",
                result->reason, result->reason[0] ? "]" : "");
  for (size_t i = 0; i < result->violation_n; i++) {
    (void)fprintf(stderr, "  %s %s\n", result->violations[i].path, result->violations[i].message);
  }
  const char *next = next_step(result->code);
  if (next) {
    (void)fprintf(stderr, "%s\n", next);
  }
  return result->code == SV_CODE_UNAVAILABLE ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

int call_unary(struct salvo *s, const char *path, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *answer, ProtobufCMessage **ret) {
  int open = call_open(s);
  if (open != EXIT_DONE) {
    return open;
  }
  struct sv_bytes wire;
  struct rpc_result result;
  sv_status status = rpc_pack(s->ctx, request, &wire);
  if (!sv_failed(status)) {
    status = rpc_client_unary(s->client, s->ctx, path, wire, (uint64_t)CALL_TIMEOUT_S * 1000000000U,
                              &result);
  }
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  if (result.code != SV_CODE_OK) {
    return call_refused(s, &result);
  }
  status = rpc_unpack(s->ctx, answer, result.response, ret);
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}

int call_request_read(struct salvo *s, const char *path, const ProtobufCMessageDescriptor *type,
                      ProtobufCMessage **ret) {
  struct sv_bytes text;
  sv_status status = file_read(s->ctx, path, REQUEST_MAX, &text);
  if (!sv_failed(status)) {
    status = json_to_message(s->ctx, type, text, ret);
  }
  if (sv_failed(status)) {
    (void)fprintf(stderr, "salvo: %s: %s\n", path, s->ctx->detail);
    for (size_t i = 0; i < s->ctx->violation_count && s->ctx->violations && i < SV_VIOLATIONS_MAX;
         i++) {
      (void)fprintf(stderr, "  %s %s\n", s->ctx->violations[i].path, s->ctx->violations[i].message);
    }
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}

sv_status uuid_new(struct sv_ctx *ctx, char ret[static 37]) {
  uint8_t r[16];
  char hex[33];
  SV_TRY(crypto_random(ctx, r, sizeof r));
  r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
  r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
  sv_hex(r, sizeof r, hex);
  (void)snprintf(ret, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
  return SV_DONE;
}
