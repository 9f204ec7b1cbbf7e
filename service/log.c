/* Leaves, checkpoints and proofs over the slots of store/log.h. Invariant: a checkpoint is compared with the last one in the
 * act that stores it, and handed out only when it is stored. */
#include "service/log.h"

#include <stdio.h>
#include <string.h>

#include "formats/tlog/note.h"
#include "formats/tlog/tile.h"
#include "service/change.h"
#include "service/inside.h"
#include "service/keys.h"
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

/* What is to be signed, of one snapshot: leaves that are committed, and the proof that the tree grew from `from`. The
 * signer takes nobody's word for it: it is shown. */
struct growth {
  const char *origin;
  uint64_t from; /* 0: the tree of the last checkpoint that is stored */
  struct tlog_checkpoint c;
  struct sv_bytes proof;
};

static sv_status growth_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct growth *g = arg;
  struct tlog_nodes nodes = log_nodes(tx);
  struct store_checkpoint last;
  g->c = (struct tlog_checkpoint){.origin = g->origin};
  SV_TRY(tx->log->size(tx, ctx, &g->c.size));
  SV_TRY(tlog_root(ctx, &nodes, g->c.size, &g->c.root));
  if (g->from == 0) {
    sv_status s = tx->log->checkpoint_last(tx, ctx, &last);
    if (s.reason == SV_NOT_FOUND) {
      sv_ctx_clear(ctx);
      g->proof = (struct sv_bytes){0};
      return SV_DONE;
    }
    SV_TRY(s);
    g->from = last.size;
  }
  struct tlog_hash *hashes = SV_ARRAY(ctx->mem, TLOG_PROOF_MAX, struct tlog_hash);
  size_t n = 0;
  if (!hashes) {
    return SV_FAIL(ctx, NO_MEMORY, "proof");
  }
  if (g->from > g->c.size) {
    return SV_FAIL(ctx, CORRUPT, "a checkpoint of %llu leaves was signed, there are %llu",
                   (unsigned long long)g->from, (unsigned long long)g->c.size);
  }
  SV_TRY(tlog_consistency(ctx, &nodes, g->from, g->c.size, hashes, &n));
  g->proof = sv_bytes_of(hashes, n * sizeof *hashes);
  return SV_DONE;
}

/* The signer may have signed a checkpoint whose answer was lost: it says which, and the growth is shown from there. */
static sv_status growth_sign(struct service *s, struct sv_ctx *ctx, struct growth *g,
                             const char **ret_note) {
  struct seal_key *key = s->parts.log_key;
  struct tlog_key known = {.name = g->origin};
  struct sv_bytes text;
  uint8_t raw[PKI_RAW_MAX], digest[32];
  size_t n = 0;
  keys_note_sha256(key, digest);
  SV_TRY(keys_usable(s, ctx, digest));
  for (bool again = true;; again = false) {
    uint64_t signed_size = 0;
    SV_TRY(store_read(s->parts.store, ctx, growth_act, g));
    struct seal_subject subject = {.number = "",
                                   .evidence = g->proof,
                                   .evidence_from = g->from,
                                   .ret_last_size = &signed_size};
    SV_TRY(tlog_checkpoint_text(ctx, &g->c, &text));
    sv_status made = seal_key_sign(key, ctx, SEAL_CHECKPOINT, &subject, text, raw, &n);
    if (!sv_failed(made)) {
      break;
    }
    if (!again || signed_size == 0 || signed_size == g->from) {
      return made;
    }
    sv_ctx_clear(ctx);
    g->from = signed_size;
  }
  memcpy(known.public_key, key->note_public, sizeof known.public_key);
  if (n != CRYPTO_ED25519_SIGNATURE_BYTES || !crypto_ed25519_verify(known.public_key, text, raw)) {
    return SV_FAIL(ctx, SIGNER, "the checkpoint's signature is not the log's");
  }
  return tlog_checkpoint_note(ctx, text, &known, raw, ret_note);
}

static sv_status keep_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct store_checkpoint *row = arg;
  struct store_checkpoint last;
  sv_status s = tx->log->checkpoint_last(tx, ctx, &last);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
  } else {
    SV_TRY(s);
    if (last.size >= row->size && memcmp(last.root, row->root, sizeof last.root) == 0) {
      return SV_DONE;
    }
  }
  return tx->log->checkpoint_add(tx, ctx, row);
}

static sv_status log_sign(struct service *s, struct sv_ctx *ctx) {
  bool waiting = false;
  struct growth g = {.origin = s->parts.log_origin};
  struct store_checkpoint row = {.time_us = sv_wall_us()};
  SV_TRY(store_read(s->parts.store, ctx, waiting_act, &waiting));
  if (!waiting) {
    return SV_DONE;
  }
  SV_TRY(growth_sign(s, ctx, &g, &row.note));
  row.size = g.c.size;
  memcpy(row.root, g.c.root.b, sizeof row.root);
  return store_write(s->parts.store, ctx, keep_act, &row);
}

sv_status service_turn_take(struct service *s, struct sv_ctx *ctx) {
  static const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
  while (pthread_mutex_trylock(&s->signing) != 0) {
    SV_TRY(sv_ctx_alive(ctx));
    (void)nanosleep(&pause, NULL);
  }
  return SV_DONE;
}

void service_turn_end(struct service *s) { (void)pthread_mutex_unlock(&s->signing); }

sv_status service_log_sign(struct service *s, struct sv_ctx *ctx) {
  if (!s->parts.log_key) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "this server signs no log");
  }
  SV_TRY(service_turn_take(s, ctx));
  service_hold(s);
  sv_status status = log_sign(s, ctx);
  service_release(s);
  service_turn_end(s);
  return status;
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
