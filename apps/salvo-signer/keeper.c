/* What a key is asked to sign is read as the thing that it must be: the attributes of a CMS that names this very
 * certificate, the bytes of a seal of this very signer, the next checkpoint of this very log. A digest alone is nothing
 * that can be read, and is never signed. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/salvo-signer/signer.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "formats/bundle/bundle.h"
#include "formats/vds/vds_profile.h"
#include "model/number.h"
#include "pki/cms.h"

enum { PEM_MAX = 32 * 1024 };

struct keeper {
  struct seal_key *document, *visible, *log, *trust;
  char origin[TLOG_ORIGIN_MAX + 1];
  uint8_t *pem[2]; /* chains, as they are told */
  size_t pem_n[2];
};

static sv_status pem_read(struct sv_ctx *ctx, const char *path, uint8_t **ret, size_t *ret_n) {
  FILE *f = fopen(path, "rbe");
  uint8_t *p = malloc(PEM_MAX);
  size_t n = f && p ? fread(p, 1, PEM_MAX, f) : 0;
  if (f) {
    (void)fclose(f);
  }
  *ret = p;
  *ret_n = n;
  return n > 0 && n < PEM_MAX ? SV_DONE
                              : SV_FAIL(ctx, IO, "%s can't be read or is too large", path);
}

static sv_status key_open(struct sv_ctx *ctx, const struct signer_settings *s,
                          enum seal_purpose purpose, const char *key, const char *chain,
                          struct seal_key **ret) {
  return seal_key_in_token(key) ? seal_key_open_token(ctx, purpose, &s->token, key, chain, ret)
                                : seal_key_open_files(ctx, purpose, key, chain, ret);
}

static sv_status keys_read(struct sv_ctx *ctx, const struct signer_settings *s, struct keeper *k) {
  SV_TRY(key_open(ctx, s, SEAL_DOCUMENT, s->document_key, s->document_chain, &k->document));
  SV_TRY(key_open(ctx, s, SEAL_VISIBLE, s->seal_key, s->seal_certificate, &k->visible));
  SV_TRY(seal_key_open_note_file(ctx, SEAL_CHECKPOINT, s->log_key, &k->log));
  SV_TRY(seal_key_open_note_file(ctx, SEAL_TRUST, s->trust_key, &k->trust));
  SV_TRY(pem_read(ctx, s->document_chain, &k->pem[0], &k->pem_n[0]));
  SV_TRY(pem_read(ctx, s->seal_certificate, &k->pem[1], &k->pem_n[1]));
  if (!tlog_origin_valid(s->log_origin)) {
    return SV_FAIL(ctx, CONFIG, "log.origin is no name of a log");
  }
  (void)snprintf(k->origin, sizeof k->origin, "%s", s->log_origin);
  return SV_DONE;
}

sv_status keeper_open(struct sv_ctx *ctx, const struct signer_settings *s, struct keeper **ret) {
  struct keeper *k = calloc(1, sizeof *k);
  if (!k) {
    return SV_FAIL(ctx, NO_MEMORY, "keys");
  }
  sv_status status = keys_read(ctx, s, k);
  if (sv_failed(status)) {
    keeper_close(k);
    return status;
  }
  *ret = k;
  return SV_DONE;
}

void keeper_close(struct keeper *k) {
  if (k) {
    seal_key_close(k->document);
    seal_key_close(k->visible);
    seal_key_close(k->log);
    seal_key_close(k->trust);
    free(k->pem[0]);
    free(k->pem[1]);
    free(k);
  }
}

void keeper_hello(const struct keeper *k, struct signer_hello *ret) {
  *ret = (struct signer_hello){.document_chain = sv_bytes_of(k->pem[0], k->pem_n[0]),
                               .visible_chain = sv_bytes_of(k->pem[1], k->pem_n[1])};
  memcpy(ret->log_public, k->log->note_public, sizeof ret->log_public);
  memcpy(ret->trust_public, k->trust->note_public, sizeof ret->trust_public);
}

