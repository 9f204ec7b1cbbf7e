/* The longest values that are common, so that a template which holds these holds most others; the rest is found for each
 * document by docs_check_content. */
#include "docs_gen/specimen.h"

static const struct model_person nobody = {"", "", "", "", "", "", "", {NULL, 0}};
static const struct model_travel_document no_document = {"", "", "", ""};

static const struct model_post posts[] = {
    {"fr", "Direction de la documentation"},
    {"ht", "Direksyon dokimantasyon"},
    {"pt", "Direção de Documentação"},
};
static const struct model_officer officer = {.id = "",
                                             .name = "Nombre y Apellidos del Oficial",
                                             .post_es = "Dirección de Documentación",
                                             .post_en = "Documentation Office",
                                             .short_id = "UT-DOC-00",
                                             .more = posts,
                                             .more_n = 3};

static const struct model_names names[] = {
    {"fr", "République d’Utopie", "Ministère de l’Intérieur", "Service national des migrations"},
    {"ht", "Repiblik Itopi", "Ministè Enteryè", "Sèvis nasyonal migrasyon"},
    {"pt", "República da Utopia", "Ministério do Interior", "Serviço Nacional de Migração"},
};
static const struct model_authority authority = {.id = "utopia",
                                                 .state = "UTO",
                                                 .state_es = "República de Utopía",
                                                 .state_en = "Republic of Utopia",
                                                 .ministry_es = "Ministerio del Interior",
                                                 .ministry_en = "Ministry of the Interior",
                                                 .name_es = "Servicio Nacional de Migración",
                                                 .name_en = "National Migration Service",
                                                 .seal_text = "SERVICIO NACIONAL DE MIGRACIÓN",
                                                 .place = "Puerto Esperanza",
                                                 .zone = "UTC",
                                                 .duty_telephone = "+000 555 0100",
                                                 .verify_url = "verificar.utopia.example",
                                                 .more = names,
                                                 .more_n = 3};

static const struct model_ledger ledger = {.obligation_id = "O-0000-000",
                                           .award_number = "UTO-INL-0000-000",
                                           .awarding_agency = "Utopian Cooperation Agency",
                                           .recipient_name = "",
                                           .recipient_id = "",
                                           .period_start = "2026-01-01",
                                           .period_end = "2026-12-31",
                                           .sequence = 12,
                                           .obligated_minor = 600000000,
                                           .paid_before_minor = 123456789};

static sv_status texts(struct sv_ctx *ctx, size_t n, const char *const *v,
                       struct model_texts *ret) {
  const char **own = SV_ARRAY(ctx->mem, n, const char *);
  if (!own) {
    return SV_FAIL(ctx, NO_MEMORY, "specimen");
  }
  memcpy(own, v, n * sizeof *v);
  *ret = (struct model_texts){own, n};
  return SV_DONE;
}

static sv_status letter(struct sv_ctx *ctx, enum model_purpose purpose,
                        struct model_safe_conduct *m) {
  static const char *const stops[] = {"PAC", "BOG", "UIO"};
  *m = (struct model_safe_conduct){.purpose = purpose,
                                   .holder = nobody,
                                   .identity_document = no_document,
                                   .issuing_state = "UTO",
                                   .issuing_place = "Puerto Esperanza",
                                   .valid_from = "2026-09-28",
                                   .valid_until = "2026-12-28",
                                   .legal_basis = "",
                                   .signatory = "",
                                   .guardian_letter = "",
                                   .case_reference = ""};
  m->holder.surname = "MUESTRA ESPÉCIMEN";
  m->holder.given_names = "PERSONA INVENTADA";
  m->holder.native_name = "نموذج";
  m->holder.birth_date = "1990-05-XX";
  m->holder.sex = "X";
  m->holder.nationality = "UTO";
  return purpose == MODEL_EMERGENCY_TRAVEL_DOCUMENT ? texts(ctx, 3, stops, &m->route) : SV_DONE;
}

enum { LINES = 30, RECEIPT_LINES = 6 };

