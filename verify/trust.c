/* Trust lists from files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/trust_struct.h"

static void close_file(FILE *f) { (void)fclose(f); }
SV_AUTO_DEFINE(FILE, close_file)

sv_status verify_trust_of(struct sv_ctx *ctx, struct sv_bytes pem, struct verify_trust **ret) {
  SV_AUTO(verify_trust_close) struct verify_trust *t = calloc(1, sizeof *t);
  if (!t || !(t->beginnings = crypto_beginnings_open())) {
    return SV_FAIL(ctx, NO_MEMORY, "trust");
  }
  SV_TRY(pki_trust_open(ctx, pem, &t->pki));
  t->stamps = t->pki;
  *ret = SV_TAKE(t);
  return SV_DONE;
}

sv_status verify_trust_stamps(struct sv_ctx *ctx, struct verify_trust *t, struct sv_bytes pem) {
  struct pki_trust *stamps;
  SV_TRY(pki_trust_open(ctx, pem, &stamps));
  if (t->stamps != t->pki) {
    pki_trust_close(t->stamps);
  }
  t->stamps = stamps;
  return SV_DONE;
}

sv_status verify_trust_lives(struct sv_ctx *ctx, struct verify_trust *t,
                             const struct verify_key_life *lives, size_t n) {
  if (n > VERIFY_KEY_LIVES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "lives of more than %d keys", VERIFY_KEY_LIVES_MAX);
  }
  struct verify_key_life *copy = calloc(n + 1, sizeof *copy);
  if (!copy) {
    return SV_FAIL(ctx, NO_MEMORY, "lives of keys");
  }
  if (n) {
    memcpy(copy, lives, n * sizeof *copy);
  }
  free(t->lives);
  t->lives = copy;
  t->life_count = n;
  return SV_DONE;
}

const struct verify_key_life *verify_trust_life(const struct verify_trust *t,
                                                const struct pki_cert *signer) {
  for (size_t i = 0; i < t->life_count; i++) {
    if (memcmp(t->lives[i].sha256, pki_cert_sha256(signer), sizeof t->lives[i].sha256) == 0) {
      return &t->lives[i];
    }
  }
  return NULL;
}

bool verify_trust_compromised(const struct verify_trust *t, const struct pki_cert *signer,
                              int64_t at_us) {
  const struct verify_key_life *life = verify_trust_life(t, signer);
  return life && life->compromised_us && at_us >= life->compromised_us;
}

static sv_status append_file(struct sv_ctx *ctx, const char *path, struct sv_buf *out) {
  SV_AUTO(close_file) FILE *f = fopen(path, "rbe");
  if (!f) {
    return SV_FAIL(ctx, IO, "can't open %s", path);
  }
  char step[4096];
  for (size_t n; (n = fread(step, 1, sizeof step, f)) > 0;) {
    sv_buf_put(out, step, n);
  }
  sv_buf_u8(out, '\n');
  if (ferror(f) || out->failed) {
    return SV_FAIL(ctx, IO, "%s can't be read or is too large", path);
  }
  return SV_DONE;
}

sv_status verify_trust_open(struct sv_ctx *ctx, const char *const *paths, size_t n,
                            struct verify_trust **ret) {
  struct sv_buf pem = sv_buf_in(ctx->mem, PKI_PEM_MAX);
  for (size_t i = 0; i < n; i++) {
    SV_TRY(append_file(ctx, paths[i], &pem));
  }
  return verify_trust_of(ctx, sv_buf_bytes(&pem), ret);
}

static bool believed(enum pki_fault fault) { return fault == PKI_TRUSTED || fault == PKI_EXPIRED; }

bool verify_trust_believes(const struct verify_trust *t, const struct pki_chain *document,
                           const struct pki_chain *visible, int64_t at_us) {
  const struct pki_cert *own = pki_chain_signer(visible);
  char signer[5];
  (void)snprintf(signer, sizeof signer, "%.2s%.2s", pki_cert_country(own),
                 pki_cert_common_name(own));
  const struct pki_cert *listed = pki_trust_seal_signer(t->pki, signer, pki_cert_serial_hex(own));
  return believed(pki_trust_document(t->pki, document, at_us)) && listed &&
         memcmp(pki_cert_sha256(listed), pki_cert_sha256(own), 32) == 0 &&
         believed(pki_trust_seal(t->pki, listed, at_us));
}

void verify_trust_close(struct verify_trust *t) {
  if (t) {
    if (t->stamps != t->pki) {
      pki_trust_close(t->stamps);
    }
    pki_trust_close(t->pki);
    crypto_beginnings_close(t->beginnings);
    free(t->lives);
    free(t);
  }
}
