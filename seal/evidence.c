/* The status of certificates, asked for and kept. OCSP first, for it is newer than a list; a list where the responder does
 * not answer as it should; what was kept where neither does and it still holds.
 * Invariant: what is handed out was judged GOOD, for this certificate and now, in this very call. */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "pki/revocation.h"
#include "seal/services_struct.h"

enum { NONCE_BYTES = 16, FAULTS_TEXT = 160, MINUTE_S = 60 };

/* One certificate whose status is wanted. */
struct asking {
  struct seal_services *s;
  struct sv_ctx *ctx;
  const struct pki_cert *cert, *issuer;
  struct seal_evidence *evidence;
  bool revoked;          /* somebody who must know said so */
  bool bad_too;          /* his word is wanted as well */
  char why[FAULTS_TEXT]; /* what each of those who were asked did */
};

static sv_status bytes_add(struct sv_ctx *ctx, struct sv_bytes *list, size_t *n,
                           struct sv_bytes bytes) {
  for (size_t i = 0; i < *n; i++) {
    if (sv_bytes_equal(list[i], bytes)) {
      return SV_DONE;
    }
  }
  uint8_t *copy = *n < SEAL_EVIDENCE_MAX ? sv_arena_alloc(ctx->mem, bytes.n) : NULL;
  if (!copy) {
    return SV_FAIL(ctx, NO_MEMORY, "evidence");
  }
  memcpy(copy, bytes.p, bytes.n);
  list[(*n)++] = sv_bytes_of(copy, bytes.n);
  return SV_DONE;
}

static sv_status statement_add(struct asking *a, struct sv_bytes der, bool list) {
  struct seal_evidence *e = a->evidence;
  return list ? bytes_add(a->ctx, e->crls, &e->crl_n, der)
              : bytes_add(a->ctx, e->ocsps, &e->ocsp_n, der);
}

static void fault_note(struct asking *a, const char *who, const char *what) {
  size_t at = strlen(a->why);
  (void)snprintf(a->why + at, sizeof a->why - at, "%s%s: %s", at ? "; " : "", who, what);
}

/* Whether a statement says that the certificate is good now. */
static sv_status judge(struct asking *a, struct sv_bytes der, bool list, bool *ret_good,
                       struct pki_revocation *ret) {
  sv_status s = list ? pki_crl_judge(a->ctx, der, a->cert, a->issuer, sv_wall_us(), ret)
                     : pki_ocsp_judge(a->ctx, der, a->cert, a->issuer, sv_wall_us(), ret);
  *ret_good = !sv_failed(s) && ret->state == PKI_REVOCATION_GOOD;
  a->revoked = a->revoked || (!sv_failed(s) && ret->state == PKI_REVOCATION_REVOKED);
  return s;
}

/* --- what is kept --- */

/* The place of a certificate's statement; else a free one, else the oldest. Under the lock. */
static struct statement *place_of(struct seal_services *s, const uint8_t sha256[static 32]) {
  struct statement *best = &s->statements[0];
  for (size_t i = 0; i < STATEMENTS_KEPT; i++) {
    struct statement *p = &s->statements[i];
    if (p->der && memcmp(p->cert_sha256, sha256, 32) == 0) {
      return p;
    }
    if (best->der && (!p->der || p->taken_ns < best->taken_ns)) {
      best = p;
    }
  }
  return best;
}

static void statement_keep(struct asking *a, struct sv_bytes der, bool list) {
  struct seal_services *s = a->s;
  uint8_t *copy = malloc(der.n);
  if (!copy) {
    return; /* asked again the next time */
  }
  memcpy(copy, der.p, der.n);
  (void)pthread_mutex_lock(&s->lock);
  struct statement *p = place_of(s, pki_cert_sha256(a->cert));
  free(p->der);
  memcpy(p->cert_sha256, pki_cert_sha256(a->cert), 32);
  p->der = copy;
  p->n = der.n;
  p->list = list;
  p->taken_ns = sv_monotonic_ns();
  (void)pthread_mutex_unlock(&s->lock);
}

