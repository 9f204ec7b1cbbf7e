/* Who may do what: authorities, officers, callers and roles, as the policy file says. Immutable once built; shared by
 * all workers. Deny by default. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

/* Acts that a role may be allowed, each for all kinds or for some. The names are the API's methods. */
/* clang-format off */
#define SERVICE_ACTS(X)                                                                \
  X(IssueDocument) X(ApproveDocument) X(RejectDocument) X(ReissueDocument)             \
  X(RevokeDocument) X(AugmentDocument)                                                 \
  X(GetDocument) X(ListDocuments) X(DownloadDocument) X(WatchDocuments) X(RecordPrint) \
  X(VerifyDocument) X(VerifySeal) X(VerifyNumber) X(GetTrustList) X(GetStatusBundle)   \
  X(PlaceHold) X(LiftHold) X(GetHold) X(ListHolds) X(RecordFact) X(WatchAlarms)        \
  X(CheckOccupant) X(MarkOccupant) X(CloseManifest)                                    \
  X(CreateObligation) X(AmendObligation) X(GetObligation) X(ListObligations)           \
  X(GetCheckpoint) X(GetInclusionProof) X(GetConsistencyProof)                         \
  X(ListKeys) X(ReportKeyCompromise)
/* clang-format on */

enum service_act {
#define X(name) SERVICE_ACT_##name,
  SERVICE_ACTS(X)
#undef X
      SERVICE_ACT_COUNT
};

/* "IssueDocument"; -1 for an unknown name. */
int service_act_of(const char *name);

enum {
  SERVICE_ALL_KINDS =
      (1 << MODEL_SAFE_CONDUCT) | (1 << MODEL_FLIGHT_MANIFEST) | (1 << MODEL_DISBURSEMENT_RECEIPT)
};

/* What of a document may be downloaded: a copy for an audience (model_audience), or the passenger list message. */
enum { POLICY_PAXLST = MODEL_AUDIENCES };

struct policy_role {
  const char *name;
  uint8_t kinds[SERVICE_ACT_COUNT]; /* bits of 1 << model_kind; 0: denied */
  uint8_t
      copies; /* of DownloadDocument: bits of 1 << what; 0: the authority's own documents alone */
};

struct policy_caller {
  const char *id; /* SPIFFE ID */
  const struct policy_role **roles;
  size_t role_count;
};

struct policy_officer {
  struct model_officer officer;
  const char *authority;
  uint8_t
      signs; /* bits of 1 << model_kind: who may be named as signatory; the first listed is the default */
};

/* What the safeguards NR-01 to NR-16 leave to policy. */
struct policy_safeguards {
  uint32_t screening_days;         /* a screening is valid so long; 0: without end */
  uint32_t fitness_hours;          /* a fit-to-fly check is; 0: without end */
  uint32_t cooling_off_hours;      /* from a consent to the departure */
  bool no_monitor_blocks;          /* NR-10 refuses, instead of asking for a second officer */
  uint32_t hold_unconfirmed_hours; /* then the desk is alarmed, again and again */
  uint32_t holds_per_day;          /* that a caller who is not of the desk may place; 0: no bound */
};
extern const struct policy_safeguards policy_safeguards_default;

/* Who besides the caller has to agree before a document is made. */
struct policy_approvals {
  uint32_t needed[MODEL_DISBURSEMENT_RECEIPT + 1]; /* officers, by kind; 0: none */
  uint32_t draft_hours;                            /* then an undecided draft is void */
};
enum { POLICY_AUTHORITIES_MAX = 64, POLICY_APPROVALS_MAX = 4, POLICY_RECEIPT_APPROVALS_MIN = 2 };
extern const struct policy_approvals policy_approvals_default;

/* How much a caller may ask; 0: without bound. */
struct policy_budgets {
  uint32_t acts_per_minute; /* what changes the registry, items of a batch one by one */
  uint32_t reads_per_minute;
  uint32_t checks_per_minute; /* verification */
  uint32_t refusals_per_hour; /* that rest on protection: then no person is looked up */
};
extern const struct policy_budgets policy_budgets_default;

/* When what ended loses its personal data by itself. */
struct policy_retention {
  uint32_t days[MODEL_DISBURSEMENT_RECEIPT + 1]; /* after its last day, by kind; 0: never */
  uint32_t event_days;                           /* that news are kept for watchers; 0: for ever */
};
enum {
  POLICY_RECEIPT_DAYS_MIN = 1096, /* records of money: three years, 2 CFR 200.334 */
  POLICY_RETENTION_DAYS_MAX = 36525,
};

/* Which PAdES level documents are made at, and what happens while a service that it needs is down. */
struct policy_levels {
  uint32_t wanted[MODEL_DISBURSEMENT_RECEIPT + 1]; /* 1: B-B, 2: B-T, 3: B-LT, 4: B-LTA, by kind */
  bool later;          /* issue what can be had now, and raise it later; else refuse */
  uint32_t renew_days; /* before a time-stamp's certificate ends, a B-LTA is renewed */
  int64_t
      stamps_since_us; /* a B-LTA whose last time-stamp is older is renewed: its algorithms are about to fall; 0: none */
};
extern const struct policy_levels policy_levels_default;

struct service_policy {
  const char *trust_domain;
  const struct model_authority *authorities;
  size_t authority_count;
  const struct policy_officer *officers;
  size_t officer_count;
  const struct policy_role *roles;
  size_t role_count;
  const struct policy_caller *callers;
  size_t caller_count;
  struct policy_safeguards safeguards;
  struct policy_approvals approvals;
  struct policy_budgets budgets;
  struct policy_retention retention;
  struct policy_levels levels;
  bool attach_passengers; /* the authority's own manifests carry the passenger list message */
};

/* A caller whose certificate was accepted. Borrowed from the policy and the connection. */
struct service_caller {
  const char *spiffe;
  const struct policy_caller *policy;
  const struct model_authority *authority;
};

/* Resolves a SPIFFE ID. Fails: CLIENT_CERTIFICATE_REQUIRED for "", CLIENT_CERTIFICATE_INVALID for another trust domain
 * or an unknown authority, ROLE_MISSING for a caller without roles. */
sv_status policy_caller_find(const struct service_policy *policy, struct sv_ctx *ctx,
                             const char *spiffe, struct service_caller *ret);

/* Whether a caller is a person: systems can't approve, lift or revoke. */
bool policy_is_officer(const struct service_caller *caller);

/* NULL for an unknown id. */
const struct model_authority *policy_authority(const struct service_policy *policy, const char *id);

/* kind NONE: the act for any kind at all. Fails: ROLE_MISSING. */
sv_status policy_allows(struct sv_ctx *ctx, const struct service_caller *caller,
                        enum service_act act, enum model_kind kind);

/* Whether a caller may download a copy of a kind: an audience, or POLICY_PAXLST. Fails: ROLE_MISSING. */
sv_status policy_allows_copy(struct sv_ctx *ctx, const struct service_caller *caller,
                             enum model_kind kind, unsigned what);

/* The kinds for which a caller may do an act: bits of 1 << model_kind. */
uint8_t policy_kinds(const struct service_caller *caller, enum service_act act);

/* The officer named by a SPIFFE ID, by its last part or by the short id, of this authority and allowed to sign the
 * kind; name "": the default. NULL when there is none. */
const struct policy_officer *policy_signatory(const struct service_policy *policy,
                                              const char *authority, enum model_kind kind,
                                              const char *name);
/* What the policy knows of a caller as an officer; the id alone where it knows nothing. */
struct model_officer policy_officer_of(const struct service_policy *policy, const char *spiffe);
