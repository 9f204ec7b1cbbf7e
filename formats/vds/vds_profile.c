/* Our four seals, feature by feature. Every feature has one writer and one reader, side by side; the profiles are the
 * lists of them. A feature of another size than its own is an error, never cut or padded. */
#include "formats/vds/vds_profile.h"

#include <stdio.h>

#include "crypto/digest.h"
#include "formats/vds/c40.h"

enum tag {
  TAG_MRZ = 0x02,
  TAG_NUMBER = 0x10,
  TAG_VERSION = 0x11,
  TAG_VALIDITY = 0x12,
  TAG_STATUS = 0x13,
  TAG_HOLDER = 0x14,
  TAG_RECORD = 0x15,
  TAG_PREVIOUS = 0x16,
  TAG_FLIGHT = 0x17,
  TAG_LEG = 0x18,
  TAG_DEPARTURE = 0x19,
  TAG_COUNTS = 0x1A,
  TAG_PAGE = 0x1B,
  TAG_SALT = 0x1C,
  TAG_LINES = 0x1D,
  TAG_OBLIGATION = 0x20,
  TAG_AMOUNT = 0x21,
  TAG_CURRENCY = 0x22,
  TAG_BALANCES = 0x23,
  TAG_SEQUENCE = 0x24,
  TAG_PAYMENT_DATE = 0x25,
};

/* References and the category that say which of our documents a seal belongs to, and the symbol that it must fit. */
struct profile {
  enum vds_kind kind;
  uint8_t reference;
  uint8_t category;
  size_t max; /* bytes with a signature of 64 */
};
static const struct profile profiles[] = {
    {VDS_LETTER, 0x5E, 0x03, 202},
    {VDS_MANIFEST_COVER, 0xD1, 0x0C, 202},
    {VDS_MANIFEST_PAGE, 0xD2, 0x0C, 365},
    {VDS_RECEIPT, 0xD3, 0x0C, 277},
};
enum { SIGNATURE_ZONE = 66 };

static const struct profile *profile_of(enum vds_kind kind) {
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    if (profiles[i].kind == kind) {
      return &profiles[i];
    }
  }
  return NULL;
}

static void store(uint8_t *p, size_t n, uint64_t v) {
  for (size_t i = 0; i < n; i++) {
    p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
  }
}

static uint64_t load(const uint8_t *p, size_t n) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++) {
    v = v << 8 | p[i];
  }
  return v;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

struct writer {
  struct sv_ctx *ctx;
  struct sv_buf out;
  const struct profile *profile;
  const char *fault; /* the first text that can't be written */
};

static sv_status begin(struct writer *w, struct sv_ctx *ctx, enum vds_kind kind,
                       const struct vds_header *header) {
  *w = (struct writer){.ctx = ctx, .out = sv_buf_in(ctx->mem, 0), .profile = profile_of(kind)};
  struct vds_header h = *header;
  h.feature_reference = w->profile->reference;
  h.category = w->profile->category;
  return vds_write_header(ctx, &h, &w->out);
}

static void put(struct writer *w, uint8_t tag, const uint8_t *p, size_t n) {
  vds_write_feature(&w->out, tag, sv_bytes_of(p, n));
}

/* min to max characters. */
static void put_text(struct writer *w, uint8_t tag, const char *text, size_t min, size_t max,
                     const char *what) {
  uint8_t bytes[64];
  size_t n = strlen(text);
  SV_ASSERT(vds_c40_size(max) <= sizeof bytes);
  if (n < min || n > max || !vds_c40_encode(text, n, bytes)) {
    w->fault = w->fault ? w->fault : what;
    return;
  }
  put(w, tag, bytes, vds_c40_size(n));
}

static void put_number(struct writer *w, uint8_t tag, uint64_t v, size_t n) {
  uint8_t bytes[8];
  store(bytes, n, v);
  put(w, tag, bytes, n);
}

static void put_identity(struct writer *w, const struct vds_identity *id) {
  put_text(w, TAG_NUMBER, id->number, 9, 9, "number");
  put(w, TAG_VERSION, (const uint8_t[]){id->version, id->copy}, 2);
}

