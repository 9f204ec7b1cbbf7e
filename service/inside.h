/* What the files of service/ share; nobody else includes it. */
#pragma once
#include <pthread.h>

#include "base/clock.h"
#include "formats/record/record.h"
#include "service/levels.h"
#include "service/service.h"
#include "verify/registry.h"
#include "verify/trust.h"

struct flight;       /* flight.c */
struct typed_tries;  /* typed.c */
struct bundle_cache; /* bundle.c */
struct budgets;      /* budget.h */

struct service {
  struct service_parts parts;
  pthread_mutex_t mutex; /* over flights */
  pthread_cond_t landed;
  struct flight
      *flights; /* requests that a worker is at, so that their twins wait for its answer */
  struct budgets *budgets;
  struct bundle_cache *bundles;
  struct typed_tries *tries; /* of typed numbers */
  /* of the sweeper alone: how far it has looked, by kind, and when events are forgotten next */
  uint64_t retention_row[MODEL_DISBURSEMENT_RECEIPT + 1];
  int64_t purge_us;
  int64_t restamp_us; /* when time-stamps that are too old are looked for next */
  struct verify_key_life
      *lives; /* of the keys that sign or signed; changed by service_rotate alone */
  size_t life_count;
  pthread_rwlock_t rotation; /* shared by who uses what service_rotate may change */
  pthread_mutex_t
      signing; /* held by whoever has a checkpoint or a list signed: these have an order */
};

/* While this is held, keys, trust and templates stay what they are. Not twice by one thread; without a transaction. */
static inline void service_hold(struct service *s) { (void)pthread_rwlock_rdlock(&s->rotation); }
static inline void service_release(struct service *s) { (void)pthread_rwlock_unlock(&s->rotation); }

/* Keyed digest of a text for one purpose ("person", "case", "code", "input"). */
void service_mac(const struct service *s, const char *purpose, struct sv_bytes in,
                 uint8_t ret[static 32]);
/* The key under which service_mac digests for a purpose: for who makes many. The caller wipes it. */
void service_mac_key(const struct service *s, const char *purpose, uint8_t ret[static 32]);

/* Somebody who resembles a protected person; found while a manifest was judged. */
struct persons_near {
  size_t index;
  const char *near_to;
  const char *states;
};
enum { PERSONS_NEAR_MAX = 16 }; /* of a manifest: the next try finds the next ones */

/* The persons of a content, as the registry knows persons: a letter's holder, or everyone on a manifest. */
struct likeness; /* likeness.h */
struct persons {
  struct service *s;
  const struct model_content *content;
  struct likeness *known; /* one a person: the holder, or the occupants in their order */
  size_t n;
  bool
      second_officer; /* out, of interlock_persons: a rule warns, so a second officer has to approve */
  struct persons_near *near; /* out, of interlock_persons, for interlock_refused */
  size_t near_count;
};
/* Before a transaction. The content is borrowed. */
sv_status service_persons(struct service *s, struct sv_ctx *ctx,
                          const struct model_content *content, struct persons *ret);
/* Inside the reserving and the finalising act: who may not be on a flight, who may not have this letter. HOLD, with the
 * occupants' ids in ctx->violations. */
sv_status interlock_persons(struct store_tx *tx, struct sv_ctx *ctx, struct persons *p,
                            const struct store_document *row, bool finalising);
/* Inside the finalising act, after the row was issued: what the registry has to know of its persons from now on. */
sv_status protection_issued(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                            const struct store_document *row);
/* After a refusal with HOLD, in an act of its own. */
void interlock_refused(struct service *s, struct sv_ctx *ctx, const char *authority,
                       const struct persons *p);
bool interlock_protects(
    const struct model_content *c); /* a letter that keeps its holder off flights */

/* Inside a transaction: the obligation of a receipt, and the amount in its currency. Checks what can be checked before
 * the number: currency, period, closed, balance, reversal. */
sv_status interlock_receipt(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                            const struct model_receipt *r, struct store_obligation *ret_obligation,
                            int64_t *ret_base_minor);

/* A payment within the obligation's period, which an amendment may have changed. Fails: OBLIGATION_CLOSED. */
sv_status interlock_period(struct sv_ctx *ctx, const struct model_receipt *r,
                           const struct store_obligation *o);
