/* Compares each revision with the one before. Invariant: an object that a revision writes is either new, or the catalog, the
 * form or the DSS under the number that it had, with a content that differs where it may; so that no page, annotation,
 * font or field of what was signed can mean something else afterwards. */
#include "verify/revision.h"

enum { OBJECTS_MAX = 512, LIST_MAX = 256 };

struct step {
  struct sv_ctx *ctx;
  struct pdfio *p;
  size_t now; /* the revision that is judged */
  uint32_t first_new;
  uint32_t accounted[OBJECTS_MAX];
  size_t accounted_n;
  struct verify_revision *says;
};

static sv_status other(struct step *s, const char *what) {
  return SV_FAIL(s->ctx, PDF_FORMAT, "revision %zu changes %s", s->now + 1, what);
}

static bool writes(const struct step *s, uint32_t number) {
  size_t low = 0;
  size_t high = pdfio_revision_objects(s->p, s->now);
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    uint32_t at = pdfio_revision_object(s->p, s->now, mid);
    if (at == number) {
      return true;
    }
    low = at < number ? mid + 1 : low;
    high = at < number ? high : mid;
  }
  return false;
}

static bool is_accounted(const struct step *s, uint32_t number) {
  for (size_t i = 0; i < s->accounted_n; i++) {
    if (s->accounted[i] == number) {
      return true;
    }
  }
  return false;
}

static sv_status account(struct step *s, uint32_t number) {
  if (!writes(s, number) || is_accounted(s, number)) {
    return SV_DONE;
  }
  if (s->accounted_n == OBJECTS_MAX) {
    return other(s, "more objects than a store and a time-stamp have");
  }
  s->accounted[s->accounted_n++] = number;
  return SV_DONE;
}

/* A value that may be an object of its own: new in this revision, or untouched by it. */
static sv_status own(struct step *s, const struct pdfio_value *v, const struct pdfio_value **ret) {
  if (v->type == PDFIO_REF) {
    if (writes(s, v->ref.number) && v->ref.number < s->first_new) {
      return other(s, "an object that was there before");
    }
    SV_TRY(account(s, v->ref.number));
  }
  return pdfio_resolve_at(s->p, s->now, v, ret);
}

static bool key_is(struct sv_bytes key, const char *const *list) {
  for (; *list; list++) {
    if (sv_bytes_equal(key, sv_bytes_str(*list))) {
      return true;
    }
  }
  return false;
}

static bool keys_are(const struct pdfio_value *dict, const char *const *list) {
  for (size_t i = 0; i < dict->dict.n; i++) {
    if (!key_is(dict->dict.pairs[i].key, list)) {
      return false;
    }
  }
  return true;
}

/* Every key that is not in `free_keys` stands in both, alike. */
static bool alike_but(const struct step *s, const struct pdfio_value *a,
                      const struct pdfio_value *b, const char *const *free_keys) {
  const struct pdfio_value *both[2] = {a, b};
  for (int side = 0; side < 2; side++) {
    const struct pdfio_value *mine = both[side];
    for (size_t i = 0; i < mine->dict.n; i++) {
      if (key_is(mine->dict.pairs[i].key, free_keys)) {
        continue;
      }
      bool found = false;
      for (size_t k = 0; k < both[1 - side]->dict.n && !found; k++) {
        const struct pdfio_pair *pair = &both[1 - side]->dict.pairs[k];
        found = sv_bytes_equal(pair->key, mine->dict.pairs[i].key) &&
                pdfio_alike(s->p, pair->value, mine->dict.pairs[i].value);
      }
      if (!found) {
        return false;
      }
    }
  }
  return true;
}

/* --- the DSS --- */

static sv_status check_stream(struct step *s, const struct pdfio_value *item) {
  static const char *const keys[] = {"Length", "Filter", NULL};
  const struct pdfio_value *stream;
  if (item->type != PDFIO_REF) {
    return other(s, "a store whose lists have other things than streams");
  }
  SV_TRY(own(s, item, &stream));
  if (stream->type != PDFIO_STREAM || !keys_are(stream, keys)) {
    return other(s, "a store whose lists have other things than plain streams");
  }
  return SV_DONE;
}

static sv_status check_streams(struct step *s, const struct pdfio_value *list) {
  const struct pdfio_value *array;
  SV_TRY(own(s, list, &array));
  if (array->type != PDFIO_ARRAY || array->array.n > LIST_MAX) {
    return other(s, "a store with something else than lists, or with long ones");
  }
  for (size_t i = 0; i < array->array.n; i++) {
    SV_TRY(check_stream(s, array->array.items[i]));
  }
  return SV_DONE;
}

