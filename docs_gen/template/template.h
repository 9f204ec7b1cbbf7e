/* What the pages say: words, titles, clauses and catalogues, read from templates/ at start and checked whole. The C code
 * knows blocks and measures; the words, the languages and the purposes live there. */
#pragma once
#include "base/ctx.h"
#include "docs_gen/text/words.h"
#include "model/document.h"

enum {
  TEMPLATE_LANGUAGES_MAX = 6,
  TEMPLATE_PAIRS_MAX = TEMPLATE_LANGUAGES_MAX * (TEMPLATE_LANGUAGES_MAX - 1),
  TEMPLATE_MAX = 32, /* folders that can be asked for */
  TEMPLATE_STEPS_MAX = 8,
  TEMPLATE_BASES_MAX = 64,
};

/* A text in every language of the set, in its order. */
struct text {
  const char *v[TEMPLATE_LANGUAGES_MAX];
};
/* A text in the two languages of a page. Never NULL. */
struct pair {
  const char *first, *second;
};

/* The keys of captions/LANGUAGE.txt: every one must be there, and no other. */
/* clang-format off */
#define TEMPLATE_WORDS(X) \
  X(number) X(version) X(copy) X(code) X(page) X(original) X(copy_tab) X(replaces) \
  X(cancels_copy) X(reason_lost) X(reason_stolen) X(reason_damaged) X(reason_misprint) \
  X(surname) X(given_names) X(birth_date) X(native_name) X(sex) X(nationality) \
  X(holder_signature) X(issued) X(valid_from) X(valid_until) X(validity) X(single_journey) \
  X(fixed_route) X(transit) X(destination) X(authority_place) X(authority) X(area) \
  X(area_except) X(legal_basis) X(for_authority) X(electronic_signature) X(countersigned) \
  X(proves_nothing) X(how_to_check) X(duty_desk) X(draft_bar) X(awaiting) X(no_seal) \
  X(unsigned) X(mrz_at_issue) X(draft_mark) X(specimen_mark) X(flight) X(date) X(operator) \
  X(registration) X(seats) X(alternates) X(legs) X(from) X(to) X(departure) X(arrival) \
  X(passengers) X(accompanying) X(crew) X(on_board) X(count_on_board) X(count_passengers) \
  X(count_accompanying) X(count_crew) X(versions) X(time_utc) X(reason) X(lines) X(state) \
  X(this_paper) X(superseded) X(version_initial) X(version_correction) X(version_offload) \
  X(version_addition) X(version_diversion) X(version_departure) X(version_decision) \
  X(rules) X(recipient) X(for_gate) X(for_operator) X(for_destination) X(extract) \
  X(line_number) X(category) X(from_to) X(seat) X(bags) X(roll_call) X(identity_box) \
  X(on_board_box) X(note) X(offloaded) X(on_this_page) X(counted) X(of) X(categories) \
  X(category_p) X(category_a) X(category_c) X(margin_bar) X(stairs) X(end_of_list) \
  X(totals) X(expected) X(total_counted) X(difference) X(local_time) X(initials) \
  X(total_passengers) X(total_accompanying) X(total_crew) X(total_on_board) \
  X(closing_signatures) X(leader) X(captain) X(receiving_authority) X(name_date_time) \
  X(sheet_version) X(sheet_copy) X(sheet_for) X(page_short) X(sequence) X(payment) \
  X(payment_advance) X(payment_partial) X(payment_final) X(payment_reversal) X(annuls) \
  X(payee) X(payee_id) X(payment_date) X(reference) X(agency) X(award) X(obligation) \
  X(amendment) X(period) X(item) X(manifest) X(persons) X(quantity) X(unit_price) X(amount) \
  X(total_disbursed) X(carried_forward) X(brought_forward) X(amount_paid) X(in_words) \
  X(ledger) X(obligated) X(paid_before) X(opening) X(this_payment) X(closing) \
  X(paid_to_date) X(approvals) X(requester) X(approver) X(certifier) X(line_charter) \
  X(line_ticket) X(line_escort) X(line_medical) X(line_ground) X(line_training) \
  X(line_other) X(alt_crest) X(alt_portrait) X(alt_code) X(alt_no_portrait) X(attachment) \
  X(exchange) X(end_to_end)
/* clang-format on */

enum template_word {
#define X(word) WORD_##word,
  TEMPLATE_WORDS(X)
#undef X
      WORD_COUNT
};

/* A language of the set: languages.conf says which, in which order; the first two are those of a request that names none. */
struct template_language {
  const char *code, *name; /* "ht", "Kreyòl ayisyen" */
};

struct template_place {
  const char *code, *name;
};

/* Words in two languages. */
struct captions {
  const char *languages[2]; /* "es", "en" */
  struct pair words[WORD_COUNT];
  struct pair months[12]; /* Doc 9303-3 3.8, table 1 */
  const struct template_tables *tables;
};

