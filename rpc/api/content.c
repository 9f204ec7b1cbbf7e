/* Requests into contents. A missing message is one whose fields are all empty: the field tables say what is required. */
#include "rpc/api/convert.h"

#define COPY_ARRAY(ctx, n, type, ret)              \
  do {                                             \
    (ret) = SV_ARRAY((ctx)->mem, (n), type);       \
    if (!(ret)) {                                  \
      return SV_FAIL((ctx), NO_MEMORY, "request"); \
    }                                              \
  } while (0)

sv_status convert_texts(struct sv_ctx *ctx, char **v, size_t n, struct model_texts *ret) {
  COPY_ARRAY(ctx, n, const char *, ret->v);
  for (size_t i = 0; i < n; i++) {
    ret->v[i] = v[i];
  }
  ret->n = n;
  return SV_DONE;
}

struct model_person convert_person(const Salvo__V1__Person *p) {
  static const Salvo__V1__Person none = SALVO__V1__PERSON__INIT;
  p = p ? p : &none;
  return (struct model_person){
      .surname = p->surname,
      .given_names = p->given_names,
      .native_name = p->native_name,
      .birth_date = p->birth_date,
      .birth_place = p->birth_place,
      .sex = p->sex,
      .nationality = p->nationality,
      .portrait_jpeg = sv_bytes_of(p->portrait_jpeg.data, p->portrait_jpeg.len),
  };
}

struct model_travel_document convert_travel_document(const Salvo__V1__TravelDocument *d) {
  static const Salvo__V1__TravelDocument none = SALVO__V1__TRAVEL_DOCUMENT__INIT;
  d = d ? d : &none;
  return (struct model_travel_document){.type = d->type,
                                        .number = d->number,
                                        .issuing_state = d->issuing_state,
                                        .expiry_date = d->expiry_date};
}

int64_t convert_time(const Google__Protobuf__Timestamp *t) {
  static const int64_t last_s = 253402300799; /* of the year 9999 */
  return t && t->seconds > 0 && t->seconds <= last_s ? t->seconds * 1000000 + t->nanos / 1000 : 0;
}

static sv_status letter_of(struct sv_ctx *ctx, const Salvo__V1__SafeConduct *m,
                           struct model_safe_conduct *ret) {
  *ret = (struct model_safe_conduct){
      .purpose = (enum model_purpose)m->purpose,
      .holder = convert_person(m->holder),
      .identity_document = convert_travel_document(m->identity_document),
      .identity_basis = (int)m->identity_basis,
      .issuing_state = m->issuing_state,
      .issuing_place = m->issuing_place,
      .valid_from = m->valid_from,
      .valid_until = m->valid_until,
      .print_not_valid_for = m->print_not_valid_for,
      .legal_basis = m->legal_basis,
      .signatory = m->signatory,
      .guardian_letter = m->guardian_letter,
      .case_reference = m->case_reference,
  };
  SV_TRY(convert_texts(ctx, m->route, m->n_route, &ret->route));
  return convert_texts(ctx, m->not_valid_for, m->n_not_valid_for, &ret->not_valid_for);
}

static sv_status occupant_of(struct sv_ctx *ctx, const Salvo__V1__FlightManifest__Occupant *m,
                             struct model_occupant *ret) {
  *ret = (struct model_occupant){
      .occupant_id = m->occupant_id,
      .role = (enum model_role)m->role,
      .person = convert_person(m->person),
      .travel_document = convert_travel_document(m->travel_document),
      .seat = m->seat,
      .bags = m->bags,
      .embark = m->embark,
      .debark = m->debark,
      .guardian_occupant_id = m->guardian_occupant_id,
  };
  SV_TRY(convert_texts(ctx, m->service_codes, m->n_service_codes, &ret->service_codes));
  return convert_texts(ctx, m->facts, m->n_facts, &ret->facts);
}

