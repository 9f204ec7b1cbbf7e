/* What happens between taking a number and finishing the document: another call, a fault, a dead worker. The registry is
 * the real one; a wrapper lets a test step in between two of its transactions. */
#include "service/boarding.h"
#include "service/protection.h"
#include "service/service.h"
#include "store/log.h"
#include "store/sqlite.h"
#include "tests/authority.h"
#include "tests/vectors.h"

#include "base/clock.h"

enum { REQUESTS_MAX = 16 };

struct fixture {
  struct store store; /* first: the service writes through it */
  struct store *real;
  void (*between)(struct fixture *f); /* after the next write */
  struct sv_ctx ctx;
  struct docs *docs;
  struct seal *seal;
  struct service *service;
  struct policy_officer officer;
  struct model_authority authority;
  struct policy_role role;
  const struct policy_role *roles[1];
  struct policy_caller policy_caller;
  struct service_policy policy;
  struct service_caller caller;
  struct model_content contents[REQUESTS_MAX]; /* what the wire had: a request is its place here */
  char encoded[REQUESTS_MAX][64];
  char request_ids[REQUESTS_MAX][37];
  size_t count;
  char dir[64];
  char today[11], later[11];
  /* of `between` */
  size_t other;
  sv_status other_status;
  struct service_issued other_issued;
};

static sv_status write_through(struct store *store, struct sv_ctx *ctx, store_act *act, void *arg) {
  struct fixture *f = (struct fixture *)store;
  SV_TRY(store_write(f->real, ctx, act, arg));
  void (*between)(struct fixture *) = f->between;
  f->between = NULL;
  if (between) {
    between(f);
  }
  return SV_DONE;
}
static sv_status read_through(struct store *store, struct sv_ctx *ctx, store_act *act, void *arg) {
  return store_read(((struct fixture *)store)->real, ctx, act, arg);
}
static const struct store_ops through = {.write = write_through, .read = read_through};

static struct fixture *fixture_now; /* request_decode has no other way to it */

static sv_status decode(struct sv_ctx *ctx, struct sv_bytes request, struct model_content *ret) {
  for (size_t i = 0; i < fixture_now->count; i++) {
    if (sv_bytes_equal(request, sv_bytes_str(fixture_now->encoded[i]))) {
      *ret = fixture_now->contents[i];
      return SV_DONE;
    }
  }
  return SV_FAIL(ctx, CORRUPT, "no such request");
}

static void policy_fill(struct fixture *f) {
  f->authority = (struct model_authority){"migration",
                                          "UTO",
                                          "República de Utopía",
                                          "Republic of Utopia",
                                          "Ministerio del Interior",
                                          "Ministry of the Interior",
                                          "Servicio Nacional de Migración",
                                          "National Migration Service",
                                          "SERVICIO NACIONAL",
                                          "Puerto Esperanza",
                                          "America/Panama",
                                          "+000 555 0100",
                                          "verificar.utopia.example",
                                          NULL,
                                          0};
  f->officer = (struct policy_officer){{"spiffe://utopia.example/authority/migration/officer/a",
                                        "Ada Ríos", "Directora", "Director", "UT-1", NULL, 0},
                                       "migration",
                                       SERVICE_ALL_KINDS};
  f->role.name = "all";
  for (int i = 0; i < SERVICE_ACT_COUNT; i++) {
    f->role.kinds[i] = SERVICE_ALL_KINDS;
  }
  f->roles[0] = &f->role;
  f->policy_caller = (struct policy_caller){f->officer.officer.id, f->roles, 1};
  f->policy = (struct service_policy){.trust_domain = "utopia.example",
                                      .authorities = &f->authority,
                                      .authority_count = 1,
                                      .officers = &f->officer,
                                      .officer_count = 1,
                                      .roles = &f->role,
                                      .role_count = 1,
                                      .callers = &f->policy_caller,
                                      .caller_count = 1,
                                      .safeguards = policy_safeguards_default};
  f->caller = (struct service_caller){f->officer.officer.id, &f->policy_caller, &f->authority};
}

