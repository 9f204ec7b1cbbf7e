/* Reads and writes the zones of a seal. The reader trusts no length: a value is taken through the cursor or not at all.
 * German seals write the length of the certificate reference in decimal where the standard has hexadecimal: both are
 * tried, hexadecimal first. */
#include "formats/vds/vds.h"

#include <stdio.h>

#include "formats/vds/c40.h"

enum { VDS_MAGIC = 0xDC, VDS_RAW_V3 = 2, VDS_RAW_V4 = 3, VDS_SIGNATURE_TAG = 0xFF };

void vds_date_pack(struct sv_date d, uint8_t ret[static 3]) {
  uint32_t v = (uint32_t)d.month * 1000000u + (uint32_t)d.day * 10000u + (uint32_t)d.year;
  ret[0] = (uint8_t)(v >> 16);
  ret[1] = (uint8_t)(v >> 8);
  ret[2] = (uint8_t)v;
}

bool vds_date_unpack(const uint8_t p[static 3], struct sv_date *ret) {
  uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
  struct sv_date d = {
      .year = (int)(v % 10000), .month = (int)(v / 1000000), .day = (int)(v / 10000 % 100)};
  if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31) {
    return false;
  }
  struct sv_date same = sv_date_of_days(sv_date_days(d));
  if (same.year != d.year || same.month != d.month || same.day != d.day) {
    return false;
  }
  *ret = d;
  return true;
}

static bool take_date(struct sv_cursor *c, struct sv_date *ret) {
  struct sv_bytes b;
  return sv_cursor_take(c, 3, &b) && vds_date_unpack(b.p, ret);
}

/* X.690 8.1.3 and 10.1: definite, as short as possible, at most four bytes of length. */
static bool take_der_length(struct sv_cursor *c, size_t *ret) {
  uint8_t first;
  if (!sv_cursor_u8(c, &first)) {
    return false;
  }
  if (first < 0x80) {
    *ret = first;
    return true;
  }
  unsigned n = first & 0x7F;
  if (n < 1 || n > 4) {
    return false;
  }
  uint32_t v = 0;
  for (unsigned i = 0; i < n; i++) {
    uint8_t b;
    if (!sv_cursor_u8(c, &b) || (i == 0 && b == 0)) {
      return false;
    }
    v = v << 8 | b;
  }
  *ret = v;
  return v >= 0x80;
}

static bool take_length(struct sv_cursor *c, int version, size_t *ret) {
  uint8_t direct;
  if (version == 4) {
    return take_der_length(c, ret);
  }
  if (!sv_cursor_u8(c, &direct)) {
    return false;
  }
  *ret = direct;
  return true;
}

/* n characters of C40. */
static bool take_text(struct sv_cursor *c, size_t n, char *text) {
  struct sv_bytes b;
  size_t got;
  char room[3 * VDS_REFERENCE_MAX];
  if (vds_c40_size(n) * 3 / 2 + 1 > sizeof room || !sv_cursor_take(c, vds_c40_size(n), &b) ||
      !vds_c40_decode(b, room, &got) || got != n) {
    return false;
  }
  memcpy(text, room, n + 1);
  return true;
}

static int digit_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Version 4: four characters, two digits of length, the reference, one C40 run. */
static bool take_signer_v4(struct sv_cursor *c, int base, struct vds_header *h) {
  char head[9];
  struct sv_cursor at = *c;
  if (!take_text(&at, 6, head)) {
    return false;
  }
  int hi = digit_value(head[4]);
  int lo = digit_value(head[5]);
  if (hi < 0 || lo < 0 || hi >= base || lo >= base) {
    return false;
  }
  size_t n = (size_t)(hi * base + lo);
  if (n < 1 || n > VDS_REFERENCE_MAX) {
    return false;
  }
  char whole[VDS_REFERENCE_MAX + 7];
  if (!take_text(c, 6 + n, whole)) {
    return false;
  }
  memcpy(h->signer, whole, 4);
  h->signer[4] = '\0';
  memcpy(h->cert_ref, whole + 6, n + 1);
  return true;
}

