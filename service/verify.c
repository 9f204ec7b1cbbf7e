/* Judging, with the registry at hand: verify/ asks through its table, and the answer is projected for who asked. */
#include "service/inside.h"
#include "service/log.h"

#include <string.h>

#include "store/audience.h"
#include "verify/headline.h"

struct judge {
  struct verify_registry registry; /* first: verify/ hands it back */
  struct service *s;
};

struct question {
  const struct judge *judge;
  const char *number;
  uint32_t version;
  const uint8_t *pdf_sha256;
  struct verify_row *out;
};

static const char *zone_of(const struct service *s, const char *authority) {
  const struct model_authority *a = policy_authority(s->parts.policy, authority);
  return a ? a->zone : "";
}

/* The copies for an audience are of the newest copy: manifests have one. */
static sv_status audience_copies(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct store_document *d, struct verify_copy *copies,
                                 size_t *n) {
  struct store_audience_copy all[MODEL_AUDIENCES];
  size_t count;
  SV_TRY(tx->audience->all(tx, ctx, d->number, d->version, all, &count));
  for (size_t i = 0; i < count; i++) {
    copies[*n] = (struct verify_copy){.copy = d->copy, .time_us = all[i].time_us};
    memcpy(copies[*n].pdf_sha256, all[i].pdf_sha256, 32);
    ++*n;
  }
  return SV_DONE;
}

static sv_status own_copies(struct store_tx *tx, struct sv_ctx *ctx, const struct store_document *d,
                            struct verify_copy *copies, size_t *n) {
  struct store_copy *all = SV_ARRAY(ctx->mem, d->copy, struct store_copy);
  size_t count;
  if (!all) {
    return SV_FAIL(ctx, NO_MEMORY, "copies");
  }
  SV_TRY(tx->ops->copies(tx, ctx, d->number, d->version, all, d->copy, &count));
  for (size_t i = 0; i < count; i++) {
    copies[*n] = (struct verify_copy){.copy = all[i].copy, .time_us = all[i].time_us};
    memcpy(copies[*n].pdf_sha256, all[i].pdf_sha256, 32);
    ++*n;
  }
  return SV_DONE;
}

static sv_status row_fill(struct store_tx *tx, struct sv_ctx *ctx, const struct question *q,
                          const struct store_document *d) {
  struct service_issued issued = {.document = *d};
  SV_TRY(service_row_read(tx, ctx, &issued, false));
  struct store_document current;
  SV_TRY(tx->ops->document_find(tx, ctx, d->number, 0, &current));
  struct verify_copy *copies = SV_ARRAY(ctx->mem, d->copy + MODEL_AUDIENCES, struct verify_copy);
  struct verify_seal_row *seals = SV_ARRAY(ctx->mem, issued.seal_count, struct verify_seal_row);
  if (!copies || !seals) {
    return SV_FAIL(ctx, NO_MEMORY, "row");
  }
  size_t copy_count = 0;
  bool issued_once = d->record.n > 0 || d->state == MODEL_ERASED; /* digests outlive the bytes */
  if (issued_once) {
    SV_TRY(own_copies(tx, ctx, d, copies, &copy_count));
  }
  SV_TRY(audience_copies(tx, ctx, d, copies, &copy_count));
  for (size_t i = 0; i < issued.seal_count; i++) {
    seals[i] = (struct verify_seal_row){issued.seals[i].page, issued.seals[i].seal};
  }
  *q->out = (struct verify_row){
      .found = true,
      .number = d->number,
      .version = d->version,
      .kind = d->kind,
      .state = d->state,
      .copies = copies,
      .copy_count = copy_count,
      .latest_copy = d->copy,
      .latest_version = current.version,
      .valid_from = d->valid_from,
      .valid_until = d->valid_until,
      .zone = zone_of(q->judge->s, d->authority),
      .seals = seals,
      .seal_count = issued.seal_count,
  };
  memcpy(q->out->record_sha256, d->record_sha256, 32);
  return SV_DONE;
}

/* By the bytes of a copy, or of a copy for an audience. */
static sv_status by_pdf(struct store_tx *tx, struct sv_ctx *ctx, const uint8_t pdf_sha256[32],
                        struct store_document *ret) {
  uint32_t copy;
  struct store_audience_copy given;
  sv_status s = tx->ops->document_by_pdf(tx, ctx, pdf_sha256, ret, &copy);
  if (s.reason != SV_NOT_FOUND) {
    return s;
  }
  sv_ctx_clear(ctx);
  SV_TRY(tx->audience->by_pdf(tx, ctx, pdf_sha256, &given));
  return tx->ops->document_find(tx, ctx, given.number, given.version, ret);
}

static sv_status question_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct question *q = arg;
  struct store_document d;
  sv_status s = q->pdf_sha256 ? by_pdf(tx, ctx, q->pdf_sha256, &d)
                              : tx->ops->document_find(tx, ctx, q->number, q->version, &d);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    *q->out = (struct verify_row){0};
    return SV_DONE;
  }
  SV_TRY(s);
  return row_fill(tx, ctx, q, &d);
}