static int fixture_open(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  fixture_now = f;
  f->ctx = sv_ctx_over(sv_arena_open((size_t)256 << 20));
  (void)snprintf(f->dir, sizeof f->dir, "/tmp/sv-service-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  struct sv_arena *mem = f->ctx.mem;
  f->store.ops = &through;
  assert_int_equal(
      store_sqlite_open(&f->ctx, sv_arena_printf(mem, "%s/registry.db", f->dir),
                        &(const struct store_keys){.registry = {7}, .master = {8}}, &f->real)
          .reason,
      SV_OK);
  assert_int_equal(docs_open(&f->ctx, "templates", &f->docs).reason, SV_OK);
  assert_int_equal(
      seal_open_files(&f->ctx, authority_path(mem, "document.key"),
                      authority_path(mem, "document-chain.pem"), authority_path(mem, "seal.key"),
                      authority_path(mem, "seal.pem"), &f->seal)
          .reason,
      SV_OK);
  policy_fill(f);
  struct service_parts parts = {.store = &f->store,
                                .docs = f->docs,
                                .seal = f->seal,
                                .policy = &f->policy,
                                .registry_key = {7},
                                .signer_lines = {"UT-1", "PAdES"},
                                .request_decode = decode};
  assert_int_equal(service_open(&f->ctx, &parts, &f->service).reason, SV_OK);
  struct sv_date day;
  assert_true(sv_date_in_zone(sv_wall_us(), "America/Panama", &day));
  sv_date_format(day, f->today);
  sv_date_format(sv_date_of_days(sv_date_days(day) + 90), f->later);
  *state = f;
  return 0;
}

static int fixture_close(void **state) {
  struct fixture *f = *state;
  service_close(f->service);
  store_close(f->real);
  docs_close(f->docs);
  seal_close(f->seal);
  char command[96];
  (void)snprintf(command, sizeof command, "rm -rf %s", f->dir);
  assert_int_equal(system(command), 0);
  sv_arena_close(f->ctx.mem);
  free(f);
  return 0;
}

/* --- requests --- */

static size_t request_add(struct fixture *f, const struct model_content *content) {
  assert_true(f->count < REQUESTS_MAX);
  size_t i = f->count++;
  f->contents[i] = *content;
  (void)snprintf(f->encoded[i], sizeof f->encoded[i], "request %zu", i);
  (void)snprintf(f->request_ids[i], sizeof f->request_ids[i],
                 "0b5c6c1e-6f0e-4a53-9d0a-2f6b1c7e%04zx", i);
  return i;
}

static sv_status issue(struct fixture *f, size_t i, const char *supersedes,
                       struct service_issued *ret) {
  struct service_issue_request r = {.request_id = f->request_ids[i],
                                    .content = f->contents[i],
                                    .supersedes = supersedes,
                                    .encoded = sv_bytes_str(f->encoded[i])};
  struct sv_ctx ctx = sv_ctx_over(f->ctx.mem);
  return service_issue(f->service, &ctx, &f->caller, &r, ret);
}

static struct model_person person(const char *surname) {
  return (struct model_person){.surname = surname,
                               .given_names = "NOÛR",
                               .native_name = "",
                               .birth_date = "1994-05-07",
                               .birth_place = "",
                               .sex = "F",
                               .nationality = "XXX"};
}

static const char *ecuador[] = {"ECU"};

static struct model_content letter(struct fixture *f) {
  return (struct model_content){.kind = MODEL_SAFE_CONDUCT,
                                .template_name = "",
                                .letter = {.purpose = MODEL_PROTECTION_STAY,
                                           .holder = person("HADDÂD"),
                                           .identity_document = {"P", "QX7700341", "UTO", ""},
                                           .issuing_state = "UTO",
                                           .issuing_place = "",
                                           .valid_from = f->today,
                                           .valid_until = f->later,
                                           .not_valid_for = {ecuador, 1},
                                           .legal_basis = "",
                                           .signatory = "",
                                           .guardian_letter = "",
                                           .case_reference = ""}};
}

static struct model_content manifest(struct fixture *f, const char *to) {
  struct model_leg *leg = SV_NEW(f->ctx.mem, struct model_leg);
  struct model_occupant *o = SV_NEW(f->ctx.mem, struct model_occupant);
  *leg = (struct model_leg){"PAC", to, "2031-12-20T07:30:00-05:00", "2031-12-20T09:05:00-05:00"};
  *o = (struct model_occupant){.occupant_id = "P1",
                               .role = MODEL_RETURNEE,
                               .person = person("OTRA"),
                               .travel_document = {"P", "QX7700341", "UTO", ""},
                               .seat = "1A",
                               .embark = "",
                               .debark = "",
                               .guardian_occupant_id = ""};
  return (struct model_content){.kind = MODEL_FLIGHT_MANIFEST,
                                .template_name = "",
                                .manifest = {.operator_name = "Aerovías",
                                             .flight_number = "XX 1",
                                             .registration = "UT-A",
                                             .legs = leg,
                                             .leg_count = 1,
                                             .occupants = o,
                                             .occupant_count = 1,
                                             .issuing_state = "UTO",
                                             .signatory = ""}};
}

static struct model_content receipt(struct fixture *f, enum model_payment type, int64_t minor,
                                    const char *reversal_of) {
  struct model_receipt_line *line = SV_NEW(f->ctx.mem, struct model_receipt_line);
  *line = (struct model_receipt_line){.type = MODEL_GROUND,
                                      .description = "Transporte",
                                      .quantity_thousandths = 1000,
                                      .unit_price_minor = minor,
                                      .amount_minor = minor,
                                      .manifest_number = "",
                                      .service_date = ""};
  return (struct model_content){.kind = MODEL_DISBURSEMENT_RECEIPT,
                                .template_name = "",
                                .receipt = {.obligation = "obligations/O-1",
                                            .payment_type = type,
                                            .payee_name = "Aerovías",
                                            .payee_id = "",
                                            .currency = "USD",
                                            .amount_minor = minor,
                                            .lines = line,
                                            .line_count = 1,
                                            .payment_date = f->today,
                                            .remittance_reference = "",
                                            .end_to_end_id = "",
                                            .reversal_of = reversal_of,
                                            .base_currency = ""}};
}

static size_t receipt_add(struct fixture *f, enum model_payment type, int64_t minor,
                          const char *reversal_of) {
  struct model_content c = receipt(f, type, minor, reversal_of);
  return request_add(f, &c);
}

static void obligate(struct fixture *f) {
  struct store_obligation o = {.id = "O-1",
                               .award_number = "A",
                               .awarding_agency = "B",
                               .recipient_name = "C",
                               .recipient_id = "",
                               .currency = "USD",
                               .obligated_minor = 100000,
                               .period_start = "2020-01-01",
                               .period_end = "2099-12-31"};
  assert_int_equal(
      service_obligation_create(f->service, &f->ctx, &f->caller,
                                "0b5c6c1e-6f0e-4a53-9d0a-2f6b1c7effff", &o, sv_bytes_str("o"), &o)
          .reason,
      SV_OK);
}

static struct store_obligation obligation(struct fixture *f) {
  struct store_obligation o;
  assert_int_equal(
      service_obligation(f->service, &f->ctx, &f->caller, "obligations/O-1", &o).reason, SV_OK);
  return o;
}

static struct store_document row(struct fixture *f, const char *number) {
  struct service_issued d;
  assert_int_equal(service_document(f->service, &f->ctx, &f->caller, number, 0, &d).reason, SV_OK);
  return d.document;
}

/* What the only passenger of a flight needs on record: screened without a claim, decided on, admitted there. */
static void facts_record(struct fixture *f, const struct model_content *flight) {
  static const int kinds[] = {1, 3, 9}; /* SCREENING_NO_CLAIM, DECISION, ADMISSION_GUARANTEE */
  const struct model_occupant *o = &flight->manifest.occupants[0];
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    char id[37];
    (void)snprintf(id, sizeof id, "7e5c6c1e-6f0e-4a53-9d0a-2f6b1c7e%04zx", i);
    struct service_fact_request r = {.request_id = id,
                                     .kind = kinds[i],
                                     .person = o->person,
                                     .document = o->travel_document,
                                     .fact_us = sv_wall_us() - (int64_t)3600 * 1000000,
                                     .language = "es",
                                     .reference = id,
                                     .encoded = sv_bytes_str(id)};
    struct sv_ctx ctx = sv_ctx_over(f->ctx.mem);
    const char *name;
    struct service_hold hold;
    assert_int_equal(service_fact_record(f->service, &ctx, &f->caller, &r, &name, &hold).reason,
                     SV_OK);
  }
}

