/* Rows and reports into messages, projected for who asks. */
#include "rpc/api/convert.h"

#include <string.h>

#include "base/clock.h"

static char *text(const char *s) { return (char *)(uintptr_t)s; } /* packing only reads */

static ProtobufCBinaryData data_of(const void *p, size_t n) {
  return (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)p};
}

Google__Protobuf__Timestamp *convert_timestamp(struct sv_ctx *ctx, int64_t us) {
  Google__Protobuf__Timestamp *t = SV_NEW(ctx->mem, Google__Protobuf__Timestamp);
  if (t) {
    google__protobuf__timestamp__init(t);
    t->seconds = us / 1000000;
    t->nanos = (int32_t)(us % 1000000) * 1000;
  }
  return t;
}

static bool languages_put(struct sv_ctx *ctx, const char *list, Salvo__V1__Document *d) {
  char *copy = sv_arena_strdup(ctx->mem, list);
  d->languages = SV_ARRAY(ctx->mem, strlen(list) + 1, char *);
  if (!copy || !d->languages) {
    return false;
  }
  char *save = NULL;
  for (char *l = strtok_r(copy, ",", &save); l; l = strtok_r(NULL, ",", &save)) {
    d->languages[d->n_languages++] = l;
  }
  return true;
}

static bool seals_put(struct sv_ctx *ctx, const struct service_issued *doc,
                      Salvo__V1__Document *d) {
  d->visible_seals = SV_ARRAY(ctx->mem, doc->seal_count, Salvo__V1__Document__VisibleSeal *);
  for (size_t i = 0; d->visible_seals && i < doc->seal_count; i++) {
    Salvo__V1__Document__VisibleSeal *s = SV_NEW(ctx->mem, Salvo__V1__Document__VisibleSeal);
    if (!s) {
      return false;
    }
    salvo__v1__document__visible_seal__init(s);
    s->page = doc->seals[i].page;
    s->seal = data_of(doc->seals[i].seal.p, doc->seals[i].seal.n);
    d->visible_seals[d->n_visible_seals++] = s;
  }
  return d->visible_seals != NULL;
}

/* EXPIRED is derived: after the last day of validity, seen from the latest time zone there is. */
static enum model_state state_of(const struct store_document *row) {
  struct sv_date until;
  if (row->state == MODEL_ISSUED && sv_date_parse(row->valid_until, &until)) {
    int64_t end_us = (sv_date_days(until) + 1) * 86400 * 1000000 + (int64_t)12 * 3600 * 1000000;
    if (sv_wall_us() >= end_us) {
      return MODEL_EXPIRED;
    }
  }
  return row->state;
}

/* Approvals and copies. */
static bool history_put(struct sv_ctx *ctx, const struct service_issued *doc,
                        Salvo__V1__Document *d) {
  d->approvals = SV_ARRAY(ctx->mem, doc->approval_count, Salvo__V1__Document__Approval *);
  d->copies = SV_ARRAY(ctx->mem, doc->copy_count, Salvo__V1__Document__Copy *);
  if (!d->approvals || !d->copies) {
    return false;
  }
  for (size_t i = 0; i < doc->approval_count; i++) {
    Salvo__V1__Document__Approval *a = SV_NEW(ctx->mem, Salvo__V1__Document__Approval);
    if (!a) {
      return false;
    }
    salvo__v1__document__approval__init(a);
    a->officer = text(doc->approvals[i].officer);
    a->time = convert_timestamp(ctx, doc->approvals[i].time_us);
    d->approvals[d->n_approvals++] = a;
  }
  for (size_t i = 0; i < doc->copy_count; i++) {
    Salvo__V1__Document__Copy *c = SV_NEW(ctx->mem, Salvo__V1__Document__Copy);
    if (!c) {
      return false;
    }
    salvo__v1__document__copy__init(c);
    c->copy = doc->copies[i].copy;
    c->reason = (Salvo__V1__Document__StateReason)doc->copies[i].reason;
    c->time = convert_timestamp(ctx, doc->copies[i].time_us);
    d->copies[d->n_copies++] = c;
  }
  return true;
}

