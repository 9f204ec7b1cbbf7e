/* What can be said of a request without the registry: everything at once, before any number is taken. And what a
 * caller may leave out: filled in the same way whoever finishes the document, a worker or the sweeper. */
#include <string.h>

#include "docs_gen/draw/jpeg.h"
#include "formats/mrz/mrz.h"
#include "model/names.h"
#include "model/number.h"
#include "model/rules.h"
#include "service/inside.h"

static const char *signatory_of(const struct model_content *c) {
  switch (c->kind) {
    case MODEL_SAFE_CONDUCT:
      return c->letter.signatory;
    case MODEL_FLIGHT_MANIFEST:
      return c->manifest.signatory;
    default:
      return "";
  }
}

static void issuer_check(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const struct model_content *c) {
  const char *field = model_kind_field(c->kind);
  const char *state = c->kind == MODEL_SAFE_CONDUCT      ? c->letter.issuing_state
                      : c->kind == MODEL_FLIGHT_MANIFEST ? c->manifest.issuing_state
                                                         : "";
  if (state[0] && strcmp(state, caller->authority->state) != 0) {
    sv_ctx_violate(ctx, "is not the state of the caller's authority", "%s.issuing_state", field);
  }
  if (!policy_signatory(s->parts.policy, caller->authority->id, c->kind, signatory_of(c))) {
    sv_ctx_violate(ctx, "is no officer of this authority who may sign it", "%s.signatory", field);
  }
}

static void template_check(struct service *s, struct sv_ctx *ctx, const struct model_content *c) {
  if (!docs_template_for(s->parts.docs, ctx, c)) {
    if (c->template_name[0]) {
      sv_ctx_violate(ctx, "is no template of this document", "template");
    }
    return; /* or the purpose is at fault, and said so */
  }
  if (c->languages.n > 2) {
    sv_ctx_violate(ctx, "has too many elements", "languages");
    return;
  }
  for (size_t i = 0; i < c->languages.n; i++) {
    if (!docs_language_known(s->parts.docs, c->languages.v[i])) {
      sv_ctx_violate(ctx, "is no language of the templates", "languages[%zu]", i);
    } else if (i && strcmp(c->languages.v[i], c->languages.v[0]) == 0) {
      sv_ctx_violate(ctx, "is there twice", "languages[%zu]", i);
    }
  }
  if (c->kind == MODEL_SAFE_CONDUCT && c->letter.legal_basis[0] &&
      !docs_legal_basis_known(s->parts.docs, c, c->letter.legal_basis)) {
    sv_ctx_violate(ctx, "is no id of the template's catalogue", "safe_conduct.legal_basis");
  }
}

static sv_status mrz_check(struct sv_ctx *ctx, const struct model_safe_conduct *l) {
  static const char *const fields[] = {"surname", "given_names"};
  const char *values[] = {l->holder.surname, l->holder.given_names};
  for (size_t i = 0; i < 2; i++) {
    const char *fault = NULL;
    if (values[i][0] && !model_name_fault(values[i])) {
      SV_TRY(mrz_name_fault(ctx, values[i], &fault));
    }
    if (fault) {
      sv_ctx_violate(ctx, fault, "safe_conduct.holder.%s", fields[i]);
    }
  }
  return SV_DONE;
}

/* Names that the passenger list message can't carry are found before a number is taken. */
static sv_status names_check(struct sv_ctx *ctx, const struct model_manifest *m) {
  static const char *const fields[] = {"surname", "given_names"};
  for (size_t i = 0; i < m->occupant_count; i++) {
    const struct model_person *p = &m->occupants[i].person;
    const char *values[] = {p->surname, p->given_names};
    for (size_t k = 0; k < 2; k++) {
      const char *fault = NULL;
      if (values[k][0] && !model_name_fault(values[k])) {
        SV_TRY(mrz_name_fault(ctx, values[k], &fault));
      }
      if (fault) {
        sv_ctx_violate(ctx, fault, "flight_manifest.occupants[%zu].person.%s", i, fields[k]);
      }
    }
  }
  return SV_DONE;
}

static void supersedes_check(struct sv_ctx *ctx, const struct service_issue_request *r) {
  enum model_kind kind = MODEL_KIND_NONE;
  if (r->supersedes[0] == '\0') {
    if (r->supersedes_version) {
      sv_ctx_violate(ctx, "goes together with supersedes", "supersedes_version");
    }
    if (r->content.kind == MODEL_FLIGHT_MANIFEST && r->content.manifest.version_reason) {
      sv_ctx_violate(ctx, "is for a later version", "flight_manifest.version_reason");
    }
    return;
  }
  if (!model_number_parse(r->supersedes, &kind, NULL, NULL) || kind != r->content.kind) {
    sv_ctx_violate(ctx, "is not a number of this kind of document", "supersedes");
  } else if (kind == MODEL_DISBURSEMENT_RECEIPT) {
    sv_ctx_violate(ctx, "a receipt is never changed: reverse it", "supersedes");
  } else if (kind == MODEL_FLIGHT_MANIFEST && r->supersedes_version == 0) {
    sv_ctx_violate(ctx, "is required with supersedes", "supersedes_version");
  }
}

/* What the caller left out, as far as it is needed to draw. */
static void defaults_fill(struct service *s, struct sv_ctx *ctx,
                          const struct model_authority *authority, struct model_content *c) {
  const char *name = docs_template_for(s->parts.docs, ctx, c);
  c->template_name = name ? name : "";
  if (c->kind != MODEL_SAFE_CONDUCT) {
    return;
  }
  if (c->letter.legal_basis[0] == '\0') {
    const char *first = docs_legal_basis_at(s->parts.docs, ctx, c, 0);
    c->letter.legal_basis = first ? first : "";
  }
  if (c->letter.issuing_place[0] == '\0') {
    c->letter.issuing_place = authority->place;
  }
}

sv_status service_content_complete(struct service *s, struct sv_ctx *ctx,
                                   const struct model_authority *authority,
                                   struct model_content *c) {
  defaults_fill(s, ctx, authority, c);
  SV_TRY(model_complete(ctx, c));
  struct sv_bytes *portrait = &c->letter.holder.portrait_jpeg;
  if (c->kind != MODEL_SAFE_CONDUCT || portrait->n == 0) {
    return SV_DONE;
  }
  uint32_t width, height, components;
  return jpeg_strip(ctx, *portrait, portrait, &width, &height, &components);
}

sv_status service_request_check(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller,
                                struct service_issue_request *r, struct sv_date today) {
  struct model_content *c = &r->content;
  sv_status checked = model_check(ctx, c, today);
  issuer_check(s, ctx, caller, c);
  template_check(s, ctx, c);
  supersedes_check(ctx, r);
  if (c->kind == MODEL_SAFE_CONDUCT) {
    SV_TRY(mrz_check(ctx, &c->letter));
  } else if (c->kind == MODEL_FLIGHT_MANIFEST) {
    SV_TRY(names_check(ctx, &c->manifest));
  }
  if (!sv_failed(checked)) {
    defaults_fill(s, ctx, caller->authority, c);
    sv_status drawn = docs_check_content(s->parts.docs, ctx, c, caller->authority);
    if (sv_failed(drawn) && drawn.reason != SV_FIELD_INVALID) {
      return drawn;
    }
    if (ctx->violation_count == 0) {
      SV_TRY(service_content_complete(s, ctx, caller->authority, c));
    }
  }
  return sv_ctx_violations_status(ctx);
}
