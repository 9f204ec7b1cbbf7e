/* What the server derives: sums, exchange, references, defaults, the order of a manifest's lines. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/fields.h"
#include "model/rules.h"

static bool half_even(__int128 numerator, __int128 denominator, int64_t *ret) {
  __int128 q = numerator / denominator;
  __int128 r = numerator % denominator;
  __int128 twice = r < 0 ? -2 * r : 2 * r;
  if (twice > denominator || (twice == denominator && q % 2 != 0)) {
    q += numerator < 0 ? -1 : 1;
  }
  if (q > INT64_MAX || q < INT64_MIN) {
    return false;
  }
  *ret = (int64_t)q;
  return true;
}

bool model_line_amount(int64_t quantity_thousandths, int64_t unit_price_minor, int64_t *ret_minor) {
  return half_even((__int128)quantity_thousandths * unit_price_minor, 1000, ret_minor);
}

bool model_exchange(int64_t minor, int exponent, int64_t rate_millionths, int base_exponent,
                    int64_t *ret_base_minor) {
  __int128 denominator = 1000000;
  __int128 value = (__int128)minor * rate_millionths;
  for (int i = base_exponent; i < exponent; i++) {
    denominator *= 10;
  }
  for (int i = exponent; i < base_exponent; i++) {
    if (value > (__int128)INT64_MAX * 1000000 || value < (__int128)INT64_MIN * 1000000) {
      return false;
    }
    value *= 10;
  }
  return half_even(value, denominator, ret_base_minor);
}

bool model_rf_reference_valid(const char *reference) {
  size_t n = strlen(reference);
  if (n < 5 || n > 25 || reference[0] != 'R' || reference[1] != 'F') {
    return false;
  }
  unsigned rest = 0;
  for (size_t i = 0; i < n; i++) {
    char c = reference[(i + 4) % n]; /* the first four characters go to the end */
    if (c >= '0' && c <= '9') {
      rest = (rest * 10 + (unsigned)(c - '0')) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    } else {
      return false;
    }
  }
  return rest == 1 && reference[2] >= '0' && reference[2] <= '9' && reference[3] >= '0' &&
         reference[3] <= '9';
}

bool model_role_is_passenger(enum model_role role) {
  return role == MODEL_RETURNEE || role == MODEL_VOLUNTARY_RETURNEE;
}

struct line_key {
  bool crew;
  const char *name;
  size_t index;
};

/* "SURNAME\x01GIVEN" without marks, case and apostrophes; a hyphen is a space. */
static const char *name_key(struct sv_ctx *ctx, const struct model_person *p) {
  char *whole = sv_arena_printf(ctx->mem, "%s\x01%s", p->surname, p->given_names);
  utf8proc_uint8_t *folded = NULL;
  utf8proc_ssize_t n =
      whole ? utf8proc_map((const utf8proc_uint8_t *)whole, 0, &folded,
                           (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_DECOMPOSE |
                                               UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD))
            : -1;
  struct sv_buf key = sv_buf_in(ctx->mem, 0);
  const char *s = n >= 0 ? (const char *)folded : "";
  for (uint32_t cp; (cp = sv_utf8_next(&s));) {
    char utf8[4];
    if (cp != '\'' && cp != 0x2019 && cp != 0x2018) {
      sv_buf_put(&key, utf8, sv_utf8_put(cp == '-' ? ' ' : cp, utf8));
    }
  }
  sv_buf_u8(&key, 0);
  free(folded);
  return n >= 0 && !key.failed ? (const char *)key.p : NULL;
}

static int line_compare(const void *a, const void *b) {
  const struct line_key *x = a, *y = b;
  if (x->crew != y->crew) {
    return x->crew ? 1 : -1;
  }
  int c = strcmp(x->name, y->name);
  return c ? c : x->index < y->index ? -1 : 1;
}

static sv_status manifest_complete(struct sv_ctx *ctx, struct model_manifest *m) {
  struct line_key *keys = SV_ARRAY(ctx->mem, m->occupant_count, struct line_key);
  struct model_occupant *ordered = SV_ARRAY(ctx->mem, m->occupant_count, struct model_occupant);
  if (!keys || !ordered) {
    return SV_FAIL(ctx, NO_MEMORY, "%zu occupants", m->occupant_count);
  }
  for (size_t i = 0; i < m->occupant_count; i++) {
    struct model_occupant *o = &m->occupants[i];
    keys[i] = (struct line_key){o->role == MODEL_CREW, name_key(ctx, &o->person), i};
    if (!keys[i].name) {
      return SV_FAIL(ctx, NO_MEMORY, "key of occupant %zu", i);
    }
    if (o->embark[0] == '\0') {
      o->embark = m->legs[0].from;
    }
    if (o->debark[0] == '\0') {
      o->debark = m->legs[m->leg_count - 1].to;
    }
  }
  qsort(keys, m->occupant_count, sizeof *keys, line_compare);
  for (size_t i = 0; i < m->occupant_count; i++) {
    ordered[i] = m->occupants[keys[i].index];
  }
  m->occupants = ordered;
  return SV_DONE;
}

sv_status model_complete(struct sv_ctx *ctx, struct model_content *content) {
  return content->kind == MODEL_FLIGHT_MANIFEST ? manifest_complete(ctx, &content->manifest)
                                                : SV_DONE;
}