/* --- stepping in --- */

static void issue_other(struct fixture *f) {
  f->other_status = issue(f, f->other, "", &f->other_issued);
}
static void officer_leaves(struct fixture *f) { f->policy.officer_count = 0; }

static sv_status lease_end(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->ops->lease_extend(tx, ctx, arg, 1, 1);
}

/* A number that was taken and whose document could not be made; its lease is over. */
static const char *strand(struct fixture *f, size_t i) {
  struct service_issued d = {0};
  f->between = officer_leaves;
  assert_int_equal(issue(f, i, "", &d).reason, SV_CONFIG);
  const char *number = d.document.number;
  assert_int_equal(row(f, number).state, MODEL_RESERVED);
  assert_int_equal(store_write(f->real, &f->ctx, lease_end, (void *)(uintptr_t)number).reason,
                   SV_OK);
  return number;
}

static void sweep(struct fixture *f) {
  bool left;
  struct sv_ctx ctx = sv_ctx_over(f->ctx.mem);
  assert_int_equal(service_sweep(f->service, &ctx, 8, &left).reason, SV_OK);
}

/* --- tests --- */

static const char *replaced;
static void replace_other(struct fixture *f) {
  f->other_status = issue(f, f->other, replaced, &f->other_issued);
}

static void a_letter_is_replaced_by_one_other_only(void **state) {
  struct fixture *f = *state;
  struct model_content c = letter(f);
  struct service_issued first, second;
  assert_int_equal(issue(f, request_add(f, &c), "", &first).reason, SV_OK);
  replaced = first.document.number;
  f->other = request_add(f, &c);
  f->between = replace_other;
  assert_int_equal(issue(f, request_add(f, &c), replaced, &second).reason, SV_VERSION_CHANGED);
  assert_int_equal(f->other_status.reason, SV_OK);
  assert_int_equal(row(f, second.document.number).state, MODEL_VOID);
  assert_string_equal(row(f, replaced).superseded_by, f->other_issued.document.number);
}