static sv_status manifest_of(struct sv_ctx *ctx, const Salvo__V1__FlightManifest *m,
                             struct model_manifest *ret) {
  *ret = (struct model_manifest){
      .operator_name = m->operator_,
      .flight_number = m->flight_number,
      .registration = m->registration,
      .leg_count = m->n_legs,
      .occupant_count = m->n_occupants,
      .seats = m->seats,
      .issuing_state = m->issuing_state,
      .signatory = m->signatory,
      .version_reason = (enum model_state_reason)m->version_reason,
  };
  COPY_ARRAY(ctx, m->n_legs, struct model_leg, ret->legs);
  for (size_t i = 0; i < m->n_legs; i++) {
    const Salvo__V1__FlightManifest__Leg *l = m->legs[i];
    ret->legs[i] = (struct model_leg){l->from, l->to, l->departure_time, l->arrival_time};
  }
  COPY_ARRAY(ctx, m->n_occupants, struct model_occupant, ret->occupants);
  for (size_t i = 0; i < m->n_occupants; i++) {
    SV_TRY(occupant_of(ctx, m->occupants[i], &ret->occupants[i]));
  }
  return convert_texts(ctx, m->alternates, m->n_alternates, &ret->alternates);
}

static sv_status receipt_of(struct sv_ctx *ctx, const Salvo__V1__DisbursementReceipt *m,
                            struct model_receipt *ret) {
  *ret = (struct model_receipt){
      .obligation = m->obligation,
      .payment_type = (enum model_payment)m->payment_type,
      .payee_name = m->payee_name,
      .payee_id = m->payee_id,
      .currency = m->currency,
      .amount_minor = m->amount_minor,
      .line_count = m->n_lines,
      .payment_date = m->payment_date,
      .remittance_reference = m->remittance_reference,
      .end_to_end_id = m->end_to_end_id,
      .reversal_of = m->reversal_of,
      .base_currency = m->base_currency,
      .exchange_rate_millionths = m->exchange_rate_millionths,
  };
  COPY_ARRAY(ctx, m->n_lines, struct model_receipt_line, ret->lines);
  for (size_t i = 0; i < m->n_lines; i++) {
    const Salvo__V1__DisbursementReceipt__Line *l = m->lines[i];
    ret->lines[i] = (struct model_receipt_line){
        .type = (enum model_line_type)l->type,
        .description = l->description,
        .quantity_thousandths = l->quantity_thousandths,
        .unit_price_minor = l->unit_price_minor,
        .amount_minor = l->amount_minor,
        .manifest_number = l->manifest_number,
        .passenger_count = l->passenger_count,
        .service_date = l->service_date,
    };
  }
  return SV_DONE;
}

sv_status convert_content(struct sv_ctx *ctx, const Salvo__V1__IssueDocumentRequest *m,
                          struct model_content *ret) {
  *ret = (struct model_content){.template_name = m->template_,
                                .paper = m->paper == SALVO__V1__PAPER__PAPER_UNSPECIFIED
                                             ? MODEL_A4
                                             : (enum model_paper)m->paper};
  SV_TRY(convert_texts(ctx, m->languages, m->n_languages, &ret->languages));
  switch (m->content_case) {
    case SALVO__V1__ISSUE_DOCUMENT_REQUEST__CONTENT_SAFE_CONDUCT:
      ret->kind = MODEL_SAFE_CONDUCT;
      return letter_of(ctx, m->safe_conduct, &ret->letter);
    case SALVO__V1__ISSUE_DOCUMENT_REQUEST__CONTENT_FLIGHT_MANIFEST:
      ret->kind = MODEL_FLIGHT_MANIFEST;
      return manifest_of(ctx, m->flight_manifest, &ret->manifest);
    case SALVO__V1__ISSUE_DOCUMENT_REQUEST__CONTENT_DISBURSEMENT_RECEIPT:
      ret->kind = MODEL_DISBURSEMENT_RECEIPT;
      return receipt_of(ctx, m->disbursement_receipt, &ret->receipt);
    default:
      return SV_DONE;
  }
}

sv_status api_request_decode(struct sv_ctx *ctx, struct sv_bytes request,
                             struct model_content *ret) {
  ProtobufCMessage *m;
  SV_TRY(rpc_unpack(ctx, &salvo__v1__issue_document_request__descriptor, request, &m));
  return convert_content(ctx, (const Salvo__V1__IssueDocumentRequest *)(const void *)m, ret);
}
