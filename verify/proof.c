/* Invariants: a time-stamp counts only once its own certificates have been judged at a time that is already proven; a
 * revocation counts from its date on, so that what is proven to be older stays good. */
#include "verify/proof.h"

#include "pki/revocation.h"
#include "verify/trust_struct.h"

enum { SKEW_US = 300 * 1000000 };

/* What the store says of one certificate: each statement verified once, whatever times it is asked for. */
struct told {
  const struct told *next;
  uint8_t cert_sha256[32], issuer_sha256[32];
  struct pki_revocation *ocsps, *crls; /* as many as the store has */
};

struct prover {
  struct sv_ctx *ctx;
  const struct verify_proof *with;
  struct verify_found *found;
  size_t n;
  const struct told **told;
};

/* What is known of one certificate at a time. */
struct status {
  bool revoked;
  bool told;          /* some statement says that it is good */
  bool told_by_store; /* and one of those is in the file */
  int reason;         /* of the revocation */
  int64_t revoked_us;
};

static void take(struct status *s, const struct pki_revocation *r, bool by_store) {
  if (r->state == PKI_REVOCATION_REVOKED && (!s->revoked || r->revoked_us < s->revoked_us)) {
    s->revoked = true;
    s->revoked_us = r->revoked_us;
    s->reason = r->reason;
  }
  if (r->state == PKI_REVOCATION_GOOD) {
    s->told = true;
    s->told_by_store = s->told_by_store || by_store;
  }
}

static const struct told *told_of(const struct prover *v, const struct pki_cert *cert,
                                  const struct pki_cert *issuer) {
  const struct told *t = *v->told;
  while (t && (memcmp(t->cert_sha256, pki_cert_sha256(cert), 32) != 0 ||
               memcmp(t->issuer_sha256, pki_cert_sha256(issuer), 32) != 0)) {
    t = t->next;
  }
  return t;
}

static sv_status read_statements(const struct prover *v, const struct pki_cert *cert,
                                 const struct pki_cert *issuer, int64_t at_us,
                                 const struct told **ret) {
  struct verify_store *store = v->with->store;
  struct told *t = SV_NEW(v->ctx->mem, struct told);
  struct pki_revocation *r =
      SV_ARRAY(v->ctx->mem, store->ocsp_n + store->crl_n, struct pki_revocation);
  if (!t || !r) {
    return SV_FAIL(v->ctx, NO_MEMORY, "statements");
  }
  *t = (struct told){.next = *v->told, .ocsps = r, .crls = r + store->ocsp_n};
  memcpy(t->cert_sha256, pki_cert_sha256(cert), 32);
  memcpy(t->issuer_sha256, pki_cert_sha256(issuer), 32);
  for (size_t i = 0; i < store->ocsp_n; i++) {
    SV_TRY(sv_ctx_alive(v->ctx));
    SV_TRY(pki_ocsp_judge(v->ctx, store->ocsps[i], cert, issuer, at_us, &t->ocsps[i]));
    store->ocsp_tells[i] = store->ocsp_tells[i] || t->ocsps[i].state != PKI_REVOCATION_NOT_FOR_IT;
  }
  for (size_t i = 0; i < store->crl_n; i++) {
    SV_TRY(sv_ctx_alive(v->ctx));
    SV_TRY(pki_crl_judge(v->ctx, store->crls[i], cert, issuer, at_us, &t->crls[i]));
    store->crl_tells[i] = store->crl_tells[i] || t->crls[i].state != PKI_REVOCATION_NOT_FOR_IT;
  }
  *v->told = t;
  *ret = t;
  return SV_DONE;
}

static sv_status ask_store(const struct prover *v, const struct pki_cert *cert,
                           const struct pki_cert *issuer, int64_t at_us, struct status *ret) {
  const struct verify_store *store = v->with->store;
  const struct told *t = told_of(v, cert, issuer);
  if (!t) {
    SV_TRY(read_statements(v, cert, issuer, at_us, &t));
  }
  for (size_t i = 0; i < store->ocsp_n + store->crl_n; i++) {
    struct pki_revocation r = t->ocsps[i]; /* the lists stand behind */
    pki_revocation_at(&r, cert, at_us);
    take(ret, &r, true);
  }
  return SV_DONE;
}

