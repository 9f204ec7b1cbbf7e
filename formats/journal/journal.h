/* The signer's journal: a line a signature, written down before it is made, each chained to the one before.
 *
 *   salvo-journal/1
 *   SEQ TIME PURPOSE NUMBER VERSION COPY RECORD TBS CERTIFICATE CHAIN
 *
 * SEQ counts from 1; TIME is in seconds; PURPOSE is document, visible, checkpoint or trust (NUMBER is then "trust" or
 * "status:A", VERSION its sequence, RECORD the text's digest); NUMBER is "-" for a checkpoint, whose
 * VERSION is the tree's size and whose RECORD is its root; RECORD, TBS (what was signed) and CERTIFICATE (of the key; the
 * public key itself of a log's) are SHA-256 in hexadecimal; CHAIN = SHA-256(CHAIN of the line before || this line up to
 * it), the first one over 32 zero bytes. Knows no file. Thread: any. */
#pragma once
#include "base/ctx.h"

enum { JOURNAL_LINE_MAX = 512, JOURNAL_NUMBER_MAX = 40 };
extern const char journal_head[]; /* the first line, with its end */

enum journal_purpose {
  JOURNAL_DOCUMENT = 1,
  JOURNAL_VISIBLE = 2,
  JOURNAL_CHECKPOINT = 3,
  JOURNAL_TRUST = 4
};

struct journal_entry {
  uint64_t sequence;
  int64_t time_s;
  enum journal_purpose purpose;
  char number[JOURNAL_NUMBER_MAX + 1]; /* "" of a checkpoint */
  uint64_t version;
  uint32_t copy;
  uint8_t record_sha256[32];
  uint8_t tbs_sha256[32];
  uint8_t certificate_sha256[32];
};

/* Where a reader or writer is; zeroed before the first line. */
struct journal_place {
  uint64_t sequence;
  uint8_t chain[32];
};

/* Appends the next line. entry->sequence is ignored: it is place's next. Fails: NO_MEMORY, INTERNAL (a number that is
 * empty where one is due, has a space or is too long). */
sv_status journal_write(struct sv_ctx *ctx, struct journal_place *place,
                        const struct journal_entry *entry, struct sv_buf *out);
/* Reads one line, without its end, that must follow place. Fails: CORRUPT with what is wrong. */
sv_status journal_read(struct sv_ctx *ctx, struct journal_place *place, struct sv_bytes line,
                       struct journal_entry *ret);