/* Version 3: nine characters, the last five are the reference. */
static bool take_signer_v3(struct sv_cursor *c, struct vds_header *h) {
  char whole[10];
  if (!take_text(c, 9, whole)) {
    return false;
  }
  memcpy(h->signer, whole, 4);
  h->signer[4] = '\0';
  memcpy(h->cert_ref, whole + 4, 6);
  return true;
}

/* The country is one C40 pair; "D<<" and "D" are the same. */
static bool take_country(struct sv_cursor *c, char country[static 4]) {
  char text[4];
  if (!take_text(c, 3, text) || text[0] == ' ') {
    return false;
  }
  size_t n = 3;
  while (n > 0 && text[n - 1] == ' ') {
    n--;
  }
  memcpy(country, text, n);
  country[n] = '\0';
  return memchr(country, ' ', n) == NULL;
}

static const char *read_header(struct sv_cursor *c, int base, struct vds_seal *s) {
  uint8_t magic;
  uint8_t raw;
  if (!sv_cursor_u8(c, &magic) || magic != VDS_MAGIC) {
    return "no seal: the first byte is not DC";
  }
  if (!sv_cursor_u8(c, &raw) || (raw != VDS_RAW_V3 && raw != VDS_RAW_V4)) {
    return "unknown version";
  }
  s->version = raw + 1;
  if (!take_country(c, s->header.country)) {
    return "country";
  }
  if (!(s->version == 4 ? take_signer_v4(c, base, &s->header) : take_signer_v3(c, &s->header))) {
    return "signer and certificate reference";
  }
  if (!take_date(c, &s->header.issue_date) || !take_date(c, &s->header.signature_date)) {
    return "dates";
  }
  if (!sv_cursor_u8(c, &s->header.feature_reference) || !sv_cursor_u8(c, &s->header.category) ||
      s->header.feature_reference == 0 || s->header.feature_reference == 255 ||
      s->header.category == 0) {
    return "document type";
  }
  return NULL;
}

static const char *read_feature(struct sv_cursor *c, uint8_t tag, struct vds_seal *s) {
  size_t n;
  struct sv_bytes value;
  if (!take_length(c, s->version, &n)) {
    return "length of a feature";
  }
  if (!sv_cursor_take(c, n, &value)) {
    return "a feature is longer than the seal";
  }
  if (vds_find(s, tag)) {
    return "a feature stands twice";
  }
  if (s->feature_count == VDS_FEATURES_MAX) {
    return "too many features";
  }
  s->features[s->feature_count++] = (struct vds_feature){tag, value};
  return NULL;
}

static const char *read_signature(struct sv_cursor *c, struct vds_seal *s) {
  size_t n;
  if (!take_length(c, s->version, &n) || !sv_cursor_take(c, n, &s->signature)) {
    return "the signature is longer than the seal";
  }
  if (n == 0 || n % 2 != 0) {
    return "a signature is two numbers of equal size";
  }
  if (sv_cursor_left(c) != 0) {
    return "bytes after the signature";
  }
  return NULL;
}

static const char *read_zones(struct sv_bytes in, int base, struct vds_seal *s) {
  *s = (struct vds_seal){0};
  struct sv_cursor c = sv_cursor_over(in);
  const char *fault = read_header(&c, base, s);
  if (fault) {
    return fault;
  }
  for (;;) {
    const uint8_t *at = c.p;
    uint8_t tag;
    if (!sv_cursor_u8(&c, &tag)) {
      return "no signature";
    }
    if (tag == VDS_SIGNATURE_TAG) {
      s->signed_part = sv_bytes_of(in.p, (size_t)(at - in.p));
      return read_signature(&c, s);
    }
    fault = read_feature(&c, tag, s);
    if (fault) {
      return fault;
    }
  }
}

