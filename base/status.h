/* One status type, one table of reasons.
 * A row carries the reason's gRPC code and the only text that a client may read. Details go to the log and, where they
 * name a field of the request, to the structured error (sv_ctx.violations). */
#pragma once
#include <stdbool.h>

/* The canonical codes of gRPC, with their numbers on the wire. */
enum sv_code {
  SV_CODE_OK = 0,
  SV_CODE_CANCELLED = 1,
  SV_CODE_UNKNOWN = 2,
  SV_CODE_INVALID_ARGUMENT = 3,
  SV_CODE_DEADLINE_EXCEEDED = 4,
  SV_CODE_NOT_FOUND = 5,
  SV_CODE_ALREADY_EXISTS = 6,
  SV_CODE_PERMISSION_DENIED = 7,
  SV_CODE_RESOURCE_EXHAUSTED = 8,
  SV_CODE_FAILED_PRECONDITION = 9,
  SV_CODE_ABORTED = 10,
  SV_CODE_OUT_OF_RANGE = 11,
  SV_CODE_UNIMPLEMENTED = 12,
  SV_CODE_INTERNAL = 13,
  SV_CODE_UNAVAILABLE = 14,
  SV_CODE_DATA_LOSS = 15,
  SV_CODE_UNAUTHENTICATED = 16,
};

/* reason, gRPC code, what a client may read */
#define SV_REASONS(X)                                                                             \
  X(FIELD_INVALID, INVALID_ARGUMENT, "a field of the request breaks a rule")                      \
  X(REQUEST_ID_REUSED, INVALID_ARGUMENT, "this request_id was used with other content")           \
  X(MESSAGE_MALFORMED, INTERNAL, "the message is not valid protobuf")                             \
  X(HEADER_MALFORMED, INTERNAL, "a header of the call is malformed")                              \
  X(MESSAGE_TOO_LARGE, RESOURCE_EXHAUSTED, "the message is over the size limit")                  \
  X(QUEUE_FULL, RESOURCE_EXHAUSTED, "the server is busy; try again after the delay")              \
  X(BUDGET, RESOURCE_EXHAUSTED, "the caller asked too often; try again after the delay")          \
  X(LIMIT_EXCEEDED, RESOURCE_EXHAUSTED, "the request needs more than its limit allows")           \
  X(CANCELLED, CANCELLED, "the call was cancelled")                                               \
  X(DEADLINE, DEADLINE_EXCEEDED, "the deadline passed")                                           \
  X(CLIENT_CERTIFICATE_REQUIRED, UNAUTHENTICATED, "present a client certificate of an authority") \
  X(CLIENT_CERTIFICATE_INVALID, UNAUTHENTICATED, "the client certificate is not acceptable")      \
  X(ROLE_MISSING, PERMISSION_DENIED, "the caller's role does not allow this")                     \
  X(NOT_FOUND, NOT_FOUND, "no such document or record of this authority")                         \
  X(ALREADY_EXISTS, ALREADY_EXISTS, "a record of this name exists")                               \
  X(VERSION_CHANGED, ABORTED, "the version seen is no longer current")                            \
  X(HOLD, FAILED_PRECONDITION, "HOLD: call the duty protection officer")                          \
  X(RULE_UNMET, FAILED_PRECONDITION, "a safeguard is not met")                                    \
  X(HEAD_COUNT, FAILED_PRECONDITION, "the head count is not the number marked as boarded")        \
  X(BALANCE_EXCEEDED, FAILED_PRECONDITION, "the amount is more than the obligation's balance")    \
  X(OBLIGATION_CLOSED, FAILED_PRECONDITION, "the obligation is closed or out of its period")      \
  X(NOT_ISSUED, FAILED_PRECONDITION, "the document is not in a state that allows this")           \
  X(ERASED, FAILED_PRECONDITION, "the document's personal data was erased")                       \
  X(OUT_OF_RANGE, OUT_OF_RANGE, "the position asked for does not exist")                          \
  X(UNIMPLEMENTED, UNIMPLEMENTED, "this server does not offer that")                              \
  X(UNAVAILABLE, UNAVAILABLE, "the server can't answer now; try again")                           \
  X(UNREACHABLE, UNAVAILABLE, "the server can't be reached")                                      \
  X(SIGNER, UNAVAILABLE, "the signing key can't be used now; try again")                          \
  X(KEY_EXPIRED, FAILED_PRECONDITION,                                                             \
    "the signing certificate is not valid any more: its keys have to be changed")                 \
  X(KEY_COMPROMISED, FAILED_PRECONDITION,                                                         \
    "the signing key is reported as compromised: its keys have to be changed")                    \
  X(TIMESTAMP, UNAVAILABLE, "the time-stamp authority (TSA) can't be used now; try again")        \
  X(REVOCATION, UNAVAILABLE, "the status of a certificate can't be had now; try again")           \
  X(CONFIG, FAILED_PRECONDITION, "the configuration has a fault")                                 \
  X(CERT_FORMAT, INVALID_ARGUMENT, "not a certificate")                                           \
  X(PDF_FORMAT, INVALID_ARGUMENT, "not a readable PDF")                                           \
  X(SEAL_FORMAT, INVALID_ARGUMENT, "not a visible seal of Doc 9303-13")                           \
  X(RECORD_FORMAT, INVALID_ARGUMENT, "not a canonical record")                                    \
  X(MRZ_FORMAT, INVALID_ARGUMENT, "not a machine readable zone")                                  \
  X(JSON_FORMAT, INVALID_ARGUMENT, "not valid JSON for this message")                             \
  X(TEMPLATE, FAILED_PRECONDITION, "the template has a fault")                                    \
  X(TEXT_TOO_LONG, INVALID_ARGUMENT, "a text does not fit its place on the page")                 \
  X(GLYPH_MISSING, INVALID_ARGUMENT, "a character has no glyph in the fonts of this server")      \
  X(RENDER, INTERNAL, "the page could not be drawn")                                              \
  X(CRYPTO, INTERNAL, "a cryptographic operation failed")                                         \
  X(STORE, UNAVAILABLE, "the registry can't be written now; try again")                           \
  X(CORRUPT, DATA_LOSS, "the registry contradicts itself")                                        \
  X(NO_MEMORY, RESOURCE_EXHAUSTED, "the request needs more memory than its limit allows")         \
  X(IO, INTERNAL, "a file could not be read or written")                                          \
  X(INTERNAL, INTERNAL, "internal error")

