/* Reading the registry: one's own documents alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/inside.h"

sv_status service_own_document(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                               const char *number, uint32_t version, struct store_document *ret) {
  SV_TRY(tx->ops->document_find(tx, ctx, number, version, ret));
  return strcmp(ret->authority, authority) == 0
             ? SV_DONE
             : SV_FAIL(ctx, NOT_FOUND, "a document of another authority");
}

sv_status service_answer_act(struct store_tx *tx, struct sv_ctx *ctx, void *issued) {
  return service_row_read(tx, ctx, issued, true);
}

struct lookup {
  const char *authority;
  const char *number;
  uint32_t version;
  struct service_issued *out;
  bool with_pdf;
  uint32_t copy;
};

static sv_status lookup_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct lookup *l = arg;
  SV_TRY(service_own_document(tx, ctx, l->authority, l->number, l->version, &l->out->document));
  return service_row_read(tx, ctx, l->out, false);
}

static sv_status lookup(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        enum service_act act, const char *number, uint32_t version,
                        struct service_issued *ret) {
  SV_TRY(policy_allows(ctx, caller, act, MODEL_KIND_NONE));
  *ret = (struct service_issued){0};
  struct lookup l = {
      .authority = caller->authority->id, .number = number, .version = version, .out = ret};
  SV_TRY(store_read(s->parts.store, ctx, lookup_act, &l));
  return policy_allows(ctx, caller, act, ret->document.kind);
}

sv_status service_document(struct service *s, struct sv_ctx *ctx,
                           const struct service_caller *caller, const char *number,
                           uint32_t version, struct service_issued *ret) {
  return lookup(s, ctx, caller, SERVICE_ACT_GetDocument, number, version, ret);
}

struct listing {
  struct store_list_query query;
  struct store_document *rows;
  struct service_issued *out;
  size_t n;
};

static sv_status listing_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct listing *l = arg;
  SV_TRY(tx->ops->document_list(tx, ctx, &l->query, l->rows, &l->n));
  for (size_t i = 0; i < l->n; i++) {
    l->out[i] = (struct service_issued){.document = l->rows[i]};
    SV_TRY(service_row_read(tx, ctx, &l->out[i], false));
  }
  return SV_DONE;
}

sv_status service_list(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       enum model_kind kind, const struct store_list_query *query,
                       const char *case_reference, const char *page_token,
                       struct service_issued *ret, size_t *ret_n, const char **ret_next) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ListDocuments, kind));
  struct listing l = {.query = *query, .out = ret};
  l.query.authority = caller->authority->id;
  l.query.kinds = policy_kinds(caller, SERVICE_ACT_ListDocuments);
  if (kind != MODEL_KIND_NONE) {
    l.query.kinds &= (uint8_t)(1U << kind);
  }
  if (l.query.limit == 0) {
    l.query.limit = 50;
  }
  if (l.query.limit > SERVICE_PAGE_MAX) {
    l.query.limit = SERVICE_PAGE_MAX;
  }
  if (page_token[0]) {
    char *end;
    l.query.before_row = strtoull(page_token, &end, 36);
    if (*end || l.query.before_row == 0 || page_token[0] == '-') {
      sv_ctx_violate(ctx, "is not a token of the page before", "page_token");
      return sv_ctx_violations_status(ctx);
    }
  }
  uint8_t case_key[32];
  if (case_reference[0]) {
    service_mac(s, "case", sv_bytes_str(case_reference), case_key);
    l.query.case_key = case_key;
  }
  l.rows = SV_ARRAY(ctx->mem, l.query.limit, struct store_document);
  if (!l.rows) {
    return SV_FAIL(ctx, NO_MEMORY, "rows of a page");
  }
  SV_TRY(store_read(s->parts.store, ctx, listing_act, &l));
  *ret_next = "";
  if (l.n == l.query.limit) {
    char digits[16];
    size_t n = sizeof digits;
    digits[--n] = '\0';
    for (uint64_t v = l.rows[l.n - 1].row; v; v /= 36) {
      digits[--n] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % 36];
    }
    *ret_next = sv_arena_strdup(ctx->mem, digits + n);
  }
  *ret_n = l.n;
  return *ret_next ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "page token");
}

struct bytes_lookup {
  const struct store_document *row;
  uint32_t copy;
  struct sv_bytes *out;
};

static sv_status bytes_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct bytes_lookup *b = arg;
  uint8_t digest[32];
  struct store_file file = {b->row->number, b->row->version, b->copy ? b->copy : b->row->copy,
                            MODEL_AUTHORITY};
  SV_TRY(tx->ops->pdf(tx, ctx, file.number, file.version, file.copy, b->out, digest));
  return levels_file(tx, ctx, &file, true, b->out);
}

sv_status service_download(struct service *s, struct sv_ctx *ctx,
                           const struct service_caller *caller, const char *number,
                           uint32_t version, uint32_t copy, enum service_view view,
                           struct sv_bytes *ret) {
  struct service_issued doc;
  SV_TRY(lookup(s, ctx, caller, SERVICE_ACT_DownloadDocument, number, version, &doc));
  SV_TRY(policy_allows_copy(ctx, caller, doc.document.kind, MODEL_AUTHORITY));
  if (doc.document.state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", number);
  }
  if (doc.document.record.n == 0) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)doc.document.state);
  }
  if (view == SERVICE_VIEW_RECORD) {
    *ret = doc.document.record;
    return SV_DONE;
  }
  struct bytes_lookup b = {&doc.document, copy, ret};
  return store_read(s->parts.store, ctx, bytes_act, &b);
}
