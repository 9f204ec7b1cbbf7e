/* From a reservation to sealed bytes: record, visible seals over its digest, page, signature. Pure work, no lock; the
 * same row gives the same record and the same page, so a reservation can be finished by anybody. */
#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "formats/mrz/mrz.h"
#include "formats/vds/vds_profile.h"
#include "model/audience.h"
#include "model/number.h"
#include "model/revision.h"
#include "model/rules.h"
#include "service/inside.h"
#include "service/keys.h"
#include "service/refuge.h"

enum { VERSIONS_SHOWN = 3 };

struct work {
  struct service *s;
  struct sv_ctx *ctx;
  const struct model_content *content;
  const struct store_document *row;
  const uint8_t *previous_sha256;
  enum model_state_reason copy_reason;
  struct model_issue issue;
  struct record_salts salts;
  struct sv_bytes record, passengers;
  enum sv_reason list_left;
  struct docs_seal *seals;
  size_t seal_count;
  char mrz[2][37];
};

static const char *signatory_named(const struct model_content *c) {
  return c->kind == MODEL_SAFE_CONDUCT      ? c->letter.signatory
         : c->kind == MODEL_FLIGHT_MANIFEST ? c->manifest.signatory
                                            : "";
}

void service_check_code(const struct service *s, const char *number, uint32_t version,
                        uint32_t copy, char ret[static 18]) {
  char text[48];
  uint8_t mac[32];
  (void)snprintf(text, sizeof text, "%s:%u:%u", number, version, copy);
  service_mac(s, "code", sv_bytes_str(text), mac);
  model_check_code_format(mac, ret);
}

/* --- what the registry adds --- */

static sv_status ledger_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct work *w = arg;
  struct store_obligation o;
  SV_TRY(tx->funding->obligation_find(tx, ctx, w->row->authority, w->row->obligation, &o));
  w->issue.ledger = (struct model_ledger){
      .obligation_id = o.id,
      .award_number = o.award_number,
      .awarding_agency = o.awarding_agency,
      .recipient_name = o.recipient_name,
      .recipient_id = o.recipient_id,
      .period_start = o.period_start,
      .period_end = o.period_end,
      .amendment = w->row->amendment,
      .sequence = w->row->sequence,
      .obligated_minor = w->row->obligated_minor,
      .paid_before_minor = w->row->paid_before_minor,
      .closing_minor = w->row->obligated_minor - w->row->paid_before_minor - w->row->amount_minor,
  };
  return SV_DONE;
}

/* Who agreed, in the order of their words. */
static sv_status approvals_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct work *w = arg;
  struct store_approval given[STORE_APPROVALS_MAX];
  size_t n;
  SV_TRY(tx->life->approvals(tx, ctx, w->row->number, w->row->version, STORE_ISSUE, given,
                             STORE_APPROVALS_MAX, &n));
  w->issue.approvals = SV_ARRAY(ctx->mem, n, struct model_approval);
  if (!w->issue.approvals) {
    return SV_FAIL(ctx, NO_MEMORY, "approvals");
  }
  for (size_t i = 0; i < n; i++) {
    w->issue.approvals[i] = (struct model_approval){
        policy_officer_of(w->s->parts.policy, given[i].officer), given[i].time_us};
  }
  w->issue.approval_count = n;
  return SV_DONE;
}

/* The version of a manifest before v that was ever issued, with its content; ret->number NULL: none. */
static sv_status version_before(struct store_tx *tx, struct sv_ctx *ctx, const struct work *w,
                                uint32_t v, struct store_document *ret,
                                struct model_content *ret_content) {
  while (v > 1) {
    SV_TRY(tx->ops->document_find(tx, ctx, w->row->number, --v, ret));
    if (ret->state != MODEL_VOID && ret->state != MODEL_REJECTED) {
      return refuge_row_content(w->s, ctx, ret, ret_content);
    }
  }
  *ret = (struct store_document){0};
  return SV_DONE;
}

