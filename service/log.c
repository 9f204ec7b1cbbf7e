/* Leaves, checkpoints and proofs over the slots of store/log.h. Invariant: a checkpoint is compared with the last one in the
 * act that stores it, and handed out only when it is stored. */
#include "service/log.h"

#include <stdio.h>
#include <string.h>

#include "formats/tlog/note.h"
#include "formats/tlog/tile.h"
#include "service/inside.h"
#include "store/log.h"

enum { US_A_SECOND = 1000000 };

/* --- nodes --- */

static sv_status stored_node(void *arg, struct sv_ctx *ctx, unsigned level, uint64_t index,
                             struct tlog_hash *ret) {
  struct store_tx *tx = arg;
  return tx->log->node(tx, ctx, level, index, ret->b);
}

struct tlog_nodes log_nodes(struct store_tx *tx) {
  return (struct tlog_nodes){stored_node, tx};
}

/* --- leaves --- */

static void commitment(const uint8_t salt[static STORE_LEAF_SALT], const char *subject,
                       uint32_t version, struct sv_ctx *ctx, char hex[static 65]) {
  struct sv_buf in = sv_buf_in(ctx->mem, 0);
  uint8_t d[32];
  sv_buf_put(&in, salt, STORE_LEAF_SALT);
  sv_buf_printf(&in, "%s\n%u", subject, version);
  SV_ASSERT(!in.failed);
  crypto_sha256(sv_buf_bytes(&in), d);
  sv_hex(d, sizeof d, hex);
}

static bool issues(const char *act) { return strcmp(act, "issue") == 0; }

static sv_status leaf_write(struct store_tx *tx, struct sv_ctx *ctx, const struct store_leaf *leaf,
                            const uint8_t *record_sha256, struct sv_bytes *ret) {
  struct store_audit_head head;
  SV_TRY(tx->log->audit_head(tx, ctx, &head));
  char subject[65], link[65], record[65];
  sv_hex(head.link, sizeof head.link, link);
  commitment(leaf->salt, leaf->subject, leaf->version, ctx, subject);
  struct sv_buf out = sv_buf_in(ctx->mem, STORE_LEAF_MAX);
  sv_buf_printf(&out, "{\"act\":\"%s\",\"audit\":\"%s\",\"format\":\"salvo-leaf/1\"", leaf->act,
                link);
  uint8_t digest[32];
  if (!record_sha256 && issues(leaf->act)) {
    SV_TRY(tx->log->record_digest(tx, ctx, leaf->subject, leaf->version, digest));
    record_sha256 = digest;
  }
  if (record_sha256) {
    sv_hex(record_sha256, sizeof digest, record);
    sv_buf_printf(&out, ",\"record_sha256\":\"%s\"", record);
  }
  sv_buf_printf(&out, ",\"subject\":\"%s\",\"time\":%lld}", subject,
                (long long)(sv_wall_us() / US_A_SECOND));
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, NO_MEMORY, "leaf") : SV_DONE;
}

sv_status log_append(struct store_tx *tx, struct sv_ctx *ctx, const char *act, const char *subject,
                     uint32_t version, const uint8_t *record_sha256) {
  struct store_leaf leaf = {.act = act, .subject = subject, .version = version};
  SV_TRY(crypto_random(ctx, leaf.salt, sizeof leaf.salt));
  SV_TRY(leaf_write(tx, ctx, &leaf, record_sha256, &leaf.leaf));
  SV_TRY(tx->log->size(tx, ctx, &leaf.index));
  struct tlog_hash h, made[TLOG_LEVELS];
  struct tlog_nodes nodes = log_nodes(tx);
  size_t n = 0;
  tlog_leaf_hash(leaf.leaf, &h);
  SV_TRY(tlog_append(ctx, &nodes, leaf.index, &h, made, &n));
  SV_TRY(tx->log->leaf_add(tx, ctx, &leaf));
  for (size_t i = 0; i < n; i++) {
    SV_TRY(tx->log->node_add(tx, ctx, (unsigned)i, leaf.index >> i, made[i].b));
  }
  return SV_DONE;
}

/* --- checkpoints --- */

struct signing {
  const struct service *s;
  const char *note;
};

static sv_status waiting_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  bool *waiting = arg;
  uint64_t size;
  struct store_checkpoint last = {0};
  SV_TRY(tx->log->size(tx, ctx, &size));
  sv_status s = tx->log->checkpoint_last(tx, ctx, &last);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
  } else {
    SV_TRY(s);
  }
  *waiting = last.note == NULL || last.size != size;
  return SV_DONE;
}

