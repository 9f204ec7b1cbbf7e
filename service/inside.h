/* What the files of service/ share; nobody else includes it. */
#pragma once
#include <pthread.h>

#include "base/clock.h"
#include "formats/record/record.h"
#include "service/service.h"

struct flight; /* flight.c */

struct service {
  struct service_parts parts;
  pthread_mutex_t mutex; /* over flights */
  pthread_cond_t landed;
  struct flight
      *flights; /* requests that a worker is at, so that their twins wait for its answer */
};

/* Keyed digest of a text for one purpose ("person", "case", "code", "input"). */
void service_mac(const struct service *s, const char *purpose, struct sv_bytes in,
                 uint8_t ret[static 32]);

/* The keys under which a person is known: enough of them that one document, or birth date and name in either order,
 * is found again. */
enum { PERSON_KEYS = 4 };
struct person_keys {
  uint8_t key[PERSON_KEYS][STORE_PERSON_KEY_BYTES];
  size_t n;
};
sv_status service_person_keys(const struct service *s, struct sv_ctx *ctx,
                              const struct model_person *person,
                              const struct model_travel_document *document,
                              struct person_keys *ret);
/* The key of a letter's own number, shown as a travel document. */
void service_letter_key(const struct service *s, const char *issuing_state, const char *number,
                        uint8_t ret[static STORE_PERSON_KEY_BYTES]);

/* The keys of everyone on a manifest, worked out before the transaction. */
struct manifest_keys {
  const struct model_manifest *manifest;
  struct person_keys *occupants;
};
sv_status service_manifest_keys(const struct service *s, struct sv_ctx *ctx,
                                const struct model_manifest *m, struct manifest_keys *ret);
/* Inside a transaction: HOLD when any occupant holds an active protection against the flight; the occupants' ids go
 * to ctx->violations. today is "YYYY-MM-DD". */
sv_status interlock_manifest(struct store_tx *tx, struct sv_ctx *ctx,
                             const struct manifest_keys *keys, const char *today);
/* Inside a transaction: the obligation of a receipt, and the amount in its currency. Checks what can be checked before
 * the number: currency, period, closed, balance, reversal. */
sv_status interlock_receipt(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                            const struct model_receipt *r, struct store_obligation *ret_obligation,
                            int64_t *ret_base_minor);

/* Everything that can be said of the request without the registry; completes its content. Fails: FIELD_INVALID. */
sv_status service_request_check(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller,
                                struct service_issue_request *r, struct sv_date today);
/* What a caller may leave out is filled in, lines are put in order, and a portrait loses what is not the picture: the
 * record names the bytes that the page holds. The content has passed the check. */
sv_status service_content_complete(struct service *s, struct sv_ctx *ctx,
                                   const struct model_authority *authority,
                                   struct model_content *c);

/* Draws and seals what was reserved: no lock is held. */
struct produced {
  struct store_issue issue;
};
sv_status service_produce(struct service *s, struct sv_ctx *ctx,
                          const struct model_content *content, const struct store_document *row,
                          const uint8_t *previous_sha256, struct produced *ret);
/* A watermarked page of a request. */
sv_status service_preview(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct model_content *content,
                          struct sv_bytes *ret_pdf);

/* One audit row in a transaction of its own. */
sv_status service_audit(struct service *s, struct sv_ctx *ctx, const struct store_audit *row);

/* The row with its seals and PDF digest, inside a transaction. with_pdf: the bytes too. */
sv_status service_row_read(struct store_tx *tx, struct sv_ctx *ctx, struct service_issued *doc,
                           bool with_pdf);
