/* What our four visible seals say, and how it is written. Numbers are big-endian, texts C40 where not said otherwise.
 *
 *   document       reference/category  features                                                      bytes, at most
 *   letter         5E/03 (ICAO ETD)    02 10 11 12 13 14 15(16)                                      202 (52 x 52)
 *   manifest cover D1/0C (national)    10 11 13 15(32) 16 17 18 19 1A                                202 (52 x 52)
 *   manifest page  D2/0C (national)    10 11 15(16) 1B 1C 1D                                         365 (72 x 72)
 *   receipt        D3/0C (national)    10 11 13 15(32) 16 20 21 22 23 24 25                          277 (64 x 64)
 *
 *   tag value                                          tag value
 *   02  MRZ TD2, both lines, 72 characters             19  departure, UTC: minutes since 1970, 4
 *   10  number, 9 characters                           1A  passengers 2, accompanying 2, crew 1
 *   11  version 1, copy 1                              1B  page 1, first line 2
 *   12  valid from 3, valid until 3 (dates)            1C  salt of the commitments, 8
 *   13  status list 1, index 3                         1D  commitments of the lines in order, 8 each
 *   14  holder commitment, 16                          20  obligation, its short id, 1 to 24 bytes of UTF-8
 *   15  digest of the record, its first 16 or all 32   21  amount, 8 (two's complement, minor units)
 *   16  digest of the version or receipt before, 16    22  currency, 3 characters
 *   17  flight designator, up to 9 characters          23  paid in all 8, balance 8
 *   18  flight date 3, from and to 6 characters        24  sequence in the obligation, 4;  25  payment date 3
 *
 * Tags of the letter other than 02 are national: an ICAO reader calls them unknown features and the seal valid.
 * The category is national, so reference and category mean this only under a signer of our own trust list. */
#pragma once
#include "formats/vds/vds.h"

enum vds_kind {
  VDS_OTHER, /* a good seal, but none of ours */
  VDS_LETTER,
  VDS_MANIFEST_COVER,
  VDS_MANIFEST_PAGE,
  VDS_RECEIPT,
};

enum { VDS_PAGE_LINES_MAX = 25, VDS_COMMITMENT_BYTES = 8, VDS_OBLIGATION_MAX = 24 };

/* What every seal of ours has. */
struct vds_identity {
  char number[10];
  uint8_t version;
  uint8_t copy;
};

struct vds_status {
  uint8_t list;
  uint32_t index; /* below 2^24 */
};

struct vds_letter {
  struct vds_identity id;
  char mrz[73]; /* 72 characters; read back with '<' for every space */
  struct sv_date valid_from;
  struct sv_date valid_until;
  struct vds_status status;
  uint8_t holder_commitment[16];
  uint8_t record_digest[16];
};

struct vds_manifest_cover {
  struct vds_identity id;
  char flight[10]; /* "XU7301" */
  struct sv_date flight_date;
  char from[4];
  char to[4];
  uint32_t departure_min; /* since 1970-01-01T00:00Z */
  uint16_t passengers;
  uint16_t accompanying;
  uint8_t crew;
  uint8_t previous[16]; /* zeroes for the first version */
  uint8_t record_digest[32];
  struct vds_status status;
};

struct vds_manifest_page {
  struct vds_identity id;
  uint8_t page;        /* as printed, from 1 */
  uint16_t first_line; /* line number of the first commitment, from 1 */
  uint8_t salt[8];
  uint8_t commitments[VDS_PAGE_LINES_MAX][VDS_COMMITMENT_BYTES];
  size_t commitment_count;
  uint8_t record_digest[16];
};

struct vds_receipt {
  struct vds_identity id;
  char obligation[VDS_OBLIGATION_MAX + 1];
  int64_t amount_minor;
  char currency[4];
  int64_t cumulative_minor;
  int64_t balance_minor;
  uint32_t sequence;
  struct sv_date payment_date;
  uint8_t previous[16]; /* zeroes for the first receipt */
  uint8_t record_digest[32];
  struct vds_status status;
};

/* Builds header and message zone: what seal_visible signs. Only country, signer, cert_ref and the two dates of header
 * are read. ret in ctx->mem. Fails: SEAL_FORMAT (a text outside its alphabet or length), LIMIT_EXCEEDED, NO_MEMORY. */
sv_status vds_letter_build(struct sv_ctx *ctx, const struct vds_header *header,
                           const struct vds_letter *in, struct sv_bytes *ret_unsigned);
sv_status vds_manifest_cover_build(struct sv_ctx *ctx, const struct vds_header *header,
                                   const struct vds_manifest_cover *in,
                                   struct sv_bytes *ret_unsigned);
sv_status vds_manifest_page_build(struct sv_ctx *ctx, const struct vds_header *header,
                                  const struct vds_manifest_page *in,
                                  struct sv_bytes *ret_unsigned);
sv_status vds_receipt_build(struct sv_ctx *ctx, const struct vds_header *header,
                            const struct vds_receipt *in, struct sv_bytes *ret_unsigned);

/* A seal of ours, by kind; of VDS_OTHER only kind is set. */
struct vds_document {
  enum vds_kind kind;
  struct vds_identity id;        /* of whichever kind */
  struct sv_bytes record_digest; /* 16 or 32 bytes, in the seal */
  union {
    struct vds_letter letter;
    struct vds_manifest_cover cover;
    struct vds_manifest_page page;
    struct vds_receipt receipt;
  };
};

/* The document code in the machine readable zone of a travel seal, whoever's: emergency travel document (5E/03) and visa
 * (5D/01), without filling characters. False for another seal. */
bool vds_document_code(const struct vds_seal *seal, char ret[static 3]);
/* Fails: SEAL_FORMAT when a seal with one of our references lacks a feature or has one of a wrong size. A letter's seal
 * without our number (a plain emergency travel document of ICAO) is VDS_OTHER. */
sv_status vds_document_read(struct sv_ctx *ctx, const struct vds_seal *seal,
                            struct vds_document *ret);

/* The commitment to a person by the document that he or she carries: the first n bytes of
 * SHA-256(salt || state || '<' || number || '<' || YYMMDD), where filling characters of state and number are dropped,
 * unknown parts of the birth date are '<', and letters are capitals: what an MRZ gives. The salt is the letter's record
 * digest (the 16 bytes in the same seal), or the salt of a manifest's page. A person without a document is bound to the
 * letter's own issuer and number.
 * birth_date  "1974-08-12", unknown parts XX.  n  at most 32. */
void vds_commitment(struct sv_bytes salt, const char *state, const char *number,
                    const char *birth_date, uint8_t *ret, size_t n);
/* The same from the six characters of an MRZ. */
void vds_commitment_mrz(struct sv_bytes salt, const char *state, const char *number,
                        const char birth[static 6], uint8_t *ret, size_t n);
