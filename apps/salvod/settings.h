/* The configuration of salvod (salvod.conf) and the policy beside it, read and checked as a whole: every fault names file,
 * line and key. Strings live in the arena that was given. */
#pragma once
#include "apps/salvod/doors.h"
#include "apps/salvod/services.h"
#include "base/ctx.h"
#include "service/policy.h"

struct settings {
  const char *address;
  uint16_t port;
  const char *port_file; /* "" or where the real port is written once the server listens */
  const char *certificate, *key, *client_ca;
  const char *registry_file, *registry_key_file, *master_key_file;
  const char *log_origin; /* of the transparency log */
  const char *templates;
  bool specimen;
  const char *signer, *signer_program; /* its configuration; "": the program beside this one */
  const char *trust, *trust_name;
  struct services_settings services; /* of the PAdES levels above B-B */
  int64_t workers, queue, watchers;
  struct doors doors; /* beside the officials', with threads and limits */
  int64_t drain_s;
  const char *log_level;
  struct service_policy policy;
};

/* Paths in the file are relative to the file. Fails: CONFIG, IO, NO_MEMORY. */
sv_status settings_read(struct sv_ctx *ctx, const char *path, struct settings *ret);

/* Reads the policy file alone (apps/salvod/policy_file.c). */
sv_status policy_file_read(struct sv_ctx *ctx, const char *path, struct service_policy *ret);
