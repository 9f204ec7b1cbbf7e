/* The two kinds of revision that follow the signed one: a Document Security Store (ISO 32000-2 12.8.4.3) and a document
 * time-stamp (12.8.5). Invariant: a document time-stamp covers every byte before it, and its room was known before. */
#include "seal/raise.h"

#include <stdio.h>

#include "crypto/digest.h"
#include "pki/timestamp.h"
#include "seal/revision.h"

enum { FIELDS_MAX = 32, SIGNATURES_MAX = 16, RANGE_ROOM = 64, STAMP_TRIES = 3 };

static const char *const names[] = {"", "B-B", "B-T", "B-LT", "B-LTA"};

const char *seal_level_name(enum seal_level level) { return names[level]; }

enum seal_level seal_level_of(const char *name) {
  for (int i = SEAL_B_B; i <= SEAL_B_LTA; i++) {
    if (strcmp(names[i], name) == 0) {
      return (enum seal_level)i;
    }
  }
  return SEAL_LEVEL_NONE;
}

static const int64_t alone_us = 30LL * 86400 * 1000000;

/* --- whose status is to be shown: the signer's, and that of every time-stamp so far --- */

struct collecting {
  struct seal_services *s;
  struct sv_ctx *ctx;
  struct sv_bytes pdf;
  struct pdfio *reader;
  struct seal_evidence *evidence;
  bool
      last_only; /* the rest has its statements in the file: what stands behind the last store has not */
  int64_t
      ends_us; /* out: when the certificates of the last time-stamp begin to end; 0: there is none */
};

static sv_status chain_add(struct collecting *c, enum seal_chain_role role,
                           const struct pki_chain *chain) {
  return chain ? seal_evidence_add(c->s, c->ctx, role, chain, c->evidence)
               : SV_FAIL(c->ctx, PDF_FORMAT, "a signature without its certificate");
}

static sv_status token_add(struct collecting *c, struct sv_bytes token,
                           const struct sv_bytes *content, size_t pieces) {
  struct pki_token t;
  SV_TRY(pki_token_verify(c->ctx, token, crypto_pieces_of(content, pieces), &t));
  for (size_t i = 0; t.chain && i < pki_chain_count(t.chain); i++) {
    int64_t end_us = pki_cert_not_after_us(pki_chain_at(t.chain, i));
    c->ends_us = i == 0 || end_us < c->ends_us ? end_us : c->ends_us;
  }
  sv_status s = t.fault == PKI_TOKEN_GOOD
                    ? chain_add(c, SEAL_CHAIN_TSA, t.chain)
                    : SV_FAIL(c->ctx, PDF_FORMAT, "a time-stamp in the file: %s", t.why);
  pki_chain_close(t.chain);
  return s;
}

static sv_status signature_add(struct collecting *c, struct sv_bytes contents,
                               const struct sv_bytes *content, size_t pieces) {
  struct pki_cms cms;
  struct sv_bytes token;
  SV_TRY(pki_cms_verify(c->ctx, contents, crypto_pieces_of(content, pieces), &cms));
  sv_status s = cms.fault == PKI_CMS_GOOD
                    ? chain_add(c, SEAL_CHAIN_SIGNER, cms.chain)
                    : SV_FAIL(c->ctx, PDF_FORMAT, "the signature in the file: %s", cms.why);
  if (!sv_failed(s) && pki_cms_timestamp(&cms, &token) == 1) {
    s = token_add(c, token, &cms.signature, 1);
  }
  pki_chain_close(cms.chain);
  return s;
}

/* The bytes that a /ByteRange of our form names. */
static bool ranges_of(const struct collecting *c, const struct pdfio_value *sig,
                      struct sv_bytes ret[static 2]) {
  const struct pdfio_value *v = pdfio_direct(sig, "ByteRange");
  size_t n[4];
  for (size_t i = 0; i < 4; i++) {
    if (!v || v->type != PDFIO_ARRAY || v->array.n != 4 || v->array.items[i]->type != PDFIO_INT ||
        v->array.items[i]->integer < 0 || (uint64_t)v->array.items[i]->integer > c->pdf.n) {
      return false;
    }
    n[i] = (size_t)v->array.items[i]->integer;
  }
  ret[0] = sv_bytes_of(c->pdf.p + n[0], n[1]);
  ret[1] = sv_bytes_of(c->pdf.p + n[2], n[3]);
  return n[1] <= c->pdf.n - n[0] && n[3] <= c->pdf.n - n[2];
}