/* The kept statement, where it is not older than this and still good. */
static sv_status kept_use(struct asking *a, uint64_t age_max_ns, bool *ret_used) {
  struct seal_services *s = a->s;
  struct sv_bytes der = {0};
  bool list = false, good = false;
  (void)pthread_mutex_lock(&s->lock);
  const struct statement *p = place_of(s, pki_cert_sha256(a->cert));
  if (p->der && memcmp(p->cert_sha256, pki_cert_sha256(a->cert), 32) == 0 &&
      sv_monotonic_ns() - p->taken_ns <= age_max_ns) {
    uint8_t *copy = sv_arena_alloc(a->ctx->mem, p->n);
    if (copy) {
      memcpy(copy, p->der, p->n);
      der = sv_bytes_of(copy, p->n);
      list = p->list;
    }
  }
  (void)pthread_mutex_unlock(&s->lock);
  struct pki_revocation r;
  if (der.n) {
    SV_TRY(judge(a, der, list, &good, &r));
  }
  *ret_used = good;
  return good ? statement_add(a, der, list) : SV_DONE;
}

/* --- asking --- */

static sv_status ask(struct asking *a, struct sv_ctx *aside, const struct seal_question *q,
                     const char *who, struct sv_bytes *ret, bool *ret_answered) {
  sv_status s = a->s->config.fetch->ask(a->s->config.fetch, aside, q, ret);
  *ret_answered = !sv_failed(s);
  if (sv_failed(s)) {
    fault_note(a, who, aside->detail);
    SV_TRY(sv_ctx_alive(a->ctx)); /* the call's own end is no fault of theirs */
  }
  return SV_DONE;
}

static sv_status take(struct asking *a, struct sv_bytes der, bool list, const char *who,
                      bool *ret_good) {
  struct pki_revocation r;
  SV_TRY(judge(a, der, list, ret_good, &r));
  if (!*ret_good) {
    fault_note(a, who, r.why);
    return a->bad_too && r.state == PKI_REVOCATION_REVOKED ? statement_add(a, der, list) : SV_DONE;
  }
  statement_keep(a, der, list);
  return statement_add(a, der, list);
}

/* An answer without the nonce is an old one that responders give out again: it has to be of now. */
static bool fresh(const struct asking *a, const struct pki_revocation *r) {
  return r->this_update_us >= sv_wall_us() - ((int64_t)a->s->config.fresh_s + MINUTE_S) * 1000000;
}

static sv_status ocsp_try(struct asking *a, uint32_t budget_ms, bool *ret_good) {
  const char *url;
  SV_TRY(pki_cert_pointer(a->ctx, a->cert, PKI_POINTER_OCSP, &url));
  if (url[0] == '\0') {
    return SV_DONE;
  }
  uint8_t nonce[NONCE_BYTES];
  struct sv_ctx aside = services_aside(a->ctx, budget_ms);
  struct seal_question q = {.url = url,
                            .content_type = "application/ocsp-request",
                            .timeout_ms = a->s->config.revocation_timeout_ms,
                            .answer_max = PKI_OCSP_MAX};
  struct sv_bytes answer;
  bool answered;
  struct pki_revocation r;
  SV_TRY(crypto_random(a->ctx, nonce, sizeof nonce));
  SV_TRY(pki_ocsp_request(a->ctx, a->cert, a->issuer, nonce, sizeof nonce, &q.body));
  SV_TRY(ask(a, &aside, &q, "OCSP", &answer, &answered));
  if (!answered) {
    return SV_DONE;
  }
  SV_TRY(pki_ocsp_judge(a->ctx, answer, a->cert, a->issuer, sv_wall_us(), &r));
  if (r.has_nonce ? !pki_ocsp_has_nonce(answer, nonce, sizeof nonce)
                  : r.state == PKI_REVOCATION_GOOD && !fresh(a, &r)) {
    fault_note(a, "OCSP", r.has_nonce ? "another nonce than the question's" : "an old answer");
    return SV_DONE;
  }
  return take(a, answer, false, "OCSP", ret_good);
}