static sv_status ask_wire(const struct prover *v, const struct pki_cert *cert,
                          const struct pki_cert *issuer, int64_t at_us, struct status *ret) {
  struct verify_statement said = {0};
  struct pki_revocation r;
  sv_status s = v->with->wire->ask(v->with->wire, v->ctx, cert, issuer, &said);
  if (sv_failed(s)) {
    bool silence = s.reason != SV_NO_MEMORY && s.reason != SV_CANCELLED && s.reason != SV_DEADLINE;
    if (silence) {
      sv_ctx_clear(v->ctx);
    }
    return silence ? SV_DONE : s;
  }
  if (said.ocsp.n) {
    SV_TRY(pki_ocsp_judge(v->ctx, said.ocsp, cert, issuer, at_us, &r));
    take(ret, &r, false);
  }
  if (said.crl.n) {
    SV_TRY(pki_crl_judge(v->ctx, said.crl, cert, issuer, at_us, &r));
    take(ret, &r, false);
  }
  return SV_DONE;
}

/* The file first, then the trust list, then whoever can be asked. */
static sv_status status_of(const struct prover *v, const struct pki_trust *trust,
                           const struct pki_cert *cert, const struct pki_cert *issuer,
                           int64_t at_us, struct status *ret) {
  struct pki_revocation r;
  *ret = (struct status){.reason = -1};
  SV_TRY(ask_store(v, cert, issuer, at_us, ret));
  pki_trust_revocation(trust, cert, issuer, at_us, &r);
  take(ret, &r, false);
  return ret->told || ret->revoked || !v->with->wire ? SV_DONE
                                                     : ask_wire(v, cert, issuer, at_us, ret);
}

/* A chain at a time. */
struct judged {
  enum pki_fault fault;
  bool store_tells_all; /* each certificate but the root has a statement in the file */
};

/* A time-stamp made before its authority's certificate was revoked stays good when the key was not the reason (RFC 3161
 * 4): unspecified, affiliationChanged, superseded, cessationOfOperation. */
static bool stays_good(const struct status *s, int64_t made_us) {
  bool harmless = s->reason == 0 || (s->reason >= 3 && s->reason <= 5);
  return harmless && made_us > 0 && made_us < s->revoked_us;
}

/* made_us of a time-stamp's own time, 0 for a signature. */
static sv_status judge_path(const struct prover *v, const struct pki_trust *trust,
                            const struct pki_path *path, int64_t at_us, int64_t made_us,
                            struct judged *ret) {
  ret->store_tells_all = path->count > 1 && v->with->store->present;
  for (size_t i = 0; i + 1 < path->count; i++) {
    struct status s;
    SV_TRY(status_of(v, trust, path->certs[i], path->certs[i + 1], at_us, &s));
    ret->store_tells_all = ret->store_tells_all && s.told_by_store;
    if (s.revoked && !stays_good(&s, made_us)) {
      ret->fault = PKI_REVOKED;
    }
  }
  return SV_DONE;
}

static sv_status judge_signer(const struct prover *v, const struct pki_chain *chain, int64_t at_us,
                              struct judged *ret) {
  struct pki_path path;
  const struct pki_trust *trust = v->with->trust->pki;
  *ret = (struct judged){.fault = pki_trust_path(trust, chain, at_us, &path)};
  if (ret->fault == PKI_TRUSTED && !pki_cert_may_sign_documents(pki_chain_signer(chain))) {
    ret->fault = PKI_WRONG_USE;
  }
  SV_TRY(judge_path(v, trust, &path, at_us, 0, ret));
  if (ret->fault != PKI_UNTRUSTED &&
      verify_trust_compromised(v->with->trust, pki_chain_signer(chain), at_us)) {
    ret->fault = PKI_REVOKED;
  }
  return SV_DONE;
}

static sv_status judge_authority(const struct prover *v, const struct pki_chain *chain,
                                 int64_t at_us, int64_t made_us, struct judged *ret) {
  struct pki_path path;
  const struct pki_trust *trust = v->with->trust->stamps;
  *ret = (struct judged){.fault = pki_trust_path(trust, chain, at_us, &path)};
  if (ret->fault == PKI_TRUSTED && !pki_cert_may_timestamp(pki_chain_signer(chain))) {
    ret->fault = PKI_WRONG_USE;
  }
  return judge_path(v, trust, &path, at_us, made_us, ret);
}

