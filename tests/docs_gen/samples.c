/* The State is UTO; no person, flight or payment here exists. */
#include "tests/docs_gen/samples.h"

#include <stdio.h>

#include "base/clock.h"
#include "model/audience.h"

static struct model_texts texts(struct sv_ctx *ctx, size_t n, const char *const *v) {
  struct model_texts t = {.v = SV_ARRAY(ctx->mem, n + 1, const char *), .n = n};
  for (size_t i = 0; t.v && i < n; i++) {
    t.v[i] = v[i];
  }
  return t;
}
#define TEXTS(ctx, ...)                                                     \
  texts((ctx), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
        (const char *const[]){__VA_ARGS__})

static const struct model_person nobody = {"", "", "", "", "", "", "", {NULL, 0}};
static const struct model_travel_document no_document = {"", "", "", ""};

static const struct model_post director_posts[] = {{"fr", "Directrice de la documentation"},
                                                   {"ht", "Direktris dokimantasyon"},
                                                   {"pt", "Diretora de Documentação"}};
static const struct model_officer director = {
    .id = "spiffe://uto.example/authority/snm/officer/doc07",
    .name = "Mariela Quiñónez Dávila",
    .post_es = "Directora de Documentación",
    .post_en = "Director of Documentation",
    .short_id = "UT-DOC-07",
    .more = director_posts,
    .more_n = 3};
static const struct model_post deputy_posts[] = {
    {"fr", "Sous-directeur"}, {"ht", "Sou-direktè"}, {"pt", "Vice-diretor"}};
static const struct model_officer deputy = {
    .id = "spiffe://uto.example/authority/snm/officer/doc02",
    .name = "Øystein Brandão Ríos",
    .post_es = "Subdirector",
    .post_en = "Deputy Director",
    .short_id = "UT-DOC-02",
    .more = deputy_posts,
    .more_n = 3};
static const struct model_post funds_posts[] = {
    {"fr", "Directrice des fonds"}, {"ht", "Direktris lajan"}, {"pt", "Diretora de Fundos"}};
static const struct model_officer funds = {.id = "spiffe://uto.example/authority/ufc/officer/fin03",
                                           .name = "Renata Vîlcu Ortúzar",
                                           .post_es = "Directora de Fondos",
                                           .post_en = "Director of Funds",
                                           .short_id = "UT-FIN-03",
                                           .more = funds_posts,
                                           .more_n = 3};
static const struct model_post certifier_posts[] = {
    {"fr", "Agent certificateur"}, {"ht", "Ajan sètifikasyon"}, {"pt", "Oficial certificador"}};
static const struct model_officer certifier = {
    .id = "spiffe://uto.example/authority/ufc/officer/fin04",
    .name = "Joaquín Sæther Rincón",
    .post_es = "Oficial certificador",
    .post_en = "Certifying officer",
    .short_id = "UT-FIN-04",
    .more = certifier_posts,
    .more_n = 3};
static const struct model_post requester_posts[] = {
    {"fr", "Chef des opérations"}, {"ht", "Chèf operasyon"}, {"pt", "Chefe de Operações"}};
static const struct model_officer requester = {
    .id = "spiffe://uto.example/authority/ufc/officer/ops11",
    .name = "Tadeusz Olmedo Núñez",
    .post_es = "Jefe de Operaciones",
    .post_en = "Head of Operations",
    .short_id = "UT-OPS-11",
    .more = requester_posts,
    .more_n = 3};

static const struct model_names service_names[] = {
    {"fr", "République d’Utopie", "Ministère de l’Intérieur", "Service national des migrations"},
    {"ht", "Repiblik Itopi", "Ministè Enteryè", "Sèvis nasyonal migrasyon"},
    {"pt", "República da Utopia", "Ministério do Interior", "Serviço Nacional de Migração"},
};
static const struct model_names funds_names[] = {
    {"fr", "République d’Utopie", "Ministère de l’Intérieur", "Unité des fonds de coopération"},
    {"ht", "Repiblik Itopi", "Ministè Enteryè", "Inite lajan kowoperasyon"},
    {"pt", "República da Utopia", "Ministério do Interior", "Unidade de Fundos de Cooperação"},
};