static sv_status judge_find(const struct verify_registry *registry, struct sv_ctx *ctx,
                            const char *number, uint32_t version, struct verify_row *ret) {
  const struct judge *j = (const struct judge *)registry;
  struct question q = {.judge = j, .number = number, .version = version, .out = ret};
  return store_read(j->s->parts.store, ctx, question_act, &q);
}

static sv_status judge_find_by_pdf(const struct verify_registry *registry, struct sv_ctx *ctx,
                                   const uint8_t sha256[static 32], struct verify_row *ret) {
  const struct judge *j = (const struct judge *)registry;
  struct question q = {.judge = j, .pdf_sha256 = sha256, .out = ret};
  return store_read(j->s->parts.store, ctx, question_act, &q);
}

static struct judge judge_of(struct service *s) {
  return (struct judge){.registry = {.find = judge_find, .find_by_pdf_sha256 = judge_find_by_pdf},
                        .s = s};
}

sv_status service_row_find(struct service *s, struct sv_ctx *ctx, const char *number,
                           uint32_t version, struct verify_row *ret) {
  struct judge j = judge_of(s);
  return judge_find(&j.registry, ctx, number, version, ret);
}

static sv_status known_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct service_report *r = arg;
  SV_TRY(
      tx->ops->document_find(tx, ctx, r->report.number, r->report.version, &r->document.document));
  SV_TRY(log_proof(tx, ctx, r->report.number, r->report.version, &r->inclusion_proof));
  return service_row_read(tx, ctx, &r->document, false);
}

/* Green and amber name the document; red and grey say nothing of it, to nobody. */
sv_status service_report_project(struct service *s, struct sv_ctx *ctx,
                                 const struct service_caller *caller, const char *language,
                                 struct service_report *r) {
  r->headline = verify_headline(ctx, &r->report, language);
  r->language = language;
  bool shown = r->report.verdict == VERIFY_VALID || r->report.verdict == VERIFY_CHECK;
  if (!shown || r->report.number[0] == '\0') {
    return SV_DONE;
  }
  sv_status found = store_read(s->parts.store, ctx, known_act, r);
  if (found.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(found);
  if (r->document.logged && r->inclusion_proof.n == 0) { /* issued a moment ago */
    struct sv_ctx aside = sv_ctx_over(ctx->mem);
    aside.deadline_ns = ctx->deadline_ns;
    aside.cancelled = ctx->cancelled;
    if (!sv_failed(service_log_sign(s, &aside))) { /* a verdict does not wait for the log's key */
      SV_TRY(store_read(s->parts.store, ctx, known_act, r));
    }
  }
  r->known = true;
  r->own = strcmp(r->document.document.authority, caller->authority->id) == 0 &&
           !sv_failed(policy_allows(&(struct sv_ctx){.mem = ctx->mem}, caller,
                                    SERVICE_ACT_GetDocument, r->document.document.kind));
  return SV_DONE;
}

/* Who can be asked about certificates where neither the file nor the trust list tells. */
struct asker {
  struct verify_wire wire; /* first: verify/ hands it back */
  struct seal_services *services;
};

static sv_status asker_ask(const struct verify_wire *wire, struct sv_ctx *ctx,
                           const struct pki_cert *cert, const struct pki_cert *issuer,
                           struct verify_statement *ret) {
  const struct asker *a = (const struct asker *)wire;
  return seal_status_ask(a->services, ctx, cert, issuer, &ret->ocsp, &ret->crl);
}

sv_status service_verify_pdf(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, struct sv_bytes pdf,
                             const char *language, struct service_report *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_VerifyDocument, MODEL_KIND_NONE));
  *ret = (struct service_report){0};
  struct judge j = judge_of(s);
  service_hold(s);
  struct asker asker = {{asker_ask}, s->parts.services}; /* as long as that is held */
  struct verify_means means = {s->parts.trust, &j.registry, s->parts.services ? &asker.wire : NULL,
                               sv_wall_us()};
  sv_status status = verify_pdf_by(ctx, &means, pdf, &ret->report);
  service_release(s);
  SV_TRY(status);
  return service_report_project(s, ctx, caller, language, ret);
}

sv_status service_verify_seal(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller, struct sv_bytes seal,
                              const struct verify_shown *shown, const char *language,
                              struct service_report *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_VerifySeal, MODEL_KIND_NONE));
  *ret = (struct service_report){0};
  struct judge j = judge_of(s);
  service_hold(s);
  sv_status status =
      verify_seal(ctx, s->parts.trust, &j.registry, sv_wall_us(), seal, shown, &ret->report);
  service_release(s);
  SV_TRY(status);
  return service_report_project(s, ctx, caller, language, ret);
}
