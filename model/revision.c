/* Lines are the same line when their occupant_id is: it is stable across versions. */
#include "model/revision.h"

#include <string.h>

static bool texts_equal(const struct model_texts *a, const struct model_texts *b) {
  bool equal = a->n == b->n;
  for (size_t i = 0; equal && i < a->n; i++) {
    equal = strcmp(a->v[i], b->v[i]) == 0;
  }
  return equal;
}

static bool persons_equal(const struct model_person *a, const struct model_person *b) {
  return strcmp(a->surname, b->surname) == 0 && strcmp(a->given_names, b->given_names) == 0 &&
         strcmp(a->native_name, b->native_name) == 0 && strcmp(a->birth_date, b->birth_date) == 0 &&
         strcmp(a->birth_place, b->birth_place) == 0 && strcmp(a->sex, b->sex) == 0 &&
         strcmp(a->nationality, b->nationality) == 0;
}

static bool documents_equal(const struct model_travel_document *a,
                            const struct model_travel_document *b) {
  return strcmp(a->type, b->type) == 0 && strcmp(a->number, b->number) == 0 &&
         strcmp(a->issuing_state, b->issuing_state) == 0 &&
         strcmp(a->expiry_date, b->expiry_date) == 0;
}

static bool lines_equal(const struct model_occupant *a, const struct model_occupant *b) {
  if (a->offloaded || b->offloaded) {
    return a->offloaded == b->offloaded;
  }
  return a->role == b->role && a->bags == b->bags && strcmp(a->seat, b->seat) == 0 &&
         strcmp(a->embark, b->embark) == 0 && strcmp(a->debark, b->debark) == 0 &&
         strcmp(a->guardian_occupant_id, b->guardian_occupant_id) == 0 &&
         persons_equal(&a->person, &b->person) &&
         documents_equal(&a->travel_document, &b->travel_document) &&
         texts_equal(&a->service_codes, &b->service_codes) && texts_equal(&a->facts, &b->facts);
}

static const struct model_occupant *line_of(const struct model_manifest *m, const char *id) {
  for (size_t i = 0; i < m->occupant_count; i++) {
    if (strcmp(m->occupants[i].occupant_id, id) == 0) {
      return &m->occupants[i];
    }
  }
  return NULL;
}

static bool aboard(const struct model_occupant *o) { return o && !o->offloaded; }

sv_status model_revision_find(struct sv_ctx *ctx, const struct model_manifest *before,
                              struct model_manifest *now, struct model_revision *ret) {
  struct model_revision r = {0};
  r.added.v = SV_ARRAY(ctx->mem, now->occupant_count, const char *);
  r.changed.v = SV_ARRAY(ctx->mem, now->occupant_count, const char *);
  r.removed.v = SV_ARRAY(ctx->mem, before->occupant_count, const char *);
  if (!r.added.v || !r.changed.v || !r.removed.v) {
    return SV_FAIL(ctx, NO_MEMORY, "what changed on a manifest");
  }
  for (size_t i = 0; i < now->occupant_count; i++) {
    struct model_occupant *o = &now->occupants[i];
    const struct model_occupant *old = line_of(before, o->occupant_id);
    o->changed = !old || !lines_equal(old, o);
    if (aboard(o) && !aboard(old)) {
      r.added.v[r.added.n++] = o->occupant_id;
    } else if (aboard(o) && o->changed) {
      r.changed.v[r.changed.n++] = o->occupant_id;
    }
  }
  for (size_t i = 0; i < before->occupant_count; i++) {
    const struct model_occupant *old = &before->occupants[i];
    if (aboard(old) && !aboard(line_of(now, old->occupant_id))) {
      r.removed.v[r.removed.n++] = old->occupant_id;
    }
  }
  *ret = r;
  return SV_DONE;
}

const char *model_lines_changed(struct sv_arena *mem, const struct model_manifest *m) {
  enum { RUNS_MAX = 3 };
  const char *text = "";
  size_t runs = 0;
  for (size_t i = 0; i < m->occupant_count && text; i++) {
    size_t end = i;
    while (end < m->occupant_count && m->occupants[end].changed) {
      end++;
    }
    if (end == i) {
      continue;
    }
    if (++runs > RUNS_MAX) {
      return sv_arena_printf(mem, "%s…", text);
    }
    const char *comma = *text ? ", " : "";
    text = end - i > 1 ? sv_arena_printf(mem, "%s%s%zu–%zu", text, comma, i + 1, end)
                       : sv_arena_printf(mem, "%s%s%zu", text, comma, i + 1);
    i = end;
  }
  return text && *text == '\0' ? "—" : text;
}