static void a_receipt_is_reversed_once_only(void **state) {
  struct fixture *f = *state;
  obligate(f);
  struct service_issued paid, reversal;
  assert_int_equal(issue(f, receipt_add(f, MODEL_PARTIAL, 60000, ""), "", &paid).reason, SV_OK);
  f->other = receipt_add(f, MODEL_REVERSAL, -60000, paid.document.number);
  f->between = issue_other;
  size_t i = receipt_add(f, MODEL_REVERSAL, -60000, paid.document.number);
  assert_int_equal(issue(f, i, "", &reversal).reason, SV_VERSION_CHANGED);
  assert_int_equal(f->other_status.reason, SV_OK);
  assert_int_equal(obligation(f).disbursed_minor, 0);
  assert_string_equal(row(f, paid.document.number).superseded_by, f->other_issued.document.number);
  assert_int_equal(issue(f, i, "", &reversal).reason, SV_FIELD_INVALID);
}

static void what_a_reversal_gives_back_is_spent_after_it_is_issued(void **state) {
  struct fixture *f = *state;
  obligate(f);
  struct service_issued paid, reversal, next;
  assert_int_equal(issue(f, receipt_add(f, MODEL_PARTIAL, 60000, ""), "", &paid).reason, SV_OK);
  f->other = receipt_add(f, MODEL_PARTIAL, 60000, "");
  f->between = issue_other;
  size_t i = receipt_add(f, MODEL_REVERSAL, -60000, paid.document.number);
  assert_int_equal(issue(f, i, "", &reversal).reason, SV_OK);
  assert_int_equal(f->other_status.reason, SV_BALANCE_EXCEEDED);
  assert_int_equal(issue(f, f->other, "", &next).reason, SV_OK);
  assert_int_equal(next.document.paid_before_minor, 0);
  assert_int_equal(obligation(f).disbursed_minor, 60000);
}

