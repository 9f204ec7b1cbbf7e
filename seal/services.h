/* The services of others that the higher PAdES levels need: a time-stamp authority (RFC 3161), and what tells the status of
 * certificates (RFC 6960, RFC 5280). Asking is a function that the caller gives, so that nothing here knows a socket.
 * Every answer is hostile until it is verified; none is used before. Blocks: on workers only. Thread: any, several at once. */
#pragma once
#include "pki/cert.h"

/* What is asked of somebody: a POST with a type, or a GET where the type is NULL. Borrowed for the call. */
struct seal_question {
  const char *url;
  const char *content_type;
  struct sv_bytes body;
  uint32_t timeout_ms;
  size_t answer_max;
};
struct seal_fetch {
  /* The answer's body in ctx->mem. Fails: UNREACHABLE, CANCELLED, DEADLINE, NO_MEMORY. */
  sv_status (*ask)(struct seal_fetch *, struct sv_ctx *, const struct seal_question *,
                   struct sv_bytes *ret);
};

/* All borrowed for the life of the services. */
struct seal_services_config {
  struct seal_fetch *fetch;
  const char *tsa_url;
  const char *tsa_policy; /* that tokens must have, "1.2.3"; "": any */
  uint32_t tsa_timeout_ms;
  uint32_t tsa_skew_s;             /* how far the authority's clock may be from ours */
  uint32_t revocation_timeout_ms;  /* of one question */
  uint32_t revocation_budget_ms;   /* of all questions for one document */
  uint32_t kept_s;                 /* how old one may be that is used while nobody answers */
  uint32_t fresh_s;                /* how old a kept answer may be before it is asked for again */
  struct sv_bytes tsa_trust_pem;   /* the authority's anchors, and CAs that its tokens lack */
  struct sv_bytes document_ca_pem; /* CAs of the document signer: the root that its chain lacks */
};

struct seal_services;
/* Fails: CONFIG with what is wrong, NO_MEMORY. ret: caller, seal_services_close, which accepts NULL. */
sv_status seal_services_open(struct sv_ctx *ctx, const struct seal_services_config *config,
                             struct seal_services **ret);
void seal_services_close(struct seal_services *s);
SV_AUTO_DEFINE(struct seal_services, seal_services_close)

/* A verified time-stamp. */
struct seal_stamp {
  struct sv_bytes token; /* DER, in the call's memory */
  int64_t time_us;
  int64_t not_after_us; /* when the first certificate of the authority's path ends */
};
/* Has a SHA-256 digest stamped, and verifies the whole token: imprint, nonce, policy, signature, certificate, clock.
 * Fails: TIMESTAMP with the authority and what happened, CANCELLED, DEADLINE, NO_MEMORY. */
sv_status seal_stamp_take(struct seal_services *s, struct sv_ctx *ctx,
                          const uint8_t digest[static 32], struct seal_stamp *ret);
/* The bytes to reserve for a token: what the authority's have been, and a little. The first time a stamp is taken, to
 * know; where the last one was not to be had, one is taken to see whether the authority is back: nothing is signed for
 * one that is down. Fails: as seal_stamp_take. */
sv_status seal_stamp_room(struct seal_services *s, struct sv_ctx *ctx, size_t *ret);

/* What a Document Security Store holds: certificates, and statements about them, each once, in DER. */
enum { SEAL_EVIDENCE_MAX = 48 };
struct seal_evidence {
  struct sv_bytes certs[SEAL_EVIDENCE_MAX];
  struct sv_bytes ocsps[SEAL_EVIDENCE_MAX];
  struct sv_bytes crls[SEAL_EVIDENCE_MAX];
  size_t cert_n, ocsp_n, crl_n;
};
enum seal_chain_role { SEAL_CHAIN_SIGNER, SEAL_CHAIN_TSA };
/* Adds a chain's path up to its root, and for each certificate but the root a statement that it is good now, by OCSP or by
 * a list. in ctx->mem. Fails: REVOCATION when there is none to be had, SIGNER (TIMESTAMP for an authority's chain) when one
 * is revoked, CANCELLED, DEADLINE, NO_MEMORY. */
sv_status seal_evidence_add(struct seal_services *s, struct sv_ctx *ctx, enum seal_chain_role role,
                            const struct pki_chain *chain, struct seal_evidence *evidence);

/* What can be said of one certificate now, good or bad, for who judges it himself: an answer or a list, n 0 where there is
 * none. in ctx->mem. Fails: REVOCATION when nobody says anything, CANCELLED, DEADLINE, NO_MEMORY. */
sv_status seal_status_ask(struct seal_services *s, struct sv_ctx *ctx, const struct pki_cert *cert,
                          const struct pki_cert *issuer, struct sv_bytes *ret_ocsp,
                          struct sv_bytes *ret_list);
