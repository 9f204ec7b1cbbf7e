/* Private keys from PEM files, for development and for the signer process. */
#pragma once
#include "pki/cert.h"

struct pki_key;

/* An unencrypted PKCS#8 or SEC 1 key. The caller wipes pem.
 * Fails: SIGNER when it is no such key. ret: caller, pki_key_close, which accepts NULL. */
sv_status pki_key_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_key **ret);
void pki_key_close(struct pki_key *key);
SV_AUTO_DEFINE(struct pki_key, pki_key_close)

bool pki_key_matches(const struct pki_key *key, const struct pki_cert *cert);

/* ECDSA over the digest that belongs to the key's size, as r || s.
 * raw has room for PKI_RAW_MAX. Fails: SIGNER. Thread: any, several at once. */
sv_status pki_key_sign(const struct pki_key *key, struct sv_ctx *ctx, struct sv_bytes tbs,
                       uint8_t *raw, size_t *ret_n);