static void a_reversal_beside_another_payment_is_tried_again(void **state) {
  struct fixture *f = *state;
  obligate(f);
  struct service_issued paid, reversal;
  assert_int_equal(issue(f, receipt_add(f, MODEL_PARTIAL, 60000, ""), "", &paid).reason, SV_OK);
  f->other = receipt_add(f, MODEL_PARTIAL, 10000, "");
  f->between = issue_other;
  size_t i = receipt_add(f, MODEL_REVERSAL, -60000, paid.document.number);
  assert_int_equal(issue(f, i, "", &reversal).reason, SV_VERSION_CHANGED);
  assert_int_equal(obligation(f).disbursed_minor, 70000);
  assert_int_equal(issue(f, i, "", &reversal).reason, SV_OK);
  assert_int_equal(reversal.document.paid_before_minor, 70000);
  assert_int_equal(obligation(f).disbursed_minor, 10000);
}

static void a_final_payment_that_came_to_nothing_closes_nothing(void **state) {
  struct fixture *f = *state;
  obligate(f);
  const char *number = strand(f, receipt_add(f, MODEL_FINAL, 60000, ""));
  assert_true(obligation(f).closed);
  sweep(f);
  assert_int_equal(row(f, number).state, MODEL_VOID);
  assert_false(obligation(f).closed);
  assert_int_equal(obligation(f).disbursed_minor, 0);
}

static void a_place_in_the_obligation_is_given_once(void **state) {
  struct fixture *f = *state;
  obligate(f);
  (void)strand(f, receipt_add(f, MODEL_PARTIAL, 10000, ""));
  f->policy.officer_count = 1;
  struct service_issued second, third;
  assert_int_equal(issue(f, receipt_add(f, MODEL_PARTIAL, 10000, ""), "", &second).reason, SV_OK);
  f->policy.officer_count = 0;
  sweep(f);
  f->policy.officer_count = 1;
  assert_int_equal(issue(f, receipt_add(f, MODEL_PARTIAL, 10000, ""), "", &third).reason, SV_OK);
  assert_int_equal(second.document.sequence, 2);
  assert_int_equal(third.document.sequence, 3);
}

static void the_sweeper_finishes_what_the_worker_would_have_made(void **state) {
  struct fixture *f = *state;
  struct model_content c = letter(f);
  const char *number = strand(f, request_add(f, &c));
  f->policy.officer_count = 1;
  sweep(f);
  struct store_document d = row(f, number);
  assert_int_equal(d.state, MODEL_ISSUED);
  const char *record = sv_arena_strndup(f->ctx.mem, (const char *)d.record.p, d.record.n);
  assert_non_null(strstr(record, "\"issuing_place\":\"Puerto Esperanza\""));
  assert_null(strstr(record, "\"legal_basis\":\"\""));
  assert_non_null(strstr(record, "\"legal_basis\":\""));
}

