/* Layouts and check digits. One table says where each field of each format lies; both directions read it. */
#include "formats/mrz/mrz.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

int mrz_check_digit(const char *text, size_t n) {
  static const int weights[] = {7, 3, 1};
  int sum = 0;
  for (size_t i = 0; i < n; i++) {
    char c = text[i];
    int v = c >= '0' && c <= '9'   ? c - '0'
            : c >= 'A' && c <= 'Z' ? c - 'A' + 10
            : c == '<'             ? 0
                                   : -1;
    if (v < 0) {
      return -1;
    }
    sum += v * weights[i % 3];
  }
  return sum % 10;
}

struct span {
  uint8_t line, at, n; /* positions from 0 */
};

struct layout {
  enum mrz_format format;
  uint8_t lines, width;
  struct span number, birth, expiry, nationality, sex, name, optional;
  bool optional_checked; /* TD3: a check digit after the optional data */
  struct span composite[5];
  uint8_t composite_line, composite_at; /* at 0: none */
};

static const struct layout layouts[] = {
    {MRZ_TD1,
     3,
     30,
     {0, 5, 9},
     {1, 0, 6},
     {1, 8, 6},
     {1, 15, 3},
     {1, 7, 1},
     {2, 0, 30},
     {0, 15, 15},
     false,
     {{0, 5, 25}, {1, 0, 7}, {1, 8, 7}, {1, 18, 11}},
     1,
     29},
    {MRZ_TD2,
     2,
     36,
     {1, 0, 9},
     {1, 13, 6},
     {1, 21, 6},
     {1, 10, 3},
     {1, 20, 1},
     {0, 5, 31},
     {1, 28, 7},
     false,
     {{1, 0, 10}, {1, 13, 7}, {1, 21, 14}},
     1,
     35},
    {MRZ_TD3,
     2,
     44,
     {1, 0, 9},
     {1, 13, 6},
     {1, 21, 6},
     {1, 10, 3},
     {1, 20, 1},
     {0, 5, 39},
     {1, 28, 14},
     true,
     {{1, 0, 10}, {1, 13, 7}, {1, 21, 22}},
     1,
     43},
    {MRZ_MRV_A,
     2,
     44,
     {1, 0, 9},
     {1, 13, 6},
     {1, 21, 6},
     {1, 10, 3},
     {1, 20, 1},
     {0, 5, 39},
     {1, 28, 16},
     false,
     {{0, 0, 0}},
     0,
     0},
    {MRZ_MRV_B,
     2,
     36,
     {1, 0, 9},
     {1, 13, 6},
     {1, 21, 6},
     {1, 10, 3},
     {1, 20, 1},
     {0, 5, 31},
     {1, 28, 8},
     false,
     {{0, 0, 0}},
     0,
     0},
};

struct zone {
  char line[3][45];
  size_t lines, width;
};

static sv_status zone_read(struct sv_ctx *ctx, const char *text, struct zone *z) {
  *z = (struct zone){.lines = 1};
  size_t n = 0;
  for (const char *p = text; *p; p++) {
    char c = *p;
    if (c == '\r') {
      continue;
    }
    if (c == '\n') {
      if (p[1] == '\0') {
        break;
      }
      if ((z->width && n != z->width) || z->lines == 3) {
        return SV_FAIL(ctx, MRZ_FORMAT, "line %zu has %zu characters", z->lines, n);
      }
      z->width = n;
      n = 0;
      z->lines++;
      continue;
    }
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<') || n >= 44) {
      return SV_FAIL(ctx, MRZ_FORMAT, "line %zu, position %zu", z->lines, n + 1);
    }
    z->line[z->lines - 1][n++] = c;
  }
  if (n != z->width) {
    return SV_FAIL(ctx, MRZ_FORMAT, "line %zu has %zu characters", z->lines, n);
  }
  return SV_DONE;
}

static const char *at(const struct zone *z, struct span s) { return z->line[s.line] + s.at; }

/* Copies a span, trailing fillers off, inner ones as they are. */
static void trimmed(const char *p, size_t n, char *out) {
  while (n && p[n - 1] == '<') {
    n--;
  }
  memcpy(out, p, n);
  out[n] = '\0';
}

static bool digit_holds(const char *p, size_t n, char digit, bool filler_when_empty) {
  char blank[45];
  memset(blank, '<', sizeof blank);
  if (filler_when_empty && digit == '<' && memcmp(p, blank, n) == 0) {
    return true;
  }
  return digit >= '0' && digit <= '9' && mrz_check_digit(p, n) == digit - '0';
}