static void fault_of_stamp(struct verify_found *f, enum pki_fault fault) {
  switch (fault) {
    case PKI_TRUSTED:
      break;
    case PKI_EXPIRED:
      verify_found_fault(f, VERIFY_PROOF_EXPIRED,
                         "a time-stamp whose authority's certificate has ended unrenewed");
      break;
    case PKI_REVOKED:
      verify_found_fault(f, VERIFY_REVOKED_CERTIFICATE, "the time-stamp authority's certificate");
      break;
    case PKI_WEAK:
      verify_found_fault(f, VERIFY_WEAK_ALGORITHM, "the time-stamp authority's certificate");
      break;
    case PKI_WRONG_USE:
    case PKI_UNTRUSTED: /* amber: another verifier may know him, and the signature stands without */
      verify_found_fault(f, VERIFY_STATUS_UNKNOWN, "a time-stamp of an authority not known here");
      break;
  }
}

/* Judges the token of f at a time; *time_us becomes its own when it holds. ret_level: it was good when it was made, so that
 * it counts for a level. */
static sv_status judge_stamp(const struct prover *v, struct verify_found *f, int64_t *time_us,
                             struct judged *ret_then) {
  struct judged at;
  int64_t made_us = f->stamp.gen_time_us;
  *ret_then = (struct judged){.fault = PKI_UNTRUSTED};
  if (!f->stamp.chain || f->stamp.fault != PKI_TOKEN_GOOD) {
    return SV_DONE; /* its reason is told already */
  }
  SV_TRY(judge_authority(v, f->stamp.chain, made_us, made_us, ret_then));
  SV_TRY(judge_authority(v, f->stamp.chain, *time_us, made_us, &at));
  fault_of_stamp(f, at.fault);
  bool known = at.fault != PKI_UNTRUSTED && at.fault != PKI_WEAK;
  if (known && !pki_trust_issuers_intact(v->with->trust->stamps, f->stamp.chain, *time_us)) {
    verify_found_fault(f, VERIFY_BYTES_ALTERED, "a certificate in a time-stamp was changed");
  }
  if (made_us > *time_us + SKEW_US) {
    verify_found_fault(
        f, made_us > v->with->now_us + SKEW_US ? VERIFY_CLOCK_WRONG : VERIFY_INVALID_SIGNATURE,
        "a time-stamp that is younger than the time it is judged at");
    return SV_DONE;
  }
  if (at.fault == PKI_TRUSTED && made_us < *time_us) {
    *time_us = made_us;
    f->say.proven_time_us = made_us;
  }
  return SV_DONE;
}

/* The document time-stamp that reaches farthest of those that end before `end`. */
static struct verify_found *next_stamp(const struct prover *v, size_t end) {
  struct verify_found *next = NULL;
  for (size_t i = 0; i < v->n; i++) {
    struct verify_found *f = &v->found[i];
    if (f->document_stamp && f->end < end && f->end > 0 && (!next || f->end > next->end)) {
      next = f;
    }
  }
  return next;
}

/* What the time-stamps say together about a signature that ends at `end`. */
struct proven {
  int64_t time_us; /* the time that they prove, or now */
  bool stamped;    /* some authority's time-stamp is over it, and was good when it was made */
  bool stored;     /* there is a store, and it tells all of those time-stamps that it could know */
  bool archived;   /* a time-stamp is over the store */
};

static size_t store_revision(const struct verify_proof *with, bool last) {
  size_t at = SIZE_MAX;
  for (size_t i = 1; i < with->revision_count; i++) {
    if (with->revisions[i].store && (last || at == SIZE_MAX)) {
      at = i;
    }
  }
  return at;
}

static void count_stamp(const struct prover *v, const struct verify_found *f,
                        const struct judged *then, struct proven *p) {
  size_t first = store_revision(v->with, false);
  size_t last = store_revision(v->with, true);
  if (then->fault != PKI_TRUSTED || !f->say.intact) {
    return;
  }
  p->stamped = true;
  if (last != SIZE_MAX && f->revision && f->revision - 1 < last) {
    p->stored = p->stored && then->store_tells_all;
  }
  if (first != SIZE_MAX && f->revision && f->revision - 1 > first) {
    p->archived = true;
  }
}