/* The versions before this one, newest first, each with its changes, and those of this one. */
static sv_status versions_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct work *w = arg;
  struct model_version *versions = SV_ARRAY(ctx->mem, VERSIONS_SHOWN, struct model_version);
  struct model_content now = *w->content, before;
  struct store_document row;
  if (!versions) {
    return SV_FAIL(ctx, NO_MEMORY, "versions");
  }
  SV_TRY(version_before(tx, ctx, w, w->row->version, &row, &before));
  if (row.number) {
    SV_TRY(model_revision_find(ctx, &before.manifest, &now.manifest, &w->issue.revision));
  }
  size_t n = 0;
  while (row.number && n < VERSIONS_SHOWN - 1) {
    struct model_version *v = &versions[n++];
    struct model_revision unused;
    *v = (struct model_version){row.version, row.issue_time_us, before.manifest.version_reason, ""};
    now = before;
    SV_TRY(version_before(tx, ctx, w, v->version, &row, &before));
    v->lines_changed = now.manifest.occupant_count > 1
                           ? sv_arena_printf(ctx->mem, "1–%zu", now.manifest.occupant_count)
                           : "1";
    if (row.number) {
      SV_TRY(model_revision_find(ctx, &before.manifest, &now.manifest, &unused));
      v->lines_changed = model_lines_changed(ctx->mem, &now.manifest);
    }
    if (!v->lines_changed) {
      return SV_FAIL(ctx, NO_MEMORY, "versions");
    }
  }
  w->issue.versions = versions;
  w->issue.version_count = n;
  return SV_DONE;
}

/* The lines of a version are marked where they changed: in a list of its own, for the content is the caller's. */
static sv_status lines_own(struct work *w) {
  const struct model_manifest *m = &w->content->manifest;
  struct model_content *own = SV_NEW(w->ctx->mem, struct model_content);
  struct model_occupant *lines = SV_ARRAY(w->ctx->mem, m->occupant_count, struct model_occupant);
  if (!own || !lines) {
    return SV_FAIL(w->ctx, NO_MEMORY, "lines of a version");
  }
  memcpy(lines, m->occupants, m->occupant_count * sizeof *lines);
  *own = *w->content;
  own->manifest.occupants = lines;
  w->content = own;
  return store_read(w->s->parts.store, w->ctx, versions_act, w);
}

static sv_status issue_fill(struct work *w) {
  const struct store_document *row = w->row;
  const struct service_policy *policy = w->s->parts.policy;
  const struct model_authority *authority = policy_authority(policy, row->authority);
  const struct policy_officer *signatory =
      policy_signatory(policy, row->authority, row->kind, signatory_named(w->content));
  if (!authority || !signatory) {
    return SV_FAIL(w->ctx, CONFIG, "authority or signatory left the policy");
  }
  w->issue = (struct model_issue){
      .version = row->version,
      .copy = row->copy,
      .copy_reason = w->copy_reason,
      .supersedes = row->supersedes,
      .issue_date = row->issue_date,
      .issue_time_us = row->issue_time_us,
      .authority = *authority,
      .signatory = signatory->officer,
      .requester = policy_officer_of(policy, row->issued_by),
      .specimen = w->s->parts.specimen,
  };
  (void)snprintf(w->issue.number, sizeof w->issue.number, "%s", row->number);
  service_check_code(w->s, row->number, row->version, row->copy, w->issue.check_code);
  if (row->approvals_needed) {
    SV_TRY(store_read(w->s->parts.store, w->ctx, approvals_act, w));
  }
  if (row->kind == MODEL_DISBURSEMENT_RECEIPT) {
    return store_read(w->s->parts.store, w->ctx, ledger_act, w);
  }
  if (row->kind == MODEL_FLIGHT_MANIFEST && row->version > 1) {
    return lines_own(w);
  }
  return SV_DONE;
}

/* --- visible seals --- */

static struct vds_identity identity_of(const struct work *w) {
  struct vds_identity id = {.version = (uint8_t)w->row->version, .copy = (uint8_t)w->row->copy};
  memcpy(id.number, w->issue.number, sizeof id.number);
  return id;
}

static struct vds_status status_of(const struct work *w) {
  return (struct vds_status){(uint8_t)w->row->status_list[0], w->row->status_index};
}

/* What the signer writes into its journal. */
static struct seal_subject subject_of(const struct work *w) {
  struct seal_subject s = {
      .number = w->row->number, .version = w->row->version, .copy = w->row->copy};
  memcpy(s.record_sha256, w->issue.record_sha256, sizeof s.record_sha256);
  return s;
}

