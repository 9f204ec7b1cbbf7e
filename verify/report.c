/* Reasons and what colour they ask for. The table is the policy: amber asks somebody to look, red says stop. */
#include "verify/report.h"

/* reason, the verdict it asks for */
#define REASONS(X)                  \
  X(BYTES_ALTERED, INVALID)         \
  X(CHANGED_AFTER_SIGNING, INVALID) \
  X(SIGNATURE_COVERS_PART, INVALID) \
  X(NO_SIGNATURE, INVALID)          \
  X(INVALID_SIGNATURE, INVALID)     \
  X(UNKNOWN_CERTIFICATE, INVALID)   \
  X(UNTRUSTED_CERTIFICATE, INVALID) \
  X(EXPIRED_CERTIFICATE, CHECK)     \
  X(REVOKED_CERTIFICATE, INVALID)   \
  X(WRONG_DOCUMENT_TYPE, INVALID)   \
  X(WEAK_ALGORITHM, INVALID)        \
  X(NOT_REGISTERED, INVALID)        \
  X(REVOKED, INVALID)               \
  X(SUPERSEDED, INVALID)            \
  X(COPY_REPLACED, INVALID)         \
  X(EXPIRED, INVALID)               \
  X(NOT_YET_VALID, CHECK)           \
  X(STATUS_STALE, CHECK)            \
  X(STATUS_UNKNOWN, CHECK)          \
  X(CLOCK_WRONG, CHECK)             \
  X(HOLDER_MISMATCH, CHECK)         \
  X(ROUTE_MISMATCH, INVALID)        \
  X(NOT_LISTED, INVALID)            \
  X(COPY_SEEN, CHECK)               \
  X(TWIN_MISMATCH, INVALID)         \
  X(PRINTED_MRZ, INVALID)           \
  X(WRONG_FORMAT, INVALID)          \
  X(PROOF_EXPIRED, CHECK)           \
  X(UNUSED_OBJECTS, CHECK)          \
  X(HIDDEN_LAYERS, CHECK)

const char *verify_reason_name(enum verify_reason reason) {
  switch (reason) {
#define X(name, verdict) \
  case VERIFY_##name:    \
    return #name;
    REASONS(X)
#undef X
    case VERIFY_NO_REASON:
      break;
  }
  return "NONE";
}

static enum verify_verdict verdict_for(enum verify_reason reason) {
  switch (reason) {
#define X(name, verdict) \
  case VERIFY_##name:    \
    return VERIFY_##verdict;
    REASONS(X)
#undef X
    case VERIFY_NO_REASON:
      break;
  }
  return VERIFY_INVALID;
}

const char *verify_verdict_name(enum verify_verdict verdict) {
  static const char *const names[] = {"NONE", "VALID",    "CHECK",     "INVALID",
                                      "HOLD", "NOT_OURS", "UNREADABLE"};
  return (size_t)verdict < sizeof names / sizeof *names ? names[verdict] : "NONE";
}

struct verify_report verify_report_new(int64_t now_us) {
  return (struct verify_report){.detail = "",
                                .number = "",
                                .seal_mrz = "",
                                .valid_from = "",
                                .valid_until = "",
                                .clock_us = now_us};
}

bool verify_report_has(const struct verify_report *r, enum verify_reason reason) {
  for (size_t i = 0; i < r->reason_count; i++) {
    if (r->reasons[i] == reason) {
      return true;
    }
  }
  return false;
}

void verify_report_add(struct verify_report *r, enum verify_reason reason, const char *detail) {
  enum verify_verdict verdict = verdict_for(reason);
  if (verify_report_has(r, reason)) {
    return;
  }
  /* red before amber, otherwise in the order found */
  size_t at = r->reason_count;
  while (verdict == VERIFY_INVALID && at > 0 && verdict_for(r->reasons[at - 1]) == VERIFY_CHECK) {
    at--;
  }
  if (at < VERIFY_REASONS_MAX) {
    size_t keep = r->reason_count < VERIFY_REASONS_MAX ? r->reason_count : VERIFY_REASONS_MAX - 1;
    memmove(&r->reasons[at + 1], &r->reasons[at], (keep - at) * sizeof r->reasons[0]);
    r->reasons[at] = reason;
    r->reason_count = keep + 1;
  }
  if (at == 0) {
    r->detail = detail;
  }
  if (r->verdict == VERIFY_NONE || r->verdict == VERIFY_VALID ||
      (r->verdict == VERIFY_CHECK && verdict == VERIFY_INVALID)) {
    r->verdict = verdict;
  }
}