/* --- judging --- */

static sv_status validity_check(struct sv_ctx *ctx, const struct seal_key *key) {
  const struct pki_cert *c = pki_chain_signer(key->chain);
  int64_t now = sv_wall_us();
  return now >= pki_cert_not_before_us(c) && now <= pki_cert_not_after_us(c)
             ? SV_DONE
             : SV_FAIL(ctx, SIGNER, "the certificate is not valid now");
}

static sv_status number_check(struct sv_ctx *ctx, const struct seal_subject *s, bool document) {
  if (document && !model_number_parse(s->number, NULL, NULL, NULL)) {
    return SV_FAIL(ctx, SIGNER, "no number of a document");
  }
  return s->number[0] ? SV_DONE : SV_FAIL(ctx, SIGNER, "a signature about nothing");
}

/* RFC 5652 5.3: the attributes that we would make ourselves around the digest that is in them, to the byte. */
static sv_status attributes_check(const struct keeper *k, struct sv_ctx *ctx, struct sv_bytes tbs) {
  static const uint8_t digest_head[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                        0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20};
  const uint8_t *at = memmem(tbs.p, tbs.n, digest_head, sizeof digest_head);
  struct sv_bytes ours;
  if (!at || tbs.n - (size_t)(at - tbs.p) < sizeof digest_head + 32) {
    return SV_FAIL(ctx, SIGNER, "no signed attributes");
  }
  SV_TRY(pki_cms_attributes(ctx, k->document->chain, at + sizeof digest_head, &ours));
  return sv_bytes_equal(ours, tbs)
             ? SV_DONE
             : SV_FAIL(ctx, SIGNER, "attributes that are not exactly those of a document");
}

/* Doc 9303-13: header and message zone of our signer, about the number that is told. */
static sv_status seal_check(const struct keeper *k, struct sv_ctx *ctx,
                            const struct signer_request *r) {
  static const uint8_t unsigned_yet[64] = {1};
  const struct pki_cert *own = pki_chain_signer(k->visible->chain);
  struct sv_bytes whole;
  struct vds_seal seal;
  struct vds_document document;
  char signer[8];
  SV_TRY(vds_write_signature(ctx, r->tbs, sv_bytes_of(unsigned_yet, sizeof unsigned_yet), &whole));
  SV_TRY(vds_read(ctx, whole, &seal));
  SV_TRY(vds_document_read(ctx, &seal, &document));
  (void)snprintf(signer, sizeof signer, "%.2s%.2s", pki_cert_country(own),
                 pki_cert_common_name(own));
  if (strcmp(seal.header.signer, signer) != 0 ||
      strcmp(seal.header.cert_ref, pki_cert_serial_hex(own)) != 0) {
    return SV_FAIL(ctx, SIGNER, "a seal that names another signer");
  }
  const struct vds_identity *id = &document.id;
  return strncmp(id->number, r->subject.number, sizeof id->number) == 0 &&
                 id->version == r->subject.version && id->copy == r->subject.copy &&
                 document.record_digest.n <= sizeof r->subject.record_sha256 &&
                 memcmp(document.record_digest.p, r->subject.record_sha256,
                        document.record_digest.n) == 0
             ? SV_DONE
             : SV_FAIL(ctx, SIGNER, "a seal of another document");
}