static sv_status seal_add(struct work *w, uint32_t page, struct sv_bytes unsigned_part) {
  struct docs_seal *seal = &w->seals[w->seal_count];
  struct seal_subject subject = subject_of(w);
  SV_TRY(seal_visible(w->s->parts.seal, w->ctx, &subject, unsigned_part, &seal->seal));
  seal->page = page;
  w->seal_count++;
  return SV_DONE;
}

static sv_status letter_seal(struct work *w, const struct vds_header *header) {
  const struct model_safe_conduct *l = &w->content->letter;
  struct vds_letter v = {.id = identity_of(w), .status = status_of(w)};
  SV_ASSERT(sv_date_parse(l->valid_from, &v.valid_from) &&
            sv_date_parse(l->valid_until, &v.valid_until));
  (void)snprintf(v.mrz, sizeof v.mrz, "%s%s", w->mrz[0], w->mrz[1]);
  memcpy(v.record_digest, w->issue.record_sha256, sizeof v.record_digest);
  bool own = l->identity_document.number[0] != '\0';
  vds_commitment(sv_bytes_of(v.record_digest, sizeof v.record_digest),
                 own ? l->identity_document.issuing_state : l->issuing_state,
                 own ? l->identity_document.number : w->issue.number, l->holder.birth_date,
                 v.holder_commitment, sizeof v.holder_commitment);
  struct sv_bytes part;
  SV_TRY(vds_letter_build(w->ctx, header, &v, &part));
  return seal_add(w, 1, part);
}

static void counts_of(const struct model_manifest *m, struct vds_manifest_cover *v) {
  for (size_t i = 0; i < m->occupant_count; i++) {
    const struct model_occupant *o = &m->occupants[i];
    if (o->offloaded) {
      continue;
    }
    if (o->role == MODEL_CREW) {
      v->crew++;
    } else if (model_role_is_passenger(o->role)) {
      v->passengers++;
    } else {
      v->accompanying++;
    }
  }
}

static sv_status cover_seal(struct work *w, const struct vds_header *header) {
  const struct model_manifest *m = &w->content->manifest;
  struct vds_manifest_cover v = {.id = identity_of(w), .status = status_of(w)};
  size_t n = 0;
  for (const char *p = m->flight_number; *p && n < sizeof v.flight - 1; p++) {
    if (*p != ' ') {
      v.flight[n++] = *p;
    }
  }
  char day[11];
  memcpy(day, m->legs[0].departure_time, 10); /* the local date of departure */
  day[10] = '\0';
  int64_t departure_us;
  SV_ASSERT(sv_date_parse(day, &v.flight_date) &&
            sv_time_parse(m->legs[0].departure_time, &departure_us, NULL));
  v.departure_min = (uint32_t)(departure_us / 60000000);
  memcpy(v.from, m->legs[0].from, 4);
  memcpy(v.to, m->legs[m->leg_count - 1].to, 4);
  counts_of(m, &v);
  if (w->previous_sha256) {
    memcpy(v.previous, w->previous_sha256, sizeof v.previous);
  }
  memcpy(v.record_digest, w->issue.record_sha256, sizeof v.record_digest);
  struct sv_bytes part;
  SV_TRY(vds_manifest_cover_build(w->ctx, header, &v, &part));
  return seal_add(w, 1, part);
}

/* The line stays counted, and its commitment is nobody's: without the row's secret it can't be told from the others. */
static void nobody_commitment(const struct work *w, size_t line,
                              uint8_t ret[static VDS_COMMITMENT_BYTES]) {
  char text[32];
  uint8_t mac[32];
  (void)snprintf(text, sizeof text, "nobody:%zu", line);
  crypto_hmac_sha256(sv_bytes_of(w->row->secret, sizeof w->row->secret), sv_bytes_str(text), mac);
  memcpy(ret, mac, VDS_COMMITMENT_BYTES);
}

