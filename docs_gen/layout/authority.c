/* Who issues: names of the authority and posts of its officers, in the languages of the page. Policy knows them in Spanish,
 * in English, and in whichever others it gives; where it has none in a language, the page shows those in Spanish or in
 * English, whichever the other column leaves, and its text is marked as being in that language. */
#include "base/fields.h"
#include "docs_gen/layout/layout.h"

static const char *or_empty(const char *s) { return s ? s : ""; }

/* Whether policy has the names in a language. */
static bool names_in(const struct model_authority *a, const char *language,
                     struct layout_names *ret) {
  if (strcmp(language, "es") == 0) {
    *ret = (struct layout_names){a->state_es, a->ministry_es, a->name_es, "es"};
    return true;
  }
  if (strcmp(language, "en") == 0) {
    *ret = (struct layout_names){a->state_en, a->ministry_en, a->name_en, "en"};
    return true;
  }
  for (size_t i = 0; i < a->more_n; i++) {
    const struct model_names *n = &a->more[i];
    if (strcmp(n->language, language) == 0) {
      *ret = (struct layout_names){n->state, n->ministry, n->name, n->language};
      return true;
    }
  }
  return false;
}

static bool post_in(const struct model_officer *o, const char *language, struct layout_post *ret) {
  bool english = strcmp(language, "en") == 0;
  if (english || strcmp(language, "es") == 0) {
    *ret = (struct layout_post){or_empty(english ? o->post_en : o->post_es), english ? "en" : "es"};
    return true;
  }
  for (size_t i = 0; i < o->more_n; i++) {
    if (strcmp(o->more[i].language, language) == 0) {
      *ret = (struct layout_post){o->more[i].post, o->more[i].language};
      return true;
    }
  }
  return false;
}

/* What stands in a column whose language policy lacks; there: whether it has the other column's. */
static const char *instead(const struct layout *l, int column, bool there) {
  const char *other = l->captions->languages[1 - column];
  bool spanish_taken = strcmp(other, "es") == 0 || (column == 1 && !there);
  return spanish_taken ? "en" : "es";
}

struct layout_names layout_own(const struct layout *l, int column) {
  const struct model_authority *a = l->house;
  struct layout_names own = {"", "", "", "es"}, other;
  if (!names_in(a, l->captions->languages[column], &own)) {
    bool there = names_in(a, l->captions->languages[1 - column], &other);
    (void)names_in(a, instead(l, column, there), &own);
  }
  own.state = or_empty(own.state), own.ministry = or_empty(own.ministry);
  own.name = or_empty(own.name);
  return own;
}

struct layout_post layout_post(const struct layout *l, const struct model_officer *o, int column) {
  struct layout_post own = {"", "es"}, other;
  if (!post_in(o, l->captions->languages[column], &own)) {
    bool there = post_in(o, l->captions->languages[1 - column], &other);
    (void)post_in(o, instead(l, column, there), &own);
  }
  return own;
}

void layout_posts(struct canvas *c, const struct layout *l, double x, double y, double width,
                  struct style first, struct style second, const struct model_officer *o) {
  struct layout_post a = layout_post(l, o, 0), b = layout_post(l, o, 1);
  struct canvas own = *c;
  own.languages[0] = a.language, own.languages[1] = b.language;
  canvas_pair_within(&own, x, y, width, first, second, a.post, b.post);
  c->list = own.list;
}

/* ---- letterhead ---- */

enum { ORDER_STATE = 2 }; /* two a column */
static const struct style style_state = {FACE_SANS_BOLD, 9.6};
static const double column_width = 80, state_track = 0.22;

/* In capitals, with their tracking. */
static double state_width(struct canvas *c, const char *upper) {
  return canvas_width(c, style_state, upper) + state_track * (double)sv_utf8_length(upper);
}