struct template_tables {
  struct words_currency *currencies;
  size_t currency_n;
  struct template_place *places;
  size_t place_n;
};

struct template_steps {
  struct pair v[TEMPLATE_STEPS_MAX];
  size_t n;
};

struct template_basis {
  const char *id;
  struct pair text;
};

/* Texts of layout.conf that are in every language. */
#define TEMPLATE_TEXTS(X) \
  X(title) X(title_second) X(subtitle) X(area) X(form) X(form_note) X(recipient) X(micro)

/* Blocks of a page, from its top to its foot. */
#define TEMPLATE_BLOCKS(X) \
  X(letterhead)            \
  X(title) X(strip) X(upper) X(middle) X(validity) X(signature) X(count) X(account) X(foot)

enum template_block {
#define X(name) BLOCK_##name,
  TEMPLATE_BLOCKS(X)
#undef X
      BLOCK_COUNT
};

/* Where the upper left corner of a block stands on A4, mm from that of the page. */
struct template_block_place {
  bool given; /* false: where the kind's standard page has it */
  double x, y;
};

/* How the clause of a letter is set. */
struct template_clause {
  double pt, leading_mm;
  int lines; /* at most */
};

/* The third language of a travel document for a single journey: that of English, French and Spanish which its pair is without,
 * so that one of them is always there (ICAO Doc 9303-8). language NULL: none. */
struct template_third {
  const char *language, *title, *clause, *single_journey;
  const struct captions *captions; /* whose first words are in it */
};

/* A template in two languages. */
struct template {
  const char *name; /* "safe_conduct/protection_stay@1" */
  enum model_kind kind;
  enum model_purpose purpose;
  unsigned version;
  uint8_t sha256[32]; /* of all files that it is made of */
#define X(name) struct pair name;
  TEMPLATE_TEXTS(X)
#undef X
  struct pair clause;
  struct template_clause clause_set;
  struct template_block_place blocks[BLOCK_COUNT];
  const char *document_code; /* "PL" */
  bool single_journey;       /* route in place of the basis row */
  bool clause_filled;        /* the clause has places for fields */
  struct template_third third;
  struct template_steps checking, rules, stairs;
  bool checking_personal; /* a step has a place for something of the person */
  struct template_basis bases[TEMPLATE_BASES_MAX];
  size_t basis_n;
};

/* Places for values in clauses and steps, "{{verify_url}}"; letters alone where the second says so. */
/* clang-format off */
#define TEMPLATE_FIELDS(X)                                                                       \
  X(verify_url, false) X(duty_telephone, false) X(authority, false) X(state, false)              \
  X(place, false) X(surname, true) X(given_names, true) X(birth_date, true)                      \
  X(nationality, true) X(valid_from, true) X(valid_until, true)
/* clang-format on */

enum template_field {
#define X(name, letter) FIELD_##name,
  TEMPLATE_FIELDS(X)
#undef X
      FIELD_COUNT
};
/* Whether a field is of the person of a letter. */
extern const bool template_fields_personal[FIELD_COUNT];
/* The field whose place a text begins with, and the length of that place; FIELD_COUNT: none. */
enum template_field template_field_at(const char *text, size_t *ret_n);

/* Where a text stands, for messages. */
struct template_source {
  const char *text, *path;
  int line;
};

struct templates {
  struct template_language languages[TEMPLATE_LANGUAGES_MAX];
  size_t language_n;
  struct template_tables tables;
  struct captions captions[TEMPLATE_PAIRS_MAX];
  struct template *v[TEMPLATE_PAIRS_MAX]; /* template_n each, in the same order */
  size_t template_n;
  struct template_source *sources;
  size_t source_n, source_room;
};

/* ctx->mem must outlive the templates. Fails: TEMPLATE with file and line, IO, NO_MEMORY. */
sv_status templates_open(struct sv_ctx *ctx, const char *dir, struct templates *ret);

/* Pairs of different languages, from 0. */
size_t templates_pairs(const struct templates *templates);
/* The pair that a content asks for (BCP 47: "pt-BR" is pt): both named, or one beside the set's first other, or the first
 * two. Languages that are not there count as not named: service/check.c refused them. */
size_t templates_pair_of(const struct templates *templates, const struct model_content *content);
/* Index of a language; -1: not in the set. */
int templates_language(const struct templates *templates, const char *tag);

/* Index of the template that a content names ("safe_conduct/transit_exit", with or without "@1"), or of its purpose where
 * it names none; -1: there is none. */
int templates_find(const struct templates *templates, const struct model_content *content);
/* "templates/captions/fr.txt:31", where a text, or a text that contains it, was read; "" when it was not read. */
const char *templates_where(const struct templates *templates, struct sv_ctx *ctx,
                            const char *text);

/* The names of a currency; an unknown code stands for itself. */
struct words_currency template_currency(const struct captions *captions, const char *code);
/* The name of an airport's place in the authority's own words, NULL when it has none. */
const char *template_place_name(const struct captions *captions, const char *code);
