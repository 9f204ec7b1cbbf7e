/* What a judgement says: salvo.v1.VerificationReport as a struct, with the same numbers. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

enum verify_verdict {
  VERIFY_NONE = 0,
  VERIFY_VALID = 1,
  VERIFY_CHECK = 2,
  VERIFY_INVALID = 3,
  VERIFY_HOLD = 4,
  VERIFY_NOT_OURS = 5,
  VERIFY_UNREADABLE = 6,
};

enum verify_reason {
  VERIFY_NO_REASON = 0,
  VERIFY_BYTES_ALTERED = 1,
  VERIFY_CHANGED_AFTER_SIGNING = 2,
  VERIFY_SIGNATURE_COVERS_PART = 3,
  VERIFY_NO_SIGNATURE = 4,
  VERIFY_INVALID_SIGNATURE = 5,
  VERIFY_UNKNOWN_CERTIFICATE = 6,
  VERIFY_UNTRUSTED_CERTIFICATE = 7,
  VERIFY_EXPIRED_CERTIFICATE = 8,
  VERIFY_REVOKED_CERTIFICATE = 9,
  VERIFY_WRONG_DOCUMENT_TYPE = 10,
  VERIFY_WEAK_ALGORITHM = 11,
  VERIFY_NOT_REGISTERED = 12,
  VERIFY_REVOKED = 13,
  VERIFY_SUPERSEDED = 14,
  VERIFY_COPY_REPLACED = 15,
  VERIFY_EXPIRED = 16,
  VERIFY_NOT_YET_VALID = 17,
  VERIFY_STATUS_STALE = 18,
  VERIFY_STATUS_UNKNOWN = 19,
  VERIFY_CLOCK_WRONG = 20,
  VERIFY_HOLDER_MISMATCH = 21,
  VERIFY_ROUTE_MISMATCH = 22,
  VERIFY_NOT_LISTED = 23,
  VERIFY_COPY_SEEN = 24,
  VERIFY_TWIN_MISMATCH = 25,
  VERIFY_PRINTED_MRZ = 26,
  VERIFY_WRONG_FORMAT = 27,
  VERIFY_PROOF_EXPIRED = 28,
  VERIFY_UNUSED_OBJECTS = 29,
  VERIFY_HIDDEN_LAYERS = 30,
};

enum { VERIFY_REASONS_MAX = 8, VERIFY_SIGNATURES_MAX = 16 };

struct verify_signature {
  const char *signer; /* subject of the certificate, "" when it has none */
  const char *level;  /* "B-B" to "B-LTA"; "" for what is no PAdES baseline signature */
  const char
      *profile; /* the level as ETSI names it, "PAdES-BASELINE-B"; "Document timestamp"; "" */
  int64_t claimed_time_us; /* of /M; 0: none */
  int64_t
      proven_time_us; /* when it existed at the latest, by a time-stamp that holds; 0: nothing proves it */
  bool intact;
  bool trusted; /* leads to an anchor of ours and may sign documents */
  bool covers_whole_file;
  enum verify_reason reasons[VERIFY_REASONS_MAX];
  size_t reason_count;
};

/* Texts are in ctx->mem. */
struct verify_report {
  enum verify_verdict verdict;
  enum verify_reason
      reasons[VERIFY_REASONS_MAX]; /* the weightiest first; none on VALID and on HOLD */
  size_t reason_count;
  const char *detail; /* what exactly, for the log; no personal data */
  struct verify_signature signatures[VERIFY_SIGNATURES_MAX];
  size_t signature_count;
  /* The document that it claims to be, as far as that could be read; the caller projects it by role. */
  enum model_kind kind;
  const char *number; /* "" when unknown */
  uint32_t version;
  uint32_t copy;
  const char *valid_from; /* "" when it has none */
  const char *valid_until;
  const char
      *seal_mrz; /* of a letter's bar code that is good: what the page has to say, two lines; "" */
  uint32_t latest_version; /* 0 when unknown */
  int64_t clock_us;        /* the time that was used */
  bool registry_asked;
  uint8_t pdf_sha256[32]; /* of verify_pdf: the whole file */
  uint8_t original_sha256
      [32]; /* of its first revision, what the registry knows; the same unless it was raised */
};

/* Starts a report: no verdict, texts "". */
struct verify_report verify_report_new(int64_t now_us);
/* Adds a reason once; the verdict becomes the worse of what it is and what the reason asks for (verify/report.c has the
 * table: amber or red). NOT_OURS, UNREADABLE and HOLD are set by the judges themselves and stay. */
void verify_report_add(struct verify_report *report, enum verify_reason reason, const char *detail);
bool verify_report_has(const struct verify_report *report, enum verify_reason reason);

const char *verify_verdict_name(enum verify_verdict verdict); /* "VALID" */
const char *verify_reason_name(enum verify_reason reason);    /* "BYTES_ALTERED" */