static sv_status field_add(struct collecting *c, const struct pdfio_value *field) {
  const struct pdfio_value *sig, *contents;
  struct sv_bytes pieces[2];
  SV_TRY(pdfio_entry(c->reader, field, "V", &sig));
  SV_TRY(pdfio_entry(c->reader, sig, "Contents", &contents));
  if (contents->type != PDFIO_STRING || !ranges_of(c, sig, pieces)) {
    return SV_FAIL(c->ctx, PDF_FORMAT, "a field that is no signature of ours");
  }
  return pdfio_is_name(pdfio_direct(sig, "Type"), "DocTimeStamp")
             ? token_add(c, contents->bytes, pieces, 2)
             : signature_add(c, contents->bytes, pieces, 2);
}

static sv_status fields_of(struct sv_ctx *ctx, struct pdfio *reader,
                           const struct pdfio_value **ret) {
  const struct pdfio_value *root, *form;
  SV_TRY(pdfio_entry(reader, pdfio_trailer(reader), "Root", &root));
  SV_TRY(pdfio_entry(reader, root, "AcroForm", &form));
  SV_TRY(pdfio_entry(reader, form, "Fields", ret));
  return (*ret)->type == PDFIO_ARRAY && (*ret)->array.n > 0 && (*ret)->array.n < FIELDS_MAX
             ? SV_DONE
             : SV_FAIL(ctx, PDF_FORMAT, "a form without signatures, or with too many");
}

static bool revision_has(const struct pdfio *p, size_t revision, uint32_t number) {
  for (size_t i = 0; i < pdfio_revision_objects(p, revision); i++) {
    if (pdfio_revision_object(p, revision, i) == number) {
      return true;
    }
  }
  return false;
}

/* How many time-stamps are behind the last store: one, and each that was once taken alone. */
static sv_status behind_store(struct collecting *c, size_t *ret) {
  const struct pdfio_value *root;
  SV_TRY(pdfio_entry(c->reader, pdfio_trailer(c->reader), "Root", &root));
  const struct pdfio_value *store = pdfio_direct(root, "DSS");
  size_t revisions = pdfio_revision_count(c->reader), n = 0;
  while (store && store->type == PDFIO_REF && n + 1 < revisions &&
         !revision_has(c->reader, revisions - 1 - n, store->ref.number)) {
    n++;
  }
  *ret = n ? n : 1;
  return SV_DONE;
}

static sv_status collect(struct collecting *c) {
  const struct pdfio_value *fields, *field;
  size_t n, behind;
  SV_TRY(fields_of(c->ctx, c->reader, &fields));
  SV_TRY(behind_store(c, &behind));
  n = fields->array.n;
  for (size_t i = c->last_only && behind < n ? n - behind : 0; i < n; i++) {
    SV_TRY(pdfio_resolve(c->reader, fields->array.items[i], &field));
    sv_status status = field_add(c, field);
    bool old = c->last_only && i + 1 < n; /* its certificates may have ended by now */
    if (status.reason == SV_REVOCATION && old) {
      sv_ctx_clear(c->ctx);
      continue;
    }
    SV_TRY(status);
  }
  return SV_DONE;
}

/* --- the Document Security Store --- */

/* One of its lists: what it has already stays, by its objects; what is new gets one. */
struct store_list {
  struct revision *revision;
  struct sv_ctx *ctx;
  const struct pdfio_value *before; /* the store of now, or the shared null */
};

