/* Time-stamps (RFC 3161, RFC 5816): the request, the answer of an authority, and the token. Whatever comes back is hostile
 * until pki_token_verify and pki_trust_timestamp have both agreed. Thread: any. */
#pragma once
#include "crypto/digest.h"
#include "pki/cms.h"

enum { PKI_TOKEN_MAX = 64 * 1024, PKI_TSP_MAX = PKI_TOKEN_MAX + 1024, PKI_NONCE_MAX = 32 };

enum pki_token_fault {
  PKI_TOKEN_GOOD,
  PKI_TOKEN_FORMAT,      /* not a token: parts missing, twice or of another kind */
  PKI_TOKEN_WEAK,        /* a digest or a key that is not allowed */
  PKI_TOKEN_IMPRINT,     /* over something else */
  PKI_TOKEN_CERTIFICATE, /* names no certificate, or another one than its signer's */
  PKI_TOKEN_SIGNATURE,
};

struct pki_token {
  enum pki_token_fault fault;
  const char *why; /* static, for the log */
  struct pki_chain
      *chain; /* the authority's certificate first; NULL when not found; caller: pki_chain_close */
  size_t der_bytes; /* where the token ends in the input */
  int64_t gen_time_us;
  int64_t accuracy_us;   /* 0 when it says nothing */
  char policy[128];      /* "1.2.3"; "" when it can't be read */
  struct sv_bytes nonce; /* value of the INTEGER, n is 0 without; view into the input */
  struct sv_bytes serial;
  enum crypto_digest imprint;
};

/* Judges a TimeStampToken against what it must be over. Trust is not judged here, nor nonce and policy.
 * Bytes after the token are the caller's to judge. Fails: NO_MEMORY alone; everything else is a fault in ret. */
sv_status pki_token_verify(struct sv_ctx *ctx, struct sv_bytes token, struct crypto_pieces content,
                           struct pki_token *ret);
/* The same without parsing again what `known` has (pki_cms_verify_known). */
sv_status pki_token_verify_known(struct sv_ctx *ctx, const struct pki_trust *known,
                                 struct sv_bytes token, struct crypto_pieces content,
                                 struct pki_token *ret);
/* The same against a digest. */
sv_status pki_token_verify_digest(struct sv_ctx *ctx, struct sv_bytes token,
                                  enum crypto_digest kind, const uint8_t *digest,
                                  struct pki_token *ret);

/* RFC 3161 2.3: the extended key usage id-kp-timeStamping, critical and alone. */
bool pki_cert_may_timestamp(const struct pki_cert *c);
/* Whether the chain's signer may time-stamp and leads to an anchor at a time, as pki_trust_document. */
enum pki_fault pki_trust_timestamp(const struct pki_trust *trust, const struct pki_chain *chain,
                                   int64_t at_us);

/* A TimeStampReq over a SHA-256 digest that asks for the authority's certificates. nonce: positive, big-endian, at most
 * PKI_NONCE_MAX bytes, NULL for none. policy: "1.2.3", NULL or "" for none. ret in ctx->mem.
 * Fails: FIELD_INVALID when the policy is no OID, NO_MEMORY. */
sv_status pki_timestamp_request(struct sv_ctx *ctx, const uint8_t digest[static 32],
                                const uint8_t *nonce, size_t nonce_n, const char *policy,
                                struct sv_bytes *ret);

struct pki_timestamp_answer {
  int status;            /* PKIStatus; 0 and 1 are granted, -1 is no answer at all */
  uint32_t failure;      /* PKIFailureInfo: bit n is (1 << n) */
  struct sv_bytes token; /* view into the input; n is 0 without */
};
/* Reads a TimeStampResp; what is no such thing has status -1. A token is given only when it was granted. */
void pki_timestamp_answer_read(struct sv_bytes answer, struct pki_timestamp_answer *ret);
/* Whether the token has this nonce, leading zeroes apart. */
bool pki_token_has_nonce(const struct pki_token *token, const uint8_t *nonce, size_t nonce_n);