static sv_status manifest(struct sv_ctx *ctx, struct model_manifest *m) {
  static const char *const alternates[] = {"CTG", "MDE"};
  static const enum model_role roles[] = {MODEL_RETURNEE, MODEL_ESCORT, MODEL_CREW};
  struct model_leg *legs = SV_ARRAY(ctx->mem, 2, struct model_leg);
  struct model_occupant *o = SV_ARRAY(ctx->mem, LINES, struct model_occupant);
  if (!legs || !o) {
    return SV_FAIL(ctx, NO_MEMORY, "specimen");
  }
  legs[0] =
      (struct model_leg){"PAC", "BOG", "2026-09-20T07:30:00-05:00", "2026-09-20T09:05:00-05:00"};
  legs[1] =
      (struct model_leg){"BOG", "UIO", "2026-09-20T10:20:00-05:00", "2026-09-20T11:55:00-05:00"};
  for (size_t i = 0; i < LINES; i++) {
    o[i] = (struct model_occupant){.occupant_id = "",
                                   .role = roles[i < 20   ? 0
                                                 : i < 26 ? 1
                                                          : 2],
                                   .person = nobody,
                                   .travel_document = no_document,
                                   .seat = "10A",
                                   .bags = 1,
                                   .embark = "PAC",
                                   .debark = "UIO",
                                   .guardian_occupant_id = "",
                                   .offloaded = i == 5,
                                   .changed = i == 5};
    o[i].person.surname = "MUESTRA ESPÉCIMEN";
    o[i].person.given_names = "PERSONA INVENTADA";
  }
  *m = (struct model_manifest){.operator_name = "Aerovías Utópicas (XX)",
                               .flight_number = "XX 9001",
                               .registration = "UT-AVS",
                               .legs = legs,
                               .leg_count = 2,
                               .occupants = o,
                               .occupant_count = LINES,
                               .seats = 68,
                               .issuing_state = "UTO",
                               .signatory = ""};
  return texts(ctx, 2, alternates, &m->alternates);
}

static sv_status receipt(struct sv_ctx *ctx, struct model_receipt *m) {
  struct model_receipt_line *v = SV_ARRAY(ctx->mem, RECEIPT_LINES, struct model_receipt_line);
  if (!v) {
    return SV_FAIL(ctx, NO_MEMORY, "specimen");
  }
  for (size_t i = 0; i < RECEIPT_LINES; i++) {
    v[i] = (struct model_receipt_line){(enum model_line_type)(MODEL_CHARTER + i),
                                       "",
                                       46000,
                                       184000,
                                       8464000,
                                       "M26000439",
                                       46,
                                       "2026-09-20"};
  }
  *m = (struct model_receipt){.obligation = "obligations/O-0000-000",
                              .payment_type = MODEL_PARTIAL,
                              .payee_name = "Servicio Nacional de Migración",
                              .payee_id = "LEI 5493 00UT OPIA 2026 0078",
                              .currency = "USD",
                              .amount_minor = 8464000LL * RECEIPT_LINES,
                              .lines = v,
                              .line_count = RECEIPT_LINES,
                              .payment_date = "2026-09-28",
                              .remittance_reference = "RF18539007547034",
                              .end_to_end_id = "",
                              .reversal_of = "",
                              .base_currency = ""};
  return SV_DONE;
}

sv_status specimen_make(struct sv_ctx *ctx, enum model_kind kind, enum model_purpose purpose,
                        struct specimen *ret) {
  *ret = (struct specimen){.content = {.kind = kind, .template_name = ""},
                           .issue = {.number = "S000000SP",
                                     .version = 1,
                                     .copy = 1,
                                     .supersedes = "",
                                     .issue_date = "2026-09-28",
                                     .authority = authority,
                                     .signatory = officer,
                                     .requester = officer,
                                     .ledger = ledger,
                                     .preview = true}};
  ret->issue.issue_time_us = 1790000000000000;
  ret->issue.ledger.closing_minor = 600000000 - 123456789 - 8464000LL * RECEIPT_LINES;
  ret->issue.approvals = SV_ARRAY(ctx->mem, 2, struct model_approval);
  if (!ret->issue.approvals) {
    return SV_FAIL(ctx, NO_MEMORY, "specimen");
  }
  ret->issue.approval_count = 2;
  ret->issue.approvals[0] = ret->issue.approvals[1] =
      (struct model_approval){officer, ret->issue.issue_time_us};
  ret->request = (struct docs_request){
      .content = &ret->content,
      .issue = &ret->issue,
      .signer_lines = {"UT-DOC-00, Servicio Nacional de Migración", "PAdES, ECDSA P-256, SHA-256"},
      .signer_line_count = 2};
  switch (kind) {
    case MODEL_SAFE_CONDUCT:
      return letter(ctx, purpose, &ret->content.letter);
    case MODEL_FLIGHT_MANIFEST:
      return manifest(ctx, &ret->content.manifest);
    default:
      return receipt(ctx, &ret->content.receipt);
  }
}
