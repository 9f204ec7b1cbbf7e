/* The canonical record: what a document says, as canonical JSON (RFC 8785) with private fields as salted commitments.
 * Its SHA-256 is in the visible seals; its bytes are attached to the PDF as record.json.
 * {"format":"salvo-record/1","salt":...,"kind":...,"number":...,"version":...,...,"content":{...},"approvals":[...],"issue_time":...} */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

enum { RECORD_BYTES_MAX = 2 * 1024 * 1024 };

/* The facts of a record that a verifier compares. Strings are in ctx->mem. */
struct record_facts {
  enum model_kind kind;
  const char *number;
  uint32_t version;
  uint32_t copy;
  const char *authority;
  const char *issue_date;
  const char *valid_from; /* "" where the kind has none */
  const char *valid_until;
};

/* Reads the facts of hostile bytes. Fails: RECORD_FORMAT. Thread: any. */
sv_status record_read(struct sv_ctx *ctx, struct sv_bytes json, struct record_facts *ret);
