/* Copies of manifests for an audience: part of the registry's contract. */
#pragma once
#include "store/store.h"

struct store_audience_copy {
  const char *number;
  uint32_t version;
  enum model_audience audience;
  const char *actor; /* SPIFFE ID of who asked for it first */
  int64_t time_us;
  uint8_t pdf_sha256[32];
  struct sv_bytes pdf;
};

/* Reasons as in store/store.h, and those named. */
struct store_audience_ops {
  /* ALREADY_EXISTS: the version has a copy for this audience. */
  sv_status (*add)(struct store_tx *, struct sv_ctx *, const struct store_audience_copy *);
  /* With its bytes. NOT_FOUND. */
  sv_status (*find)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                    enum model_audience, struct store_audience_copy *ret);
  /* Without bytes. NOT_FOUND. */
  sv_status (*by_pdf)(struct store_tx *, struct sv_ctx *, const uint8_t pdf_sha256[32],
                      struct store_audience_copy *ret);
  /* All of a version, without bytes; ret has room for MODEL_AUDIENCES. */
  sv_status (*all)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t version,
                   struct store_audience_copy *ret, size_t *ret_n);
};
