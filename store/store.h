/* The registry: documents, numbers, protection, obligations, audit. One contract, backends behind it (store_sqlite).
 *
 * Writes are acts: functions that run inside a transaction with every other writer shut out, so that a check and what
 * follows from it can't be parted. The backend runs many acts in one transaction and syncs once; an act that fails is
 * undone alone. store_write returns after the sync: what it acknowledged survives a crash.
 *
 * Invariants that every backend keeps:
 *   1. a number that was handed out has a row for ever; its state says what became of it;
 *   2. (authority, request_id) names at most one row that is not void;
 *   3. an obligation's disbursed amount is the sum of its issued receipts and reserved payments (a reversal counts once
 *      it is issued), and at most the obligated one;
 *   4. ISSUED is reached from RESERVED alone, together with its PDF, record, seals and audit row. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

struct store;
struct store_document_ops;
struct store_life_ops;
struct store_funding_ops;
struct store_protection_ops; /* store/protection.h */
struct store_log_ops;        /* store/log.h */
struct store_audience_ops;   /* store/audience.h */
struct store_level_ops;      /* store/levels.h */
struct store_key_life_ops;   /* store/key_lives.h */

/* Inside an act only. The slots of the contract, in groups. */
struct store_tx {
  const struct store_document_ops *ops;
  const struct store_life_ops *life;
  const struct store_funding_ops *funding;
  const struct store_protection_ops *protection;
  const struct store_log_ops *log;
  const struct store_audience_ops *audience;
  const struct store_level_ops *levels;
  const struct store_key_life_ops *key_lives;
};

enum { STORE_PERSON_KEY_BYTES = 32, STORE_SEALS_MAX = 64, STORE_PAGE_MAX = 100 };

/* A row of the registry. Strings and bytes are borrowed on the way in, in ctx->mem on the way out. */
struct store_document {
  const char *number;
  uint32_t version;
  uint32_t copy; /* the newest */
  const char *authority;
  enum model_kind kind;
  const char *request_id;
  uint8_t input_mac[32]; /* of the whole request, keyed */
  enum model_state state;
  enum model_state_reason state_reason;
  const char *supersedes;
  const char *superseded_by;
  const char *template_name;
  const char *languages; /* parted by a comma */
  enum model_paper paper;
  const char *issue_date;
  const char *valid_from;
  const char *valid_until;
  int64_t issue_time_us;
  const char *issued_by;
  struct sv_bytes request; /* the request as it came: to finish a reservation whose worker died */
  uint8_t salt[16];
  uint8_t secret[32];
  uint8_t content_sha256[32];
  uint8_t record_sha256[32];
  struct sv_bytes record;
  uint8_t signer_certificate_sha256[32];
  const char *seal_certificate;
  const char *status_list;
  uint32_t status_index;
  const uint8_t *case_key; /* 32 bytes, NULL: none */
  int64_t lease_until_us;  /* of a reservation */
  const char *obligation;  /* of a receipt; "" */
  int64_t amount_minor;    /* in the obligation's currency */
  uint32_t sequence;       /* in the obligation */
  int64_t obligated_minor; /* of the obligation when the number was taken */
  int64_t paid_before_minor;
  uint32_t amendment;
  uint32_t approvals_needed; /* of a draft: officers other than who asked for it */
  int64_t draft_until_us;    /* a draft becomes VOID then */
  enum model_state_reason
      version_reason; /* of a manifest's version that the registry itself made */
  const char *gone;   /* occupants of a manifest who are off this version, parted by a comma */
  struct sv_bytes template_sha256; /* of its files, when it was issued; n 0: before that was kept */
  bool closing;                    /* a manifest's last version: it becomes CLOSED, not ISSUED */
  uint64_t row;                    /* order of numbers, for lists */
};

struct store_seal {
  uint32_t page;
  struct sv_bytes seal;
};

/* What finalising adds to a reservation. */
struct store_issue {
  struct sv_bytes pdf;
  size_t
      static_bytes; /* of the PDF, from its start: what all of its template have in common; 0: none */
  uint8_t static_sha256[32]; /* of them */
  uint8_t pdf_sha256[32];
  struct sv_bytes record;
  uint8_t record_sha256[32];
  uint8_t content_sha256[32];
  uint8_t signer_certificate_sha256[32];
  const char *seal_certificate;
  const char *template_name;   /* as it was drawn */
  uint8_t template_sha256[32]; /* of all files of that template */
  const struct store_seal *seals;
  size_t seal_count;
};