static sv_status page_seal(struct work *w, const struct vds_header *header, uint32_t page) {
  const struct model_manifest *m = &w->content->manifest;
  size_t first;
  size_t n = docs_page_lines(w->content, page, &first);
  struct vds_manifest_page v = {.id = identity_of(w), .page = (uint8_t)page, .commitment_count = n};
  v.first_line = (uint16_t)(n ? first + 1 : 0);
  memcpy(v.record_digest, w->issue.record_sha256, sizeof v.record_digest);
  memcpy(v.salt, w->salts.salt, sizeof v.salt);
  SV_ASSERT(n <= VDS_PAGE_LINES_MAX);
  for (size_t i = 0; i < n; i++) {
    const struct model_occupant *o = &m->occupants[first + i];
    if (o->offloaded) {
      nobody_commitment(w, first + i, v.commitments[i]);
      continue;
    }
    vds_commitment(sv_bytes_of(v.salt, sizeof v.salt), o->travel_document.issuing_state,
                   o->travel_document.number, o->person.birth_date, v.commitments[i],
                   VDS_COMMITMENT_BYTES);
  }
  struct sv_bytes part;
  SV_TRY(vds_manifest_page_build(w->ctx, header, &v, &part));
  return seal_add(w, page, part);
}

static sv_status receipt_seal(struct work *w, const struct vds_header *header) {
  const struct model_ledger *l = &w->issue.ledger;
  const struct model_receipt *r = &w->content->receipt;
  struct vds_receipt v = {.id = identity_of(w),
                          .status = status_of(w),
                          .amount_minor = r->amount_minor,
                          .cumulative_minor = l->paid_before_minor + w->row->amount_minor,
                          .balance_minor = l->closing_minor,
                          .sequence = l->sequence};
  (void)snprintf(v.obligation, sizeof v.obligation, "%.*s", VDS_OBLIGATION_MAX, l->obligation_id);
  memcpy(v.currency, r->currency, 4);
  SV_ASSERT(sv_date_parse(r->payment_date, &v.payment_date));
  memcpy(v.record_digest, w->issue.record_sha256, sizeof v.record_digest);
  struct sv_bytes part;
  SV_TRY(vds_receipt_build(w->ctx, header, &v, &part));
  return seal_add(w, docs_page_count(w->s->parts.docs, w->content), part); /* beside the totals */
}

static sv_status seals_make(struct work *w) {
  uint32_t pages = docs_page_count(w->s->parts.docs, w->content);
  w->seals = SV_ARRAY(w->ctx->mem, pages, struct docs_seal);
  if (!w->seals || pages > STORE_SEALS_MAX) {
    return SV_FAIL(w->ctx, NO_MEMORY, "seals of %u pages", pages);
  }
  struct vds_header header = {0};
  (void)snprintf(header.country, sizeof header.country, "%s", w->issue.authority.state);
  (void)snprintf(header.signer, sizeof header.signer, "%s", seal_vds_signer(w->s->parts.seal));
  (void)snprintf(header.cert_ref, sizeof header.cert_ref, "%s",
                 seal_vds_reference(w->s->parts.seal));
  SV_ASSERT(sv_date_parse(w->row->issue_date, &header.issue_date));
  header.signature_date = header.issue_date;
  switch (w->content->kind) {
    case MODEL_SAFE_CONDUCT:
      return letter_seal(w, &header);
    case MODEL_DISBURSEMENT_RECEIPT:
      return receipt_seal(w, &header);
    case MODEL_FLIGHT_MANIFEST:
      SV_TRY(cover_seal(w, &header));
      for (uint32_t page = 2; page <= pages; page++) {
        SV_TRY(page_seal(w, &header, page));
      }
      return SV_DONE;
    case MODEL_KIND_NONE:
      break;
  }
  return SV_FAIL(w->ctx, INTERNAL, "no kind");
}

/* --- the page --- */

static struct docs_request request_of(const struct work *w) {
  struct docs_request r = {
      .content = w->content,
      .issue = &w->issue,
      .seals = w->seals,
      .seal_count = w->seal_count,
      .record = w->record,
      .passengers = w->passengers,
      .signer_lines = {w->s->parts.signer_lines[0], w->s->parts.signer_lines[1]},
      .signer_line_count = 2,
  };
  if (w->content->kind == MODEL_SAFE_CONDUCT && !w->issue.preview) {
    r.mrz[0] = w->mrz[0];
    r.mrz[1] = w->mrz[1];
  }
  return r;
}

