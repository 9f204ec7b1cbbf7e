/* A CMS made with the throw-away authority's document key. For tests only; one program includes it once. */
#pragma once
#include "crypto/digest.h"
#include "pki/cms.h"
#include "pki/key.h"
#include "tests/authority.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;
static struct pki_chain *chain;
static struct pki_key *key;

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(16 << 20);
  ctx = sv_ctx_over(arena);
  assert_int_equal(pki_chain_open(&ctx, authority_file(arena, "document-chain.pem"), &chain).reason,
                   SV_OK);
  assert_int_equal(pki_key_open(&ctx, authority_file(arena, "document.key"), &key).reason, SV_OK);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  pki_chain_close(chain);
  pki_key_close(key);
  chain = NULL;
  key = NULL;
  sv_arena_close(arena);
  return 0;
}

static struct sv_bytes signed_over(const char *content) {
  uint8_t digest[32], raw[PKI_RAW_MAX];
  size_t n;
  struct sv_bytes attributes, cms;
  crypto_sha256(sv_bytes_str(content), digest);
  assert_int_equal(pki_cms_attributes(&ctx, chain, digest, &attributes).reason, SV_OK);
  assert_int_equal(pki_key_sign(key, &ctx, attributes, raw, &n).reason, SV_OK);
  assert_int_equal(pki_cms_assemble(&ctx, chain, attributes, sv_bytes_of(raw, n), &cms).reason,
                   SV_OK);
  return cms;
}