static sv_status prove_stamps(const struct prover *v, struct proven *ret_all) {
  struct judged then;
  size_t end = SIZE_MAX;
  for (struct verify_found *f; (f = next_stamp(v, end)); end = f->end) {
    SV_TRY(judge_stamp(v, f, &ret_all->time_us, &then));
    f->say.trusted = then.fault == PKI_TRUSTED;
    f->say.profile = "Document timestamp";
    count_stamp(v, f, &then, ret_all);
  }
  return SV_DONE;
}

static void fault_of_signer(struct verify_found *f, enum pki_fault fault, bool proven) {
  switch (fault) {
    case PKI_TRUSTED:
      break;
    case PKI_EXPIRED:
      verify_found_fault(f, VERIFY_EXPIRED_CERTIFICATE,
                         proven ? "the signer's certificate was not valid at the proven time"
                                : "the signer's certificate is not valid now, and nothing proves "
                                  "that the signature is older");
      break;
    case PKI_REVOKED:
      verify_found_fault(f, VERIFY_REVOKED_CERTIFICATE,
                         proven ? "the signer's certificate was revoked before the proven time"
                                : "the signer's certificate is revoked, and nothing proves that "
                                  "the signature is older");
      break;
    case PKI_WRONG_USE:
      verify_found_fault(f, VERIFY_WRONG_DOCUMENT_TYPE, "the signer's certificate");
      break;
    case PKI_WEAK:
      verify_found_fault(f, VERIFY_WEAK_ALGORITHM, "the signer's certificate");
      break;
    case PKI_UNTRUSTED:
      verify_found_fault(f, VERIFY_UNTRUSTED_CERTIFICATE, "the signer's certificate");
      break;
  }
}

static void name_level(struct verify_found *f, const struct proven *p, bool signer_stored) {
  static const char *const levels[] = {"B-B", "B-T", "B-LT", "B-LTA"};
  static const char *const profiles[] = {"PAdES-BASELINE-B", "PAdES-BASELINE-T",
                                         "PAdES-BASELINE-LT", "PAdES-BASELINE-LTA"};
  if (!f->baseline || !f->say.intact) {
    return;
  }
  bool stored = p->stamped && p->stored && signer_stored;
  size_t level = !p->stamped ? 0 : !stored ? 1 : !p->archived ? 2 : 3;
  f->say.level = levels[level];
  f->say.profile = profiles[level];
}

static sv_status prove_signature(const struct prover *v, struct verify_found *f, struct proven p) {
  struct judged signer;
  struct judged then;
  if (f->stamped) {
    SV_TRY(judge_stamp(v, f, &p.time_us, &then));
    if (then.fault == PKI_TRUSTED) {
      p.stamped = true;
      p.stored = p.stored && then.store_tells_all;
    }
  }
  bool by_stamp = p.time_us < v->with->now_us;
  int64_t registered_us = v->with->registered_us;
  bool by_registry = registered_us && registered_us < p.time_us;
  f->say.proven_time_us = by_stamp ? p.time_us : 0;
  if (!f->chain) {
    return SV_DONE;
  }
  SV_TRY(judge_signer(v, f->chain, by_registry ? registered_us : p.time_us, &signer));
  f->say.trusted = signer.fault == PKI_TRUSTED;
  fault_of_signer(f, signer.fault, by_stamp || by_registry);
  name_level(f, &p, signer.store_tells_all);
  return SV_DONE;
}

sv_status verify_prove(struct sv_ctx *ctx, const struct verify_proof *with,
                       struct verify_found *found, size_t n) {
  const struct told *told = NULL;
  const struct prover v = {.ctx = ctx, .with = with, .found = found, .n = n, .told = &told};
  struct proven all = {.time_us = with->now_us, .stored = with->store->present};
  SV_TRY(prove_stamps(&v, &all));
  for (size_t i = 0; i < n; i++) {
    if (found[i].document_stamp) {
      continue;
    }
    bool older = true; /* every time-stamp is over it: the one case that our files have */
    for (size_t k = 0; k < n; k++) {
      older = older && (!found[k].document_stamp || found[k].end > found[i].end);
    }
    struct proven none = {.time_us = with->now_us, .stored = with->store->present};
    SV_TRY(prove_signature(&v, &found[i], older ? all : none));
  }
  return SV_DONE;
}