static sv_status page_draw(struct work *w, struct produced *ret) {
  struct docs_request request = request_of(w);
  struct seal_subject subject = subject_of(w);
  struct levels_sealed sealed;
  SV_TRY(levels_seal(w->s, w->ctx, w->content->kind, w->row->version_reason != 0, &request,
                     &subject, &sealed));
  struct store_issue *i = &ret->issue;
  ret->file = sealed.file;
  ret->levels = sealed.made;
  i->pdf = sealed.pdf;
  i->static_bytes = sealed.static_bytes;
  memcpy(i->pdf_sha256, sealed.digests.file, 32);
  memcpy(i->static_sha256, sealed.digests.beginning, 32);
  memcpy(i->signer_certificate_sha256, seal_signer_sha256(w->s->parts.seal), 32);
  i->seal_certificate = sv_arena_printf(w->ctx->mem, "%s%s", seal_vds_signer(w->s->parts.seal),
                                        seal_vds_reference(w->s->parts.seal));
  return i->seal_certificate ? SV_DONE : SV_FAIL(w->ctx, NO_MEMORY, "certificate reference");
}

/* A copy has the record of the first one, whatever words are in force by now. */
static sv_status template_fill(struct work *w) {
  if (!w->copy_reason) {
    w->issue.template_name = w->content->template_name;
    return docs_template_sha256(w->s->parts.docs, w->content, w->issue.template_sha256)
               ? SV_DONE
               : SV_FAIL(w->ctx, TEMPLATE, "no template %s", w->content->template_name);
  }
  if (w->row->template_sha256.n == sizeof w->issue.template_sha256) {
    w->issue.template_name = w->row->template_name;
    memcpy(w->issue.template_sha256, w->row->template_sha256.p, w->row->template_sha256.n);
  }
  return SV_DONE;
}

static sv_status produce(struct service *s, struct sv_ctx *ctx, const struct model_content *content,
                         const struct store_document *row, const struct produce_place *place,
                         struct produced *ret) {
  struct work w = {.s = s,
                   .ctx = ctx,
                   .content = content,
                   .row = row,
                   .previous_sha256 = place->previous_sha256,
                   .copy_reason = place->copy_reason};
  memcpy(w.salts.salt, row->salt, sizeof w.salts.salt);
  memcpy(w.salts.secret, row->secret, sizeof w.salts.secret);
  SV_TRY(issue_fill(&w));
  SV_TRY(template_fill(&w));
  struct sv_bytes content_json;
  SV_TRY(record_content(ctx, w.content, &w.salts, &content_json));
  SV_TRY(record_write(ctx, w.content, &w.issue, &w.salts, w.previous_sha256, &w.record));
  crypto_sha256(w.record, w.issue.record_sha256);
  if (content->kind == MODEL_SAFE_CONDUCT) {
    SV_TRY(mrz_letter(ctx, &content->letter, w.issue.number, w.mrz[0], w.mrz[1]));
  }
  if (content->kind == MODEL_FLIGHT_MANIFEST && s->parts.policy->attach_passengers) {
    SV_TRY(
        service_paxlst_of(s, ctx, row, w.content, &w.issue.authority, &w.passengers, &w.list_left));
  }
  SV_TRY(seals_make(&w));
  SV_TRY(sv_ctx_alive(ctx));
  *ret = (struct produced){.list_left = w.list_left};
  SV_TRY(page_draw(&w, ret));
  ret->issue.record = w.record;
  ret->issue.template_name = w.issue.template_name;
  memcpy(ret->issue.template_sha256, w.issue.template_sha256, 32);
  memcpy(ret->issue.record_sha256, w.issue.record_sha256, 32);
  crypto_sha256(content_json, ret->issue.content_sha256);
  struct store_seal *seals = SV_ARRAY(ctx->mem, w.seal_count, struct store_seal);
  if (!seals) {
    return SV_FAIL(ctx, NO_MEMORY, "seals");
  }
  for (size_t i = 0; i < w.seal_count; i++) {
    seals[i] = (struct store_seal){w.seals[i].page, w.seals[i].seal};
  }
  ret->issue.seals = seals;
  ret->issue.seal_count = w.seal_count;
  return SV_DONE;
}

sv_status service_produce(struct service *s, struct sv_ctx *ctx,
                          const struct model_content *content, const struct store_document *row,
                          const struct produce_place *place, struct produced *ret) {
  service_hold(s);
  sv_status status = keys_ready(s, ctx);
  status = sv_failed(status) ? status : produce(s, ctx, content, row, place, ret);
  service_release(s);
  return status;
}