enum { STORE_COPIES_MAX = 255 };           /* a byte in the visible seal */
#define STORE_INDEX_OF_DOCUMENT UINT32_MAX /* the first copy's: the document has it */

struct store_copy {
  uint32_t copy;
  enum model_state_reason reason;
  int64_t time_us;
  uint32_t status_index;
  struct sv_bytes pdf;
  size_t static_bytes; /* as in struct store_issue */
  uint8_t static_sha256[32];
  uint8_t pdf_sha256[32];
  const struct store_seal *seals;
  size_t seal_count;
};

struct store_obligation {
  const char *id; /* without "obligations/" */
  const char *authority;
  const char *request_id;
  uint8_t input_mac[32];
  const char *award_number;
  const char *awarding_agency;
  const char *recipient_name;
  const char *recipient_id;
  const char *currency;
  int64_t obligated_minor;
  int64_t disbursed_minor; /* issued receipts and reserved payments */
  const char *period_start;
  const char *period_end;
  uint32_t amendment;
  uint32_t receipts; /* sequence of the last one */
  bool closed;
};

struct store_audit {
  const char *actor; /* SPIFFE ID */
  const char *act;   /* "issue", "refuse", ... */
  const char *number;
  uint32_t version;
  const char *reason; /* of a refusal */
};

/* What was asked under a request_id, but for issuing: enough to answer again. */
struct store_act_row {
  const char *authority;
  const char *request_id;
  uint8_t input_mac[32];
  const char *act;     /* the API's method */
  const char *subject; /* number, "holds/...": what it was about */
  uint32_t version;
  uint32_t copy;
  int64_t detail; /* of the act: a flag, a count */
};

enum store_question { STORE_ISSUE = 1, STORE_REVOKE = 2 };
enum { STORE_APPROVALS_MAX = 8 };

struct store_approval {
  const char *number;
  uint32_t version;
  enum store_question question;
  const char *officer; /* SPIFFE ID */
  enum model_state_reason reason;
  int64_t time_us;
};

struct store_print {
  const char *authority;
  const char *number;
  uint32_t version;
  uint32_t copy;
  const char *stock_number; /* of numbered paper; "": plain */
  bool spoiled;
  const char *actor;
};

enum store_topic { STORE_DOCUMENT_EVENT = 1, STORE_ALARM = 2 };

struct store_event {
  uint64_t event;
  enum store_topic topic;
  const char *authority;
  enum model_kind kind;
  const char *number;
  uint32_t version;
  const char *occupant_id; /* of an alarm; "" */
  int64_t time_us;
};

struct store_event_query {
  enum store_topic topic;
  const char *authority;
  uint8_t kinds; /* bits of 1 << model_kind */
  uint64_t after;
  size_t limit;
};

/* An action on an obligation after the first, with its signed record. */
struct store_amendment {
  const char *authority;
  const char *id;
  uint32_t amendment; /* from 1 */
  int64_t change_minor;
  int64_t obligated_minor; /* after it */
  const char *period_end;
  const char *actor;
  int64_t time_us;
  struct sv_bytes record;    /* canonical JSON */
  struct sv_bytes signature; /* CMS, detached, over the record */
};

struct store_list_query {
  const char *authority;
  uint8_t kinds;          /* bits of 1 << model_kind */
  enum model_state state; /* none: all */
  const uint8_t *case_key;
  uint64_t before_row; /* 0: from the newest */
  uint32_t limit;
};

/* A place in a status list, and what holds of it. */
struct store_place {
  uint32_t index;
  enum model_state state; /* of the version */
  bool replaced;          /* the copy, by a newer one */
};
typedef sv_status store_place_take(void *arg, struct sv_ctx *ctx, const struct store_place *place);

/* Duties of a backend. Every slot runs inside an act or a read; reasons: STORE when the medium fails, CORRUPT when the
 * rows contradict an invariant, NO_MEMORY, and those named. */
