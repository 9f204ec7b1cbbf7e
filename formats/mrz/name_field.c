/* Truncation of names, Doc 9303-3 section 4.6 and the examples of part 4 to 6: the primary identifier is kept whole
 * where it can be, then words of the secondary are shortened; a field that was cut ends with a letter. */
#include <string.h>

#include "formats/mrz/mrz.h"

enum { WORDS_MAX = 32 };

struct words {
  const char *p[WORDS_MAX];
  size_t len[WORDS_MAX]; /* of the word */
  size_t use[WORDS_MAX]; /* characters kept; 0: left out */
  size_t n;
};

static void words_split(const char *text, struct words *w) {
  w->n = 0;
  while (*text && w->n < WORDS_MAX) {
    const char *end = strchr(text, '<');
    size_t len = end ? (size_t)(end - text) : strlen(text);
    if (len) {
      w->p[w->n] = text;
      w->len[w->n] = w->use[w->n] = len;
      w->n++;
    }
    text += len + (end ? 1 : 0);
  }
}

static size_t words_width(const struct words *w) {
  size_t width = 0;
  for (size_t i = 0; i < w->n; i++) {
    width += w->use[i] ? w->use[i] + (width ? 1 : 0) : 0;
  }
  return width;
}

static size_t total_width(const struct words *a, const struct words *b) {
  size_t second = words_width(b);
  return words_width(a) + (second ? 2 + second : 0);
}

/* The secondary identifier as the specimens do it: the first words whole, what is left to the last ones; every word
 * keeps its initial where there is room for all of them. */
static void secondary_shrink(struct words *s, size_t room) {
  size_t initials = s->n ? 2 * s->n - 1 : 0;
  if (initials > room) {
    /* not even initials of all: whole words from the first, cut where the room ends */
    size_t used = 0;
    for (size_t i = 0; i < s->n; i++) {
      size_t gap = used ? 1 : 0;
      size_t left = room > used + gap ? room - used - gap : 0;
      s->use[i] = s->len[i] < left ? s->len[i] : left;
      used += s->use[i] ? s->use[i] + gap : 0;
    }
    return;
  }
  size_t spare = room - initials;
  for (size_t i = 0; i < s->n; i++) {
    size_t more = s->len[i] - 1 < spare ? s->len[i] - 1 : spare;
    s->use[i] = 1 + more;
    spare -= more;
  }
}

/* A primary too long by itself: the first words whole, the others to initials from the last one back, and the rest of
 * the room to the secondary. */
static void primary_shrink(struct words *p, size_t room) {
  for (size_t i = p->n; i > 1 && words_width(p) > room; i--) {
    size_t over = words_width(p) - room;
    size_t give = p->len[i - 1] - 1;
    if (i > 2 || give < over) {
      p->use[i - 1] = 1; /* to its initial */
    } else {
      p->use[i - 1] -= over;
    }
  }
  for (size_t i = p->n; i > 1 && words_width(p) > room; i--) {
    p->use[i - 1] = 0;
  }
  if (words_width(p) > room) {
    p->use[0] = room;
  }
}

static size_t words_write(const struct words *w, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < w->n; i++) {
    if (w->use[i]) {
      if (n) {
        out[n++] = '<';
      }
      memcpy(out + n, w->p[i], w->use[i]);
      n += w->use[i];
    }
  }
  return n;
}

sv_status mrz_name_field(struct sv_ctx *ctx, const char *primary, const char *secondary,
                         size_t width, char *field) {
  const char *first, *second;
  SV_TRY(mrz_transliterate(ctx, primary, &first, NULL));
  SV_TRY(mrz_transliterate(ctx, secondary, &second, NULL));
  struct words p, s;
  words_split(first, &p);
  words_split(second, &s);
  if (p.n == 0) {
    return SV_FAIL(ctx, MRZ_FORMAT, "the primary identifier has no letter");
  }
  if (total_width(&p, &s) > width) {
    /* room that the secondary must have: two characters at least, when there is one */
    size_t least = s.n ? 2 + (s.len[0] < 2 ? s.len[0] : 2) : 0;
    if (words_width(&p) > width - least) {
      primary_shrink(&p, width - least);
    }
    secondary_shrink(&s, width - words_width(&p) - (s.n ? 2 : 0));
  }
  memset(field, '<', width);
  field[width] = '\0';
  size_t n = words_write(&p, field);
  if (words_width(&s)) {
    (void)words_write(&s, field + n + 2);
  }
  return SV_DONE;
}
