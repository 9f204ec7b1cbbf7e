/* The signer's journal: a line a signature, written down before it is made, each chained to the one before.
 *
 *   salvo-journal/1 [SEQ CHAIN SIZE ROOT LISTS]
 *   SEQ TIME PURPOSE NUMBER VERSION COPY RECORD TBS CERTIFICATE CHAIN
 *
 * SEQ counts from 1; TIME is in seconds; PURPOSE is document, visible, checkpoint or trust (NUMBER is then "trust" or
 * "status:A", VERSION its sequence, RECORD the text's digest); NUMBER is "-" for a checkpoint, whose
 * VERSION is the tree's size and whose RECORD is its root; RECORD, TBS (what was signed) and CERTIFICATE (of the key; the
 * public key itself of a log's) are SHA-256 in hexadecimal; CHAIN = SHA-256(CHAIN of the line before || this line up to
 * it), the first one over 32 zero bytes. A journal may go on in another file: its first line then says where the one before
 * ended (its last SEQ and CHAIN), the greatest tree that was signed (SIZE, ROOT), and the last sequence of each list
 * (LISTS: NAME=SEQ parted by commas, or "-"), so that a signer needs no more than the last file. Knows no file.
 * Thread: any. */
#pragma once
#include "base/ctx.h"

enum {
  JOURNAL_LINE_MAX = 512,
  JOURNAL_NUMBER_MAX = 40,
  JOURNAL_LISTS_MAX = 27, /* the trust list, and a status list a letter */
  JOURNAL_LIST_NAME_MAX = 15,
  JOURNAL_HEAD_MAX = 2048
};

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

/* Where a reader or writer is, and what the lines before amount to; zeroed before the first line of the first file. */
struct journal_state {
  uint64_t sequence;
  uint8_t chain[32];
  uint64_t tree_size; /* of the last checkpoint; 0: none */
  uint8_t tree_root[32];
  struct journal_list {
    char name[JOURNAL_LIST_NAME_MAX + 1];
    uint64_t sequence;
  } lists[JOURNAL_LISTS_MAX]; /* in the order of their first lines; "" ends them */
};

/* Appends the first line of a file that goes on from state. Fails: NO_MEMORY. */
sv_status journal_head_write(struct sv_ctx *ctx, const struct journal_state *state,
                             struct sv_buf *out);
/* Reads a first line, without its end. Fails: CORRUPT. */
sv_status journal_head_read(struct sv_ctx *ctx, struct sv_bytes line, struct journal_state *ret);

/* Appends the next line. entry->sequence is ignored: it is state's next. Fails: NO_MEMORY, INTERNAL (a number that is
 * empty where one is due, has a space or is too long; a list more than JOURNAL_LISTS_MAX). */
sv_status journal_write(struct sv_ctx *ctx, struct journal_state *state,
                        const struct journal_entry *entry, struct sv_buf *out);
/* Reads one line, without its end, that must follow state. Fails: CORRUPT with what is wrong; state is then as before. */
sv_status journal_read(struct sv_ctx *ctx, struct journal_state *state, struct sv_bytes line,
                       struct journal_entry *ret);

/* The last sequence of a trust list or of a status list ("trust", "status:A"); 0: none. */
uint64_t journal_list_last(const struct journal_state *state, const char *name);