/* One signature's entry of VRI. */
static sv_status check_vri_entry(struct step *s, const struct pdfio_value *v) {
  static const char *const lists[] = {"Cert", "CRL", "OCSP", NULL};
  const struct pdfio_value *dict;
  SV_TRY(own(s, v, &dict));
  if (dict->type != PDFIO_DICT) {
    return other(s, "the store's VRI");
  }
  for (size_t i = 0; i < dict->dict.n; i++) {
    const struct pdfio_pair *pair = &dict->dict.pairs[i];
    if (key_is(pair->key, lists)) {
      SV_TRY(check_streams(s, pair->value));
    } else if (sv_bytes_equal(pair->key, sv_bytes_str("TS"))) {
      SV_TRY(check_stream(s, pair->value));
    } else if (pair->value->type != PDFIO_STRING && pair->value->type != PDFIO_NAME) {
      return other(s, "the store's VRI");
    }
  }
  return SV_DONE;
}

static sv_status check_vri(struct step *s, const struct pdfio_value *v) {
  const struct pdfio_value *dict;
  SV_TRY(own(s, v, &dict));
  if (dict->type != PDFIO_DICT || dict->dict.n > LIST_MAX) {
    return other(s, "the store's VRI");
  }
  for (size_t i = 0; i < dict->dict.n; i++) {
    const struct pdfio_pair *pair = &dict->dict.pairs[i];
    if (sv_bytes_equal(pair->key, sv_bytes_str("Type")) && pdfio_is_name(pair->value, "VRI")) {
      continue;
    }
    SV_TRY(check_vri_entry(s, pair->value));
  }
  return SV_DONE;
}

static sv_status check_store(struct step *s, const struct pdfio_value *before,
                             const struct pdfio_value *now) {
  static const char *const lists[] = {"Certs", "OCSPs", "CRLs", NULL};
  const struct pdfio_value *dict;
  if (!now) {
    return before ? other(s, "the catalog: its store is gone") : SV_DONE;
  }
  bool same_place = before && before->type == PDFIO_REF && pdfio_alike(s->p, before, now);
  if (same_place) { /* its dictionary may be written anew under its number */
    s->says->store = writes(s, now->ref.number);
    SV_TRY(account(s, now->ref.number));
    SV_TRY(pdfio_resolve_at(s->p, s->now, now, &dict));
  } else {
    s->says->store = true;
    SV_TRY(own(s, now, &dict));
  }
  if (dict->type != PDFIO_DICT) {
    return other(s, "the store into something else");
  }
  for (size_t i = 0; i < dict->dict.n; i++) {
    const struct pdfio_pair *pair = &dict->dict.pairs[i];
    if (key_is(pair->key, lists)) {
      SV_TRY(check_streams(s, pair->value));
    } else if (sv_bytes_equal(pair->key, sv_bytes_str("VRI"))) {
      SV_TRY(check_vri(s, pair->value));
    } else if (!sv_bytes_equal(pair->key, sv_bytes_str("Type")) ||
               !pdfio_is_name(pair->value, "DSS")) {
      return other(s, "the store into something else");
    }
  }
  return SV_DONE;
}

/* --- the document time-stamp --- */

static sv_status check_stamp(struct step *s, const struct pdfio_value *v) {
  static const char *const keys[] = {"Type", "Filter",    "SubFilter", "Contents",
                                     "M",    "ByteRange", "V",         NULL};
  const struct pdfio_value *dict;
  if (!v || v->type != PDFIO_REF || v->ref.number < s->first_new) {
    return other(s, "the form: a field without a new value");
  }
  SV_TRY(own(s, v, &dict));
  if (dict->type != PDFIO_DICT || !keys_are(dict, keys) ||
      !pdfio_is_name(pdfio_direct(dict, "Type"), "DocTimeStamp") ||
      !pdfio_is_name(pdfio_direct(dict, "SubFilter"), "ETSI.RFC3161")) {
    return other(s, "the form: a field that is no document time-stamp");
  }
  return SV_DONE;
}

static bool is_empty_rectangle(const struct pdfio_value *v) {
  if (v->type != PDFIO_ARRAY || v->array.n != 4) {
    return false;
  }
  for (size_t i = 0; i < 4; i++) {
    const struct pdfio_value *n = v->array.items[i];
    if (n->type != PDFIO_INT || n->integer != 0) {
      return false;
    }
  }
  return true;
}