/* The signer takes nobody's word for it that the tree only grew: it is shown. */
static sv_status growth_prove(struct store_tx *tx, struct sv_ctx *ctx, uint64_t size,
                              struct sv_bytes *ret) {
  struct store_checkpoint last;
  struct tlog_nodes nodes = log_nodes(tx);
  sv_status s = tx->log->checkpoint_last(tx, ctx, &last);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    *ret = (struct sv_bytes){0};
    return SV_DONE;
  }
  SV_TRY(s);
  struct tlog_hash *hashes = SV_ARRAY(ctx->mem, TLOG_PROOF_MAX, struct tlog_hash);
  size_t n = 0;
  if (!hashes) {
    return SV_FAIL(ctx, NO_MEMORY, "proof");
  }
  SV_TRY(tlog_consistency(ctx, &nodes, last.size, size, hashes, &n));
  *ret = sv_bytes_of(hashes, n * sizeof *hashes);
  return SV_DONE;
}

static sv_status checkpoint_sign(struct store_tx *tx, struct sv_ctx *ctx, const struct service *s,
                                 const struct tlog_checkpoint *c, const char **ret_note) {
  struct seal_key *key = s->parts.log_key;
  struct seal_subject subject = {.number = ""};
  struct sv_bytes text;
  uint8_t raw[PKI_RAW_MAX];
  size_t n;
  SV_TRY(growth_prove(tx, ctx, c->size, &subject.evidence));
  SV_TRY(tlog_checkpoint_text(ctx, c, &text));
  SV_TRY(seal_key_sign(key, ctx, SEAL_CHECKPOINT, &subject, text, raw, &n));
  struct tlog_key known = {.name = c->origin};
  memcpy(known.public_key, key->note_public, sizeof known.public_key);
  if (n != CRYPTO_ED25519_SIGNATURE_BYTES || !crypto_ed25519_verify(known.public_key, text, raw)) {
    return SV_FAIL(ctx, SIGNER, "the checkpoint's signature is not the log's");
  }
  return tlog_checkpoint_note(ctx, text, &known, raw, ret_note);
}

static sv_status sign_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct service *s = arg;
  struct tlog_checkpoint c = {.origin = s->parts.log_origin};
  struct tlog_nodes nodes = log_nodes(tx);
  struct store_checkpoint row = {.time_us = sv_wall_us()};
  SV_TRY(tx->log->size(tx, ctx, &c.size));
  SV_TRY(tlog_root(ctx, &nodes, c.size, &c.root));
  SV_TRY(checkpoint_sign(tx, ctx, s, &c, &row.note));
  row.size = c.size;
  memcpy(row.root, c.root.b, sizeof row.root);
  return tx->log->checkpoint_add(tx, ctx, &row);
}

sv_status service_log_sign(struct service *s, struct sv_ctx *ctx) {
  if (!s->parts.log_key) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "this server signs no log");
  }
  bool waiting = false;
  SV_TRY(store_read(s->parts.store, ctx, waiting_act, &waiting));
  return waiting ? store_write(s->parts.store, ctx, sign_act, s) : SV_DONE;
}

static sv_status last_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->log->checkpoint_last(tx, ctx, arg);
}

static sv_status newest(struct service *s, struct sv_ctx *ctx, const char **ret_note) {
  struct store_checkpoint last;
  SV_TRY(service_log_sign(s, ctx));
  SV_TRY(store_read(s->parts.store, ctx, last_act, &last));
  *ret_note = last.note;
  return SV_DONE;
}

sv_status service_checkpoint(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, const char **ret_note) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetCheckpoint, MODEL_KIND_NONE));
  return newest(s, ctx, ret_note);
}

/* --- proofs --- */

struct proving {
  uint64_t first, second;
  bool inclusion;
  struct sv_bytes out;
};

static sv_status prove_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct proving *p = arg;
  struct tlog_nodes nodes = log_nodes(tx);
  struct tlog_hash *hashes = SV_ARRAY(ctx->mem, TLOG_PROOF_MAX, struct tlog_hash);
  uint64_t size;
  size_t n = 0;
  if (!hashes) {
    return SV_FAIL(ctx, NO_MEMORY, "proof");
  }
  SV_TRY(tx->log->size(tx, ctx, &size));
  if (p->second > size) {
    return SV_FAIL(ctx, OUT_OF_RANGE, "the log has %llu leaves", (unsigned long long)size);
  }
  SV_TRY(p->inclusion ? tlog_inclusion(ctx, &nodes, p->first, p->second, hashes, &n)
                      : tlog_consistency(ctx, &nodes, p->first, p->second, hashes, &n));
  p->out = sv_bytes_of(hashes, n * sizeof *hashes);
  return SV_DONE;
}