static sv_status list_put(const struct store_list *l, const char *key, const struct sv_bytes *ders,
                          size_t n, struct sv_buf *out) {
  struct pdfio *reader = revision_reader(l->revision);
  const struct pdfio_value *old;
  bool known[SEAL_EVIDENCE_MAX] = {false};
  SV_TRY(pdfio_entry(reader, l->before, key, &old));
  size_t old_n = old->type == PDFIO_ARRAY ? old->array.n : 0;
  if (n + old_n == 0) {
    return SV_DONE;
  }
  sv_buf_printf(out, "/%s[", key);
  for (size_t i = 0; i < old_n; i++) {
    const struct pdfio_value *stream;
    struct sv_bytes data;
    SV_TRY(pdfio_resolve(reader, old->array.items[i], &stream));
    SV_TRY(pdfio_data(reader, stream, PDFIO_STREAM_MAX, &data));
    sv_buf_printf(out, "%u 0 R ", old->array.items[i]->ref.number);
    for (size_t k = 0; k < n; k++) {
      known[k] = known[k] || sv_bytes_equal(ders[k], data);
    }
  }
  for (size_t k = 0; k < n; k++) {
    if (!known[k]) {
      uint32_t number = revision_number(l->revision);
      revision_stream(l->revision, number, ders[k]);
      sv_buf_printf(out, "%u 0 R ", number);
    }
  }
  sv_buf_str(out, "]");
  return SV_DONE;
}

static sv_status store_put(struct revision *revision, struct sv_ctx *ctx,
                           const struct seal_evidence *e) {
  struct pdfio *reader = revision_reader(revision);
  const struct pdfio_value *root, *before;
  SV_TRY(pdfio_entry(reader, pdfio_trailer(reader), "Root", &root));
  SV_TRY(pdfio_entry(reader, root, "DSS", &before));
  struct store_list l = {revision, ctx, before};
  struct sv_buf entries = sv_buf_in(ctx->mem, 0);
  const struct pdfio_value *ref = pdfio_direct(root, "DSS");
  bool had = ref && ref->type == PDFIO_REF;
  uint32_t number = had ? ref->ref.number : revision_number(revision);
  sv_buf_str(&entries, "/Type/DSS");
  SV_TRY(list_put(&l, "Certs", e->certs, e->cert_n, &entries));
  SV_TRY(list_put(&l, "OCSPs", e->ocsps, e->ocsp_n, &entries));
  SV_TRY(list_put(&l, "CRLs", e->crls, e->crl_n, &entries));
  sv_buf_u8(&entries, 0);
  if (entries.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "a security store");
  }
  revision_dict(revision, number, (const char *)entries.p);
  if (had) {
    return SV_DONE; /* the catalog names it already */
  }
  char catalog[160];
  (void)snprintf(catalog, sizeof catalog, "/DSS %u 0 R%s", number,
                 pdfio_direct(root, "Extensions")
                     ? ""
                     : "/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 5>>>>");
  return revision_catalog(revision, catalog, 0);
}

static sv_status evidence_append(struct seal_services *s, struct sv_ctx *ctx, struct sv_bytes pdf,
                                 bool last_only, struct sv_bytes *ret, int64_t *ret_ends_us) {
  struct revision *revision;
  struct seal_evidence *evidence = SV_NEW(ctx->mem, struct seal_evidence);
  if (!evidence) {
    return SV_FAIL(ctx, NO_MEMORY, "evidence");
  }
  SV_TRY(revision_open(ctx, pdf, &revision));
  struct collecting c = {.s = s,
                         .ctx = ctx,
                         .pdf = pdf,
                         .reader = revision_reader(revision),
                         .evidence = evidence,
                         .last_only = last_only};
  sv_status status = collect(&c);
  *ret_ends_us = c.ends_us;
  SV_TRY(status);
  SV_TRY(store_put(revision, ctx, evidence));
  uint8_t *tail;
  size_t n;
  SV_TRY(revision_close(revision, &tail, &n));
  *ret = sv_bytes_of(tail, n);
  return SV_DONE;
}

/* --- the document time-stamp --- */

