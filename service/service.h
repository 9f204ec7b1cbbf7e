/* What the server does, straight-line: issue, read, verify, fund. Every function runs on a worker under ctx's deadline;
 * the registry's transactions are the only place where two calls meet. Protobuf is unknown here. */
#pragma once
#include "base/ctx.h"
#include "base/metrics.h"
#include "docs_gen/document.h"
#include "model/document.h"
#include "seal/seal.h"
#include "service/policy.h"
#include "store/store.h"
#include "verify/pdf.h"
#include "verify/report.h"
#include "verify/seal.h"
#include "verify/words.h"

struct service;

enum { SERVICE_KEY_BYTES = 32, SERVICE_PAGE_MAX = STORE_PAGE_MAX };

/* What the service is made of; all borrowed for its life, or until service_rotate changes it. */
struct service_parts {
  struct store *store;
  const struct docs *docs;
  struct seal *seal;
  struct seal_services *services; /* of time-stamps and of certificates' status; NULL: B-B alone */
  struct verify_trust *trust;     /* what becomes of keys is told to it */
  const struct service_policy *policy;
  uint8_t registry_key[SERVICE_KEY_BYTES]; /* blinds persons and cases, makes typed codes */
  struct seal_key *log_key;                /* signs checkpoints; NULL: nothing is signed */
  struct sv_bytes trust_pem;               /* whom a verifier believes, as it is told to devices */
  struct sv_bytes stamps_pem;              /* and who vouches for time-stamps; empty: the same */
  const char *trust_name;                  /* of the trust key, as notes have it */
  struct seal_key *trust_key;  /* signs trust lists and status bundles; NULL: none are made */
  const char *log_origin;      /* name of the log */
  const char *signer_lines[2]; /* printed beside the signature */
  bool specimen;               /* SPECIMEN under every page */
  struct sv_metrics *metrics;  /* counts; NULL: nobody does */
  /* The request as it was stored, back into a content: to finish a reservation whose worker died. */
  sv_status (*request_decode)(struct sv_ctx *ctx, struct sv_bytes request,
                              struct model_content *ret);
};

sv_status service_open(struct sv_ctx *ctx, const struct service_parts *parts, struct service **ret);
void service_close(struct service *s);
/* Calls swap while nobody draws, signs or judges: whoever does so by then is waited for, whoever wants to waits. swap
 * changes parts, or fails and leaves them. Fails: as swap; UNAVAILABLE when somebody is not done within a minute. */
sv_status service_rotate(struct service *s, struct sv_ctx *ctx,
                         sv_status (*swap)(void *arg, struct sv_ctx *ctx,
                                           struct service_parts *parts),
                         void *arg);
const struct service_policy *service_policy_of(const struct service *s);
/* Whether documents may have to wait for a time-stamp authority. */
bool service_asks_others(const struct service *s);

/* A UUID in its canonical form (RFC 9562), lower-cased into ret. */
bool service_uuid(const char *text, char ret[static 37]);

/* --- issue --- */

struct service_issue_request {
  const char *request_id;
  struct model_content content; /* completed in place */
  const char *supersedes;
  uint32_t supersedes_version;
  bool validate_only;
  struct sv_bytes
      encoded; /* the whole request in one canonical form: told apart by its digest, stored */
};

struct service_issued {
  struct store_document document; /* number "" on a preview */
  struct store_seal *seals;
  size_t seal_count;
  uint8_t pdf_sha256[32];  /* of the signed revision: what the registry and the log know */
  uint8_t file_sha256[32]; /* of the newest copy's file as it is downloaded now */
  const char *level;       /* of that file: "B-LT"; NULL: there is none */
  struct sv_bytes pdf;
  struct store_approval *approvals; /* of a document that needed any */
  size_t approval_count;
  struct store_copy *copies; /* of one that has more than the first; without bytes */
  size_t copy_count;
  bool logged; /* log_index is the leaf of its issue */
  uint64_t log_index;
};

/* Exactly once: the same request_id with the same input gives the same bytes, whatever crashed in between.
 * Fails: FIELD_INVALID with all violations, REQUEST_ID_REUSED, HOLD, BALANCE_EXCEEDED, OBLIGATION_CLOSED,
 * VERSION_CHANGED, NOT_FOUND (obligation, superseded document), ROLE_MISSING, and what rendering, sealing and the
 * registry can fail with. */
sv_status service_issue(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        struct service_issue_request *request, struct service_issued *ret);

/* Finishes or voids reservations whose worker died. To be called at start and every minute; a document a call at most
 * `limit`. *ret_left: there may be more. */
sv_status service_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left);

/* --- read --- */

/* A row with its seals and digest. Another authority's number is NOT_FOUND; PERMISSION_DENIED comes first. */
sv_status service_document(struct service *s, struct sv_ctx *ctx,
                           const struct service_caller *caller, const char *number,
                           uint32_t version, struct service_issued *ret);
