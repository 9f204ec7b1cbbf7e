/* Lists of streams under /DSS. The limits hold for all of it together. */
#include "verify/store.h"

#include "verify/trust_struct.h"

struct reading {
  struct sv_ctx *ctx;
  struct pdfio *p;
  size_t left; /* bytes */
  bool left_out;
};

/* A fault of the file leaves the item out; everything else is a failure. */
static sv_status pass_over(struct sv_ctx *ctx, sv_status s, bool *left_out) {
  if (s.reason == SV_PDF_FORMAT) {
    sv_ctx_clear(ctx);
    *left_out = true;
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
    r->left_out = true;
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
      r->left_out = true;
      return SV_DONE;
    }
    SV_TRY(sv_ctx_alive(r->ctx));
    SV_TRY(pass_over(r->ctx, take_stream(r, array->array.items[i], list, n), &r->left_out));
  }
  return SV_DONE;
}

static sv_status take_all(struct reading *r, struct verify_store *ret) {
  const struct pdfio_value *root;
  const struct pdfio_value *dss;
  SV_TRY(pdfio_entry(r->p, pdfio_trailer(r->p), "Root", &root));
  SV_TRY(pdfio_entry(r->p, root, "DSS", &dss));
  ret->present = dss->type == PDFIO_DICT;
  SV_TRY(take_list(r, dss, "Certs", ret->certs, &ret->cert_n));
  SV_TRY(take_list(r, dss, "OCSPs", ret->ocsps, &ret->ocsp_n));
  return take_list(r, dss, "CRLs", ret->crls, &ret->crl_n);
}

sv_status verify_store_read(struct sv_ctx *ctx, struct pdfio *p, struct verify_store *ret) {
  struct reading r = {.ctx = ctx, .p = p, .left = VERIFY_STORE_BYTES_MAX};
  *ret = (struct verify_store){0};
  SV_TRY(pass_over(ctx, take_all(&r, ret), &r.left_out));
  ret->left_out = r.left_out;
  return SV_DONE;
}

/* Of whatever time: a path was found, each signature on it verified. */
static bool has_path(enum pki_fault fault) { return fault == PKI_TRUSTED || fault == PKI_EXPIRED; }

/* Whether a certificate leads to an anchor, of documents or of time-stamps. */
static sv_status leads_somewhere(struct sv_ctx *ctx, const struct verify_trust *trust,
                                 struct sv_bytes der, bool *ret) {
  SV_AUTO(pki_chain_close) struct pki_chain *chain = NULL;
  struct pki_path path;
  if (pki_trust_known(trust->pki, der) || pki_trust_known(trust->stamps, der)) {
    *ret = true;
    return SV_DONE;
  }
  sv_status s = pki_chain_of_der(ctx, &der, 1, &chain);
  if (sv_failed(s)) {
    *ret = false;
    if (s.reason != SV_NO_MEMORY) {
      sv_ctx_clear(ctx);
      s = SV_DONE;
    }
    return s;
  }
  *ret = has_path(pki_trust_path(trust->pki, chain, 0, &path)) ||
         has_path(pki_trust_path(trust->stamps, chain, 0, &path));
  return SV_DONE;
}

sv_status verify_store_judge(struct sv_ctx *ctx, const struct verify_trust *trust,
                             const struct verify_store *store, const char **ret_fault) {
  bool useful = !store->left_out;
  *ret_fault = NULL;
  for (size_t i = 0; useful && i < store->ocsp_n; i++) {
    useful = store->ocsp_tells[i];
  }
  for (size_t i = 0; useful && i < store->crl_n; i++) {
    useful = store->crl_tells[i];
  }
  if (!useful) {
    *ret_fault = "a statement in the store that tells nothing of a signer";
    return SV_DONE;
  }
  for (size_t i = 0; i < store->cert_n && useful; i++) {
    SV_TRY(leads_somewhere(ctx, trust, store->certs[i], &useful));
  }
  *ret_fault = useful ? NULL : "a certificate in the store that leads nowhere";
  return SV_DONE;
}
