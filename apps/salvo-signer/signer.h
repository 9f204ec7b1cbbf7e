/* salvo-signer: holds every signing key, and signs nothing that it has not understood and written down. */
#pragma once
#include "formats/journal/journal.h"
#include "formats/tlog/note.h"
#include "seal/key_token.h"
#include "seal/signer_wire.h"

/* --- settings.c --- */

struct signer_settings {
  const char *document_key, *document_chain;
  const char *seal_key, *seal_certificate;
  const char *log_key, *log_origin;
  const char *trust_key;
  const char *journal;
  int64_t journal_bytes;
  struct seal_token token;   /* module "": no key is in one */
  const char *const *places; /* folders that the module works in */
  size_t place_n;
  bool network; /* the module talks to its token over one */
  int64_t signatures_a_minute;
};
/* Paths are relative to the file. Fails: CONFIG, IO, NO_MEMORY. */
sv_status signer_settings_read(struct sv_ctx *ctx, const char *path, struct signer_settings *ret);

/* --- ledger.c: the journal's file --- */

struct ledger;
/* Locked, read from its start, a torn last line cut off; a file of bytes_most or more gets a number behind its name
 * (".000001"), and another one goes on in its place. Fails: IO, CONFIG (another signer has it), CORRUPT (a line is not the
 * one that was written, or the last file is missing). ret: caller, ledger_close. */
sv_status ledger_open(struct sv_ctx *ctx, const char *path, uint64_t bytes_most,
                      struct ledger **ret);
void ledger_close(struct ledger *l);
/* Writes entries and syncs them. After a failure nothing may be signed any more: what is on the disk is unknown. */
sv_status ledger_append(struct ledger *l, struct sv_ctx *ctx, const struct journal_entry *entries,
                        size_t n);
/* No more should be written before it is opened anew. */
bool ledger_full(const struct ledger *l);
/* The greatest tree whose checkpoint was signed; false: none was. */
bool ledger_last_tree(const struct ledger *l, uint64_t *ret_size, struct tlog_hash *ret_root);

/* The last sequence of a trust list or of a status list ("trust", "status:A") that was signed; 0: none. */
uint64_t ledger_last_sequence(const struct ledger *l, const char *name);

/* --- keeper.c: keys, and what they may sign --- */

struct keeper;
/* Reads the keys. Fails: IO, SIGNER, CERT_FORMAT, NO_MEMORY. ret: caller, keeper_close. */
sv_status keeper_open(struct sv_ctx *ctx, const struct signer_settings *s, struct keeper **ret);
void keeper_close(struct keeper *k);
/* ret borrows from the keeper. */
void keeper_hello(const struct keeper *k, struct signer_hello *ret);
/* Whether a request is one of those that its key is for; then *ret_entry is what to write down. last_size, last_root: of
 * the last checkpoint (size 0: none). Fails: SIGNER with what is wrong. */
sv_status keeper_judge(const struct keeper *k, struct sv_ctx *ctx, const struct signer_request *r,
                       uint64_t last_size, const struct tlog_hash *last_root,
                       struct journal_entry *ret_entry);
/* What was judged and is written down. raw has room for PKI_RAW_MAX. Fails: SIGNER. */
sv_status keeper_sign(const struct keeper *k, struct sv_ctx *ctx, const struct signer_request *r,
                      uint8_t *raw, size_t *ret_n);

/* --- sandbox.c --- */

/* Before keys are read: no core, no tracer, memory locked where the system allows it. */
void sandbox_memory(void);
/* Once everything is open: from here on no file, no socket and no program can be opened, and any call of the kernel but
 * those of reading, writing, syncing and memory ends the process. A token's module may use its folders, and the network where
 * the settings say so. Fails: CONFIG (the kernel has no seccomp). */
sv_status sandbox_close(struct sv_ctx *ctx, const struct signer_settings *s);