static void put_status(struct writer *w, const struct vds_status *s) {
  if (s->index >= 1u << 24) {
    w->fault = w->fault ? w->fault : "status index";
  }
  put_number(w, TAG_STATUS, (uint64_t)s->list << 24 | (s->index & 0xFFFFFF), 4);
}

static sv_status finish(struct writer *w, struct sv_bytes *ret) {
  if (w->fault) {
    return SV_FAIL(w->ctx, SEAL_FORMAT, "%s of a seal", w->fault);
  }
  if (w->out.failed) {
    return SV_FAIL(w->ctx, NO_MEMORY, "seal");
  }
  if (w->out.n + SIGNATURE_ZONE > w->profile->max) {
    return SV_FAIL(w->ctx, LIMIT_EXCEEDED, "a seal of %zu bytes is over %zu",
                   w->out.n + SIGNATURE_ZONE, w->profile->max);
  }
  *ret = sv_buf_bytes(&w->out);
  return SV_DONE;
}

sv_status vds_letter_build(struct sv_ctx *ctx, const struct vds_header *header,
                           const struct vds_letter *in, struct sv_bytes *ret_unsigned) {
  struct writer w;
  SV_TRY(begin(&w, ctx, VDS_LETTER, header));
  put_text(&w, TAG_MRZ, in->mrz, 72, 72, "machine readable zone");
  put_identity(&w, &in->id);
  uint8_t validity[6];
  vds_date_pack(in->valid_from, validity);
  vds_date_pack(in->valid_until, validity + 3);
  put(&w, TAG_VALIDITY, validity, sizeof validity);
  put_status(&w, &in->status);
  put(&w, TAG_HOLDER, in->holder_commitment, sizeof in->holder_commitment);
  put(&w, TAG_RECORD, in->record_digest, sizeof in->record_digest);
  return finish(&w, ret_unsigned);
}

sv_status vds_manifest_cover_build(struct sv_ctx *ctx, const struct vds_header *header,
                                   const struct vds_manifest_cover *in,
                                   struct sv_bytes *ret_unsigned) {
  struct writer w;
  SV_TRY(begin(&w, ctx, VDS_MANIFEST_COVER, header));
  put_identity(&w, &in->id);
  put_status(&w, &in->status);
  put(&w, TAG_RECORD, in->record_digest, sizeof in->record_digest);
  put(&w, TAG_PREVIOUS, in->previous, sizeof in->previous);
  put_text(&w, TAG_FLIGHT, in->flight, 1, 9, "flight designator");
  uint8_t leg[7];
  char ends[7];
  vds_date_pack(in->flight_date, leg);
  (void)snprintf(ends, sizeof ends, "%s%s", in->from, in->to);
  if (strlen(in->from) != 3 || strlen(in->to) != 3 || !vds_c40_encode(ends, 6, leg + 3)) {
    w.fault = w.fault ? w.fault : "places";
  }
  put(&w, TAG_LEG, leg, sizeof leg);
  put_number(&w, TAG_DEPARTURE, in->departure_min, 4);
  put_number(&w, TAG_COUNTS,
             (uint64_t)in->passengers << 24 | (uint64_t)in->accompanying << 8 | in->crew, 5);
  return finish(&w, ret_unsigned);
}

sv_status vds_manifest_page_build(struct sv_ctx *ctx, const struct vds_header *header,
                                  const struct vds_manifest_page *in,
                                  struct sv_bytes *ret_unsigned) {
  struct writer w;
  if (in->commitment_count > VDS_PAGE_LINES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "%zu lines on a page", in->commitment_count);
  }
  SV_TRY(begin(&w, ctx, VDS_MANIFEST_PAGE, header));
  put_identity(&w, &in->id);
  put(&w, TAG_RECORD, in->record_digest, sizeof in->record_digest);
  put_number(&w, TAG_PAGE, (uint64_t)in->page << 16 | in->first_line, 3);
  put(&w, TAG_SALT, in->salt, sizeof in->salt);
  put(&w, TAG_LINES, in->commitments[0], in->commitment_count * VDS_COMMITMENT_BYTES);
  return finish(&w, ret_unsigned);
}