/* A field that nobody sees and that does nothing. */
static sv_status check_field(struct step *s, const struct pdfio_value *item) {
  static const char *const keys[] = {"FT",   "T", "V", "Type", "Subtype",
                                     "Rect", "F", "P", "Ff",   NULL};
  const struct pdfio_value *dict;
  if (item->type != PDFIO_REF || item->ref.number < s->first_new) {
    return other(s, "the form: a field that was there before");
  }
  SV_TRY(own(s, item, &dict));
  const struct pdfio_value *rect = pdfio_direct(dict, "Rect");
  if (dict->type != PDFIO_DICT || !keys_are(dict, keys) ||
      !pdfio_is_name(pdfio_direct(dict, "FT"), "Sig") || (rect && !is_empty_rectangle(rect))) {
    return other(s, "the form: another field than a hidden one of a signature");
  }
  return check_stamp(s, pdfio_direct(dict, "V"));
}

/* The fields as they were, and at most one more. */
static sv_status check_fields(struct step *s, const struct pdfio_value *before,
                              const struct pdfio_value *now) {
  const struct pdfio_value *old;
  const struct pdfio_value *list;
  if (!before || !now ||
      ((before->type == PDFIO_REF || now->type == PDFIO_REF) && !pdfio_alike(s->p, before, now))) {
    return other(s, "the form's fields");
  }
  if (now->type == PDFIO_REF) {
    SV_TRY(account(s, now->ref.number));
  }
  SV_TRY(pdfio_resolve_at(s->p, s->now - 1, before, &old));
  SV_TRY(pdfio_resolve_at(s->p, s->now, now, &list));
  if (old->type != PDFIO_ARRAY || list->type != PDFIO_ARRAY || list->array.n < old->array.n ||
      list->array.n > old->array.n + 1) {
    return other(s, "the form's fields");
  }
  for (size_t i = 0; i < old->array.n; i++) {
    if (!pdfio_alike(s->p, old->array.items[i], list->array.items[i])) {
      return other(s, "the form's fields");
    }
  }
  if (list->array.n == old->array.n) {
    return SV_DONE;
  }
  s->says->stamp = true;
  return check_field(s, list->array.items[old->array.n]);
}

static sv_status check_form(struct step *s, const struct pdfio_value *before,
                            const struct pdfio_value *now) {
  static const char *const free_keys[] = {"Fields", NULL};
  const struct pdfio_value *old;
  const struct pdfio_value *form;
  if (!before && !now) {
    return SV_DONE;
  }
  if (!before || !now ||
      ((before->type == PDFIO_REF || now->type == PDFIO_REF) && !pdfio_alike(s->p, before, now))) {
    return other(s, "the form");
  }
  if (now->type == PDFIO_REF) {
    SV_TRY(account(s, now->ref.number));
  }
  SV_TRY(pdfio_resolve_at(s->p, s->now - 1, before, &old));
  SV_TRY(pdfio_resolve_at(s->p, s->now, now, &form));
  if (old->type != PDFIO_DICT || form->type != PDFIO_DICT || !alike_but(s, old, form, free_keys)) {
    return other(s, "the form");
  }
  return check_fields(s, pdfio_direct(old, "Fields"), pdfio_direct(form, "Fields"));
}

/* --- the catalog and the trailer --- */

/* The developer extension of a store and a document time-stamp (EN 319 142-1 5.5). */
static bool is_extension(const struct pdfio_value *v) {
  static const char *const keys[] = {"Type", "BaseVersion", "ExtensionLevel", NULL};
  const struct pdfio_value *base = pdfio_direct(v, "BaseVersion");
  const struct pdfio_value *level = pdfio_direct(v, "ExtensionLevel");
  const struct pdfio_value *type = pdfio_direct(v, "Type");
  return v->type == PDFIO_DICT && keys_are(v, keys) &&
         (!type || pdfio_is_name(type, "DeveloperExtensions")) && pdfio_is_name(base, "1.7") &&
         level && level->type == PDFIO_INT && level->integer == 5;
}

static sv_status check_extensions(struct step *s, const struct pdfio_value *before,
                                  const struct pdfio_value *now) {
  static const char *const free_keys[] = {"ESIC", NULL};
  static const struct pdfio_value none = {.type = PDFIO_DICT, .in_file = true};
  before = before ? before : &none;
  now = now ? now : &none;
  if (before->type != PDFIO_DICT || now->type != PDFIO_DICT) {
    return pdfio_alike(s->p, before, now) ? SV_DONE : other(s, "the extensions");
  }
  if (!alike_but(s, before, now, free_keys)) {
    return other(s, "the extensions");
  }
  for (size_t i = 0; i < now->dict.n; i++) {
    const struct pdfio_pair *pair = &now->dict.pairs[i];
    const struct pdfio_value *old = NULL;
    for (size_t k = 0; k < before->dict.n; k++) {
      old =
          sv_bytes_equal(before->dict.pairs[k].key, pair->key) ? before->dict.pairs[k].value : old;
    }
    if (key_is(pair->key, free_keys) && !(old && pdfio_alike(s->p, old, pair->value)) &&
        !is_extension(pair->value)) {
      return other(s, "the extensions");
    }
  }
  return SV_DONE;
}