struct store_document_ops {
  /* The row of (authority, request_id) that is not void. NOT_FOUND. */
  sv_status (*request_find)(struct store_tx *, struct sv_ctx *, const char *authority,
                            const char *request_id, struct store_document *ret);
  /* The next place in the series, from 1. LIMIT_EXCEEDED at its end. */
  sv_status (*series_next)(struct store_tx *, struct sv_ctx *, enum model_kind, int year,
                           uint32_t *ret);
  /* A new row, RESERVED or PENDING_APPROVAL as its state says. */
  sv_status (*document_reserve)(struct store_tx *, struct sv_ctx *, const struct store_document *);
  /* version 0: the current one, which is the newest that was ever issued, or the newest row where none was. NOT_FOUND. */
  sv_status (*document_find)(struct store_tx *, struct sv_ctx *, const char *number,
                             uint32_t version, struct store_document *ret);
  sv_status (*document_by_pdf)(struct store_tx *, struct sv_ctx *, const uint8_t pdf_sha256[32],
                               struct store_document *ret, uint32_t *ret_copy);
  /* RESERVED becomes ISSUED (CLOSED where the row is closing), copy 1. NOT_ISSUED in any other state. */
  sv_status (*document_issue)(struct store_tx *, struct sv_ctx *, const char *number,
                              uint32_t version, const struct store_issue *);
  sv_status (*document_state)(struct store_tx *, struct sv_ctx *, const char *number,
                              uint32_t version, enum model_state, enum model_state_reason,
                              const char *superseded_by);
  sv_status (*lease_extend)(struct store_tx *, struct sv_ctx *, const char *number,
                            uint32_t version, int64_t until_us);
  /* Reservations whose lease ended before now, oldest first. */
  sv_status (*leases_ended)(struct store_tx *, struct sv_ctx *, int64_t now_us,
                            struct store_document *ret, size_t limit, size_t *ret_n);
  sv_status (*document_list)(struct store_tx *, struct sv_ctx *, const struct store_list_query *,
                             struct store_document *ret, size_t *ret_n);
  /* Bytes of a copy (0: the newest) and their digest; ret NULL: the digest alone. NOT_FOUND. */
  sv_status (*pdf)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                   uint32_t copy, struct sv_bytes *ret, uint8_t ret_sha256[32]);
  sv_status (*seals)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                     uint32_t copy, struct store_seal *ret, size_t *ret_n);
  /* Copy `copy` of an issued version, the one after the newest. VERSION_CHANGED when it is not. */
  sv_status (*copy_add)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                        const struct store_copy *);
  /* All copies, oldest first, without bytes. */
  sv_status (*copies)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                      struct store_copy *ret, size_t limit, size_t *ret_n);
  /* A draft's end: RESERVED with a lease, and issued at this time. NOT_ISSUED in another state. */
  sv_status (*draft_reserve)(struct store_tx *, struct sv_ctx *, const char *number,
                             uint32_t version, int64_t lease_until_us, int64_t issue_time_us);
  /* Drafts that nobody decided on in time, oldest first. */
  sv_status (*drafts_ended)(struct store_tx *, struct sv_ctx *, int64_t now_us,
                            struct store_document *ret, size_t limit, size_t *ret_n);
  sv_status (*status_index_taken)(struct store_tx *, struct sv_ctx *, const char *list,
                                  uint32_t index, bool *ret);
  /* Every place of a list that was given to a copy of an issued version, in no order; number not NULL: of that version
   * alone. What take fails with ends it. */
  sv_status (*status_places)(struct store_tx *, struct sv_ctx *, const char *list,
                             const char *number, uint32_t version, store_place_take *take,
                             void *arg);
};

/* What happens to documents after their number: who approved, what was asked under which request_id, who printed, and
 * what is told to auditors and watchers. */
struct store_life_ops {
  sv_status (*audit)(struct store_tx *, struct sv_ctx *, const struct store_audit *);

  /* An act other than issuing, under its request_id: remembered for ever. ALREADY_EXISTS. */
  sv_status (*act_add)(struct store_tx *, struct sv_ctx *, const struct store_act_row *);
  /* NOT_FOUND. */
  sv_status (*act_find)(struct store_tx *, struct sv_ctx *, const char *authority,
                        const char *request_id, struct store_act_row *ret);

