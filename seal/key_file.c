/* Keys in PEM files: for development, and inside the signer process. The file's bytes are wiped once they are parsed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "pki/key.h"
#include "seal/key.h"

enum { FILE_MAX = 64 * 1024 };

struct key_file {
  struct seal_key base;
  struct pki_key *key;
  struct crypto_ed25519 *note_key; /* instead, of notes */
  enum seal_purpose purpose;
};

static sv_status key_file_sign(struct seal_key *base, struct sv_ctx *ctx, enum seal_purpose purpose,
                               const struct seal_subject *subject, struct sv_bytes tbs,
                               uint8_t raw[static PKI_RAW_MAX], size_t *ret_n) {
  struct key_file *k = (struct key_file *)base;
  (void)subject; /* a file keeps no journal */
  if (purpose != k->purpose) {
    return SV_FAIL(ctx, SIGNER, "the key is not for this purpose");
  }
  if (k->note_key) {
    *ret_n = CRYPTO_ED25519_SIGNATURE_BYTES;
    return crypto_ed25519_sign(k->note_key, ctx, tbs, raw);
  }
  return pki_key_sign(k->key, ctx, tbs, raw, ret_n);
}

static void key_file_close(struct seal_key *base) {
  struct key_file *k = (struct key_file *)base;
  pki_chain_close(k->base.chain);
  pki_key_close(k->key);
  crypto_ed25519_close(k->note_key);
  free(k);
}

static const struct seal_key_ops key_file_ops = {.sign = key_file_sign, .close = key_file_close};

static void close_file(FILE *f) { (void)fclose(f); }
SV_AUTO_DEFINE(FILE, close_file)

/* buf has room for FILE_MAX. */
static sv_status read_file(struct sv_ctx *ctx, const char *path, uint8_t *buf, size_t *ret_n) {
  SV_AUTO(close_file) FILE *f = fopen(path, "rbe");
  if (!f) {
    return SV_FAIL(ctx, IO, "can't open %s", path);
  }
  (void)setvbuf(f, NULL, _IONBF, 0); /* no second copy of a key in stdio's buffer */
  size_t n = fread(buf, 1, FILE_MAX, f);
  if (n == 0 || n == FILE_MAX || ferror(f)) {
    return SV_FAIL(ctx, IO, "%s is empty, too large or unreadable", path);
  }
  *ret_n = n;
  return SV_DONE;
}

static sv_status load(struct sv_ctx *ctx, struct key_file *k, uint8_t *buf, const char *key_path,
                      const char *chain_path) {
  size_t n;
  SV_TRY(read_file(ctx, chain_path, buf, &n));
  SV_TRY(pki_chain_open(ctx, sv_bytes_of(buf, n), &k->base.chain));
  SV_TRY(read_file(ctx, key_path, buf, &n));
  SV_TRY(pki_key_open(ctx, sv_bytes_of(buf, n), &k->key));
  if (!pki_key_matches(k->key, pki_chain_signer(k->base.chain))) {
    return SV_FAIL(ctx, SIGNER, "%s is not the key of the first certificate of %s", key_path,
                   chain_path);
  }
  return SV_DONE;
}

static sv_status load_note(struct sv_ctx *ctx, struct key_file *k, uint8_t *buf,
                           const char *key_path, const char *unused) {
  size_t n;
  (void)unused;
  SV_TRY(read_file(ctx, key_path, buf, &n));
  SV_TRY(crypto_ed25519_open(ctx, sv_bytes_of(buf, n), &k->note_key));
  memcpy(k->base.note_public, crypto_ed25519_public(k->note_key), sizeof k->base.note_public);
  return SV_DONE;
}

typedef sv_status key_loader(struct sv_ctx *, struct key_file *, uint8_t *buf, const char *key_path,
                             const char *chain_path);

static sv_status key_open(struct sv_ctx *ctx, enum seal_purpose purpose, key_loader *loader,
                          const char *key_path, const char *chain_path, struct seal_key **ret) {
  struct key_file *k = calloc(1, sizeof *k);
  uint8_t *buf = malloc(FILE_MAX);
  if (!k || !buf) {
    free(k);
    free(buf);
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  k->base.ops = &key_file_ops;
  k->purpose = purpose;
  sv_status status = loader(ctx, k, buf, key_path, chain_path);
  crypto_wipe(buf, FILE_MAX);
  free(buf);
  if (sv_failed(status)) {
    key_file_close(&k->base);
    return status;
  }
  *ret = &k->base;
  return SV_DONE;
}

sv_status seal_key_open_files(struct sv_ctx *ctx, enum seal_purpose purpose, const char *key_path,
                              const char *chain_path, struct seal_key **ret) {
  return key_open(ctx, purpose, load, key_path, chain_path, ret);
}

sv_status seal_key_open_note_file(struct sv_ctx *ctx, enum seal_purpose purpose,
                                  const char *key_path, struct seal_key **ret) {
  return key_open(ctx, purpose, load_note, key_path, "", ret);
}
