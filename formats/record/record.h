/* The canonical record: what a document says, as canonical JSON (RFC 8785: sorted keys, no white space, int64 as
 * strings). Its SHA-256 is in the visible seals; its bytes are attached to the PDF as record.json.
 *
 *   {"approvals":[{"officer","time"}],"authority","content":{...},"format":"salvo-record/1","issue_date",
 *    "issue_time","kind","lines"?:{"added","changed","removed"},"number","previous_sha256"?,"salt","template"?,"version"}
 *
 * template: private, for a name tells the purpose: "NAME SHA-256 of its files in hex", as it was when the first copy was drawn.
 * content.paper is there where the sheet is not A4, as the API's number.
 * lines: occupant ids of a manifest's later version, by what happened since the version before.
 * Private fields of the content appear only as {"sha256":hex}: SHA-256(field salt || value), where the field salt is
 * HMAC-SHA-256(secret, path) and the secret stays in the registry. What the paper does not show of a manifest's
 * occupants (birth date, sex, nationality, travel document, service codes) is private too: the twin travels with the
 * paper. A copy is no part of the record: all copies of a version say the same. Knows no file. Thread: any. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

enum { RECORD_BYTES_MAX = 2 * 1024 * 1024, RECORD_SALT_BYTES = 16, RECORD_SECRET_BYTES = 32 };

struct record_salts {
  uint8_t salt[RECORD_SALT_BYTES];     /* in the record */
  uint8_t secret[RECORD_SECRET_BYTES]; /* in the registry alone */
};

/* Canonical JSON of the content alone: what an approver confirms. ret in ctx->mem. */
sv_status record_content(struct sv_ctx *ctx, const struct model_content *content,
                         const struct record_salts *salts, struct sv_bytes *ret_json);

/* The whole record. previous_sha256 is the record digest of the version before, NULL for the first. */
sv_status record_write(struct sv_ctx *ctx, const struct model_content *content,
                       const struct model_issue *issue, const struct record_salts *salts,
                       const uint8_t *previous_sha256, struct sv_bytes *ret_json);

/* The facts of a record that a verifier compares. Strings are in ctx->mem. */
struct record_facts {
  enum model_kind kind;
  const char *number;
  uint32_t version;
  uint32_t copy; /* 0: records name no copy */
  const char *authority;
  const char *issue_date;
  const char *valid_from; /* "" where the kind has none */
  const char *valid_until;
  const char *from, *to; /* airports where a manifest's route begins and ends; "" without a route */
  const char *departure_day; /* "2026-08-20", there; "" without a route */
  const char *audience;      /* of a copy for somebody, "GATE"; "": the record itself */
  uint8_t record_sha256[32]; /* of a copy: the record that it stands for */
};

/* Reads the facts of hostile bytes: a record, or what a copy carries. Fails: RECORD_FORMAT. */
sv_status record_read(struct sv_ctx *ctx, struct sv_bytes json, struct record_facts *ret);

/* What a copy for an audience carries instead of the record, for the record says more than its page may:
 *   {"audience","authority","format":"salvo-copy/1","issue_date","kind","number","record_sha256","version"}
 * issue->record_sha256 is of the record. Fails: NO_MEMORY. */
sv_status record_copy_write(struct sv_ctx *ctx, enum model_kind kind,
                            const struct model_issue *issue, struct sv_bytes *ret_json);

/* SHA-256(field salt || value) in hexadecimal, the commitment at `path`: for whoever discloses one field. */
void record_commitment(const struct record_salts *salts, const char *path, const char *value,
                       char hex[static 65]);

/* An amendment of an obligation is a record of its own, signed beside it:
 *   {"actor","amendment","authority","change_minor","currency","format":"salvo-amendment/1","obligated_minor","obligation",
 *    "period_end","period_start","previous_sha256"?,"salt","time"} */
struct record_amendment {
  const char *authority;
  const char *obligation; /* without "obligations/" */
  uint32_t amendment;     /* from 1 */
  int64_t change_minor;
  int64_t obligated_minor; /* after it */
  const char *currency;
  const char *period_start;
  const char *period_end; /* after it */
  const char *actor;
  int64_t time_us;
  uint8_t salt[RECORD_SALT_BYTES];
  const uint8_t *previous_sha256; /* of the record of the amendment before; NULL: the first */
};

/* Canonical JSON. ret in ctx->mem. Fails: NO_MEMORY. */
sv_status record_amendment_write(struct sv_ctx *ctx, const struct record_amendment *a,
                                 struct sv_bytes *ret_json);
/* Whether the bytes say exactly what is known of an amendment; salt, currency and start of the period are taken from the
 * bytes. Trust: any bytes. Fails: NO_MEMORY. */
sv_status record_amendment_says(struct sv_ctx *ctx, struct sv_bytes json,
                                const struct record_amendment *known, bool *ret_same);