  /* An officer's word on a version; ALREADY_EXISTS for the same officer and question. */
  sv_status (*approval_add)(struct store_tx *, struct sv_ctx *, const struct store_approval *);
  /* In the order of their times. */
  sv_status (*approvals)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                         enum store_question, struct store_approval *ret, size_t limit,
                         size_t *ret_n);
  /* Forgets the words on a question that was decided otherwise. */
  sv_status (*approvals_drop)(struct store_tx *, struct sv_ctx *, const char *number,
                              uint32_t version, enum store_question);

  /* ALREADY_EXISTS: the sheet of numbered paper was used before. ret_times: prints of this copy that were not spoiled. */
  sv_status (*print_add)(struct store_tx *, struct sv_ctx *, const struct store_print *,
                         uint32_t *ret_times);

  /* The next event of the one sequence, without holes. */
  sv_status (*event_add)(struct store_tx *, struct sv_ctx *, const struct store_event *,
                         uint64_t *ret_event);
  /* Events of a topic after one (0: from the oldest that is there), in order: of this authority, of these kinds. ret_last:
   * the newest event of all. Fails: OUT_OF_RANGE when events after that one were purged, or it does not exist yet. */
  sv_status (*events_after)(struct store_tx *, struct sv_ctx *, const struct store_event_query *,
                            struct store_event *ret, size_t *ret_n, uint64_t *ret_last);
  /* Forgets events older than a moment. */
  sv_status (*events_purge)(struct store_tx *, struct sv_ctx *, int64_t before_us);
};

/* Obligations: what receipts are drawn on. */
struct store_funding_ops {
  /* ALREADY_EXISTS. */
  sv_status (*obligation_add)(struct store_tx *, struct sv_ctx *, const struct store_obligation *);
  sv_status (*obligation_find)(struct store_tx *, struct sv_ctx *, const char *authority,
                               const char *id, struct store_obligation *ret);
  sv_status (*obligation_by_request)(struct store_tx *, struct sv_ctx *, const char *authority,
                                     const char *request_id, struct store_obligation *ret);
  /* Adds to the disbursed amount, negative to give back, for the receipt of this sequence: the obligation's never goes
   * down. close: the receipt closes the obligation; not close: what this very receipt had closed is open again.
   * BALANCE_EXCEEDED. */
  sv_status (*obligation_disburse)(struct store_tx *, struct sv_ctx *, const char *authority,
                                   const char *id, int64_t minor, uint32_t sequence, bool close);
  /* The next action of an obligation: its totals and period become those of the amendment. VERSION_CHANGED when
   * amendment is not the one after the current. */
  sv_status (*amendment_add)(struct store_tx *, struct sv_ctx *, const struct store_amendment *);
  sv_status (*amendments)(struct store_tx *, struct sv_ctx *, const char *authority, const char *id,
                          struct store_amendment *ret, size_t limit, size_t *ret_n);
  /* By name, after one ("": from the first). */
  sv_status (*obligation_list)(struct store_tx *, struct sv_ctx *, const char *authority,
                               const char *after_id, struct store_obligation *ret, size_t limit,
                               size_t *ret_n);
  /* A receipt bills so many passengers of a manifest; once for the two. ALREADY_EXISTS. */
  sv_status (*bill_add)(struct store_tx *, struct sv_ctx *, const char *manifest,
                        const char *receipt, uint32_t passengers);
  /* How many of a manifest are billed by receipts but this one ("": by all) that are neither void, rejected nor
   * reversed. */
  sv_status (*billed)(struct store_tx *, struct sv_ctx *, const char *manifest, const char *but,
                      uint64_t *ret);
};
typedef sv_status store_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg);

struct store_ops {
  /* Runs the act on the writer, returns when its transaction is durable or undone. STORE when it can't be. Thread: any. */
  sv_status (*write)(struct store *, struct sv_ctx *, store_act *, void *arg);
  /* Runs the act over a consistent snapshot; it must not write. Thread: any. */
  sv_status (*read)(struct store *, struct sv_ctx *, store_act *, void *arg);
  void (*close)(struct store *);
};
struct store {
  const struct store_ops *ops;
};

static inline sv_status store_write(struct store *s, struct sv_ctx *ctx, store_act *act,
                                    void *arg) {
  return s->ops->write(s, ctx, act, arg);
}
static inline sv_status store_read(struct store *s, struct sv_ctx *ctx, store_act *act, void *arg) {
  return s->ops->read(s, ctx, act, arg);
}
static inline void store_close(struct store *s) {
  if (s) {
    s->ops->close(s);
  }
}
