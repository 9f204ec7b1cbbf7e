/* A registry of one row, for tests. */
#pragma once
#include "verify/registry.h"

struct registry_double {
  struct verify_registry base;
  struct verify_row row;
  bool down; /* it can't be asked */
};

static inline sv_status double_find(const struct verify_registry *base, struct sv_ctx *ctx,
                                    const char *number, uint32_t version, struct verify_row *ret) {
  const struct registry_double *r = (const struct registry_double *)base;
  if (r->down) {
    return SV_FAIL(ctx, STORE, "down");
  }
  bool found = r->row.found && strcmp(number, r->row.number) == 0 && version == r->row.version;
  *ret = found ? r->row : (struct verify_row){0};
  return SV_DONE;
}

static inline sv_status double_find_by_pdf(const struct verify_registry *base, struct sv_ctx *ctx,
                                           const uint8_t sha256[static 32],
                                           struct verify_row *ret) {
  const struct registry_double *r = (const struct registry_double *)base;
  if (r->down) {
    return SV_FAIL(ctx, STORE, "down");
  }
  *ret = (struct verify_row){0};
  for (size_t i = 0; r->row.found && i < r->row.copy_count; i++) {
    if (memcmp(r->row.copies[i].pdf_sha256, sha256, 32) == 0) {
      *ret = r->row;
    }
  }
  return SV_DONE;
}

static inline struct registry_double registry_double_of(struct verify_row row) {
  return (struct registry_double){.base = {double_find, double_find_by_pdf}, .row = row};
}