Salvo__V1__Document *convert_document(struct sv_ctx *ctx, const struct service_issued *doc,
                                      bool own) {
  const struct store_document *row = &doc->document;
  Salvo__V1__Document *d = SV_NEW(ctx->mem, Salvo__V1__Document);
  if (!d) {
    return NULL;
  }
  salvo__v1__document__init(d);
  d->number = text(row->number);
  d->version = row->version;
  d->copy = row->copy;
  d->authority = text(row->authority);
  d->kind = (Salvo__V1__DocumentKind)row->kind;
  d->state = (Salvo__V1__Document__State)state_of(row);
  d->state_reason = (Salvo__V1__Document__StateReason)row->state_reason;
  d->supersedes = text(row->supersedes);
  d->superseded_by = text(row->superseded_by);
  d->issue_date = text(row->issue_date);
  d->valid_from = text(row->valid_from);
  d->valid_until = text(row->valid_until);
  d->issue_time = convert_timestamp(ctx, row->issue_time_us);
  d->seal_certificate = text(row->seal_certificate);
  bool ok = d->issue_time != NULL;
  if (row->record.n || row->state == MODEL_ERASED) { /* issued: there are digests to speak of */
    d->content_sha256 = data_of(row->content_sha256, 32);
    d->record_sha256 = data_of(row->record_sha256, 32);
    d->pdf_sha256 = data_of(doc->pdf_sha256, 32);
    d->level = text(doc->level ? doc->level : "");
    d->file_sha256 = data_of(doc->file_sha256, doc->level ? 32 : 0);
    d->signer_certificate_sha256 = data_of(row->signer_certificate_sha256, 32);
    ok = ok && seals_put(ctx, doc, d);
  }
  if (row->state == MODEL_PENDING_APPROVAL) { /* what an approver confirms */
    d->content_sha256 = data_of(row->content_sha256, 32);
  }
  if (doc->logged) {
    d->log_entry = SV_NEW(ctx->mem, Salvo__V1__Document__LogEntry);
    if (!d->log_entry) {
      return NULL;
    }
    salvo__v1__document__log_entry__init(d->log_entry);
    d->log_entry->index = doc->log_index;
  }
  if (own) {
    d->template_ = text(row->template_name);
    d->template_sha256 = data_of(row->template_sha256.p, row->template_sha256.n);
    d->paper = (Salvo__V1__Paper)row->paper;
    d->status_list = text(row->status_list);
    d->status_index = row->status_index;
    d->issued_by = text(row->issued_by);
    ok = ok && languages_put(ctx, row->languages, d) && history_put(ctx, doc, d);
  }
  return ok ? d : NULL;
}

Salvo__V1__Obligation *convert_obligation(struct sv_ctx *ctx, const struct store_obligation *o) {
  Salvo__V1__Obligation *m = SV_NEW(ctx->mem, Salvo__V1__Obligation);
  char *name = sv_arena_printf(ctx->mem, "obligations/%s", o->id);
  if (!m || !name) {
    return NULL;
  }
  salvo__v1__obligation__init(m);
  m->name = name;
  m->authority = text(o->authority);
  m->award_number = text(o->award_number);
  m->awarding_agency = text(o->awarding_agency);
  m->recipient_name = text(o->recipient_name);
  m->recipient_id = text(o->recipient_id);
  m->currency = text(o->currency);
  m->obligated_minor = o->obligated_minor;
  m->disbursed_minor = o->disbursed_minor;
  m->balance_minor = o->obligated_minor - o->disbursed_minor;
  m->period_start = text(o->period_start);
  m->period_end = text(o->period_end);
  m->amendment = o->amendment;
  m->closed = o->closed;
  return m;
}