/* Inside a transaction: each charter line bills a closed manifest of this authority, and no more passengers of it than
 * boarded and are not billed by another receipt. number: of this receipt, "" before it has one. Fails: FIELD_INVALID. */
sv_status interlock_charter(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                            const struct model_receipt *r, const char *number);
/* Inside the reserving act, once the receipt has its number: what it bills is billed. */
sv_status interlock_bill(struct store_tx *tx, struct sv_ctx *ctx, const struct model_receipt *r,
                         const char *number);

/* Sleeps until the next step of the grid of 100 ms that began at start_us (sv_wall_us): every refusal that rests on
 * protection answers on it, whatever was looked at. Returns early when the call is not wanted any more. */
void service_quantum_wait(struct sv_ctx *ctx, int64_t start_us);

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
  struct levels_made levels;
  struct sv_bytes file;     /* the PDF and what follows it: what goes out */
  enum sv_reason list_left; /* why policy's passenger list message is not in it; SV_OK: it is */
};
struct produce_place {
  const uint8_t *previous_sha256;      /* of the record of the version before; NULL: the first */
  enum model_state_reason copy_reason; /* of a copy after the first */
};
sv_status service_produce(struct service *s, struct sv_ctx *ctx,
                          const struct model_content *content, const struct store_document *row,
                          const struct produce_place *place, struct produced *ret);
/* A copy of an issued manifest for an audience: the same number, version, record and visible seals; signed anew. */
sv_status service_produce_copy(struct service *s, struct sv_ctx *ctx,
                               const struct model_content *content,
                               const struct store_document *row, const struct store_seal *seals,
                               size_t seal_count, enum model_audience audience,
                               struct produced *ret);
/* The page of a draft, watermarked, as the approver reads it. */
sv_status service_draft_page(struct service *s, struct sv_ctx *ctx,
                             const struct model_content *content, const struct store_document *row,
                             struct sv_bytes *ret_pdf);
/* The turn to have a checkpoint, a bundle or a trust list signed; outside of transactions. Fails: as sv_ctx_alive. */
sv_status service_turn_take(struct service *s, struct sv_ctx *ctx);
void service_turn_end(struct service *s);

/* "7Q4M-K2PX-9DHT3": what is printed under the bar code of a copy. */
void service_check_code(const struct service *s, const char *number, uint32_t version,
                        uint32_t copy, char ret[static 18]);
/* A row as a judge asks for it; ret->found false: there is none. */
sv_status service_row_find(struct service *s, struct sv_ctx *ctx, const char *number,
                           uint32_t version, struct verify_row *ret);
/* What this caller may know of a judged document. */
sv_status service_report_project(struct service *s, struct sv_ctx *ctx,
                                 const struct service_caller *caller, const char *language,
                                 struct service_report *r);
/* The passenger list message of a manifest's version, deterministic: what its document has attached. Outside of transactions.
 * A version of a manifest that is in force must not fail for want of it: what the message can't carry leaves it out (n 0),
 * and *ret_left says why; else SV_OK. Fails: of a first version, MRZ_FORMAT for a name that can't be transliterated. */
sv_status service_paxlst_of(struct service *s, struct sv_ctx *ctx, const struct store_document *row,
                            const struct model_content *content,
                            const struct model_authority *authority, struct sv_bytes *ret,
                            enum sv_reason *ret_left);
/* Inside the act that issues a version: that it went without its message is in the audit, as "without_list". */
sv_status service_paxlst_left(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *row, enum sv_reason left,
                              const char *actor);
/* A watermarked page of a request. */
sv_status service_preview(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct model_content *content,
                          struct sv_bytes *ret_pdf);

/* One audit row in a transaction of its own. */
sv_status service_audit(struct service *s, struct sv_ctx *ctx, const struct store_audit *row);

/* A row of this authority; another one's is NOT_FOUND. Inside a transaction. */
sv_status service_own_document(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                               const char *number, uint32_t version, struct store_document *ret);
/* store_act: a struct service_issued, whose row is known, with what an answer tells of it. */
sv_status service_answer_act(struct store_tx *tx, struct sv_ctx *ctx, void *issued);

/* The row with its seals and PDF digest, inside a transaction. with_pdf: the bytes too. */
sv_status service_row_read(struct store_tx *tx, struct sv_ctx *ctx, struct service_issued *doc,
                           bool with_pdf);
