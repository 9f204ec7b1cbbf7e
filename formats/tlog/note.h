/* Texts that carry the log: the signed checkpoint and the proof of one leaf, as C2SP writes them (signed-note,
 * tlog-checkpoint, tlog-proof). A key is known by its name (the log's origin) and a hash of name and key. What is read may
 * be hostile. Knows no file. Thread: any. */
#pragma once
#include "crypto/ed25519.h"
#include "formats/tlog/tree.h"

enum { TLOG_ORIGIN_MAX = 255, TLOG_NOTE_MAX = 16 * 1024, TLOG_PROOF_TEXT_MAX = 32 * 1024 };

struct tlog_checkpoint {
  const char *origin;
  uint64_t size;
  struct tlog_hash root;
};

/* Who a checkpoint must be signed by. */
struct tlog_key {
  const char *name;
  uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES];
};

/* Whether a text may name a log: 1 to 255 bytes, no white space, no plus sign. */
bool tlog_origin_valid(const char *origin);
/* First four bytes of SHA-256(name || 0x0A || 0x01 || key), as a big-endian number. */
uint32_t tlog_key_hash(const struct tlog_key *key);
/* "name+hash+base64(0x01 || key)". ret in ctx->mem. */
sv_status tlog_key_write(struct sv_ctx *ctx, const struct tlog_key *key, const char **ret);
/* Fails: CONFIG when it is no such text, or its hash is not its key's. */
sv_status tlog_key_read(struct sv_ctx *ctx, struct sv_bytes text, struct tlog_key *ret);

/* The text that is signed: three lines. ret in ctx->mem. Fails: NO_MEMORY. */
sv_status tlog_checkpoint_text(struct sv_ctx *ctx, const struct tlog_checkpoint *checkpoint,
                               struct sv_bytes *ret);
/* A checkpoint's text as a log hands it to its signer: form alone. Fails: CORRUPT. */
sv_status tlog_checkpoint_read(struct sv_ctx *ctx, struct sv_bytes text,
                               struct tlog_checkpoint *ret);
/* The signed note: a checkpoint's text and the signature of key over it. ret in ctx->mem. Fails: NO_MEMORY. */
sv_status tlog_checkpoint_note(struct sv_ctx *ctx, struct sv_bytes text, const struct tlog_key *key,
                               const uint8_t signature[static CRYPTO_ED25519_SIGNATURE_BYTES],
                               const char **ret_note);
/* Any note with a good signature of key, of at most max bytes: its text, lent by note. Fails: CORRUPT. */
sv_status tlog_note_open(struct sv_ctx *ctx, struct sv_bytes note, size_t max,
                         const struct tlog_key *key, struct sv_bytes *ret_text);
/* Standard base64 with its padding, in the one way that it is written. ret in ctx->mem. */
bool tlog_base64_read(struct sv_ctx *ctx, struct sv_bytes text, struct sv_bytes *ret);
/* A checkpoint of key->name with a good signature of key; other signatures (witnesses) are passed over.
 * Fails: CORRUPT when it is not well formed, of another log, or not signed by key. */
sv_status tlog_checkpoint_open(struct sv_ctx *ctx, struct sv_bytes note, const struct tlog_key *key,
                               struct tlog_checkpoint *ret);

/* That a leaf is in the tree of a checkpoint, with all that is needed to judge it but the key and the leaf. */
struct tlog_proof {
  uint64_t index;
  const struct tlog_hash *hashes;
  size_t n;
  struct sv_bytes note; /* the signed checkpoint */
  struct sv_bytes extra;
};
sv_status tlog_proof_write(struct sv_ctx *ctx, const struct tlog_proof *proof,
                           struct sv_bytes *ret_text);
/* Form alone; strings and hashes in ctx->mem, the note lent by text. Fails: CORRUPT. */
sv_status tlog_proof_read(struct sv_ctx *ctx, struct sv_bytes text, struct tlog_proof *ret);
/* Form, signature and path. Fails: CORRUPT with what is wrong. */
sv_status tlog_proof_check(struct sv_ctx *ctx, struct sv_bytes text, const struct tlog_key *key,
                           struct sv_bytes leaf, struct tlog_checkpoint *ret);