static struct model_authority authority(bool of_funds) {
  return (struct model_authority){
      .id = of_funds ? "ufc" : "snm",
      .state = "UTO",
      .state_es = "República de Utopía",
      .state_en = "Republic of Utopia",
      .ministry_es = "Ministerio del Interior",
      .ministry_en = "Ministry of the Interior",
      .name_es = of_funds ? "Unidad de Fondos de Cooperación" : "Servicio Nacional de Migración",
      .name_en = of_funds ? "Cooperation Funds Unit" : "National Migration Service",
      .seal_text = of_funds ? "UNIDAD DE FONDOS DE COOPERACIÓN" : "SERVICIO NACIONAL DE MIGRACIÓN",
      .place = "Puerto Esperanza",
      .zone = "America/Panama",
      .duty_telephone = "+000 555 0100",
      .verify_url = "verificar.utopia.example",
      .more = of_funds ? funds_names : service_names,
      .more_n = 3,
  };
}

static int64_t at(const char *text) {
  int64_t us = 0;
  int offset;
  return sv_time_parse(text, &us, &offset) ? us : 0;
}

/* ---- letters ---- */

static void letter(struct sv_ctx *ctx, struct sample *s, enum model_purpose purpose) {
  s->content = (struct model_content){.kind = MODEL_SAFE_CONDUCT,
                                      .letter = {.purpose = purpose,
                                                 .holder = {"HADDÂD ZEÏTOUN",
                                                            "NOÛR ÉLISE",
                                                            "نور إليز حدّاد زيتون",
                                                            "1994-05-07",
                                                            "",
                                                            "F",
                                                            "XXX",
                                                            {NULL, 0}},
                                                 .identity_document = no_document,
                                                 .issuing_state = "UTO",
                                                 .issuing_place = "Puerto Esperanza",
                                                 .valid_from = "2026-01-15",
                                                 .valid_until = "2026-04-15",
                                                 .legal_basis = "law_12_2019_art_8",
                                                 .signatory = "doc07",
                                                 .guardian_letter = "",
                                                 .case_reference = ""},
                                      .languages = TEXTS(ctx, "es", "en"),
                                      .template_name = ""};
  s->issue = (struct model_issue){.number = "S260C7QKV",
                                  .version = 1,
                                  .copy = 1,
                                  .supersedes = "",
                                  .issue_date = "2026-01-15",
                                  .issue_time_us = at("2026-01-15T16:42:08Z"),
                                  .authority = authority(false),
                                  .signatory = director,
                                  .requester = requester,
                                  .check_code = "7Q4M-K2PX-9DHT3"};
  s->request.mrz[0] = "PLUTOHADDAD<ZEITOUN<<NOUR<ELISE<<<<<";
  s->request.mrz[1] = "S260C7QKV4XXX9405077F2604158<<<<<<<0";
  if (purpose == MODEL_EMERGENCY_TRAVEL_DOCUMENT) {
    s->content.letter.holder = (struct model_person){"ERIKSSON", "ANNA MARIA", "",    "1974-08-12",
                                                     "",         "F",          "UTO", {NULL, 0}};
    s->content.letter.route = TEXTS(ctx, "PAC", "BOG", "UIO");
    s->content.letter.valid_until = "2026-06-27";
    s->issue.issue_date = "2026-06-13";
    s->issue.specimen = true;
    s->request.mrz[0] = "PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<";
    s->request.mrz[1] = "S260C7QKV4UTO7408122F2606277<<<<<<<8";
  }
}

/* ---- manifests ---- */

static const char *const surnames[] = {"ABREGO ITURRALDE",
                                       "ACHURRA ÑAUPA",
                                       "ÁLVAREZ-QUIÑÓNEZ",
                                       "BÂRLEA",
                                       "BEJARANO OTÁLORA",
                                       "BENÍTEZ GÜELL",
                                       "BRÂNCUȘ",
                                       "CAICEDO VALVERDE",
                                       "CASTAÑEDA PRÍNCIPE",
                                       "ÇELEBİOĞLU",
                                       "CHIRINO LÓPEZ",
                                       "CÓRDOVA HUAMÁN",
                                       "D’ALMEIDA",
                                       "DE LA ESPRIELLA VILLALOBOS Y MONTEALEGRE",
                                       "DÁVILA SÁENZ",
                                       "DŁUGOSZ",
                                       "ECHEVERRI",
                                       "EL KHÂTIB",
                                       "ESCOBÂR",
                                       "ESPINOZA ZÁRATE",
                                       "FADÚL",
                                       "FERNÁNDEZ Y MONTEALEGRE",
                                       "GALÍNDEZ",
                                       "GÓMEZ-PASTRANA",
                                       "GRØNLUND",
                                       "ÞÓRA",
                                       "NGUYỄN THỊ",
                                       "ВЛАДИМИРОВ",
                                       "ΕΛΕΝΗ"};
