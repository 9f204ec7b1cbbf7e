/* What the pages say: words, titles, clauses and catalogues, read from templates/ at start and checked whole. The C code
 * knows blocks and measures; the words live there. */
#pragma once
#include "base/ctx.h"
#include "docs_gen/text/words.h"
#include "model/document.h"

/* A text in both languages. Never NULL. */
struct pair {
  const char *es, *en;
};

/* The keys of captions/es.txt and captions/en.txt: every one must be there, and no other. */
/* clang-format off */
#define TEMPLATE_WORDS(X)                                                                                                   \
  X(number)                                                                                                                 \
  X(version)                                                                                                                \
  X(copy) X(code) X(page) X(original) X(copy_tab) X(replaces) X(cancels_copy) X(reason_lost) X(                             \
      reason_stolen) X(reason_damaged) X(reason_misprint) X(surname) X(given_names) X(birth_date)                           \
      X(native_name) X(sex) X(nationality) X(holder_signature) X(issued) X(valid_from) X(                                   \
          valid_until) X(validity) X(single_journey) X(fixed_route) X(transit) X(destination)                               \
          X(authority_place) X(authority) X(area) X(area_except) X(legal_basis) X(                                          \
              for_authority) X(electronic_signature) X(countersigned) X(proves_nothing)                                     \
              X(how_to_check) X(duty_desk) X(draft_bar) X(awaiting) X(no_seal) X(unsigned) X(                               \
                  mrz_at_issue) X(draft_mark) X(specimen_mark) X(flight) X(date) X(operator)                                \
                  X(registration) X(seats) X(alternates) X(legs) X(from) X(to) X(departure) X(                              \
                      arrival) X(passengers) X(accompanying) X(crew) X(on_board) X(count_on_board)                          \
                      X(count_passengers) X(count_accompanying) X(count_crew) X(versions) X(                                \
                          time_utc) X(reason) X(lines) X(state) X(this_paper) X(superseded)                                 \
                          X(version_initial) X(version_correction) X(version_offload) X(version_addition) X(                \
                              version_diversion) X(version_departure) X(version_decision) X(rules) X(recipient) X(for_gate) X(for_operator) X(for_destination) X(extract)             \
                              X(line_number) X(category) X(from_to) X(seat) X(bags) X(                                      \
                                  roll_call) X(identity_box) X(on_board_box) X(note) X(offloaded) X(on_this_page)           \
                                  X(counted) X(of) X(categories) X(category_p) X(category_a) X(category_c) X(margin_bar) X( \
                                      stairs) X(end_of_list) X(totals) X(expected) X(total_counted) X(difference)           \
                                      X(local_time) X(initials) X(total_passengers) X(total_accompanying) X(                \
                                          total_crew) X(total_on_board) X(closing_signatures)                               \
                                          X(leader) X(captain) X(                                                           \
                                              receiving_authority) X(name_date_time) X(sheet_version)                       \
                                              X(sheet_copy) X(sheet_for) X(page_short) X(sequence) X(                       \
                                                  payment) X(payment_advance) X(payment_partial)                            \
                                                  X(payment_final) X(payment_reversal) X(annuls) X(                         \
                                                      payee) X(payee_id) X(payment_date) X(reference)                       \
                                                      X(agency) X(award) X(obligation) X(                                   \
                                                          amendment) X(period) X(item) X(manifest)                          \
                                                          X(persons) X(quantity) X(unit_price) X(                           \
                                                              amount) X(total_disbursed) X(carried_forward)                 \
                                                              X(brought_forward) X(amount_paid) X(in_words) X(              \
                                                                  ledger) X(obligated) X(paid_before)                       \
                                                                  X(opening) X(this_payment) X(                             \
                                                                      closing) X(paid_to_date) X(approvals)                 \
                                                                      X(requester) X(approver) X(                           \
                                                                          certifier) X(line_charter)                        \
                                                                          X(line_ticket) X(                                 \
                                                                              line_escort) X(line_medical)                  \
                                                                              X(line_ground) X(                             \
                                                                                  line_training) X(line_other)              \
                                                                                  X(alt_crest) X(                           \
                                                                                      alt_portrait) X(alt_code)             \
                                                                                      X(alt_no_portrait) X(                 \
                                                                                          attachment)                       \
                                                                                          X(exchange)                       \
                                                                                              X(end_to_end)
/* clang-format on */

enum template_word {
#define X(word) WORD_##word,
  TEMPLATE_WORDS(X)
#undef X
      WORD_COUNT
};

struct template_place {
  const char *code, *name;
};

struct captions {
  struct pair words[WORD_COUNT];
  struct pair months[12]; /* Doc 9303-3 3.8, table 1 */
  struct words_currency *currencies;
  size_t currency_n;
  struct template_place *places;
  size_t place_n;
};

enum { TEMPLATE_STEPS_MAX = 8, TEMPLATE_BASES_MAX = 64 };

struct template_steps {
  struct pair v[TEMPLATE_STEPS_MAX];
  size_t n;
};

struct template_basis {
  const char *id;
  struct pair text;
};

struct template {
  const char *name; /* "safe_conduct/protection_stay@1" */
  enum model_kind kind;
  enum model_purpose purpose;
  unsigned version;
  struct pair title, title_second; /* the second line of a long title, else "" */
  struct pair subtitle, area, form, form_note, clause, recipient, micro;
  struct pair document_code; /* es only: "PL" */
  bool single_journey;       /* route in place of the basis row, clause in the smaller size */
  struct template_steps checking, rules, stairs;
  struct template_basis bases[TEMPLATE_BASES_MAX];
  size_t basis_n;
};

enum { TEMPLATE_COUNT = 6 };

struct templates {
  struct captions captions;
  struct template v[TEMPLATE_COUNT];
};

/* ctx->mem must outlive the templates. Fails: TEMPLATE with file and line, IO, NO_MEMORY. */
sv_status templates_open(struct sv_ctx *ctx, const char *dir, struct templates *ret);

/* NULL when the content has no template. */
const struct template *template_of(const struct templates *templates,
                                   const struct model_content *content);
/* The names of a currency; an unknown code stands for itself. */
struct words_currency template_currency(const struct captions *captions, const char *code);
/* The name of an airport's place in the authority's own words, NULL when it has none. */
const char *template_place_name(const struct captions *captions, const char *code);