static sv_status check_catalog(struct step *s, uint32_t root) {
  static const char *const free_keys[] = {"DSS", "Extensions", "AcroForm", NULL};
  const struct pdfio_value *before;
  const struct pdfio_value *now;
  SV_TRY(account(s, root));
  SV_TRY(pdfio_object_at(s->p, s->now - 1, root, &before));
  SV_TRY(pdfio_object_at(s->p, s->now, root, &now));
  if (before->type != PDFIO_DICT || now->type != PDFIO_DICT ||
      !alike_but(s, before, now, free_keys)) {
    return other(s, "the catalog");
  }
  SV_TRY(check_extensions(s, pdfio_direct(before, "Extensions"), pdfio_direct(now, "Extensions")));
  SV_TRY(check_store(s, pdfio_direct(before, "DSS"), pdfio_direct(now, "DSS")));
  return check_form(s, pdfio_direct(before, "AcroForm"), pdfio_direct(now, "AcroForm"));
}

/* Ours stays as it is; ISO 32000-2 14.4 would let the second half change. */
static bool same_id(const struct step *s, const struct pdfio_value *before,
                    const struct pdfio_value *now) {
  const struct pdfio_value *a = pdfio_direct(before, "ID");
  const struct pdfio_value *b = pdfio_direct(now, "ID");
  if (!a || !b) {
    return a == b;
  }
  return pdfio_alike(s->p, a, b);
}

static sv_status check_trailer(struct step *s, uint32_t *ret_root) {
  static const char *const of_streams[] = {
      "Size",   "Prev",   "ID",          "W", "Index",
      "Length", "Filter", "DecodeParms", NULL}; /* a trailer that is the stream's dictionary */
  static const char *const of_tables[] = {"Size", "Prev", "ID", NULL};
  bool stream = pdfio_revision(s->p, s->now - 1)->xref_stream;
  const char *const *free_keys = stream ? of_streams : of_tables;
  const struct pdfio_value *before = pdfio_revision(s->p, s->now - 1)->trailer;
  const struct pdfio_value *now = pdfio_revision(s->p, s->now)->trailer;
  const struct pdfio_value *root = pdfio_direct(now, "Root");
  const struct pdfio_value *size = pdfio_direct(before, "Size");
  if (pdfio_revision(s->p, s->now)->xref_stream != stream ||
      !alike_but(s, before, now, free_keys) || !same_id(s, before, now) || !root ||
      root->type != PDFIO_REF || !size || size->type != PDFIO_INT) {
    return other(s, "the trailer");
  }
  s->first_new = (uint32_t)size->integer;
  *ret_root = root->ref.number;
  return SV_DONE;
}

static sv_status check_step(struct step *s) {
  uint32_t root = 0;
  SV_TRY(pdfio_revision_check(s->p, s->now));
  SV_TRY(check_trailer(s, &root));
  SV_TRY(check_catalog(s, root));
  for (size_t i = 0; i < pdfio_revision_objects(s->p, s->now); i++) {
    uint32_t number = pdfio_revision_object(s->p, s->now, i);
    bool frame = number == pdfio_revision(s->p, s->now)->xref_object && number >= s->first_new;
    if (number != 0 && !frame && !is_accounted(s, number)) {
      return other(s, "an object that is neither a store's nor a time-stamp's");
    }
  }
  return SV_DONE;
}

sv_status verify_revisions(struct sv_ctx *ctx, struct pdfio *p, struct verify_revision *ret) {
  struct step *s = SV_NEW(ctx->mem, struct step);
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "revisions");
  }
  ret[0] = (struct verify_revision){0};
  for (size_t i = 1; i < pdfio_revision_count(p); i++) {
    ret[i] = (struct verify_revision){0};
    *s = (struct step){.ctx = ctx, .p = p, .now = i, .says = &ret[i]};
    sv_status status = check_step(s);
    if (sv_failed(status) && status.reason != SV_PDF_FORMAT) {
      return status;
    }
    if (sv_failed(status)) {
      const char *why = sv_arena_strdup(ctx->mem, ctx->detail);
      ret[i].fault = why ? why : "changed";
      sv_ctx_clear(ctx);
    }
  }
  return SV_DONE;
}
