/* Blinded keys of persons. Invariants: a key is never made of a part of a name alone, and of a birth year alone only where
 * one of the two persons has no better date and every word of the name agrees; the number of keys of a person is bounded
 * whatever the name. */
#include "service/likeness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "formats/mrz/mrz.h"
#include "model/codes.h"

enum { WORDS_MAX = 64, PARTS_MAX = 8 };

struct words {
  const char *v[WORDS_MAX];
  size_t n;
};

struct work {
  const struct service *s;
  struct sv_ctx *ctx;
  struct likeness *out;
  const char *birth;
  uint8_t key[32]; /* of service_mac_key */
  bool failed;
};

/* --- words --- */

static int word_compare(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words of a name in the zone's alphabet; as they are where a character is outside its tables. */
static void words_of(struct work *w, const char *name, struct words *ret) {
  struct sv_ctx aside = sv_ctx_over(w->ctx->mem);
  const char *latin = name;
  if (sv_failed(mrz_transliterate(&aside, name, &latin, NULL))) {
    latin = name;
  }
  char *copy = sv_arena_strdup(w->ctx->mem, latin);
  char *save = NULL;
  for (char *t = copy ? strtok_r(copy, "< ", &save) : NULL; t && ret->n < WORDS_MAX;
       t = strtok_r(NULL, "< ", &save)) {
    ret->v[ret->n++] = t;
  }
  w->failed |= !copy;
}

/* Parted by a space, without the word at `without` (n: none is left out). */
static const char *joined(struct work *w, const struct words *words, size_t without,
                          const char *between) {
  struct sv_buf out = sv_buf_in(w->ctx->mem, 0);
  for (size_t i = 0; i < words->n; i++) {
    if (i != without) {
      sv_buf_str(&out, words->v[i]);
      sv_buf_str(&out, between);
    }
  }
  sv_buf_u8(&out, 0);
  w->failed |= out.failed;
  return out.failed ? "" : (const char *)out.p;
}

/* Words that one clerk writes and the next leaves out. */
static bool particle(const char *word) {
  static const char *const words[] = {"AL",  "BEN", "BIN", "BINT", "DA",  "DAS", "DE",
                                      "DEL", "DEN", "DER", "DOS",  "DO",  "EL",  "IBN",
                                      "LA",  "LAS", "LOS", "VAN",  "VON", "Y"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i], word) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_vowel(char c) { return c == 'A' || c == 'E' || c == 'I' || c == 'O' || c == 'U'; }

/* One letter for all that sound alike. */
static char letter_class(char c) {
  switch (c) {
    case 'W':
    case 'B':
      return 'V';
    case 'Y':
    case 'J':
      return 'I';
    case 'C':
    case 'Q':
      return 'K';
    case 'Z':
      return 'S';
    default:
      return c;
  }
}

void likeness_sound(const char *word, char *out) {
  size_t n = 0;
  char last = '\0';
  for (const char *p = word; *p; p++) {
    if (*p == 'H') {
      continue; /* silent, or part of the letter before */
    }
    char c = *p == 'P' && p[1] == 'H' ? 'F' : letter_class(*p);
    if (c == last) {
      continue;
    }
    last = c;
    if (is_vowel(c)) {
      if (n == 0) { /* only how it begins: with I or E, or with another one */
        out[n++] = c == 'E' || c == 'I' ? 'I' : 'A';
      }
      continue;
    }
    out[n++] = c;
  }
  out[n] = '\0';
}

/* --- keys --- */

static void key_make(struct work *w, struct likeness_key *ret, const char *text) {
  crypto_hmac_sha256(sv_bytes_of(w->key, sizeof w->key), sv_bytes_str(text), ret->v);
}

enum side { SHOWN = 1, SOUGHT = 2, BOTH = 3 };

static void near_add(struct work *w, enum side side, const char *text) {
  if (!text) {
    w->failed = true;
    return;
  }
  struct likeness_key key;
  key_make(w, &key, text);
  struct likeness *o = w->out;
  if (side & SHOWN) {
    SV_ASSERT(o->shown_count < LIKENESS_NEAR_MAX);
    o->shown[o->shown_count++] = key;
  }
  if (side & SOUGHT) {
    SV_ASSERT(o->sought_count < LIKENESS_NEAR_MAX);
    o->sought[o->sought_count++] = key;
  }
}

/* The sounds of the name's words without particles, sorted: order does not matter. */
static void sounds_of(struct work *w, const struct words *words, struct words *ret) {
  for (size_t i = 0; i < words->n; i++) {
    if (particle(words->v[i])) {
      continue;
    }
    char *sound = sv_arena_alloc(w->ctx->mem, strlen(words->v[i]) + 1);
    if (!sound) {
      w->failed = true;
      return;
    }
    likeness_sound(words->v[i], sound);
    ret->v[ret->n++] = sound[0] ? sound : words->v[i];
  }
  if (ret->n == 0) {
    *ret = *words;
  }
  qsort(ret->v, ret->n, sizeof ret->v[0], word_compare);
}

/* "1994-05-07" into "1994-05-XX" or "1994-XX-XX". */
static void vaguer(const char *date, size_t known, char ret[static 11]) {
  memcpy(ret, "XXXX-XX-XX", 11);
  memcpy(ret, date, known);
}

/* Whole dates: the words all, or all but one; a name of one word against one of more. */
static void whole_date_keys(struct work *w, const struct words *sounds) {
  struct sv_arena *mem = w->ctx->mem;
  near_add(w, BOTH,
           sv_arena_printf(mem, "some|%s|%s", w->birth, joined(w, sounds, sounds->n, " ")));
  for (size_t i = 0; sounds->n >= 3 && i < sounds->n && i < PARTS_MAX; i++) {
    near_add(w, BOTH, sv_arena_printf(mem, "some|%s|%s", w->birth, joined(w, sounds, i, " ")));
  }
  bool alone = sounds->n == 1;
  for (size_t i = 0; i < sounds->n && i < PARTS_MAX; i++) {
    const char *of = sounds->v[i];
    near_add(w, SHOWN, sv_arena_printf(mem, "%s|%s|%s", alone ? "alone" : "part", w->birth, of));
    near_add(w, SOUGHT, sv_arena_printf(mem, "%s|%s|%s", alone ? "part" : "alone", w->birth, of));
  }
}

/* Day and month in either order. */
static void swapped_key(struct work *w, const char *whole) {
  const char *month = w->birth + 5, *day = w->birth + 8;
  bool in_order = strncmp(month, day, 2) <= 0;
  near_add(w, BOTH,
           sv_arena_printf(w->ctx->mem, "swap|%.4s|%.2s|%.2s|%s", w->birth, in_order ? month : day,
                           in_order ? day : month, whole));
}

/* Against persons whose day, month or year is unknown: every word has to agree, and without any date the words have to
 * be the same, of the same nationality. */
static void vague_date_keys(struct work *w, const char *whole, const char *same) {
  static const size_t known[] = {7, 4, 0};
  struct sv_arena *mem = w->ctx->mem;
  size_t have = w->birth[0] == 'X' ? 0 : w->birth[5] == 'X' ? 4 : w->birth[8] == 'X' ? 7 : 10;
  for (size_t i = 0; i < 3; i++) {
    char date[11];
    vaguer(w->birth, known[i], date);
    const char *name = known[i] ? whole : same;
    if (known[i] < have) {
      near_add(w, SHOWN, sv_arena_printf(mem, "cover|%s|%s", date, name));
      near_add(w, SOUGHT, sv_arena_printf(mem, "on|%s|%s", date, name));
    } else if (known[i] == have) {
      near_add(w, SHOWN, sv_arena_printf(mem, "on|%s|%s", date, name));
      near_add(w, BOTH, sv_arena_printf(mem, "both|%s|%s", date, name));
      near_add(w, SOUGHT, sv_arena_printf(mem, "cover|%s|%s", date, name));
    }
  }
}

/* Spaces left out inside surname or given names. */
static void unspaced_key(struct work *w, const struct words *surname, const struct words *given) {
  const char *a = joined(w, surname, surname->n, ""), *b = joined(w, given, given->n, "");
  char *sound_a = sv_arena_alloc(w->ctx->mem, strlen(a) + 1);
  char *sound_b = sv_arena_alloc(w->ctx->mem, strlen(b) + 1);
  if (!sound_a || !sound_b) {
    w->failed = true;
    return;
  }
  likeness_sound(a, sound_a);
  likeness_sound(b, sound_b);
  near_add(w, BOTH, sv_arena_printf(w->ctx->mem, "unspaced|%s|%s|%s", w->birth, sound_a, sound_b));
}

static void near_keys(struct work *w, const struct words *surname, const struct words *given,
                      const char *same) {
  struct words all = *surname, sounds = {0};
  for (size_t i = 0; i < given->n && all.n < WORDS_MAX; i++) {
    all.v[all.n++] = given->v[i];
  }
  sounds_of(w, &all, &sounds);
  const char *whole = joined(w, &sounds, sounds.n, " ");
  bool known = strlen(w->birth) == 10 && !strchr(w->birth, 'X');
  if (known) {
    whole_date_keys(w, &sounds);
    swapped_key(w, whole);
    unspaced_key(w, surname, given);
  }
  if (strlen(w->birth) == 10) {
    vague_date_keys(w, whole, same);
  }
}

/* --- the whole --- */

void likeness_of_document(const struct service *s, const char *issuing_state, const char *number,
                          struct likeness_key *ret) {
  char text[64], state[4]; /* "D" and "DEU" issue the same passport */
  bool known = model_state_territory(issuing_state, state);
  (void)snprintf(text, sizeof text, "document|%.3s|%.22s", known ? state : issuing_state, number);
  service_mac(s, "person", sv_bytes_str(text), ret->v);
}

void likeness_to_line(const struct likeness *person, struct store_line *line) {
  memcpy(line->self, person->self.v, sizeof line->self);
  memset(line->fact_key, 0, sizeof line->fact_key);
  for (size_t i = 0; i < person->fact_count; i++) {
    memcpy(line->fact_key[i], person->fact[i].v, LIKENESS_KEY_BYTES);
  }
}

static void key_printed(struct work *w, struct likeness_key *ret, const char *label,
                        const char *rest) {
  const char *text = sv_arena_printf(w->ctx->mem, "%s|%s", label, rest);
  w->failed |= !text;
  key_make(w, ret, text ? text : "");
}

static void exact_keys(struct work *w, const struct model_travel_document *d, const char *name) {
  struct likeness *o = w->out;
  struct sv_buf self = sv_buf_in(w->ctx->mem, 0);
  if (d->number[0]) {
    likeness_of_document(w->s, d->issuing_state, d->number, &o->exact[o->exact_count++]);
    sv_buf_put(&self, o->exact[0].v, LIKENESS_KEY_BYTES);
    char state[4];
    const char *text =
        sv_arena_printf(w->ctx->mem, "%s|%s|%s",
                        model_state_territory(d->issuing_state, state) ? state : d->issuing_state,
                        d->number, w->birth);
    w->failed |= !text;
    key_printed(w, &o->fact[o->fact_count++], "fact", text ? text : "");
  }
  key_printed(w, &o->exact[o->exact_count++], "name", name);
  key_printed(w, &o->fact[o->fact_count++], "fact", name);
  sv_buf_put(&self, o->exact[o->exact_count - 1].v, LIKENESS_KEY_BYTES);
  w->failed |= self.failed;
  if (!self.failed) {
    service_mac(w->s, "self", sv_buf_bytes(&self), o->self.v);
  }
}

sv_status likeness_of(const struct service *s, struct sv_ctx *ctx,
                      const struct model_person *person,
                      const struct model_travel_document *document, struct likeness *ret) {
  struct work w = {.s = s, .ctx = ctx, .out = ret, .birth = person->birth_date};
  *ret = (struct likeness){0};
  struct words surname = {0}, given = {0};
  words_of(&w, person->surname, &surname);
  words_of(&w, person->given_names, &given);
  struct words all = surname;
  for (size_t i = 0; i < given.n && all.n < WORDS_MAX; i++) {
    all.v[all.n++] = given.v[i];
  }
  qsort(all.v, all.n, sizeof all.v[0], word_compare);
  const char *sorted = joined(&w, &all, all.n, " ");
  const char *same = sv_arena_printf(ctx->mem, "%s|%s", person->nationality, sorted);
  const char *name =
      sv_arena_printf(ctx->mem, "%s|%s|%s", person->birth_date, person->nationality, sorted);
  if (!same || !name) {
    return SV_FAIL(ctx, NO_MEMORY, "keys of a person");
  }
  service_mac_key(s, "person", w.key);
  exact_keys(&w, document, name);
  near_keys(&w, &surname, &given, same);
  crypto_wipe(w.key, sizeof w.key);
  return w.failed ? SV_FAIL(ctx, NO_MEMORY, "keys of a person") : SV_DONE;
}
