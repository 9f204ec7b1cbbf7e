/* Lists of streams under /DSS. The limits hold for all of it together. */
#include "verify/store.h"

struct reading {
  struct sv_ctx *ctx;
  struct pdfio *p;
  size_t left; /* bytes */
};

/* A fault of the file leaves the item out; everything else is a failure. */
static sv_status pass_over(struct sv_ctx *ctx, sv_status s) {
  if (s.reason == SV_PDF_FORMAT) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  return s;
}

static sv_status take_stream(struct reading *r, const struct pdfio_value *item,
                             struct sv_bytes *list, size_t *n) {
  const struct pdfio_value *stream;
  struct sv_bytes data = {0};
  SV_TRY(pdfio_resolve(r->p, item, &stream));
  if (stream->type != PDFIO_STREAM) {
    return SV_DONE;
  }
  SV_TRY(pdfio_data(r->p, stream, r->left, &data));
  r->left -= data.n;
  list[(*n)++] = data;
  return SV_DONE;
}

static sv_status take_list(struct reading *r, const struct pdfio_value *dss, const char *key,
                           struct sv_bytes *list, size_t *n) {
  const struct pdfio_value *array;
  SV_TRY(pdfio_entry(r->p, dss, key, &array));
  for (size_t i = 0; array->type == PDFIO_ARRAY && i < array->array.n; i++) {
    if (*n == VERIFY_STORE_ITEMS_MAX) {
      return SV_DONE;
    }
    SV_TRY(sv_ctx_alive(r->ctx));
    SV_TRY(pass_over(r->ctx, take_stream(r, array->array.items[i], list, n)));
  }
  return SV_DONE;
}

static sv_status take_all(struct reading *r, struct verify_store *ret) {
  const struct pdfio_value *root;
  const struct pdfio_value *dss;
  SV_TRY(pdfio_entry(r->p, pdfio_trailer(r->p), "Root", &root));
  SV_TRY(pdfio_entry(r->p, root, "DSS", &dss));
  ret->present = dss->type == PDFIO_DICT;
  SV_TRY(take_list(r, dss, "OCSPs", ret->ocsps, &ret->ocsp_n));
  return take_list(r, dss, "CRLs", ret->crls, &ret->crl_n);
}

sv_status verify_store_read(struct sv_ctx *ctx, struct pdfio *p, struct verify_store *ret) {
  struct reading r = {.ctx = ctx, .p = p, .left = VERIFY_STORE_BYTES_MAX};
  *ret = (struct verify_store){0};
  return pass_over(ctx, take_all(&r, ret));
}