/* kind NONE: all that the caller may list. query gives state and limit (0: 50). page_token "" or what the page before
 * gave; ret_next "" at the end. */
sv_status service_list(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       enum model_kind kind, const struct store_list_query *query,
                       const char *case_reference, const char *page_token,
                       struct service_issued *ret, size_t *ret_n, const char **ret_next);

enum service_view { SERVICE_VIEW_PDF, SERVICE_VIEW_RECORD };
sv_status service_download(struct service *s, struct sv_ctx *ctx,
                           const struct service_caller *caller, const char *number,
                           uint32_t version, uint32_t copy, enum service_view view,
                           struct sv_bytes *ret);

/* The passenger list message of a manifest's version, for a role that may have it. Each one given out is a row of the audit.
 * Fails: what service_download fails with; NOT_ISSUED under a hold; MRZ_FORMAT for a name that can't be transliterated. */
sv_status service_paxlst(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const char *number, uint32_t version, struct sv_bytes *ret);

/* A manifest's version as one audience may see it (GATE, OPERATOR, DESTINATION): made and registered when it is first asked
 * for, the same bytes from then on. Fails: what service_download fails with; NOT_ISSUED for a new copy of a manifest that
 * is not in force; FIELD_INVALID for another kind. */
sv_status service_audience_copy(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller, const char *number,
                                uint32_t version, enum model_audience audience,
                                struct sv_bytes *ret);

/* --- levels --- */

enum { SERVICE_AUGMENT_MAX = 16 };
struct service_augment {
  const char *number;
  uint32_t version;  /* 0: the current one */
  uint32_t copy;     /* 0: the newest */
  const char *level; /* "B-T", "B-LT", "B-LTA"; "": what policy wants of the kind */
  bool renew;        /* of a file at B-LTA: one time-stamp more */
  bool due;          /* no number: what is due, of the caller's authority */
};
/* Raises files, or renews them; those that are there already are only told. ret has room for SERVICE_AUGMENT_MAX.
 * Fails: FIELD_INVALID, NOT_FOUND, NOT_ISSUED, ERASED, ROLE_MISSING, UNIMPLEMENTED (no time-stamp authority is
 * configured), TIMESTAMP, REVOCATION, SIGNER; what was raised before that stays. */
sv_status service_augment(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller,
                          const struct service_augment *augment, struct service_issued *ret,
                          size_t *ret_n, bool *ret_more);

/* --- verify --- */

struct service_report {
  struct verify_report report;
  const char *language; /* of the texts: as the caller gave it; NULL: Spanish */
  bool known;           /* document is filled in: never on red */
  struct service_issued document;
  bool own; /* of the caller's authority: sees all */
  const char *headline;
  struct sv_bytes
      inclusion_proof; /* of a known document: C2SP tlog-proof; empty until a checkpoint covers it */
};
sv_status service_verify_pdf(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, struct sv_bytes pdf,
                             const char *language, struct service_report *ret);
sv_status service_verify_seal(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller, struct sv_bytes seal,
                              const struct verify_shown *shown, const char *language,
                              struct service_report *ret);

/* --- fund --- */

sv_status service_obligation_create(struct service *s, struct sv_ctx *ctx,
                                    const struct service_caller *caller, const char *request_id,
                                    const struct store_obligation *obligation,
                                    struct sv_bytes encoded, struct store_obligation *ret);
/* name: "obligations/ID". */
sv_status service_obligation(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, const char *name,
                             struct store_obligation *ret);

struct service_amendment {
  const char *request_id;
  const char *name;   /* "obligations/ID" */
  uint32_t amendment; /* the one that the caller saw */
  int64_t change_minor;
  const char *period_end; /* "": as before */
  struct sv_bytes encoded;
};
/* Raises or lowers what was obligated, with a signed record of its own. *ret: the obligation as it is now.
 * Fails: FIELD_INVALID, REQUEST_ID_REUSED, NOT_FOUND, VERSION_CHANGED, OBLIGATION_CLOSED, BALANCE_EXCEEDED (less than was
 * disbursed), LIMIT_EXCEEDED (999 amendments), ROLE_MISSING, SIGNER. */
sv_status service_obligation_amend(struct service *s, struct sv_ctx *ctx,
                                   const struct service_caller *caller,
                                   const struct service_amendment *amendment,
                                   struct store_obligation *ret);

/* By name; limit 0: 50. page_token "" or what the page before gave; ret_next "" at the end. ret has room for
 * SERVICE_PAGE_MAX. */
sv_status service_obligations(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller, uint32_t limit,
                              const char *page_token, struct store_obligation *ret, size_t *ret_n,
                              const char **ret_next);