/* C2SP tlog-checkpoint: never smaller, never another tree of the same size, and what is greater begins with the last. */
static sv_status checkpoint_check(const struct keeper *k, struct sv_ctx *ctx,
                                  const struct signer_request *r, uint64_t last_size,
                                  const struct tlog_hash *last_root, struct journal_entry *entry) {
  struct tlog_checkpoint c;
  SV_TRY(tlog_checkpoint_read(ctx, r->tbs, &c));
  if (strcmp(c.origin, k->origin) != 0) {
    return SV_FAIL(ctx, SIGNER, "a checkpoint of another log");
  }
  size_t n = r->subject.evidence.n / TLOG_HASH_BYTES;
  struct tlog_hash *hashes = SV_ARRAY(ctx->mem, n, struct tlog_hash);
  if (!hashes) {
    return SV_FAIL(ctx, NO_MEMORY, "proof");
  }
  if (n) {
    memcpy(hashes, r->subject.evidence.p, n * TLOG_HASH_BYTES);
  }
  if (last_size && !tlog_consistency_check(last_size, c.size, last_root, &c.root, hashes, n)) {
    return SV_FAIL(ctx, SIGNER, "a log that is smaller than, or not the growth of, the last one");
  }
  entry->version = c.size;
  memcpy(entry->record_sha256, c.root.b, sizeof entry->record_sha256);
  memcpy(entry->certificate_sha256, k->log->note_public, sizeof entry->certificate_sha256);
  return SV_DONE;
}

/* A trust list or a status bundle: known by its first lines; its order among those before is the ledger's to judge. */
static sv_status trust_check(const struct keeper *k, struct sv_ctx *ctx,
                             const struct signer_request *r, struct journal_entry *entry) {
  uint64_t sequence;
  if (!bundle_name(r->tbs, entry->number, &sequence)) {
    return SV_FAIL(ctx, SIGNER, "no trust list and no status bundle");
  }
  entry->version = sequence;
  crypto_sha256(r->tbs, entry->record_sha256);
  memcpy(entry->certificate_sha256, k->trust->note_public, sizeof entry->certificate_sha256);
  return SV_DONE;
}

static void entry_put(const struct seal_key *key, const struct seal_subject *s,
                      struct journal_entry *e) {
  (void)snprintf(e->number, sizeof e->number, "%s", s->number);
  e->version = s->version;
  e->copy = s->copy;
  memcpy(e->record_sha256, s->record_sha256, sizeof e->record_sha256);
  memcpy(e->certificate_sha256, pki_cert_sha256(pki_chain_signer(key->chain)),
         sizeof e->certificate_sha256);
}

sv_status keeper_judge(const struct keeper *k, struct sv_ctx *ctx, const struct signer_request *r,
                       uint64_t last_size, const struct tlog_hash *last_root,
                       struct journal_entry *ret_entry) {
  struct journal_entry e = {.time_s = sv_wall_us() / 1000000};
  crypto_sha256(r->tbs, e.tbs_sha256);
  switch (r->purpose) {
    case SEAL_DOCUMENT:
      e.purpose = JOURNAL_DOCUMENT;
      SV_TRY(number_check(ctx, &r->subject, false));
      SV_TRY(validity_check(ctx, k->document));
      SV_TRY(attributes_check(k, ctx, r->tbs));
      entry_put(k->document, &r->subject, &e);
      break;
    case SEAL_VISIBLE:
      e.purpose = JOURNAL_VISIBLE;
      SV_TRY(number_check(ctx, &r->subject, true));
      SV_TRY(validity_check(ctx, k->visible));
      SV_TRY(seal_check(k, ctx, r));
      entry_put(k->visible, &r->subject, &e);
      break;
    case SEAL_CHECKPOINT:
      e.purpose = JOURNAL_CHECKPOINT;
      SV_TRY(checkpoint_check(k, ctx, r, last_size, last_root, &e));
      break;
    case SEAL_TRUST:
      e.purpose = JOURNAL_TRUST;
      SV_TRY(trust_check(k, ctx, r, &e));
      break;
  }
  *ret_entry = e;
  return SV_DONE;
}

sv_status keeper_sign(const struct keeper *k, struct sv_ctx *ctx, const struct signer_request *r,
                      uint8_t *raw, size_t *ret_n) {
  struct seal_key *key = r->purpose == SEAL_DOCUMENT  ? k->document
                         : r->purpose == SEAL_VISIBLE ? k->visible
                         : r->purpose == SEAL_TRUST   ? k->trust
                                                      : k->log;
  return seal_key_sign(key, ctx, r->purpose, &r->subject, r->tbs, raw, ret_n);
}
