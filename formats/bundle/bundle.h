/* What a device takes along to judge papers without a network, as texts in signed notes (C2SP signed-note, Ed25519): the
 * trust list (whose seals count) and the status bundle (what became of each). One line a fact:
 *
 *   salvo-status/1            salvo-trust/1
 *   list A                    sequence 1764000000
 *   sequence 412              not-before 2026-11-24T05:50:00Z
 *   after 0                   expires 2026-12-24T05:50:00Z
 *   not-before TIME           certificate BASE64-OF-DER       (any number of lines)
 *   fresh-until TIME          stamp BASE64-OF-DER             (anchors of time-stamp authorities)
 *   expires TIME              crl BASE64-OF-DER
 *   bits BASE64               key SHA256/FROM/UNTIL/SINCE     (of a signer's certificate)
 *     or: changes BASE64      log NAME+HASH+KEY
 *   checkpoint BASE64
 *
 * checkpoint: of the log, its signed note; "-": none. UNTIL: another key took its place; SINCE: it may have been in other
 * hands; "-": neither.
 * bits: two a place of the list, the first place in the lowest bits of the first byte: 0 valid (or nothing: places that
 * were not given out say nothing), 1 replaced, 2 revoked, 3 suspended. changes (after another sequence than 0): four bytes
 * a place, big-endian, place << 2 | status; filled up to a multiple of 64 with FFFFFFFF. The size of either tells nobody how
 * many papers there are. Bytes in, bytes out; what is read may be hostile. Thread: any. */
#pragma once
#include "formats/tlog/note.h"

enum {
  BUNDLE_PLACES = 131072, /* of a list */
  BUNDLE_BITS_BYTES = BUNDLE_PLACES / 4,
  BUNDLE_CHANGES_MAX = 4096,
  BUNDLE_TEXT_MAX = 1280 * 1024, /* with its signature; a frame of the signer has room for it */
  BUNDLE_CERTIFICATES_MAX = 512, /* anchors and signers: as many as pki/trust.h has room for */
  BUNDLE_STAMPS_MAX = 256,
  BUNDLE_CRLS_MAX = 64, /* of both, each once */
  BUNDLE_KEYS_MAX = 512,
  BUNDLE_CHAIN_MAX = 32, /* notes: a whole list and what changed since, since, ... */
};

enum bundle_status {
  BUNDLE_VALID = 0,
  BUNDLE_REPLACED = 1,
  BUNDLE_REVOKED = 2,
  BUNDLE_SUSPENDED = 3,
};

struct bundle_change {
  uint32_t place;
  enum bundle_status status;
};

struct bundle {
  char list; /* 'A' to 'Z' */
  uint64_t sequence;
  uint64_t after; /* 0: the whole list */
  int64_t not_before_us, fresh_until_us, expires_us;
  const uint8_t *bits; /* BUNDLE_BITS_BYTES, of a whole list; NULL: changes */
  const struct bundle_change *changes;
  size_t change_count;
  const char *checkpoint; /* "": none */
};

/* What became of a signer's key; 0: nothing of the kind. */
struct bundle_key {
  uint8_t sha256[32]; /* of its certificate */
  int64_t from_us, until_us, compromised_us;
};

struct bundle_trust {
  uint64_t sequence;
  int64_t not_before_us, expires_us;
  struct sv_bytes certificates[BUNDLE_CERTIFICATES_MAX]; /* DER */
  size_t certificate_count;
  struct sv_bytes stamps[BUNDLE_STAMPS_MAX];
  size_t stamp_count;
  struct sv_bytes crls[BUNDLE_CRLS_MAX];
  size_t crl_count;
  struct bundle_key keys[BUNDLE_KEYS_MAX];
  size_t key_count;
  const char *log_key; /* as tlog_key_write has it */
};

/* ret in ctx->mem. Fails: NO_MEMORY, LIMIT_EXCEEDED. */
sv_status bundle_write(struct sv_ctx *ctx, const struct bundle *b, struct sv_bytes *ret);
sv_status bundle_trust_write(struct sv_ctx *ctx, const struct bundle_trust *t,
                             struct sv_bytes *ret);
/* Texts without their signatures. ret in ctx->mem. Fails: CORRUPT with what is wrong, NO_MEMORY. */
sv_status bundle_read(struct sv_ctx *ctx, struct sv_bytes text, struct bundle *ret);
sv_status bundle_trust_read(struct sv_ctx *ctx, struct sv_bytes text, struct bundle_trust *ret);
/* Notes one after the other, each signed by key: a whole list, and what changed since, in order. *ret is the list as it is after
 * all of them, with the times and the checkpoint of the last; *ret_notes how many there are.
 * Fails: CORRUPT where one is not signed, not of that list or does not follow; LIMIT_EXCEEDED; NO_MEMORY. */
sv_status bundle_open(struct sv_ctx *ctx, struct sv_bytes notes, const struct tlog_key *key,
                      struct bundle *ret, size_t *ret_notes);
/* The last one's text alone. Fails: CORRUPT. */
sv_status bundle_open_one(struct sv_ctx *ctx, struct sv_bytes note, const struct tlog_key *key,
                          struct bundle *ret);

/* Adds the certificates and lists of a PEM text (RFC 7468), each once; stamps: of time-stamp authorities.
 * Fails: CERT_FORMAT, LIMIT_EXCEEDED. */
sv_status bundle_trust_add_pem(struct sv_ctx *ctx, struct bundle_trust *t, struct sv_bytes pem,
                               bool stamps);
/* Certificates, or anchors of time-stamp authorities, and in each case all lists, as PEM. ret in ctx->mem.
 * Fails: NO_MEMORY. */
sv_status bundle_trust_pem(struct sv_ctx *ctx, const struct bundle_trust *t, bool stamps,
                           struct sv_bytes *ret);
/* What kind of text it is and its sequence, for whoever signs it: "status:A" or "trust". False: neither. */
bool bundle_name(struct sv_bytes text, char ret_name[static 16], uint64_t *ret_sequence);

static inline enum bundle_status bundle_status_at(const uint8_t *bits, uint32_t place) {
  return (enum bundle_status)(bits[place / 4] >> (2 * (place % 4)) & 3);
}
static inline void bundle_status_set(uint8_t *bits, uint32_t place, enum bundle_status status) {
  unsigned shift = 2 * (place % 4);
  bits[place / 4] = (uint8_t)((bits[place / 4] & ~(3U << shift)) | (unsigned)status << shift);
}