sv_status vds_receipt_build(struct sv_ctx *ctx, const struct vds_header *header,
                            const struct vds_receipt *in, struct sv_bytes *ret_unsigned) {
  struct writer w;
  SV_TRY(begin(&w, ctx, VDS_RECEIPT, header));
  put_identity(&w, &in->id);
  put_status(&w, &in->status);
  put(&w, TAG_RECORD, in->record_digest, sizeof in->record_digest);
  put(&w, TAG_PREVIOUS, in->previous, sizeof in->previous);
  size_t n = strlen(in->obligation);
  if (n < 1 || n > VDS_OBLIGATION_MAX) {
    w.fault = w.fault ? w.fault : "obligation";
  }
  struct sv_bytes obligation = sv_bytes_str(in->obligation);
  vds_write_feature(&w.out, TAG_OBLIGATION, obligation);
  put_number(&w, TAG_AMOUNT, (uint64_t)in->amount_minor, 8);
  put_text(&w, TAG_CURRENCY, in->currency, 3, 3, "currency");
  uint8_t balances[16];
  store(balances, 8, (uint64_t)in->cumulative_minor);
  store(balances + 8, 8, (uint64_t)in->balance_minor);
  put(&w, TAG_BALANCES, balances, sizeof balances);
  put_number(&w, TAG_SEQUENCE, in->sequence, 4);
  uint8_t date[3];
  vds_date_pack(in->payment_date, date);
  put(&w, TAG_PAYMENT_DATE, date, sizeof date);
  return finish(&w, ret_unsigned);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* Each take_ is false when the feature is absent or not of its size. */
static bool take(const struct vds_seal *s, uint8_t tag, size_t n, const uint8_t **ret) {
  const struct vds_feature *f = vds_find(s, tag);
  if (!f || f->value.n != n) {
    return false;
  }
  *ret = f->value.p;
  return true;
}

static bool take_copy(const struct vds_seal *s, uint8_t tag, uint8_t *ret, size_t n) {
  const uint8_t *p;
  if (!take(s, tag, n, &p)) {
    return false;
  }
  memcpy(ret, p, n);
  return true;
}

static bool take_number(const struct vds_seal *s, uint8_t tag, size_t n, uint64_t *ret) {
  const uint8_t *p;
  if (!take(s, tag, n, &p)) {
    return false;
  }
  *ret = load(p, n);
  return true;
}

/* min to max characters; ret has room for max + 1. */
static bool take_text(const struct vds_seal *s, uint8_t tag, size_t min, size_t max, char *ret) {
  char room[112];
  size_t n;
  const struct vds_feature *f = vds_find(s, tag);
  if (!f || f->value.n > vds_c40_size(max) || f->value.n * 3 / 2 + 1 > sizeof room ||
      !vds_c40_decode(f->value, room, &n) || n < min || n > max) {
    return false;
  }
  memcpy(ret, room, n + 1);
  return true;
}

static bool take_date(const struct vds_seal *s, uint8_t tag, struct sv_date *ret) {
  const uint8_t *p;
  return take(s, tag, 3, &p) && vds_date_unpack(p, ret);
}

static bool take_identity(const struct vds_seal *s, struct vds_identity *ret) {
  const uint8_t *p;
  if (!take_text(s, TAG_NUMBER, 9, 9, ret->number) || strchr(ret->number, ' ') ||
      !take(s, TAG_VERSION, 2, &p)) {
    return false;
  }
  ret->version = p[0];
  ret->copy = p[1];
  return true;
}

static bool take_status(const struct vds_seal *s, struct vds_status *ret) {
  uint64_t v;
  if (!take_number(s, TAG_STATUS, 4, &v)) {
    return false;
  }
  *ret = (struct vds_status){.list = (uint8_t)(v >> 24), .index = (uint32_t)(v & 0xFFFFFF)};
  return true;
}

static bool read_letter(const struct vds_seal *s, struct vds_letter *r) {
  const uint8_t *p;
  if (!take_text(s, TAG_MRZ, 72, 72, r->mrz)) {
    return false;
  }
  for (char *c = r->mrz; *c; c++) {
    *c = *c == ' ' ? '<' : *c;
  }
  return take(s, TAG_VALIDITY, 6, &p) && vds_date_unpack(p, &r->valid_from) &&
         vds_date_unpack(p + 3, &r->valid_until) && take_status(s, &r->status) &&
         take_copy(s, TAG_HOLDER, r->holder_commitment, sizeof r->holder_commitment) &&
         take_copy(s, TAG_RECORD, r->record_digest, sizeof r->record_digest);
}

static bool read_cover(const struct vds_seal *s, struct vds_manifest_cover *r) {
  const uint8_t *leg;
  char ends[10];
  size_t n;
  uint64_t departure;
  uint64_t counts;
  if (!take_text(s, TAG_FLIGHT, 1, 9, r->flight) || !take(s, TAG_LEG, 7, &leg) ||
      !vds_date_unpack(leg, &r->flight_date) ||
      !vds_c40_decode(sv_bytes_of(leg + 3, 4), ends, &n) || n != 6 ||
      !take_number(s, TAG_DEPARTURE, 4, &departure) || !take_number(s, TAG_COUNTS, 5, &counts)) {
    return false;
  }
  (void)snprintf(r->from, sizeof r->from, "%.3s", ends);
  (void)snprintf(r->to, sizeof r->to, "%.3s", ends + 3);
  r->departure_min = (uint32_t)departure;
  r->passengers = (uint16_t)(counts >> 24);
  r->accompanying = (uint16_t)(counts >> 8);
  r->crew = (uint8_t)counts;
  return take_status(s, &r->status) &&
         take_copy(s, TAG_PREVIOUS, r->previous, sizeof r->previous) &&
         take_copy(s, TAG_RECORD, r->record_digest, sizeof r->record_digest);
}

static bool read_page(const struct vds_seal *s, struct vds_manifest_page *r) {
  uint64_t page;
  const struct vds_feature *lines = vds_find(s, TAG_LINES);
  if (!lines || lines->value.n > sizeof r->commitments ||
      lines->value.n % VDS_COMMITMENT_BYTES != 0 || !take_number(s, TAG_PAGE, 3, &page)) {
    return false;
  }
  r->page = (uint8_t)(page >> 16);
  r->first_line = (uint16_t)page;
  r->commitment_count = lines->value.n / VDS_COMMITMENT_BYTES;
  if (lines->value.n) {
    memcpy(r->commitments, lines->value.p, lines->value.n);
  }
  return take_copy(s, TAG_SALT, r->salt, sizeof r->salt) &&
         take_copy(s, TAG_RECORD, r->record_digest, sizeof r->record_digest);
}

static bool read_receipt(const struct vds_seal *s, struct vds_receipt *r) {
  uint64_t v[4];
  const uint8_t *balances;
  const struct vds_feature *obligation = vds_find(s, TAG_OBLIGATION);
  if (!obligation || obligation->value.n < 1 || obligation->value.n > VDS_OBLIGATION_MAX ||
      memchr(obligation->value.p, 0, obligation->value.n) ||
      !take_number(s, TAG_AMOUNT, 8, &v[0]) || !take(s, TAG_BALANCES, 16, &balances) ||
      !take_number(s, TAG_SEQUENCE, 4, &v[1])) {
    return false;
  }
  memcpy(r->obligation, obligation->value.p, obligation->value.n);
  r->obligation[obligation->value.n] = '\0';
  r->amount_minor = (int64_t)v[0];
  r->cumulative_minor = (int64_t)load(balances, 8);
  r->balance_minor = (int64_t)load(balances + 8, 8);
  r->sequence = (uint32_t)v[1];
  return take_text(s, TAG_CURRENCY, 3, 3, r->currency) &&
         take_date(s, TAG_PAYMENT_DATE, &r->payment_date) && take_status(s, &r->status) &&
         take_copy(s, TAG_PREVIOUS, r->previous, sizeof r->previous) &&
         take_copy(s, TAG_RECORD, r->record_digest, sizeof r->record_digest);
}

static enum vds_kind kind_of(const struct vds_seal *s) {
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    if (profiles[i].reference == s->header.feature_reference &&
        profiles[i].category == s->header.category) {
      bool plain = profiles[i].kind == VDS_LETTER && !vds_find(s, TAG_NUMBER);
      return s->version == 4 && !plain ? profiles[i].kind : VDS_OTHER;
    }
  }
  return VDS_OTHER;
}