sv_status vds_read(struct sv_ctx *ctx, struct sv_bytes in, struct vds_seal *ret) {
  if (in.n > VDS_BYTES_MAX) {
    return SV_FAIL(ctx, SEAL_FORMAT, "%zu bytes are more than a symbol holds", in.n);
  }
  struct vds_seal s;
  const char *fault = read_zones(in, 16, &s);
  if (fault && read_zones(in, 10, &s) != NULL) {
    return SV_FAIL(ctx, SEAL_FORMAT, "%s", fault);
  }
  *ret = s;
  return SV_DONE;
}

const struct vds_feature *vds_find(const struct vds_seal *seal, uint8_t tag) {
  for (size_t i = 0; i < seal->feature_count; i++) {
    if (seal->features[i].tag == tag) {
      return &seal->features[i];
    }
  }
  return NULL;
}

static void write_length(struct sv_buf *out, size_t n) {
  if (n >= 0x100) {
    sv_buf_u8(out, 0x82);
    sv_buf_u8(out, (uint8_t)(n >> 8));
  } else if (n >= 0x80) {
    sv_buf_u8(out, 0x81);
  }
  sv_buf_u8(out, (uint8_t)n);
}

/* n characters of text that may hold '<'. */
static bool write_text(struct sv_buf *out, const char *text, size_t n) {
  uint8_t *p = sv_buf_space(out, vds_c40_size(n));
  return !p || vds_c40_encode(text, n, p);
}

sv_status vds_write_header(struct sv_ctx *ctx, const struct vds_header *h, struct sv_buf *out) {
  size_t reference = strlen(h->cert_ref);
  size_t country = strlen(h->country);
  if (country < 1 || country > 3 || strlen(h->signer) != 4 || reference < 1 ||
      reference > VDS_REFERENCE_MAX || h->feature_reference == 0 || h->feature_reference == 255 ||
      h->category == 0) {
    return SV_FAIL(ctx, SEAL_FORMAT, "header of a seal");
  }
  char state[4] = "<<<";
  memcpy(state, h->country, country);
  char signer[VDS_REFERENCE_MAX + 7];
  (void)snprintf(signer, sizeof signer, "%s%02X%s", h->signer, (unsigned)reference, h->cert_ref);
  sv_buf_u8(out, VDS_MAGIC);
  sv_buf_u8(out, VDS_RAW_V4);
  if (!write_text(out, state, 3) || !write_text(out, signer, strlen(signer))) {
    return SV_FAIL(ctx, SEAL_FORMAT, "country, signer and reference are capitals and digits");
  }
  uint8_t date[3];
  vds_date_pack(h->issue_date, date);
  sv_buf_put(out, date, 3);
  vds_date_pack(h->signature_date, date);
  sv_buf_put(out, date, 3);
  sv_buf_u8(out, h->feature_reference);
  sv_buf_u8(out, h->category);
  return out->failed ? SV_FAIL(ctx, NO_MEMORY, "header of a seal") : SV_DONE;
}

void vds_write_feature(struct sv_buf *out, uint8_t tag, struct sv_bytes value) {
  SV_ASSERT(tag != VDS_SIGNATURE_TAG && value.n <= VDS_BYTES_MAX);
  sv_buf_u8(out, tag);
  write_length(out, value.n);
  sv_buf_put(out, value.p, value.n);
}

sv_status vds_write_signature(struct sv_ctx *ctx, struct sv_bytes signed_part,
                              struct sv_bytes signature, struct sv_bytes *ret) {
  if (signed_part.n + signature.n + 4 > VDS_BYTES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "a seal of %zu bytes fits no symbol",
                   signed_part.n + signature.n);
  }
  struct sv_buf out = sv_buf_in(ctx->mem, VDS_BYTES_MAX);
  sv_buf_put(&out, signed_part.p, signed_part.n);
  sv_buf_u8(&out, VDS_SIGNATURE_TAG);
  write_length(&out, signature.n);
  sv_buf_put(&out, signature.p, signature.n);
  if (out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "seal");
  }
  *ret = sv_buf_bytes(&out);
  return SV_DONE;
}
