/* The three documents as structs: what a caller supplies for each kind (rpc/proto/salvo/v1/document.proto, same names),
 * and what the server adds when it issues one. Strings are NUL-terminated UTF-8 in the call's arena, never NULL, ""
 * when absent. Dates are "YYYY-MM-DD" (a birth date may have unknown parts written XX). Money is int64 minor units. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Numbers as in the API. */
enum model_kind {
  MODEL_KIND_NONE = 0,
  MODEL_SAFE_CONDUCT = 1,
  MODEL_FLIGHT_MANIFEST = 2,
  MODEL_DISBURSEMENT_RECEIPT = 3,
};

enum model_purpose {
  MODEL_PURPOSE_NONE = 0,
  MODEL_TRANSIT_EXIT = 1,
  MODEL_EMERGENCY_TRAVEL_DOCUMENT = 2,
  MODEL_ASYLUM_SAFE_CONDUCT = 3,
  MODEL_PROTECTION_STAY = 4,
};

enum model_role {
  MODEL_ROLE_NONE = 0,
  MODEL_RETURNEE = 1,
  MODEL_VOLUNTARY_RETURNEE = 2,
  MODEL_ESCORT = 3,
  MODEL_MEDIC = 4,
  MODEL_MONITOR = 5,
  MODEL_INTERPRETER = 6,
  MODEL_CREW = 7,
};

enum model_line_type {
  MODEL_LINE_NONE = 0,
  MODEL_CHARTER = 1,
  MODEL_COMMERCIAL_TICKET = 2,
  MODEL_LINE_ESCORT = 3,
  MODEL_MEDICAL = 4,
  MODEL_GROUND = 5,
  MODEL_TRAINING = 6,
  MODEL_OTHER = 7,
};

enum model_payment {
  MODEL_PAYMENT_NONE = 0,
  MODEL_ADVANCE = 1,
  MODEL_PARTIAL = 2,
  MODEL_FINAL = 3,
  MODEL_REVERSAL = 4,
};

/* Document.State and Document.StateReason of the API. */
enum model_state {
  MODEL_STATE_NONE = 0,
  MODEL_RESERVED = 1,
  MODEL_PENDING_APPROVAL = 2,
  MODEL_ISSUED = 3,
  MODEL_SUSPENDED = 4,
  MODEL_CLOSED = 5,
  MODEL_EXPIRED = 6,
  MODEL_SUPERSEDED = 7,
  MODEL_REVOKED = 8,
  MODEL_REJECTED = 9,
  MODEL_VOID = 10,
  MODEL_ERASED = 11,
};

enum model_state_reason {
  MODEL_REASON_NONE = 0,
  MODEL_REASON_LOST = 1,
  MODEL_REASON_STOLEN = 2,
  MODEL_REASON_DAMAGED = 3,
  MODEL_REASON_MISPRINT = 4,
  MODEL_REASON_CORRECTION = 5,
  MODEL_REASON_ISSUED_IN_ERROR = 6,
  MODEL_REASON_HOLDER_REQUEST = 7,
  MODEL_REASON_DECISION = 8,
  MODEL_REASON_KEY_COMPROMISE = 9,
  MODEL_REASON_WORKER_LOST = 10,
  MODEL_REASON_DRAFT_EXPIRED = 11,
  MODEL_REASON_OFFLOAD = 12,
  MODEL_REASON_ADDITION = 13,
  MODEL_REASON_DIVERSION = 14,
  MODEL_REASON_DEPARTURE = 15,
};

/* What sheets a document is laid out for. Numbers as in the API. */
enum model_paper {
  MODEL_PAPER_NONE = 0, /* A4 */
  MODEL_A4 = 1,
  MODEL_LETTER = 2, /* 215.9 x 279.4 mm */
  MODEL_PAPERS
};

/* Whose copy of a manifest it is. Numbers as in the API. */
enum model_audience {
  MODEL_AUDIENCE_NONE = 0,
  MODEL_AUTHORITY = 1, /* the document itself */
  MODEL_GATE = 2,
  MODEL_OPERATOR = 3,
  MODEL_DESTINATION = 4,
  MODEL_AUDIENCES
};

struct model_person {
  const char *surname;
  const char *given_names;
  const char *native_name;
  const char *birth_date;
  const char *birth_place;
  const char *sex;
  const char *nationality;
  struct sv_bytes portrait_jpeg; /* n is 0 when absent */
};

struct model_travel_document {
  const char *type;
  const char *number;
  const char *issuing_state;
  const char *expiry_date;
};

struct model_texts {
  const char **v;
  size_t n;
};

struct model_safe_conduct {
  enum model_purpose purpose;
  struct model_person holder;
  struct model_travel_document identity_document; /* PRIVATE */
  int identity_basis;                             /* PRIVATE; API numbers */
  const char *issuing_state;
  const char *issuing_place;
  const char *valid_from;
  const char *valid_until;
  struct model_texts route;
  struct model_texts not_valid_for; /* PRIVATE unless print_not_valid_for */
  bool print_not_valid_for;
  const char *legal_basis;
  const char *signatory;
  const char *guardian_letter; /* PRIVATE */
  const char *case_reference;  /* PRIVATE */
};

struct model_leg {
  const char *from;
  const char *to;
  const char *departure_time; /* RFC 3339 with offset */
  const char *arrival_time;
};

