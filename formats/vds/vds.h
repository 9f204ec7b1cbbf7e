/* Visible digital seals (ICAO Doc 9303-13): version 3 is read, version 4 is read and written.
 *
 *   DC, version, country, signer and certificate reference, issue date, signature date, feature reference, category
 *   tag, length, value ...                                   <- up to here the bytes that are signed
 *   FF, length, r || s
 *
 * Input is hostile: every length is checked, and anything left over is an error. Thread: any. */
#pragma once
#include "base/clock.h"
#include "base/ctx.h"

enum {
  VDS_FEATURES_MAX = 32,
  VDS_REFERENCE_MAX =
      40, /* hexadecimal digits of a certificate reference: serial numbers have 20 octets (RFC 5280) */
  VDS_BYTES_MAX = 1555, /* the largest DataMatrix symbol */
};

struct vds_feature {
  uint8_t tag; /* 0 to 254 */
  struct sv_bytes value;
};

struct vds_header {
  char country[4]; /* "UTO", "D": without filling characters */
  char signer[5];  /* "UTTS": two letters of the country, two characters of the signer */
  char cert_ref[VDS_REFERENCE_MAX + 1]; /* "5B" */
  struct sv_date issue_date;
  struct sv_date signature_date;
  uint8_t feature_reference; /* 1 to 254 */
  uint8_t category;          /* odd: ICAO; even: national */
};

/* A parsed seal. Values point into the bytes it was read from. */
struct vds_seal {
  int version; /* 3 or 4 */
  struct vds_header header;
  struct vds_feature features[VDS_FEATURES_MAX];
  size_t feature_count;
  struct sv_bytes signed_part; /* header and message zone */
  struct sv_bytes signature;   /* r || s */
};

/* Fails: SEAL_FORMAT with what is wrong; a tag that is not known is no fault. ret borrows from in. */
sv_status vds_read(struct sv_ctx *ctx, struct sv_bytes in, struct vds_seal *ret);

/* The feature with a tag; NULL when absent. Lent by seal. */
const struct vds_feature *vds_find(const struct vds_seal *seal, uint8_t tag);

/* Writing, version 4: header, then features, then (seal/) the signature. Fails: SEAL_FORMAT for a header that can't be
 * written, LIMIT_EXCEEDED past VDS_BYTES_MAX, NO_MEMORY. */
sv_status vds_write_header(struct sv_ctx *ctx, const struct vds_header *header, struct sv_buf *out);
void vds_write_feature(struct sv_buf *out, uint8_t tag, struct sv_bytes value);
/* Appends FF, length and r || s to a copy of the signed part. ret in ctx->mem. */
sv_status vds_write_signature(struct sv_ctx *ctx, struct sv_bytes signed_part,
                              struct sv_bytes signature, struct sv_bytes *ret);

/* Dates of seals: the decimal number MMDDYYYY in three bytes. unpack is false for a day that does not exist. */
void vds_date_pack(struct sv_date d, uint8_t ret[static 3]);
bool vds_date_unpack(const uint8_t p[static 3], struct sv_date *ret);