static sv_status second_lease_end(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->ops->lease_extend(tx, ctx, arg, 2, 1);
}

/* The first passenger is taken off the first version. */
static struct service_mark p1_is_off(const char *request_id, const struct service_issued *d) {
  return (struct service_mark){.request_id = request_id,
                               .number = d->document.number,
                               .version = 1,
                               .occupant_id = "P1",
                               .mark = 3,
                               .mark_us = sv_wall_us(),
                               .device = "stairs",
                               .encoded = sv_bytes_str("off")};
}

static void who_was_taken_off_stays_off_whatever_befalls_the_version(void **state) {
  struct fixture *f = *state;
  struct model_content flight = manifest(f, "UIO");
  struct service_issued d;
  struct service_marked marked;
  facts_record(f, &flight);
  assert_int_equal(issue(f, request_add(f, &flight), "", &d).reason, SV_OK);
  struct service_mark off = p1_is_off("9a5c6c1e-6f0e-4a53-9d0a-2f6b1c7e0001", &d);
  struct sv_ctx ctx = sv_ctx_over(f->ctx.mem);
  f->between = officer_leaves;
  assert_int_equal(service_mark(f->service, &ctx, &f->caller, &off, &marked).reason, SV_CONFIG);
  for (int tries = 0; tries < 2; tries++) { /* no number of failures gives it up */
    assert_int_equal(
        store_write(f->real, &f->ctx, second_lease_end, (void *)(uintptr_t)off.number).reason,
        SV_OK);
    f->policy.officer_count = (size_t)tries;
    sweep(f);
    assert_int_equal(row(f, off.number).version, 1 + (uint32_t)tries);
  }
  assert_int_equal(row(f, off.number).state, MODEL_ISSUED);
  sv_ctx_clear(&ctx);
  assert_int_equal(service_mark(f->service, &ctx, &f->caller, &off, &marked).reason, SV_OK);
  assert_true(marked.known && marked.made && marked.manifest.document.version == 2);
}

/* Of the audit: the version that went without its message, and why. */
static sv_status without_list(void *arg, struct sv_ctx *ctx, const char *const *names,
                              const char *const *cells, size_t n) {
  char *told = arg, version[16] = "", reason[32] = "";
  bool act = false;
  (void)ctx;
  for (size_t i = 0; i < n; i++) {
    const char *cell = cells[i] ? cells[i] : "";
    act = act || (strcmp(names[i], "act") == 0 && strcmp(cell, "without_list") == 0);
    if (strcmp(names[i], "version") == 0) {
      (void)snprintf(version, sizeof version, "%s", cell);
    } else if (strcmp(names[i], "reason") == 0) {
      (void)snprintf(reason, sizeof reason, "%s", cell);
    }
  }
  if (act) {
    (void)snprintf(told + strlen(told), 64, "%s %s;", version, reason);
  }
  return SV_DONE;
}

static sv_status audit_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->log->table(tx, ctx, "audit", without_list, arg);
}