static const char *const given[] = {"ADÁN JOSUÉ", "CARLA",
                                    "EZEQUIEL",   "ISAÍAS",
                                    "LIZETH",     "NOÉ",
                                    "SAMUEL",     "XIMENA",
                                    "EVA",        "ÁNGELA",
                                    "DAYÁN",      "FÁTIMA",
                                    "JEFERSON",   "MARÍA DE LOS ÁNGELES GENOVEVA",
                                    "ÓSCAR",      "TADEO",
                                    "NOHEMÍ",     "GLORIA"};
enum { SURNAMES = sizeof surnames / sizeof *surnames, GIVEN = sizeof given / sizeof *given };

static void occupants(struct sv_ctx *ctx, struct model_manifest *m, size_t n) {
  m->occupants = SV_ARRAY(ctx->mem, n, struct model_occupant);
  m->occupant_count = n;
  for (size_t i = 0; i < n; i++) {
    bool crew = i + 4 >= n;
    enum model_role role = crew ? MODEL_CREW : i % 6 == 4 ? MODEL_ESCORT : MODEL_RETURNEE;
    struct model_occupant *o = &m->occupants[i];
    *o = (struct model_occupant){
        .occupant_id = sv_arena_printf(ctx->mem, "P%04zu", i + 1),
        .role = role,
        .person = nobody,
        .travel_document = no_document,
        .seat = crew           ? ""
                : i % 40 == 11 ? "INF"
                               : sv_arena_printf(ctx->mem, "%02zu%c", i / 4 + 1, "ACDF"[i % 4]),
        .bags = (uint32_t)(i % 7 == 0   ? 2
                           : i % 5 == 4 ? 0
                                        : 1),
        .embark = "PAC",
        .debark = i % 3 ? "UIO" : "BOG",
        .guardian_occupant_id = "",
        .offloaded = i == 16,
        .changed = i == 4 || i == 16};
    o->person.surname = surnames[i % SURNAMES];
    o->person.given_names = i == 20 ? "" : given[i % GIVEN];
    o->person.birth_date = "1990-01-01";
    o->person.sex = "X";
    o->person.nationality = "XXX";
  }
}

static void manifest(struct sv_ctx *ctx, struct sample *s, size_t people) {
  static const struct model_version versions[] = {{2, 0, MODEL_REASON_CORRECTION, "5"},
                                                  {1, 0, MODEL_REASON_NONE, "1–61"}};
  struct model_version *v = SV_ARRAY(ctx->mem, 2, struct model_version);
  struct model_leg *legs = SV_ARRAY(ctx->mem, 2, struct model_leg);
  v[0] = versions[0], v[1] = versions[1];
  v[0].issue_time_us = at("2026-08-20T11:41:00Z");
  v[1].issue_time_us = at("2026-08-20T10:02:00Z");
  legs[0] =
      (struct model_leg){"PAC", "BOG", "2026-08-20T07:30:00-05:00", "2026-08-20T09:05:00-05:00"};
  legs[1] =
      (struct model_leg){"BOG", "UIO", "2026-08-20T10:20:00-05:00", "2026-08-20T11:55:00-05:00"};
  s->content = (struct model_content){.kind = MODEL_FLIGHT_MANIFEST,
                                      .manifest = {.operator_name = "Aerovías del Istmo (XX)",
                                                   .flight_number = "XX 9001",
                                                   .registration = "UT-AVS",
                                                   .legs = legs,
                                                   .leg_count = 2,
                                                   .alternates = TEXTS(ctx, "CTG", "MDE"),
                                                   .seats = people < 68 ? 68 : 200,
                                                   .issuing_state = "UTO",
                                                   .signatory = "ops01",
                                                   .version_reason = MODEL_REASON_OFFLOAD},
                                      .languages = TEXTS(ctx, "es", "en"),
                                      .template_name = ""};
  occupants(ctx, &s->content.manifest, people);
  s->issue = (struct model_issue){.number = "M26000439",
                                  .version = 3,
                                  .copy = 1,
                                  .supersedes = "",
                                  .issue_date = "2026-08-20",
                                  .issue_time_us = at("2026-08-20T12:14:55Z"),
                                  .authority = authority(false),
                                  .signatory = requester,
                                  .requester = requester,
                                  .versions = v,
                                  .version_count = 2,
                                  .check_code = "9TQX-4MK2-W3CR7"};
}

/* ---- receipts ---- */