sv_status service_inclusion(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, uint64_t index, uint64_t size,
                            struct sv_bytes *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetInclusionProof, MODEL_KIND_NONE));
  struct proving p = {.first = index, .second = size, .inclusion = true};
  SV_TRY(store_read(s->parts.store, ctx, prove_act, &p));
  *ret = p.out;
  return SV_DONE;
}

sv_status service_consistency(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller, uint64_t first, uint64_t second,
                              struct sv_bytes *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetConsistencyProof, MODEL_KIND_NONE));
  struct proving p = {.first = first, .second = second};
  SV_TRY(store_read(s->parts.store, ctx, prove_act, &p));
  *ret = p.out;
  return SV_DONE;
}

sv_status log_entry(struct store_tx *tx, struct sv_ctx *ctx, const char *number, uint32_t version,
                    bool *ret_found, uint64_t *ret_index) {
  struct store_leaf leaf;
  sv_status s = tx->log->leaf_of(tx, ctx, "issue", number, version, &leaf);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    *ret_found = false;
    return SV_DONE;
  }
  SV_TRY(s);
  *ret_found = true;
  *ret_index = leaf.index;
  return SV_DONE;
}

sv_status log_proof(struct store_tx *tx, struct sv_ctx *ctx, const char *number, uint32_t version,
                    struct sv_bytes *ret_text) {
  struct store_leaf leaf;
  struct store_checkpoint last;
  *ret_text = (struct sv_bytes){0};
  sv_status s = tx->log->leaf_of(tx, ctx, "issue", number, version, &leaf);
  if (!sv_failed(s)) {
    s = tx->log->checkpoint_last(tx, ctx, &last);
  }
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(s);
  if (last.size <= leaf.index) {
    return SV_DONE;
  }
  struct tlog_hash hashes[TLOG_PROOF_MAX];
  struct tlog_nodes nodes = log_nodes(tx);
  struct tlog_proof p = {
      .index = leaf.index, .hashes = hashes, .note = sv_bytes_str(last.note), .extra = leaf.leaf};
  SV_TRY(tlog_inclusion(ctx, &nodes, leaf.index, last.size, hashes, &p.n));
  return tlog_proof_write(ctx, &p, ret_text);
}

/* --- files of a mirror --- */

struct fetching {
  struct tlog_tile tile;
  struct sv_bytes out;
};

static sv_status tile_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct fetching *f = arg;
  struct tlog_nodes nodes = log_nodes(tx);
  uint64_t size;
  SV_TRY(tx->log->size(tx, ctx, &size));
  if (!tlog_tile_exists(&f->tile, size)) {
    return SV_FAIL(ctx, NOT_FOUND, "the log is not that long");
  }
  if (!f->tile.entries) {
    return tlog_tile_hashes(ctx, &nodes, &f->tile, &f->out);
  }
  struct sv_buf bundle = sv_buf_in(ctx->mem, 0);
  for (unsigned i = 0; i < f->tile.width; i++) {
    struct store_leaf leaf;
    SV_TRY(tx->log->leaf(tx, ctx, f->tile.index * TLOG_TILE_WIDTH + i, &leaf));
    tlog_entry_put(&bundle, leaf.leaf);
  }
  f->out = sv_buf_bytes(&bundle);
  return bundle.failed ? SV_FAIL(ctx, NO_MEMORY, "bundle") : SV_DONE;
}

sv_status service_log_file(struct service *s, struct sv_ctx *ctx, const char *path,
                           struct sv_bytes *ret) {
  if (strcmp(path, "checkpoint") == 0) {
    const char *note;
    SV_TRY(newest(s, ctx, &note));
    *ret = sv_bytes_str(note);
    return SV_DONE;
  }
  struct fetching f = {0};
  if (!tlog_tile_parse(path, &f.tile)) {
    return SV_FAIL(ctx, NOT_FOUND, "no file of the log");
  }
  SV_TRY(store_read(s->parts.store, ctx, tile_act, &f));
  *ret = f.out;
  return SV_DONE;
}