/* Manifests were issued before their names were held against the message. */
static void who_is_off_is_off_though_the_list_can_not_carry_who_stays(void **state) {
  struct fixture *f = *state;
  struct model_content flight = manifest(f, "UIO");
  struct model_occupant lines[2] = {flight.manifest.occupants[0], flight.manifest.occupants[0]};
  struct service_issued d;
  struct service_marked marked = {0};
  char told[256] = "";
  lines[1].occupant_id = "C1";
  lines[1].role = MODEL_CREW;
  lines[1].person = person("VARGAS");
  lines[1].travel_document.number = "QX7700342";
  lines[1].seat = "";
  flight.manifest.occupants = lines;
  flight.manifest.occupant_count = 2;
  facts_record(f, &flight);
  f->policy.attach_passengers = true;
  assert_int_equal(issue(f, request_add(f, &flight), "", &d).reason, SV_OK);
  for (size_t i = 0; i < 2; i++) { /* in whatever order they were put */
    if (strcmp(lines[i].occupant_id, "C1") == 0) {
      lines[i].person.surname = "\u738b";
    }
  }
  struct service_mark off = p1_is_off("9a5c6c1e-6f0e-4a53-9d0a-2f6b1c7e0002", &d);
  struct sv_ctx ctx = sv_ctx_over(f->ctx.mem);
  assert_int_equal(service_mark(f->service, &ctx, &f->caller, &off, &marked).reason, SV_OK);
  assert_true(marked.made && marked.manifest.document.version == 2);
  assert_int_equal(row(f, off.number).state, MODEL_ISSUED);
  assert_int_equal(store_read(f->real, &f->ctx, audit_act, told).reason, SV_OK);
  assert_string_equal(told, "2 MRZ_FORMAT;");
}

static void a_request_that_was_answered_is_answered_though_it_is_at_fault_today(void **state) {
  struct fixture *f = *state;
  struct model_content c = letter(f);
  size_t i = request_add(f, &c);
  struct service_issued first, again;
  assert_int_equal(issue(f, i, "", &first).reason, SV_OK);
  f->policy.officer_count = 0;
  assert_int_equal(issue(f, i, "", &again).reason, SV_OK);
  assert_string_equal(again.document.number, first.document.number);
  assert_true(sv_bytes_equal(again.pdf, first.pdf));
  (void)snprintf(f->encoded[i], sizeof f->encoded[i], "other content");
  assert_int_equal(issue(f, i, "", &again).reason, SV_FIELD_INVALID);
}

static void a_letter_issued_beside_a_manifest_stops_it(void **state) {
  struct fixture *f = *state;
  struct model_content protection = letter(f), flight = manifest(f, "UIO");
  f->other = request_add(f, &protection);
  facts_record(f, &flight);
  f->between = issue_other;
  struct service_issued d = {0};
  assert_int_equal(issue(f, request_add(f, &flight), "", &d).reason, SV_HOLD);
  assert_int_equal(f->other_status.reason, SV_OK);
  assert_int_equal(row(f, d.document.number).state, MODEL_VOID);
}

static void a_state_is_kept_off_under_any_of_its_codes(void **state) {
  struct fixture *f = *state;
  static const char *germany[] = {"D"};
  struct model_content protection = letter(f);
  protection.letter.not_valid_for = (struct model_texts){germany, 1};
  protection.letter.identity_document = (struct model_travel_document){"P", "QX7700341", "DEU", ""};
  struct service_issued d;
  assert_int_equal(issue(f, request_add(f, &protection), "", &d).reason, SV_OK);
  struct model_content flight = manifest(f, "FRA");
  flight.manifest.occupants[0].travel_document.issuing_state = "D";
  assert_int_equal(issue(f, request_add(f, &flight), "", &d).reason, SV_HOLD);
  flight = manifest(f, "UIO");
  flight.manifest.occupants[0].travel_document.issuing_state = "D";
  facts_record(f, &flight);
  assert_int_equal(issue(f, request_add(f, &flight), "", &d).reason, SV_OK);
}

/* --- charter lines --- */

struct closing {
  const char *number;
  uint32_t boarded;
};

static sv_status close_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct closing *c = arg;
  SV_TRY(tx->ops->document_state(tx, ctx, c->number, 1, MODEL_CLOSED, MODEL_REASON_NONE, ""));
  return tx->protection->boarded_put(tx, ctx, c->number, c->boarded);
}

