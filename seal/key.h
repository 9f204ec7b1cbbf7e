/* Signing keys behind one table of functions: a file, or the signer process. What is handed over is always the message
 * itself (the signed attributes of a CMS, the bytes of a seal, the text of a checkpoint), never a bare digest, and what it
 * is about: the signer writes both down before it signs. */
#pragma once
#include "pki/cert.h"

enum seal_purpose { SEAL_DOCUMENT = 1, SEAL_VISIBLE = 2, SEAL_CHECKPOINT = 3, SEAL_TRUST = 4 };

enum { SEAL_NUMBER_MAX = 40, SEAL_NOTE_PUBLIC_BYTES = 32 };

/* What a signature is about. Borrowed for the call. */
struct seal_subject {
  const char *number; /* of a document, or of an obligation; "": a checkpoint's */
  uint32_t version;
  uint32_t copy;
  uint8_t record_sha256[32];
  struct sv_bytes evidence; /* of a checkpoint: that its tree begins with an earlier one's */
  uint64_t evidence_from;   /* that one's size; 0: there was none */
  uint64_t *ret_last_size; /* of a checkpoint that was refused: where to show from; NULL: unasked */
};

struct seal_key;
struct seal_key_ops {
  /* Signs tbs: with ECDSA r || s, at most PKI_RAW_MAX bytes, a checkpoint with Ed25519. Blocks at most until ctx's
   * deadline. Refuses a purpose that is not the key's. Fails SIGNER (a client may try again). Thread: any, several at
   * once. */
  sv_status (*sign)(struct seal_key *, struct sv_ctx *, enum seal_purpose,
                    const struct seal_subject *, struct sv_bytes tbs,
                    uint8_t raw[static PKI_RAW_MAX], size_t *ret_n);
  void (*close)(struct seal_key *);
};

/* First member of every backend's own struct. */
struct seal_key {
  const struct seal_key_ops *ops;
  struct pki_chain *chain; /* signer first; the backend closes it; NULL of a key of notes */
  uint8_t note_public[SEAL_NOTE_PUBLIC_BYTES]; /* of a key of notes */
};

static inline sv_status seal_key_sign(struct seal_key *key, struct sv_ctx *ctx,
                                      enum seal_purpose purpose, const struct seal_subject *subject,
                                      struct sv_bytes tbs, uint8_t raw[static PKI_RAW_MAX],
                                      size_t *ret_n) {
  return key->ops->sign(key, ctx, purpose, subject, tbs, raw, ret_n);
}
static inline void seal_key_close(struct seal_key *key) {
  if (key) {
    key->ops->close(key);
  }
}
SV_AUTO_DEFINE(struct seal_key, seal_key_close)

/* A private key and its chain from PEM files, for one purpose. The two must belong together.
 * Fails: IO, SIGNER, CERT_FORMAT, NO_MEMORY, each with the path. ret: caller, seal_key_close. */
sv_status seal_key_open_files(struct sv_ctx *ctx, enum seal_purpose purpose, const char *key_path,
                              const char *chain_path, struct seal_key **ret);
/* A key of signed notes, Ed25519, from a PEM file: the transparency log's (SEAL_CHECKPOINT), or that of trust lists and
 * status bundles (SEAL_TRUST). Fails: IO, SIGNER, NO_MEMORY. */
sv_status seal_key_open_note_file(struct sv_ctx *ctx, enum seal_purpose purpose,
                                  const char *key_path, struct seal_key **ret);
