/* Keys in PEM files: for development, and inside the signer process. The file's bytes are wiped once they are parsed. */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "pki/key.h"
#include "seal/key.h"

enum { FILE_MAX = 64 * 1024 };

struct key_file {
  struct seal_key base;
  struct pki_key *key;
  enum seal_purpose purpose;
};

static sv_status key_file_sign(struct seal_key *base, struct sv_ctx *ctx, enum seal_purpose purpose,
                               struct sv_bytes tbs, uint8_t raw[static PKI_RAW_MAX],
                               size_t *ret_n) {
  struct key_file *k = (struct key_file *)base;
  if (purpose != k->purpose) {
    return SV_FAIL(ctx, SIGNER, "the key is not for this purpose");
  }
  return pki_key_sign(k->key, ctx, tbs, raw, ret_n);
}

static void key_file_close(struct seal_key *base) {
  struct key_file *k = (struct key_file *)base;
  pki_chain_close(k->base.chain);
  pki_key_close(k->key);
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

sv_status seal_key_open_files(struct sv_ctx *ctx, enum seal_purpose purpose, const char *key_path,
                              const char *chain_path, struct seal_key **ret) {
  struct key_file *k = calloc(1, sizeof *k);
  uint8_t *buf = malloc(FILE_MAX);
  if (!k || !buf) {
    free(k);
    free(buf);
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  k->base.ops = &key_file_ops;
  k->purpose = purpose;
  sv_status status = load(ctx, k, buf, key_path, chain_path);
  crypto_wipe(buf, FILE_MAX);
  free(buf);
  if (sv_failed(status)) {
    key_file_close(&k->base);
    return status;
  }
  *ret = &k->base;
  return SV_DONE;
}
