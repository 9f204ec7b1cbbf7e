/* Keys in a token (PKCS #11), for the signer process: a smart card, an HSM. The key never leaves it. */
#pragma once
#include "seal/key.h"

/* Borrowed for the call. */
struct seal_token {
  const char *module; /* a path, or a name that p11-kit knows */
  const char
      *pin_file; /* the user's PIN, a line; wiped when it is read, and kept in the secure heap */
};

/* True for what seal_key_open_token takes: "pkcs11:..." (RFC 7512). */
bool seal_key_in_token(const char *uri);

/* The one private key on the one token that the URI fits, P-256, of the first certificate in chain_path. A PIN is tried once:
 * a token that says that a try failed before, or that few are left, is not tried at all.
 * Signing: the signature is held against the certificate before it is given. A session that is lost is opened once more;
 * what then fails is SIGNER, and the next call looks again. Thread: one at a time.
 * Fails: CONFIG (module, URI, which key), IO, CERT_FORMAT, SIGNER (the key is not the certificate's; the token can't be used), NO_MEMORY;
 * ROLE_MISSING: the token does not take the PIN, and must not be asked again by itself. ret: caller, seal_key_close. */
sv_status seal_key_open_token(struct sv_ctx *ctx, enum seal_purpose purpose,
                              const struct seal_token *token, const char *uri,
                              const char *chain_path, struct seal_key **ret);
