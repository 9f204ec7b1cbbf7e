/* What happens to a document after it was issued: revoked, copied, printed, watched. */
#pragma once
#include "service/service.h"

/* Ends a document in force. Officers alone. A letter that protects its holder needs two of them, with one reason, each in
 * a call of his own (NR-13): *ret_pending until the second one. What no reason stands for is no ground: the word of a
 * state of origin is none.
 * Fails: FIELD_INVALID (a reason that does not fit), REQUEST_ID_REUSED, NOT_FOUND, VERSION_CHANGED, NOT_ISSUED,
 * ROLE_MISSING (a system; the same officer twice). */
struct service_revocation {
  const char *request_id;
  const char *number;
  uint32_t version;
  enum model_state_reason reason;
  struct sv_bytes encoded;
};
sv_status service_revoke(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const struct service_revocation *r, struct service_issued *ret,
                         bool *ret_pending);

/* A new copy of a letter whose old paper was surrendered (DAMAGED, MISPRINT): the same number, version and record, a
 * seal and a place in the status list of its own. The copies before it are not in force any more.
 * Fails: FIELD_INVALID, REQUEST_ID_REUSED, NOT_FOUND, VERSION_CHANGED, NOT_ISSUED, LIMIT_EXCEEDED (255 copies). */
struct service_reissue {
  const char *request_id;
  const char *number;
  uint32_t version;
  enum model_state_reason reason;
  struct sv_bytes encoded;
};
sv_status service_reissue(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct service_reissue *r,
                          struct service_issued *ret);

/* The print desk's memory. copy 0: the newest. *ret_times: how often this copy was printed, spoiled sheets aside.
 * Fails: FIELD_INVALID, REQUEST_ID_REUSED, NOT_FOUND, NOT_ISSUED, ALREADY_EXISTS (the sheet was used before). */
struct service_print {
  const char *request_id;
  const char *number;
  uint32_t version;
  uint32_t copy;
  const char *stock_number;
  bool spoiled;
  struct sv_bytes encoded;
};
sv_status service_print_record(struct service *s, struct sv_ctx *ctx,
                               const struct service_caller *caller, const struct service_print *p,
                               uint32_t *ret_times);

/* Changes of the caller's authority's documents after an event, of the kinds he may watch (kind NONE: all of them), each
 * with the document as it is now; *ret_last: from where to go on. Fails: OUT_OF_RANGE (purged), ROLE_MISSING. */
struct service_event {
  uint64_t event;
  struct service_issued document;
};
sv_status service_events(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         uint64_t after, enum model_kind kind, struct service_event *ret,
                         size_t limit, size_t *ret_n, uint64_t *ret_last);