/* A receipt of one charter line a count; ret_field: the first field at fault, "" where there is none. */
static sv_status bill(struct fixture *f, const char *manifest_number, const uint32_t *counts,
                      size_t n, struct service_issued *ret, const char **ret_field) {
  struct model_content c = receipt(f, MODEL_PARTIAL, 100, "");
  struct model_receipt_line *lines = SV_ARRAY(f->ctx.mem, n, struct model_receipt_line);
  for (size_t i = 0; i < n; i++) {
    lines[i] = c.receipt.lines[0];
    lines[i].type = MODEL_CHARTER;
    lines[i].manifest_number = manifest_number;
    lines[i].passenger_count = counts[i];
  }
  c.receipt.lines = lines;
  c.receipt.line_count = n;
  c.receipt.amount_minor = 100 * (int64_t)n;
  size_t at = request_add(f, &c);
  struct service_issue_request r = {.request_id = f->request_ids[at],
                                    .content = c,
                                    .supersedes = "",
                                    .encoded = sv_bytes_str(f->encoded[at])};
  struct sv_ctx ctx = sv_ctx_over(f->ctx.mem);
  sv_status s = service_issue(f->service, &ctx, &f->caller, &r, ret);
  *ret_field = ctx.violation_count ? ctx.violations[0].path : "";
  return s;
}

static void a_charter_line_bills_whom_boarded_a_closed_manifest_once(void **state) {
  struct fixture *f = *state;
  static const uint32_t three[] = {2, 1}, four[] = {2, 2}, one[] = {1};
  struct model_content flight = manifest(f, "UIO");
  struct service_issued d, first;
  const char *field;
  obligate(f);
  facts_record(f, &flight);
  assert_int_equal(issue(f, request_add(f, &flight), "", &d).reason, SV_OK);
  struct closing closing = {d.document.number, 3};
  static const char *const none[] = {"", "M26000439"};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(bill(f, none[i], one, 1, &first, &field).reason, SV_FIELD_INVALID);
    assert_string_equal(field, "disbursement_receipt.lines[0].manifest_number");
  }
  assert_int_equal(bill(f, closing.number, one, 1, &first, &field).reason, SV_FIELD_INVALID);
  assert_string_equal(field, "disbursement_receipt.lines[0].manifest_number");
  assert_int_equal(store_write(f->real, &f->ctx, close_act, &closing).reason, SV_OK);
  assert_int_equal(bill(f, closing.number, four, 2, &first, &field).reason, SV_FIELD_INVALID);
  assert_string_equal(field, "disbursement_receipt.lines[1].passenger_count");
  assert_int_equal(obligation(f).disbursed_minor, 0);
  assert_int_equal(bill(f, closing.number, three, 2, &first, &field).reason, SV_OK);
  assert_int_equal(bill(f, closing.number, one, 1, &d, &field).reason, SV_FIELD_INVALID);
  assert_string_equal(field, "disbursement_receipt.lines[0].passenger_count");
  assert_int_equal(
      issue(f, receipt_add(f, MODEL_REVERSAL, -200, first.document.number), "", &d).reason, SV_OK);
  assert_int_equal(bill(f, closing.number, three, 2, &d, &field).reason, SV_OK);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
  const struct CMUnitTest tests[] = {
      T(a_letter_is_replaced_by_one_other_only),
      T(a_receipt_is_reversed_once_only),
      T(what_a_reversal_gives_back_is_spent_after_it_is_issued),
      T(a_reversal_beside_another_payment_is_tried_again),
      T(a_final_payment_that_came_to_nothing_closes_nothing),
      T(a_place_in_the_obligation_is_given_once),
      T(the_sweeper_finishes_what_the_worker_would_have_made),
      T(who_was_taken_off_stays_off_whatever_befalls_the_version),
      T(who_is_off_is_off_though_the_list_can_not_carry_who_stays),
      T(a_request_that_was_answered_is_answered_though_it_is_at_fault_today),
      T(a_letter_issued_beside_a_manifest_stops_it),
      T(a_state_is_kept_off_under_any_of_its_codes),
      T(a_charter_line_bills_whom_boarded_a_closed_manifest_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