struct stamp_place {
  size_t contents_at, contents_n; /* from '<' to '>', in the tail */
  size_t range_at;
};

/* The page that the first signature is on: readers want a field to name one. */
static sv_status page_of(struct revision *revision, const struct pdfio_value *first,
                         uint32_t *ret) {
  const struct pdfio_value *field;
  SV_TRY(pdfio_resolve(revision_reader(revision), first, &field));
  const struct pdfio_value *page = pdfio_direct(field, "P");
  *ret = page && page->type == PDFIO_REF ? page->ref.number : 0;
  return SV_DONE;
}

/* A revision with a place for a token of so many bytes. */
static sv_status stamp_frame(struct sv_ctx *ctx, struct sv_bytes pdf, size_t room, uint8_t **ret,
                             size_t *ret_n, struct stamp_place *place) {
  static const char head[] =
      "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161"
      "/ByteRange";
  struct revision *revision;
  const struct pdfio_value *fields;
  SV_TRY(revision_open(ctx, pdf, &revision));
  SV_TRY(fields_of(ctx, revision_reader(revision), &fields));
  if (fields->array.n >= SIGNATURES_MAX) { /* no judge of ours reads more */
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "%d signatures and time-stamps are in the file",
                   SIGNATURES_MAX);
  }
  struct sv_buf text = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&text, head);
  memset(sv_buf_space(&text, RANGE_ROOM), ' ', text.failed ? 0 : RANGE_ROOM);
  sv_buf_str(&text, "/Contents<");
  uint8_t *zeroes = sv_buf_space(&text, 2 * room);
  if (zeroes) {
    memset(zeroes, '0', 2 * room);
  }
  sv_buf_str(&text, ">>>");
  sv_buf_u8(&text, 0);
  if (text.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "a document time-stamp");
  }
  uint32_t field = revision_number(revision), value = revision_number(revision);
  char entries[192];
  size_t at;
  uint32_t page;
  SV_TRY(page_of(revision, fields->array.items[0], &page));
  /* without a place on the page, and not among its annotations: the page stays as it was signed */
  (void)snprintf(entries, sizeof entries,
                 "/Type/Annot/Subtype/Widget/FT/Sig/T(Timestamp%zu)/V %u 0 R/F 132/Rect[0 0 0 0]"
                 "/P %u 0 R",
                 fields->array.n, value, page);
  SV_TRY(revision_catalog(revision, "", field));
  revision_dict(revision, field, entries);
  revision_text(revision, value, (const char *)text.p, &at);
  SV_TRY(revision_close(revision, ret, ret_n));
  place->range_at = at + sizeof head - 1;
  place->contents_at = place->range_at + RANGE_ROOM + strlen("/Contents");
  place->contents_n = 2 * room + 2;
  return SV_DONE;
}

static sv_status range_fill(struct sv_ctx *ctx, struct sv_bytes pdf, uint8_t *tail, size_t n,
                            const struct stamp_place *place) {
  char text[RANGE_ROOM + 1];
  size_t gap = pdf.n + place->contents_at, second = gap + place->contents_n;
  int len = snprintf(text, sizeof text, "[0 %zu %zu %zu]", gap, second, pdf.n + n - second);
  if (len < 0 || len > RANGE_ROOM) {
    return SV_FAIL(ctx, INTERNAL, "%d characters for ByteRange", len);
  }
  memcpy(tail + place->range_at, text, (size_t)len);
  return SV_DONE;
}

static sv_status stamp_digest(struct sv_ctx *ctx, struct sv_bytes pdf, const uint8_t *tail,
                              size_t n, const struct stamp_place *place, uint8_t ret[static 32]) {
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  size_t second = place->contents_at + place->contents_n;
  SV_TRY(crypto_hash_open(ctx, CRYPTO_SHA256, &h));
  crypto_hash_update(h, pdf);
  crypto_hash_update(h, sv_bytes_of(tail, place->contents_at));
  crypto_hash_update(h, sv_bytes_of(tail + second, n - second));
  crypto_hash_final(h, ret);
  return SV_DONE;
}