enum sv_reason {
  SV_OK = 0,
#define X(reason, code, text) SV_##reason,
  SV_REASONS(X)
#undef X
      SV_REASON_COUNT
};

typedef struct [[nodiscard]] sv_status {
  enum sv_reason reason;
} sv_status;

#define SV_DONE ((sv_status){SV_OK})

/* Returns a failing status to the caller at once. */
#define SV_TRY(expr)                      \
  do {                                    \
    sv_status sv_try_status_ = (expr);    \
    if (sv_try_status_.reason != SV_OK) { \
      return sv_try_status_;              \
    }                                     \
  } while (0)

static inline bool sv_failed(sv_status s) { return s.reason != SV_OK; }

/* "FIELD_INVALID"; "OK" for SV_OK. Static storage. */
const char *sv_reason_name(enum sv_reason reason);
/* The text that a client may read. Static storage. */
const char *sv_reason_text(enum sv_reason reason);
enum sv_code sv_reason_code(enum sv_reason reason);

/* Programming errors only; kept in release builds. Bad input, full disks and exhausted limits are statuses. */
#define SV_ASSERT(cond) ((cond) ? (void)0 : sv_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void sv_assert_failed(const char *cond, const char *file, int line);

/* A handle that closes itself at the end of its block: SV_AUTO(BIO_free_all) BIO *in = ...; SV_AUTO_DEFINE makes the
 * cleanup for a type once. SV_TAKE hands the handle over. */
#define SV_AUTO(close_fn) __attribute__((cleanup(sv_auto_##close_fn)))
#define SV_AUTO_DEFINE(type, close_fn)                               \
  [[maybe_unused]] static inline void sv_auto_##close_fn(type **p) { \
    if (*p) {                                                        \
      close_fn(*p);                                                  \
    }                                                                \
  }
#define SV_TAKE(p)                 \
  ({                               \
    __typeof__(p) sv_taken_ = (p); \
    (p) = NULL;                    \
    sv_taken_;                     \
  })
