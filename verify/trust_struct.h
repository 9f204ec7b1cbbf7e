/* The insides of a trust list, for the files of verify/ alone. */
#pragma once
#include "crypto/trail.h"
#include "pki/cert.h"
#include "verify/trust.h"

struct verify_trust {
  struct pki_trust *pki;
  struct pki_trust *stamps; /* pki itself unless time-stamp authorities have anchors of their own */
  struct crypto_beginnings *beginnings; /* of files that were ours */
  struct verify_key_life *lives;
  size_t life_count;
};

/* NULL: nothing is known of it. */
const struct verify_key_life *verify_trust_life(const struct verify_trust *trust,
                                                const struct pki_cert *signer);
/* Whether the key may have been in other hands at a moment. */
bool verify_trust_compromised(const struct verify_trust *trust, const struct pki_cert *signer,
                              int64_t at_us);