/* A token that is larger than any before tells the room that it needs: then once more. */
static sv_status stamp_append(struct seal_services *s, struct sv_ctx *ctx, struct sv_bytes pdf,
                              struct sv_bytes *ret, int64_t *ret_not_after_us) {
  for (int i = 0; i < STAMP_TRIES; i++) {
    struct stamp_place place;
    struct seal_stamp stamp;
    uint8_t *tail, digest[32];
    size_t n, room;
    SV_TRY(seal_stamp_room(s, ctx, &room));
    SV_TRY(stamp_frame(ctx, pdf, room, &tail, &n, &place));
    SV_TRY(range_fill(ctx, pdf, tail, n, &place));
    SV_TRY(stamp_digest(ctx, pdf, tail, n, &place, digest));
    SV_TRY(seal_stamp_take(s, ctx, digest, &stamp));
    if (stamp.token.n <= room) {
      char *hex = SV_ARRAY(ctx->mem, 2 * stamp.token.n + 1, char);
      if (!hex) {
        return SV_FAIL(ctx, NO_MEMORY, "a document time-stamp");
      }
      sv_hex(stamp.token.p, stamp.token.n, hex);
      memcpy(tail + place.contents_at + 1, hex, 2 * stamp.token.n);
      *ret = sv_bytes_of(tail, n);
      *ret_not_after_us = stamp.not_after_us;
      return SV_DONE;
    }
  }
  return SV_FAIL(ctx, TIMESTAMP, "the authority's tokens grow with each question");
}

/* --- steps --- */

static sv_status joined(struct sv_ctx *ctx, struct sv_bytes a, struct sv_bytes b,
                        struct sv_bytes *ret) {
  uint8_t *p = sv_arena_alloc(ctx->mem, a.n + b.n);
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "a file of %zu bytes", a.n + b.n);
  }
  memcpy(p, a.p, a.n);
  memcpy(p + a.n, b.p, b.n);
  *ret = sv_bytes_of(p, a.n + b.n);
  return SV_DONE;
}

/* What judges the last time-stamp, and one over that. Close to its end that goes without what can't be had: a proof that
 * lacks the status of its authority is judged, one that ended is none. */
static sv_status renew(struct seal_services *s, struct sv_ctx *ctx, struct sv_bytes pdf,
                       struct seal_raised *r) {
  struct sv_bytes evidence, whole, stamp;
  int64_t ends_us = 0;
  sv_status status = evidence_append(s, ctx, pdf, true, &evidence, &ends_us);
  int64_t left_us = ends_us - sv_wall_us();
  if (status.reason == SV_REVOCATION && left_us > 0 && left_us < alone_us) {
    sv_ctx_clear(ctx);
    return stamp_append(s, ctx, pdf, &r->tail, &r->stamp_not_after_us);
  }
  SV_TRY(status);
  SV_TRY(joined(ctx, pdf, evidence, &whole));
  SV_TRY(stamp_append(s, ctx, whole, &stamp, &r->stamp_not_after_us));
  return joined(ctx, evidence, stamp, &r->tail);
}

sv_status seal_raise(struct seal_services *s, struct sv_ctx *ctx, struct sv_bytes pdf,
                     enum seal_level have, struct seal_raised *ret) {
  int64_t ends_us = 0;
  struct seal_raised r = {.level = have < SEAL_B_LTA ? (enum seal_level)(have + 1) : have};
  switch (have) {
    case SEAL_B_B:
    case SEAL_B_LT:
      SV_TRY(stamp_append(s, ctx, pdf, &r.tail, &r.stamp_not_after_us));
      break;
    case SEAL_B_T:
      SV_TRY(evidence_append(s, ctx, pdf, false, &r.tail, &ends_us));
      break;
    case SEAL_B_LTA:
      SV_TRY(renew(s, ctx, pdf, &r));
      break;
    case SEAL_LEVEL_NONE:
      return SV_FAIL(ctx, INTERNAL, "a document without a level");
  }
  *ret = r;
  return SV_DONE;
}