static void names_read(const char *p, size_t n, struct mrz_fields *f) {
  char whole[45];
  trimmed(p, n, whole);
  char *split = strstr(whole, "<<");
  if (split) {
    *split = '\0';
    (void)snprintf(f->secondary, sizeof f->secondary, "%s", split + 2);
  }
  (void)snprintf(f->primary, sizeof f->primary, "%.39s", whole);
  for (char *c = f->primary; *c; c++) {
    *c = *c == '<' ? ' ' : *c;
  }
  for (char *c = f->secondary; *c; c++) {
    *c = *c == '<' ? ' ' : *c;
  }
}

/* A document number of more than 9 characters (part 5, note j; TD2 in practice): '<' in the place of the check digit,
 * then the rest, its check digit and '<' in the optional data. */
static sv_status number_read(struct sv_ctx *ctx, const struct layout *l, const struct zone *z,
                             struct mrz_fields *f) {
  const char *p = at(z, l->number);
  char digit = p[9];
  const char *opt = at(z, l->optional);
  if (digit == '<' && (l->format == MRZ_TD1 || l->format == MRZ_TD2) && opt[0] != '<') {
    const char *end = memchr(opt, '<', l->optional.n);
    size_t rest = (end ? (size_t)(end - opt) : l->optional.n);
    char number[45];
    memcpy(number, p, 9);
    memcpy(number + 9, opt, rest - 1);
    if (rest < 2 || !digit_holds(number, 9 + rest - 1, opt[rest - 1], false)) {
      return SV_FAIL(ctx, MRZ_FORMAT, "check digit of the long document number");
    }
    number[9 + rest - 1] = '\0';
    (void)snprintf(f->number, sizeof f->number, "%.22s", number);
    trimmed(opt + rest, l->optional.n - rest, f->optional);
    return SV_DONE;
  }
  if (!digit_holds(p, 9, digit, true)) {
    return SV_FAIL(ctx, MRZ_FORMAT, "check digit of the document number");
  }
  trimmed(p, 9, f->number);
  size_t n = l->optional.n;
  char opt_text[17];
  trimmed(opt, n, opt_text);
  (void)snprintf(f->optional, sizeof f->optional, "%.15s", opt_text);
  return SV_DONE;
}

/* Two digits, or "<<": unknown, -1. False: neither. */
static bool date_part(const char *p, int *ret) {
  bool unknown = p[0] == '<' && p[1] == '<';
  *ret = unknown ? -1 : (p[0] - '0') * 10 + (p[1] - '0');
  return unknown || (p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9');
}

/* Doc 9303-3 section 4.8: each part known or not; a day that a year of those two digits had. */
static bool date_form(const char *p) {
  static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year, month, day;
  if (!date_part(p, &year) || !date_part(p + 2, &month) || !date_part(p + 4, &day) || month == 0 ||
      month > 12) {
    return false;
  }
  bool short_february = month == 2 && year >= 0 && year % 4 != 0; /* 00 may be 2000 */
  int last = month < 0 ? 31 : days[month - 1] - (short_february ? 1 : 0);
  return day < 0 || (day >= 1 && day <= last);
}

static sv_status composite_check(struct sv_ctx *ctx, const struct layout *l, const struct zone *z) {
  if (l->composite_at == 0) {
    return SV_DONE;
  }
  char all[128];
  size_t n = 0;
  for (size_t i = 0; i < 5 && l->composite[i].n; i++) {
    memcpy(all + n, at(z, l->composite[i]), l->composite[i].n);
    n += l->composite[i].n;
  }
  if (!digit_holds(all, n, z->line[l->composite_line][l->composite_at], false)) {
    return SV_FAIL(ctx, MRZ_FORMAT, "composite check digit");
  }
  return SV_DONE;
}

static const struct layout *layout_of(const struct zone *z) {
  bool visa = z->line[0][0] == 'V';
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
    bool is_visa = layouts[i].format == MRZ_MRV_A || layouts[i].format == MRZ_MRV_B;
    if (layouts[i].lines == z->lines && layouts[i].width == z->width && is_visa == visa) {
      return &layouts[i];
    }
  }
  return NULL;
}