static const struct model_receipt_line receipt_lines[] = {
    {MODEL_CHARTER, "Vuelo chárter XX 9001, PAC–BOG–UIO", 46000, 184000, 8464000, "M26000439", 46,
     "2026-08-20"},
    {MODEL_COMMERCIAL_TICKET, "Billetes de regreso de acompañantes", 9000, 41250, 371250, "", 0,
     "2026-08-21"},
    {MODEL_GROUND, "Transporte terrestre", 3000, 96000, 288000, "", 0, "2026-08-20"},
    {MODEL_MEDICAL, "Asistencia sanitaria a bordo", 3000, 63775, 191325, "", 0, "2026-08-20"},
    {MODEL_OTHER, "Interpretación, horas", 12000, 4800, 57600, "", 0, "2026-08-20"},
    {MODEL_TRAINING, "Formación de acompañantes, jornadas", 2500, 30000, 75000, "", 0,
     "2026-08-22"},
    {MODEL_LINE_ESCORT, "Dietas de acompañantes", 18000, 5500, 99000, "", 0, "2026-08-22"},
    {MODEL_GROUND, "Transporte de equipaje", 1000, 12000, 12000, "", 0, "2026-08-20"},
};

static void receipt(struct sv_ctx *ctx, struct sample *s, size_t lines) {
  struct model_receipt_line *v = SV_ARRAY(ctx->mem, lines, struct model_receipt_line);
  int64_t sum = 0;
  for (size_t i = 0; i < lines; i++) {
    v[i] = receipt_lines[i % 8];
    sum += v[i].amount_minor;
  }
  s->content = (struct model_content){.kind = MODEL_DISBURSEMENT_RECEIPT,
                                      .receipt = {.obligation = "obligations/O-2024-003",
                                                  .payment_type = MODEL_PARTIAL,
                                                  .payee_name = "Servicio Nacional de Migración",
                                                  .payee_id = "LEI 5493 00UT OPIA 2026 0078",
                                                  .currency = "USD",
                                                  .amount_minor = sum,
                                                  .lines = v,
                                                  .line_count = lines,
                                                  .payment_date = "2026-08-28",
                                                  .remittance_reference = "RF18539007547034",
                                                  .end_to_end_id = "",
                                                  .reversal_of = "",
                                                  .base_currency = ""},
                                      .languages = TEXTS(ctx, "es", "en"),
                                      .template_name = ""};
  struct model_approval *approvals = SV_ARRAY(ctx->mem, 2, struct model_approval);
  approvals[0] = (struct model_approval){funds, at("2026-08-28T13:02:10Z")};
  approvals[1] = (struct model_approval){certifier, at("2026-08-28T15:47:36Z")};
  s->issue = (struct model_issue){.number = "R26000175",
                                  .version = 1,
                                  .copy = 1,
                                  .supersedes = "",
                                  .issue_date = "2026-08-28",
                                  .issue_time_us = at("2026-08-28T15:47:41Z"),
                                  .authority = authority(true),
                                  .signatory = certifier,
                                  .requester = requester,
                                  .approvals = approvals,
                                  .approval_count = 2,
                                  .ledger = {.obligation_id = "O-2024-003",
                                             .award_number = "UT-CA-24-0014",
                                             .awarding_agency = "Fondo Común de Asistencia",
                                             .recipient_name = "Servicio Nacional de Migración",
                                             .recipient_id = "LEI 5493 00UT OPIA 2026 0078",
                                             .period_start = "2024-07-01",
                                             .period_end = "2027-06-30",
                                             .amendment = 2,
                                             .sequence = 7,
                                             .obligated_minor = 600000000,
                                             .paid_before_minor = 18573925,
                                             .closing_minor = 600000000 - 18573925 - sum},
                                  .check_code = "5YB8-K2PX-9DHT3"};
}

/* ---- all ---- */

static void seal_all(struct sv_ctx *ctx, struct sample *s, uint32_t pages) {
  struct docs_seal *seals = SV_ARRAY(ctx->mem, pages, struct docs_seal);
  for (uint32_t p = 0; p < pages; p++) {
    size_t n = s->content.kind == MODEL_DISBURSEMENT_RECEIPT ? 209 : p ? 320 : 180;
    uint8_t *bytes = sv_arena_alloc(ctx->mem, n);
    for (size_t i = 0; i < n; i++) {
      bytes[i] = (uint8_t)(i * 37 + i * i * 11 + p * 53);
    }
    seals[p] = (struct docs_seal){p + 1, sv_bytes_of(bytes, n)};
  }
  s->request.seals = seals;
  s->request.seal_count = pages;
}

void sample_on(struct sv_ctx *ctx, struct sample *s, enum model_paper paper, uint32_t pages) {
  s->content.paper = paper;
  if (s->request.seal_count) {
    seal_all(ctx, s, pages);
  }
}