/* Reasons, and a sentence for each. */
static bool reasons_put(struct sv_ctx *ctx, const enum verify_reason *reasons, size_t n,
                        const char *language, size_t *ret_n,
                        Salvo__V1__VerificationReport__Reason **ret, size_t *ret_texts_n,
                        char ***ret_texts) {
  *ret = SV_ARRAY(ctx->mem, n, Salvo__V1__VerificationReport__Reason);
  *ret_texts = SV_ARRAY(ctx->mem, n, char *);
  for (size_t i = 0; *ret && *ret_texts && i < n; i++) {
    (*ret)[i] = (Salvo__V1__VerificationReport__Reason)reasons[i];
    (*ret_texts)[i] = text(verify_reason_text(reasons[i], language));
    *ret_n = *ret_texts_n = i + 1;
  }
  return *ret && *ret_texts;
}

static bool signature_put(struct sv_ctx *ctx, const struct verify_signature *v,
                          const char *language, Salvo__V1__VerificationReport__Signature *s) {
  salvo__v1__verification_report__signature__init(s);
  s->signer = text(v->signer);
  s->level = text(v->level);
  s->profile = text(v->profile);
  s->claimed_time = v->claimed_time_us ? convert_timestamp(ctx, v->claimed_time_us) : NULL;
  s->proven_time = v->proven_time_us ? convert_timestamp(ctx, v->proven_time_us) : NULL;
  s->intact = v->intact;
  s->trusted = v->trusted;
  s->covers_whole_file = v->covers_whole_file;
  return reasons_put(ctx, v->reasons, v->reason_count, language, &s->n_reasons, &s->reasons,
                     &s->n_reason_texts, &s->reason_texts);
}

static bool signatures_put(struct sv_ctx *ctx, const struct verify_report *r, const char *language,
                           Salvo__V1__VerificationReport *m) {
  m->signatures =
      SV_ARRAY(ctx->mem, r->signature_count, Salvo__V1__VerificationReport__Signature *);
  for (size_t i = 0; m->signatures && i < r->signature_count; i++) {
    Salvo__V1__VerificationReport__Signature *s =
        SV_NEW(ctx->mem, Salvo__V1__VerificationReport__Signature);
    if (!s || !signature_put(ctx, &r->signatures[i], language, s)) {
      return false;
    }
    m->signatures[m->n_signatures++] = s;
  }
  return m->signatures != NULL;
}

Salvo__V1__VerificationReport *api_report(struct sv_ctx *ctx, const struct service_report *r) {
  const struct verify_report *v = &r->report;
  const char *language = r->language ? r->language : "";
  Salvo__V1__VerificationReport *m = SV_NEW(ctx->mem, Salvo__V1__VerificationReport);
  if (!m) {
    return NULL;
  }
  salvo__v1__verification_report__init(m);
  m->verdict = (Salvo__V1__VerificationReport__Verdict)v->verdict;
  bool ok = reasons_put(ctx, v->reasons, v->reason_count, language, &m->n_reasons, &m->reasons,
                        &m->n_reason_texts, &m->reason_texts);
  m->headline = text(r->headline);
  bool shown = v->verdict == VERIFY_VALID || v->verdict == VERIFY_CHECK;
  m->seal_mrz = text(shown ? v->seal_mrz : "");
  m->status_time = convert_timestamp(ctx, sv_wall_us());
  m->clock = v->signature_count ? convert_timestamp(ctx, v->clock_us) : NULL;
  ok = ok && m->status_time && signatures_put(ctx, v, language, m);
  if (ok && r->known) {
    m->document = convert_document(ctx, &r->document, r->own);
    m->latest_version = v->latest_version;
    m->inclusion_proof = data_of(r->inclusion_proof.p, r->inclusion_proof.n);
    ok = m->document != NULL;
  }
  return ok ? m : NULL;
}