void layout_letterhead(struct canvas *c, const struct layout *l) {
  static const double xs[] = {15, 115};
  c->band = BAND_HEAD;
  for (int i = 0; i < 2; i++) {
    const struct style line = {i ? FACE_SANS_ITALIC : FACE_SANS, 8.6};
    struct layout_names own = layout_own(l, i);
    c->language = own.language;
    canvas_open(c, "P", ORDER_STATE + 2 * (uint32_t)i);
    canvas_tracked(c, xs[i], 15.0, style_state, state_track, layout_upper(c, own.state));
    canvas_open(c, "P", ORDER_STATE + 1 + 2 * (uint32_t)i);
    canvas_text(c, xs[i], 19.6, layout_fitted(c, line, own.ministry, column_width), own.ministry);
    canvas_text(c, xs[i], 23.6, layout_fitted(c, line, own.name, column_width), own.name);
  }
  c->language = NULL;
  canvas_artifact(c);
}

void layout_housed(struct canvas *c, const struct layout *l,
                   void (*draw)(struct canvas *c, const struct layout *l)) {
  if (l->housed) {
    bool kerned = c->kerned;
    c->kerned = false;
    draw(c, l);
    c->kerned = kerned;
  }
}

void layout_unhoused(struct canvas *c, const struct layout *l,
                     void (*draw)(struct canvas *c, const struct layout *l)) {
  if (!l->housed) {
    const char *path = c->path; /* what policy says was checked with policy */
    c->path = NULL;
    draw(c, l);
    c->path = path;
  }
}

void layout_running_head(struct canvas *c, const struct layout *l, const char *number,
                         const char *sheet) {
  const struct style line = {FACE_SANS, 8};
  struct layout_names own = layout_own(l, 0);
  const char *both = layout_printf(c, "%s, %s", own.state, own.name);
  canvas_text_right(c, 195, 14.2, (struct style){FACE_MONO_BOLD, 11.5}, number);
  double w = canvas_text_right(c, 195, 18.6, line, sheet);
  canvas_text_in(c, own.language, 28, 18.6, layout_fitted(c, line, both, 195 - w - 4 - 28), both);
}

/* ---- before a server takes them ---- */

/* A text of policy at its place: c->path is the key. Not smaller than four fifths of its size. */
static void name_check(struct canvas *c, const char *key, const char *language, double width,
                       struct style style, const char *text) {
  c->path = layout_printf(c, "%s_%s", key, language);
  (void)canvas_within(c, 15, 20, width, style, 0.8 * style.pt, key, text);
}

static void names_check(struct canvas *c, const char *language, const struct layout_names *n) {
  const struct style line = {FACE_SANS_ITALIC, 8.6};
  const char *upper = layout_upper(c, or_empty(n->state));
  c->path = layout_printf(c, "state_%s", language);
  canvas_tracked(c, 15, 20, style_state, state_track, upper);
  if (state_width(c, upper) > column_width) {
    canvas_too_long(c, "state");
  }
  name_check(c, "ministry", language, column_width, line, or_empty(n->ministry));
  name_check(c, "name", language, column_width, line, or_empty(n->name));
}

void layout_authority_check(struct canvas *c, const struct model_authority *a) {
  struct layout_names n;
  for (int i = 0; i < 2; i++) {
    const char *language = i ? "en" : "es";
    (void)names_in(a, language, &n);
    names_check(c, language, &n);
  }
  for (size_t i = 0; i < a->more_n; i++) {
    (void)names_in(a, a->more[i].language, &n);
    names_check(c, a->more[i].language, &n);
  }
}

void layout_officer_check(struct canvas *c, const struct model_officer *o) {
  const struct style post = {FACE_SANS_ITALIC, 8};
  c->path = "name";
  (void)canvas_within(c, 15, 20, 50, style_strong, 7, "an officer's name", or_empty(o->name));
  name_check(c, "post", "es", 50, post, or_empty(o->post_es));
  name_check(c, "post", "en", 50, post, or_empty(o->post_en));
  for (size_t i = 0; i < o->more_n; i++) {
    name_check(c, "post", o->more[i].language, 50, post, o->more[i].post);
  }
}
