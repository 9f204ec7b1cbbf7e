/* Hostile bytes into formats/tlog: checkpoints, proofs, keys, paths of tiles. */
#include "formats/tlog/note.h"
#include "formats/tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)16 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct sv_bytes in = sv_bytes_of(data, size);
  struct tlog_key key = {.name = "log.utopia.example"};
  struct tlog_checkpoint checkpoint;
  struct tlog_proof proof;
  struct tlog_tile tile;
  (void)tlog_checkpoint_open(&ctx, in, &key, &checkpoint).reason;
  (void)tlog_proof_check(&ctx, in, &key, sv_bytes_str("leaf"), &checkpoint).reason;
  if (!sv_failed(tlog_proof_read(&ctx, in, &proof))) {
    struct tlog_hash h = {0};
    (void)tlog_inclusion_check(proof.index, size, &h, proof.hashes, proof.n, &h);
    (void)tlog_consistency_check(proof.index, size, &h, &h, proof.hashes, proof.n);
    struct sv_bytes again; /* what is read is written back as it was */
    SV_ASSERT(!sv_failed(tlog_proof_write(&ctx, &proof, &again)) && sv_bytes_equal(again, in));
  }
  (void)tlog_key_read(&ctx, in, &key).reason;
  char *text = sv_arena_strndup(mem, (const char *)data, size);
  (void)tlog_tile_parse(text, &tile);
  sv_arena_close(mem);
  return 0;
}