/* A picture of nobody: the silhouette itself, as a JPEG. Tests run from the source folder. */
static struct sv_bytes portrait(struct sv_ctx *ctx) {
  enum { ROOM = 16 * 1024 };
  uint8_t *bytes = sv_arena_alloc(ctx->mem, ROOM);
  FILE *f = fopen("tests/docs_gen/portrait.jpg", "re");
  size_t n = f && bytes ? fread(bytes, 1, ROOM, f) : 0;
  if (f) {
    fclose(f);
  }
  return sv_bytes_of(bytes, n);
}

static void name_letter(struct sample *s, const char *surname, const char *given_names,
                        const char *native) {
  s->content.letter.holder.surname = surname;
  s->content.letter.holder.given_names = given_names;
  s->content.letter.holder.native_name = native;
}

sv_status sample_make(struct sv_ctx *ctx, size_t i, struct sample *ret) {
  static const char *const names[SAMPLE_COUNT] = {
      "letter",        "letter-etd",     "letter-transit",    "letter-asylum",
      "letter-draft",  "letter-copy2",   "letter-names",      "manifest",
      "manifest-180",  "manifest-draft", "receipt",           "receipt-8",
      "receipt-draft", "manifest-gate",  "manifest-operator", "manifest-destination",
      "manifest-30"};
  *ret = (struct sample){.name = names[i]};
  uint32_t pages = 1;
  if (i < 7) {
    static const enum model_purpose purposes[] = {
        MODEL_PROTECTION_STAY,     MODEL_EMERGENCY_TRAVEL_DOCUMENT, MODEL_TRANSIT_EXIT,
        MODEL_ASYLUM_SAFE_CONDUCT, MODEL_PROTECTION_STAY,           MODEL_PROTECTION_STAY,
        MODEL_PROTECTION_STAY};
    letter(ctx, ret, purposes[i]);
    struct model_approval *a = SV_NEW(ctx->mem, struct model_approval);
    *a = (struct model_approval){deputy, ret->issue.issue_time_us};
    ret->issue.approvals = a;
    ret->issue.approval_count = 1;
  } else if (i < 10 || i >= 13) {
    size_t people = i == 8 ? 180 : i == 16 ? 30 : 61;
    manifest(ctx, ret, people);
    struct model_approval *a = SV_NEW(ctx->mem, struct model_approval);
    *a = (struct model_approval){deputy, ret->issue.issue_time_us};
    ret->issue.approvals = a;
    ret->issue.approval_count = 1;
    pages = i == 8 ? 9 : i == 16 ? 3 : 4;
    if (i >= 13 && i < 16) {
      struct model_manifest whole = ret->content.manifest;
      ret->issue.audience = (enum model_audience)(MODEL_GATE + i - 13);
      SV_TRY(model_audience_manifest(ctx, &whole, ret->issue.audience, &ret->content.manifest));
    }
  } else {
    receipt(ctx, ret, i == 11 ? 8 : 5);
    pages = i == 11 ? 2 : 1;
  }
  if (i == 3) {
    ret->content.letter.holder.portrait_jpeg = portrait(ctx);
  }
  if (i == 5) {
    ret->issue.copy = 2;
    ret->issue.copy_reason = MODEL_REASON_DAMAGED;
    ret->issue.supersedes = "S260C7R1K";
  }
  if (i == 6) {
    name_letter(ret, "VILLALOBOS-ETXEBARRÍA DE LA ESPRIELLA Y MONTEALEGRE DEL CASTILLO",
                "ḪADĪJA ÑANDÚ-ØST ȘERBAN ÞÓRA NGUYỄN THỊ ÁNH", "Владимир Ελένη 王小明 नूर");
  }
  ret->issue.preview = i == 4 || i == 9 || i == 12;
  for (size_t k = 0; k < 32; k++) {
    ret->issue.record_sha256[k] = (uint8_t)(k * 7 + i);
  }
  ret->request.signer_lines[0] =
      i < 10 ? "UT-DOC-07, Servicio Nacional de Migración" : "UT-DOC-07, Unidad de Fondos";
  ret->request.signer_lines[1] = "PAdES, ECDSA P-256, SHA-256";
  ret->request.signer_line_count = i < 7 ? 2 : 1;
  if (ret->issue.preview) {
    ret->issue.number[0] = 0;
    ret->request.mrz[0] = ret->request.mrz[1] = NULL;
  } else {
    seal_all(ctx, ret, pages);
    ret->request.contents_room = 2 * 1600 + 2;
  }
  ret->request.record = sv_bytes_str("{\"content\":{},\"salt\":\"00\"}");
  return SV_DONE;
}