static sv_status produce_copy(struct service *s, struct sv_ctx *ctx,
                              const struct model_content *content, const struct store_document *row,
                              const struct store_seal *seals, size_t seal_count,
                              enum model_audience audience, struct produced *ret) {
  struct work w = {.s = s, .ctx = ctx, .content = content, .row = row, .seal_count = seal_count};
  struct model_content shown = *content;
  SV_TRY(issue_fill(&w));
  w.issue.audience = audience;
  memcpy(w.issue.record_sha256, row->record_sha256, sizeof w.issue.record_sha256);
  SV_TRY(record_copy_write(ctx, content->kind, &w.issue, &w.record));
  SV_TRY(model_audience_manifest(ctx, &w.content->manifest, audience, &shown.manifest));
  w.content = &shown;
  w.seals = SV_ARRAY(ctx->mem, seal_count, struct docs_seal);
  if (!w.seals) {
    return SV_FAIL(ctx, NO_MEMORY, "seals");
  }
  for (size_t i = 0; i < seal_count; i++) {
    w.seals[i] = (struct docs_seal){seals[i].page, seals[i].seal};
  }
  *ret = (struct produced){0};
  return page_draw(&w, ret);
}

sv_status service_produce_copy(struct service *s, struct sv_ctx *ctx,
                               const struct model_content *content,
                               const struct store_document *row, const struct store_seal *seals,
                               size_t seal_count, enum model_audience audience,
                               struct produced *ret) {
  service_hold(s);
  sv_status status = keys_ready(s, ctx);
  status = sv_failed(status) ? status
                             : produce_copy(s, ctx, content, row, seals, seal_count, audience, ret);
  service_release(s);
  return status;
}

/* A page that nobody signs. */
static sv_status page_alone(struct work *w, struct sv_bytes *ret_pdf) {
  struct sv_sig_slot slot;
  service_hold(w->s);
  struct docs_request request = request_of(w);
  sv_status status = docs_render(w->s->parts.docs, w->ctx, &request, ret_pdf, &slot);
  service_release(w->s);
  return status;
}

sv_status service_preview(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct model_content *content,
                          struct sv_bytes *ret_pdf) {
  int64_t now_us = sv_wall_us() / 1000000 * 1000000;
  struct sv_date today;
  char date[11];
  SV_ASSERT(sv_date_in_zone(now_us, caller->authority->zone, &today));
  sv_date_format(today, date);
  struct store_document row = {.number = "",
                               .version = 1,
                               .copy = 1,
                               .authority = caller->authority->id,
                               .kind = content->kind,
                               .supersedes = "",
                               .issue_date = date,
                               .issue_time_us = now_us,
                               .issued_by = caller->spiffe,
                               .obligation = ""};
  struct work w = {.s = s, .ctx = ctx, .content = content, .row = &row};
  const struct policy_officer *signatory =
      policy_signatory(s->parts.policy, row.authority, content->kind, signatory_named(content));
  if (!signatory) {
    return SV_FAIL(ctx, CONFIG, "signatory left the policy");
  }
  w.issue = (struct model_issue){.version = 1,
                                 .copy = 1,
                                 .supersedes = "",
                                 .issue_date = date,
                                 .issue_time_us = now_us,
                                 .authority = *caller->authority,
                                 .signatory = signatory->officer,
                                 .requester = policy_officer_of(s->parts.policy, caller->spiffe),
                                 .preview = true};
  static const char *const none = "";
  w.issue.ledger = (struct model_ledger){
      .obligation_id = content->kind == MODEL_DISBURSEMENT_RECEIPT
                           ? content->receipt.obligation + strlen("obligations/")
                           : none,
      .award_number = none,
      .awarding_agency = none,
      .recipient_name = none,
      .recipient_id = none,
      .period_start = none,
      .period_end = none};
  return page_alone(&w, ret_pdf);
}

sv_status service_draft_page(struct service *s, struct sv_ctx *ctx,
                             const struct model_content *content, const struct store_document *row,
                             struct sv_bytes *ret_pdf) {
  struct work w = {.s = s, .ctx = ctx, .content = content, .row = row};
  SV_TRY(issue_fill(&w));
  w.issue.number[0] = '\0'; /* a draft says nothing that could be taken for a document */
  w.issue.check_code[0] = '\0';
  w.issue.preview = true;
  return page_alone(&w, ret_pdf);
}