struct model_occupant {
  const char *occupant_id;
  enum model_role role; /* PRIVATE */
  struct model_person person;
  struct model_travel_document travel_document;
  const char *seat;
  uint32_t bags;
  const char *embark; /* never "" after model_complete */
  const char *debark;
  struct model_texts service_codes;
  struct model_texts facts;         /* PRIVATE */
  const char *guardian_occupant_id; /* PRIVATE */
  bool offloaded; /* from the registry: the line keeps its number and nothing else */
  bool changed;   /* from the registry: changed in this version */
};

struct model_manifest {
  const char *operator_name;
  const char *flight_number;
  const char *registration;
  struct model_leg *legs;
  size_t leg_count;
  struct model_texts alternates;
  struct model_occupant *occupants; /* in the order of the lines after model_complete */
  size_t occupant_count;
  uint32_t seats;
  const char *issuing_state;
  const char *signatory;
  enum model_state_reason version_reason;
};

struct model_receipt_line {
  enum model_line_type type;
  const char *description;
  int64_t quantity_thousandths;
  int64_t unit_price_minor;
  int64_t amount_minor;
  const char *manifest_number;
  uint32_t passenger_count;
  const char *service_date;
};

struct model_receipt {
  const char *obligation; /* "obligations/..." */
  enum model_payment payment_type;
  const char *payee_name;
  const char *payee_id;
  const char *currency;
  int64_t amount_minor;
  struct model_receipt_line *lines;
  size_t line_count;
  const char *payment_date;
  const char *remittance_reference;
  const char *end_to_end_id;
  const char *reversal_of;
  const char *base_currency;
  int64_t exchange_rate_millionths;
};

/* The content of a request: exactly one of the three is used, by kind. */
struct model_content {
  enum model_kind kind;
  struct model_safe_conduct letter;
  struct model_manifest manifest;
  struct model_receipt receipt;
  struct model_texts languages; /* BCP 47; the first two are printed */
  enum model_paper paper;
  const char *template_name; /* "safe_conduct/protection_stay@1"; "" until chosen */
};

/* A post in a language besides Spanish and English ("fr"). */
struct model_post {
  const char *language;
  const char *post;
};

/* An officer as policy knows them: what the signature block says. */
struct model_officer {
  const char *id; /* SPIFFE ID */
  const char *name;
  const char *post_es;
  const char *post_en;
  const char *short_id; /* "UT-FIN-03", printed on receipts */
  const struct model_post *more;
  size_t more_n;
};

/* Names of an authority in a language besides Spanish and English ("fr"). */
struct model_names {
  const char *language;
  const char *state;
  const char *ministry;
  const char *name;
};

/* The issuing authority as policy knows it. */
struct model_authority {
  const char *id;       /* of the SPIFFE ID */
  const char *state;    /* three-letter code */
  const char *state_es; /* "República de Utopía" */
  const char *state_en;
  const char *ministry_es;
  const char *ministry_en;
  const char *name_es; /* "Servicio Nacional de Migración" */
  const char *name_en;
  const char *seal_text; /* on the round seal, capitals: "SERVICIO NACIONAL DE MIGRACIÓN" */
  const char *place;     /* default place of issue */
  const char *zone;      /* IANA */
  const char *duty_telephone;
  const char *verify_url;
  const struct model_names *more;
  size_t more_n;
};

struct model_approval {
  struct model_officer officer;
  int64_t time_us;
};

/* The balances of a receipt's obligation at the moment of its number, minor units. */
struct model_ledger {
  const char *obligation_id; /* the part after "obligations/" */
  const char *award_number;
  const char *awarding_agency;
  const char *recipient_name;
  const char *recipient_id;
  const char *period_start;
  const char *period_end;
  uint32_t amendment;
  uint32_t sequence; /* of this receipt in the obligation */
  int64_t obligated_minor;
  int64_t paid_before_minor;
  int64_t closing_minor; /* obligated - paid before - this payment */
};

/* Occupants of a manifest, by what happened to them since the version before. */
struct model_revision {
  struct model_texts added, removed, changed;
};

/* One earlier version of a manifest, for the cover's table; newest first. */
struct model_version {
  uint32_t version;
  int64_t issue_time_us;
  enum model_state_reason reason;
  const char *lines_changed; /* "17", "1–61" */
};

/* What the server knows of a document when it is drawn and sealed. */
struct model_issue {
  char number[10]; /* "" on a preview */
  uint32_t version;
  uint32_t copy;
  enum model_state_reason copy_reason;
  const char *supersedes;
  const char *issue_date;
  int64_t issue_time_us;
  struct model_authority authority;
  struct model_officer signatory;
  struct model_officer requester;
  struct model_approval *approvals;
  size_t approval_count;
  struct model_ledger ledger; /* receipts */
  const struct model_version *versions;
  size_t version_count;
  struct model_revision revision; /* of a later version of a manifest */
  char check_code[18];            /* "7Q4M-K2PX-9DHT3" */
  uint8_t record_sha256[32];
  const char *template_name; /* "safe_conduct/protection_stay@1"; NULL: not in the record */
  uint8_t template_sha256[32];
  bool preview; /* watermarked: no number, no seal, no signature */
  bool specimen;
  enum model_audience
      audience; /* of a copy of a manifest for somebody; NONE: the document itself */
};