bool vds_document_code(const struct vds_seal *seal, char ret[static 3]) {
  enum { ETD = 0x5E, ETD_CATEGORY = 3, VISA = 0x5D, VISA_CATEGORY = 1, MRZ_A = 1, MRZ_B = 2 };
  const struct vds_header *h = &seal->header;
  bool etd = h->feature_reference == ETD && h->category == ETD_CATEGORY;
  bool visa = h->feature_reference == VISA && h->category == VISA_CATEGORY;
  const struct vds_feature *mrz = etd || visa ? vds_find(seal, MRZ_B) : NULL;
  mrz = visa && !mrz ? vds_find(seal, MRZ_A) : mrz;
  char text[4];
  size_t n;
  if (!mrz || mrz->value.n < 2 || !vds_c40_decode(sv_bytes_of(mrz->value.p, 2), text, &n) ||
      n != 3) {
    return false;
  }
  ret[0] = text[0];
  ret[1] = text[1] == ' ' ? '\0' : text[1];
  ret[2] = '\0';
  return true;
}

sv_status vds_document_read(struct sv_ctx *ctx, const struct vds_seal *seal,
                            struct vds_document *ret) {
  struct vds_document d = {.kind = kind_of(seal)};
  if (d.kind == VDS_OTHER) {
    *ret = d;
    return SV_DONE;
  }
  bool good = take_identity(seal, &d.id);
  switch (d.kind) {
    case VDS_LETTER:
      good = good && read_letter(seal, &d.letter);
      d.letter.id = d.id;
      break;
    case VDS_MANIFEST_COVER:
      good = good && read_cover(seal, &d.cover);
      d.cover.id = d.id;
      break;
    case VDS_MANIFEST_PAGE:
      good = good && read_page(seal, &d.page);
      d.page.id = d.id;
      break;
    case VDS_RECEIPT:
      good = good && read_receipt(seal, &d.receipt);
      d.receipt.id = d.id;
      break;
    case VDS_OTHER:
      break;
  }
  if (!good) {
    return SV_FAIL(ctx, SEAL_FORMAT, "a feature is missing or has a wrong size");
  }
  d.record_digest = vds_find(seal, TAG_RECORD)->value;
  *ret = d;
  return SV_DONE;
}

