/* Signing keys behind one table of functions: a file today, PKCS#11 or the signer process tomorrow. What is handed over
 * is always the message itself (the signed attributes of a CMS, or the bytes of a seal), never a bare digest. */
#pragma once
#include "pki/cert.h"

enum seal_purpose { SEAL_DOCUMENT = 1, SEAL_VISIBLE = 2 };

struct seal_key;
struct seal_key_ops {
  /* Signs tbs with ECDSA: r || s, at most PKI_RAW_MAX bytes. Blocks at most until ctx's deadline. Refuses a purpose that
   * is not the key's. Fails SIGNER (a client may try again). Thread: any, several at once. */
  sv_status (*sign)(struct seal_key *, struct sv_ctx *, enum seal_purpose, struct sv_bytes tbs,
                    uint8_t raw[static PKI_RAW_MAX], size_t *ret_n);
  void (*close)(struct seal_key *);
};

/* First member of every backend's own struct. */
struct seal_key {
  const struct seal_key_ops *ops;
  struct pki_chain *chain; /* signer first; the backend closes it */
};

static inline sv_status seal_key_sign(struct seal_key *key, struct sv_ctx *ctx,
                                      enum seal_purpose purpose, struct sv_bytes tbs,
                                      uint8_t raw[static PKI_RAW_MAX], size_t *ret_n) {
  return key->ops->sign(key, ctx, purpose, tbs, raw, ret_n);
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
