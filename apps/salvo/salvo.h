/* The command-line client: a command a file, one way to call, one way to speak. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/ctx.h"
#include "rpc/client/client.h"
#include "salvo/v1/document.pb-c.h"
#include "salvo/v1/registry.pb-c.h"

/* How a command ends. */
enum {
  EXIT_DONE = 0,    /* valid, or done */
  EXIT_REFUSED = 1, /* invalid, or refused */
  EXIT_USAGE = 2,
  EXIT_UNREACHABLE = 3,
  EXIT_CHECK = 4,    /* look closer */
  EXIT_NOT_OURS = 5, /* not ours, or unreadable */
};

struct salvo {
  struct sv_ctx *ctx;
  const char *server, *ca, *cert, *key; /* NULL: not given */
  bool json;
  struct rpc_client *client;
};

/* What is left of the command line after the command's name. */
struct arguments {
  int count;
  char **v;
};

/* Each returns how the program ends. */
int command_issue(struct salvo *s, struct arguments a);
int command_batch(struct salvo *s, struct arguments a);
int command_verify(struct salvo *s, struct arguments a);
int command_trust(struct salvo *s, struct arguments a);
int command_bundle(struct salvo *s, struct arguments a);
int command_get(struct salvo *s, struct arguments a);
int command_list(struct salvo *s, struct arguments a);
int command_download(struct salvo *s, struct arguments a);
int command_approve(struct salvo *s, struct arguments a);
int command_reject(struct salvo *s, struct arguments a);
int command_reissue(struct salvo *s, struct arguments a);
int command_augment(struct salvo *s, struct arguments a);
int command_revoke(struct salvo *s, struct arguments a);
int command_obligation(struct salvo *s, struct arguments a);
int command_audit(struct salvo *s, struct arguments a);
int command_admin(struct salvo *s, struct arguments a);
int command_log(struct salvo *s, struct arguments a);
int command_hold(struct salvo *s, struct arguments a);
int command_watch(struct salvo *s, struct arguments a);
int command_fact(struct salvo *s, struct arguments a);
int command_manifest(struct salvo *s, struct arguments a);
int command_board(struct salvo *s, struct arguments a);
int command_key(struct salvo *s, struct arguments a);
int command_template(struct salvo *s, struct arguments a);

/* --- profile.c --- */

/* Fills what the command line left open. Returns EXIT_DONE or says what is wrong. */
int profile_read(struct salvo *s, const char *path);
/* "-o FILE" and the like: takes name and its value out of a; NULL when it is not there. */
const char *argument_take(struct arguments *a, const char *name);
int usage_fault(const char *what);

/* --- call.c --- */

/* Opens the client once. EXIT_USAGE without --server. */
int call_open(struct salvo *s);
/* A unary call; *ret is the unpacked answer. Anything but EXIT_DONE has been said on standard error. */
int call_unary(struct salvo *s, const char *path, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *answer, ProtobufCMessage **ret);
/* Says why a call gave no answer, or a refusal with its fields, and what to do next. */
int call_failed(struct salvo *s, sv_status status);
int call_refused(struct salvo *s, const struct rpc_result *result);
/* Protobuf JSON of a file ("-": standard input) into a message. EXIT_USAGE when it is none. */
int call_request_read(struct salvo *s, const char *path, const ProtobufCMessageDescriptor *type,
                      ProtobufCMessage **ret);

/* A new request_id: RFC 9562, version 4. */
sv_status uuid_new(struct sv_ctx *ctx, char ret[static 37]);

/* --- registry.c --- */

/* "FLIGHT_MANIFEST" or the whole name into the enum's number; false when there is none. */
bool enum_value(const ProtobufCEnumDescriptor *type, const char *prefix, const char *word,
                int *ret);
const char *enum_name(const ProtobufCEnumDescriptor *type, const char *prefix, int value);
/* A whole number of an option (NULL: not given); false when it is none. */
bool number_of(const char *v, uint32_t *ret);
/* A line about a document. */
void document_print(const Salvo__V1__Document *d);
/* A document's bytes into a file. Anything but EXIT_DONE has been said on standard error. */
int document_fetch(struct salvo *s, const Salvo__V1__DownloadDocumentRequest *request,
                   const char *out, size_t *ret_n);

/* --- watch.c --- */

/* hold watch. Ends with a refusal, or with the program. */
int watch_alarms(struct salvo *s, struct arguments a);

/* --- log.c --- */

/* Whether the log of now begins with the one of before, by the server's proof; says why not. */
struct tlog_checkpoint;
int log_growth(struct salvo *s, const struct tlog_checkpoint *before,
               const struct tlog_checkpoint *now);

/* --- offline.c --- */

/* Judges the bytes of a seal by a trust list and a bundle alone. EXIT_DONE: *ret is filled in. */
struct verify_report;
int offline_verify(struct salvo *s, struct arguments a, const char **ret_path,
                   struct verify_report *ret);

/* --- files.c --- */

sv_status file_read(struct sv_ctx *ctx, const char *path, size_t max, struct sv_bytes *ret);
/* Whole or not at all: written aside and renamed. "-" is standard output. */
sv_status file_write(struct sv_ctx *ctx, const char *path, struct sv_bytes data);
/* A message as JSON on standard output. */
int json_print(struct salvo *s, const ProtobufCMessage *message);