/* --- commitments ------------------------------------------------------------------------------------------------- */

/* Capitals and digits of text, filling characters dropped. */
static size_t squeeze(const char *text, char *out, size_t room) {
  size_t n = 0;
  for (; *text && n < room; text++) {
    char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      out[n++] = c;
    }
  }
  return n;
}

void vds_commitment_mrz(struct sv_bytes salt, const char *state, const char *number,
                        const char birth[static 6], uint8_t *ret, size_t n) {
  enum { SALT_MAX = 32, STATE_MAX = 8, NUMBER_MAX = 48 };
  uint8_t text[SALT_MAX + STATE_MAX + NUMBER_MAX + 8];
  SV_ASSERT(salt.n <= SALT_MAX && n <= 32);
  memcpy(text, salt.p, salt.n);
  size_t at = salt.n;
  at += squeeze(state, (char *)text + at, STATE_MAX);
  text[at++] = '<';
  at += squeeze(number, (char *)text + at, NUMBER_MAX);
  text[at++] = '<';
  memcpy(text + at, birth, 6);
  uint8_t digest[32];
  crypto_sha256(sv_bytes_of(text, at + 6), digest);
  memcpy(ret, digest, n);
}

void vds_commitment(struct sv_bytes salt, const char *state, const char *number,
                    const char *birth_date, uint8_t *ret, size_t n) {
  char birth[7] = "<<<<<<";
  if (strlen(birth_date) == 10) {
    static const uint8_t at[6] = {2, 3, 5, 6, 8, 9};
    for (int i = 0; i < 6; i++) {
      char c = birth_date[at[i]];
      birth[i] = c >= '0' && c <= '9' ? c : '<';
    }
  }
  vds_commitment_mrz(salt, state, number, birth, ret, n);
}