static sv_status list_try(struct asking *a, uint32_t budget_ms, bool *ret_good) {
  const char *url;
  SV_TRY(pki_cert_pointer(a->ctx, a->cert, PKI_POINTER_CRL, &url));
  if (url[0] == '\0') {
    return SV_DONE;
  }
  struct sv_ctx aside = services_aside(a->ctx, budget_ms);
  struct seal_question q = {
      .url = url, .timeout_ms = a->s->config.revocation_timeout_ms, .answer_max = PKI_CRL_MAX};
  struct sv_bytes answer;
  bool answered;
  SV_TRY(ask(a, &aside, &q, "CRL", &answer, &answered));
  return answered ? take(a, answer, true, "CRL", ret_good) : SV_DONE;
}

/* What is left of the document's budget. */
static uint32_t left_ms(uint64_t until_ns) {
  uint64_t now_ns = sv_monotonic_ns();
  return now_ns < until_ns ? (uint32_t)((until_ns - now_ns) / 1000000) : 0;
}

static sv_status status_take(struct asking *a, uint64_t until_ns) {
  bool good = false;
  SV_TRY(kept_use(a, (uint64_t)a->s->config.fresh_s * 1000000000, &good));
  if (!good && !a->revoked) {
    SV_TRY(ocsp_try(a, left_ms(until_ns), &good));
  }
  if (!good && !a->revoked) {
    SV_TRY(list_try(a, left_ms(until_ns), &good));
  }
  if (!good && !a->revoked) {
    SV_TRY(kept_use(a, (uint64_t)a->s->config.kept_s * 1000000000, &good));
  }
  return good || a->revoked
             ? SV_DONE
             : SV_FAIL(a->ctx, REVOCATION, "the status of %.60s: %s", pki_cert_common_name(a->cert),
                       a->why[0] ? a->why : "nobody is named to ask");
}

sv_status seal_evidence_add(struct seal_services *s, struct sv_ctx *ctx, enum seal_chain_role role,
                            const struct pki_chain *chain, struct seal_evidence *evidence) {
  bool signer = role == SEAL_CHAIN_SIGNER, whole;
  SV_AUTO(pki_chain_close) struct pki_chain *path = NULL;
  uint64_t until_ns = sv_monotonic_ns() + (uint64_t)s->config.revocation_budget_ms * 1000000;
  SV_TRY(pki_path_open(ctx, chain, signer ? s->document_issuers : s->tsa_issuers, &path, &whole));
  if (!whole) {
    return SV_FAIL(ctx, REVOCATION, "%.80s leads to no root that is at hand",
                   pki_cert_common_name(pki_chain_signer(path)));
  }
  for (size_t i = 0; i < pki_chain_count(path); i++) {
    struct asking a = {.s = s, .ctx = ctx, .cert = pki_chain_at(path, i), .evidence = evidence};
    size_t known = evidence->cert_n;
    SV_TRY(bytes_add(ctx, evidence->certs, &evidence->cert_n, pki_cert_der(a.cert)));
    if (evidence->cert_n == known) {
      break; /* met before, and with it all that is above it */
    }
    if (i + 1 == pki_chain_count(path)) {
      break; /* a root speaks for itself */
    }
    a.issuer = pki_chain_at(path, i + 1);
    SV_TRY(status_take(&a, until_ns));
    if (a.revoked) {
      return sv_ctx_fail(ctx, signer ? SV_SIGNER : SV_TIMESTAMP, "%.80s is revoked",
                         pki_cert_common_name(a.cert));
    }
  }
  return SV_DONE;
}

sv_status seal_status_ask(struct seal_services *s, struct sv_ctx *ctx, const struct pki_cert *cert,
                          const struct pki_cert *issuer, struct sv_bytes *ret_ocsp,
                          struct sv_bytes *ret_list) {
  struct seal_evidence evidence = {.cert_n = 0};
  struct asking a = {
      .s = s, .ctx = ctx, .cert = cert, .issuer = issuer, .evidence = &evidence, .bad_too = true};
  SV_TRY(status_take(&a, sv_monotonic_ns() + (uint64_t)s->config.revocation_budget_ms * 1000000));
  *ret_ocsp = evidence.ocsp_n ? evidence.ocsps[0] : (struct sv_bytes){0};
  *ret_list = evidence.crl_n ? evidence.crls[0] : (struct sv_bytes){0};
  return SV_DONE;
}
