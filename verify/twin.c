/* Finds the attachment by its name among the associated files. Two of that name are as bad as none: nobody could say
 * which one a reader shows. */
#include "verify/twin.h"

#include "crypto/digest.h"

enum { FILES_MAX = 32 };

static bool is_record(const struct pdfio_value *name) {
  return name->type == PDFIO_STRING && sv_bytes_equal(name->bytes, sv_bytes_str("record.json"));
}

static sv_status read_file(struct sv_ctx *ctx, struct pdfio *p, const struct pdfio_value *spec,
                           struct sv_bytes *ret) {
  const struct pdfio_value *ef;
  const struct pdfio_value *file;
  SV_TRY(pdfio_entry(p, spec, "EF", &ef));
  SV_TRY(pdfio_entry(p, ef, "F", &file));
  if (file->type != PDFIO_STREAM) {
    return SV_FAIL(ctx, PDF_FORMAT, "an attachment without a file");
  }
  return pdfio_data(p, file, RECORD_BYTES_MAX, ret);
}

/* Counts the files called record.json; the last one is *ret. */
static sv_status find(struct sv_ctx *ctx, struct pdfio *p, int *ret_count,
                      const struct pdfio_value **ret) {
  const struct pdfio_value *root;
  const struct pdfio_value *af;
  SV_TRY(pdfio_entry(p, pdfio_trailer(p), "Root", &root));
  SV_TRY(pdfio_entry(p, root, "AF", &af));
  *ret_count = 0;
  if (af->type == PDFIO_ARRAY && af->array.n > FILES_MAX) {
    return SV_FAIL(ctx, PDF_FORMAT, "more than %d associated files", FILES_MAX);
  }
  for (size_t i = 0; af->type == PDFIO_ARRAY && i < af->array.n; i++) {
    const struct pdfio_value *spec;
    const struct pdfio_value *f;
    const struct pdfio_value *uf;
    SV_TRY(pdfio_resolve(p, af->array.items[i], &spec));
    SV_TRY(pdfio_entry(p, spec, "F", &f));
    SV_TRY(pdfio_entry(p, spec, "UF", &uf));
    if (is_record(f) || is_record(uf)) {
      ++*ret_count;
      *ret = spec;
    }
  }
  return SV_DONE;
}

/* A fault of the file or its format is an answer; running out of memory or time is not. */
static bool is_answer(sv_status s) {
  return s.reason == SV_PDF_FORMAT || s.reason == SV_RECORD_FORMAT;
}

sv_status verify_twin_read(struct sv_ctx *ctx, struct pdfio *p, struct verify_twin *ret) {
  const struct pdfio_value *spec = NULL;
  int count;
  *ret = (struct verify_twin){0};
  SV_TRY(find(ctx, p, &count, &spec));
  ret->attached = count > 0;
  if (count != 1) {
    return SV_DONE;
  }
  sv_status s = read_file(ctx, p, spec, &ret->json);
  if (!sv_failed(s)) {
    crypto_sha256(ret->json, ret->sha256);
    s = record_read(ctx, ret->json, &ret->facts);
  }
  if (sv_failed(s) && !is_answer(s)) {
    return s;
  }
  ret->readable = !sv_failed(s);
  if (ret->readable &&
      ret->facts.audience[0]) { /* a copy names its record, and must be registered as one */
    memcpy(ret->sha256, ret->facts.record_sha256, sizeof ret->sha256);
  }
  sv_ctx_clear(ctx);
  return SV_DONE;
}