sv_status mrz_parse(struct sv_ctx *ctx, const char *text, struct mrz_fields *ret) {
  struct zone z;
  SV_TRY(zone_read(ctx, text, &z));
  const struct layout *l = layout_of(&z);
  if (!l) {
    return SV_FAIL(ctx, MRZ_FORMAT, "%zu lines of %zu characters", z.lines, z.width);
  }
  struct mrz_fields f = {.format = l->format};
  trimmed(z.line[0], 2, f.code);
  trimmed(z.line[0] + 2, 3, f.issuer);
  trimmed(at(&z, l->nationality), 3, f.nationality);
  SV_TRY(number_read(ctx, l, &z, &f));
  const char *birth = at(&z, l->birth);
  const char *expiry = at(&z, l->expiry);
  if (!date_form(birth) || !digit_holds(birth, 6, birth[6], false)) {
    return SV_FAIL(ctx, MRZ_FORMAT, "date of birth or its check digit");
  }
  if (!date_form(expiry) || !digit_holds(expiry, 6, expiry[6], true)) {
    return SV_FAIL(ctx, MRZ_FORMAT, "date of expiry or its check digit");
  }
  memcpy(f.birth, birth, 6);
  memcpy(f.expiry, expiry, 6);
  f.sex = *at(&z, l->sex);
  if (f.sex != 'F' && f.sex != 'M' && f.sex != '<') {
    return SV_FAIL(ctx, MRZ_FORMAT, "sex");
  }
  const char *opt = at(&z, l->optional);
  if (l->optional_checked && !digit_holds(opt, l->optional.n, opt[l->optional.n], true)) {
    return SV_FAIL(ctx, MRZ_FORMAT, "check digit of the optional data");
  }
  SV_TRY(composite_check(ctx, l, &z));
  names_read(at(&z, l->name), l->name.n, &f);
  if (f.primary[0] == '\0') {
    return SV_FAIL(ctx, MRZ_FORMAT, "no name");
  }
  *ret = f;
  return SV_DONE;
}

/* YYYY-MM-DD, parts XX, to YYMMDD. */
static void date_field(const char *date, char out[static 7]) {
  if (strlen(date) != 10) {
    memcpy(out, "<<<<<<", 7);
    return;
  }
  const char picks[6] = {date[2], date[3], date[5], date[6], date[8], date[9]};
  for (int i = 0; i < 6; i++) {
    out[i] = picks[i] == 'X' ? '<' : picks[i];
  }
  out[6] = '\0';
}

sv_status mrz_letter(struct sv_ctx *ctx, const struct model_safe_conduct *letter,
                     const char *number, char line1[static 37], char line2[static 37]) {
  char name[32];
  SV_TRY(mrz_name_field(ctx, letter->holder.surname, letter->holder.given_names, 31, name));
  const char *code = letter->purpose == MODEL_EMERGENCY_TRAVEL_DOCUMENT ? "PU" : "PL";
  char issuer[8], nationality[8], birth[7], expiry[7];
  (void)snprintf(issuer, sizeof issuer, "%.3s<<<", letter->issuing_state);
  (void)snprintf(nationality, sizeof nationality, "%.3s<<<", letter->holder.nationality);
  date_field(letter->holder.birth_date, birth);
  date_field(letter->valid_until, expiry);
  char sex = letter->holder.sex[0] == 'X' ? '<' : letter->holder.sex[0];
  (void)snprintf(line1, 37, "%s%.3s%s", code, issuer, name);
  char l2[40];
  (void)snprintf(l2, sizeof l2, "%.9s%d%.3s%s%d%c%s%d<<<<<<<", number, mrz_check_digit(number, 9),
                 nationality, birth, mrz_check_digit(birth, 6), sex, expiry,
                 mrz_check_digit(expiry, 6));
  char all[40];
  (void)snprintf(all, sizeof all, "%.10s%.7s%.14s", l2, l2 + 13, l2 + 21);
  int composite = mrz_check_digit(all, 31);
  if (strlen(l2) != 35 || composite < 0 || strlen(line1) != 36) {
    return SV_FAIL(ctx, MRZ_FORMAT, "a field of the letter does not fit its zone");
  }
  memcpy(line2, l2, 35);
  line2[35] = (char)('0' + composite);
  line2[36] = '\0';
  return SV_DONE;
}

bool mrz_part_lines(const char *mrz, char out[static 96]) {
  char flat[91];
  size_t n = 0;
  for (const char *p = mrz; *p; p++) {
    if (*p != '\r' && *p != '\n' && *p != ' ') {
      if (n == 90) {
        return false;
      }
      flat[n++] = *p;
    }
  }
  size_t width = n == 90 ? 30 : n == 88 ? 44 : n == 72 ? 36 : 0;
  size_t at = 0;
  for (size_t i = 0; width && i < n; i++) {
    if (i && i % width == 0) {
      out[at++] = '\n';
    }
    out[at++] = flat[i];
  }
  out[at] = '\0';
  return width != 0;
}
