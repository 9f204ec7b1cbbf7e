/* key list | compromised: the lives of the keys that sign, and the word that one may be in other hands. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "base/clock.h"
#include "salvo/v1/operations.pb-c.h"

static const char usage[] = "key list | key compromised SHA256 --since 2026-01-15T05:50:00Z";

static const char *day(const Google__Protobuf__Timestamp *t, const char *none,
                       char out[static 21]) {
  if (!t) {
    return none;
  }
  sv_time_format(t->seconds * 1000000, out);
  return out;
}

static void key_print(const Salvo__V1__Key *k) {
  char from[21], until[21], since[21];
  (void)printf("%-8s %s  %s  %s%s%s\n", k->purpose, k->certificate_sha256,
               day(k->from_time, "-", from), day(k->until_time, "signs", until),
               k->compromise_time ? "  COMPROMISED since " : "",
               day(k->compromise_time, "", since));
}

static int list(struct salvo *s) {
  Salvo__V1__ListKeysRequest request = SALVO__V1__LIST_KEYS_REQUEST__INIT;
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.KeyService/ListKeys", &request.base,
                        &salvo__v1__list_keys_response__descriptor, &answer);
  if (code != EXIT_DONE || s->json) {
    return code == EXIT_DONE ? json_print(s, answer) : code;
  }
  const Salvo__V1__ListKeysResponse *r = (const Salvo__V1__ListKeysResponse *)(const void *)answer;
  for (size_t i = 0; i < r->n_keys; i++) {
    key_print(r->keys[i]);
  }
  return EXIT_DONE;
}

static int compromised(struct salvo *s, char *sha256, int64_t since_us) {
  Salvo__V1__ReportKeyCompromiseRequest request = SALVO__V1__REPORT_KEY_COMPROMISE_REQUEST__INIT;
  Google__Protobuf__Timestamp since = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
  ProtobufCMessage *answer;
  since.seconds = since_us / 1000000;
  request.certificate_sha256 = sha256;
  request.since = &since;
  int code = call_unary(s, "/salvo.v1.KeyService/ReportKeyCompromise", &request.base,
                        &salvo__v1__report_key_compromise_response__descriptor, &answer);
  if (code != EXIT_DONE || s->json) {
    return code == EXIT_DONE ? json_print(s, answer) : code;
  }
  key_print(((const Salvo__V1__ReportKeyCompromiseResponse *)(const void *)answer)->key);
  return EXIT_DONE;
}

int command_key(struct salvo *s, struct arguments a) {
  const char *since = argument_take(&a, "--since");
  int64_t since_us;
  if (a.count == 1 && !since && strcmp(a.v[0], "list") == 0) {
    return list(s);
  }
  if (a.count == 2 && since && strcmp(a.v[0], "compromised") == 0 &&
      sv_time_parse(since, &since_us, NULL)) {
    return compromised(s, a.v[1], since_us);
  }
  return usage_fault(usage);
}
