/* Reading and writing of the texts. Invariant: a number, a hash or a key has one way to be written, and only that one is
 * read: two texts that say the same are the same bytes. */
#include "formats/tlog/note.h"

#include <stdio.h>

static const char dash[] = "\xE2\x80\x94 "; /* EM DASH, space */
static const char proof_head[] = "c2sp.org/tlog-proof@v1";
enum { BASE64_MAX = 1280 * 1024 }; /* one revocation list of a trust list may be most of it */
enum {
  DASH_BYTES = 4,
  KEY_ID_BYTES = 4,
  ALGORITHM_ED25519 = 1,
  HASH_TEXT = 44,
  SIGNATURES_MAX = 100
};

/* --- lines --- */

/* The next line without its newline; false at the end, or when the last line has none. */
static bool line_take(struct sv_cursor *c, struct sv_bytes *ret) {
  size_t left = sv_cursor_left(c);
  const uint8_t *end = left ? memchr(c->p, '\n', left) : NULL;
  if (!end) {
    return false;
  }
  *ret = sv_bytes_of(c->p, (size_t)(end - c->p));
  c->p = end + 1;
  return true;
}

static bool number_read(struct sv_bytes text, uint64_t *ret) {
  if (text.n == 0 || text.n > 19 || (text.p[0] == '0' && text.n > 1)) {
    return false;
  }
  uint64_t v = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9') {
      return false;
    }
    v = v * 10 + (uint64_t)(text.p[i] - '0');
  }
  *ret = v;
  return v <= INT64_MAX;
}

/* Base64 of RFC 4648 section 4 with its padding, into ctx->mem; what is written back must be what was read. */
bool tlog_base64_read(struct sv_ctx *ctx, struct sv_bytes text, struct sv_bytes *ret) {
  uint8_t *out = sv_arena_alloc(ctx->mem, text.n + 4);
  char *again = sv_arena_alloc(ctx->mem, text.n + 8);
  size_t n = 0;
  if (!out || !again || text.n % 4 != 0 || text.n > BASE64_MAX ||
      !sv_unbase64((const char *)text.p, text.n, out, &n)) {
    return false;
  }
  sv_base64(out, n, again);
  *ret = sv_bytes_of(out, n);
  return strlen(again) == text.n && memcmp(again, text.p, text.n) == 0;
}

static bool hash_read(struct sv_ctx *ctx, struct sv_bytes line, struct tlog_hash *ret) {
  struct sv_bytes raw;
  if (line.n != HASH_TEXT || !tlog_base64_read(ctx, line, &raw) || raw.n != TLOG_HASH_BYTES) {
    return false;
  }
  memcpy(ret->b, raw.p, TLOG_HASH_BYTES);
  return true;
}

static void hash_put(struct sv_buf *out, const struct tlog_hash *h) {
  char text[HASH_TEXT + 1];
  sv_base64(h->b, TLOG_HASH_BYTES, text);
  sv_buf_printf(out, "%s\n", text);
}

/* --- keys --- */

bool tlog_origin_valid(const char *origin) {
  size_t n = strlen(origin);
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)origin[i];
    if (c <= ' ' || c >= 0x7F || c == '+') {
      return false;
    }
  }
  return n > 0 && n <= TLOG_ORIGIN_MAX;
}

uint32_t tlog_key_hash(const struct tlog_key *key) {
  uint8_t in[TLOG_ORIGIN_MAX + 2 + CRYPTO_ED25519_PUBLIC_BYTES];
  size_t n = strlen(key->name);
  SV_ASSERT(n <= TLOG_ORIGIN_MAX);
  memcpy(in, key->name, n);
  in[n++] = '\n';
  in[n++] = ALGORITHM_ED25519;
  memcpy(in + n, key->public_key, sizeof key->public_key);
  uint8_t d[32];
  crypto_sha256(sv_bytes_of(in, n + sizeof key->public_key), d);
  return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

sv_status tlog_key_write(struct sv_ctx *ctx, const struct tlog_key *key, const char **ret) {
  uint8_t raw[1 + CRYPTO_ED25519_PUBLIC_BYTES] = {ALGORITHM_ED25519};
  memcpy(raw + 1, key->public_key, sizeof key->public_key);
  char text[HASH_TEXT + 1];
  sv_base64(raw, sizeof raw, text);
  *ret = sv_arena_printf(ctx->mem, "%s+%08x+%s", key->name, tlog_key_hash(key), text);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "key of the log");
}

sv_status tlog_key_read(struct sv_ctx *ctx, struct sv_bytes text, struct tlog_key *ret) {
  while (text.n && text.p[text.n - 1] == '\n') {
    text.n--;
  }
  const uint8_t *plus = text.n ? memchr(text.p, '+', text.n) : NULL;
  size_t name_n = plus ? (size_t)(plus - text.p) : 0;
  struct tlog_key key = {0};
  struct sv_bytes raw;
  uint8_t hash[KEY_ID_BYTES];
  char hex[2 * KEY_ID_BYTES + 1] = {0};
  if (plus && text.n > name_n + 10) {
    memcpy(hex, plus + 1, 2 * KEY_ID_BYTES);
  }
  key.name = sv_arena_strndup(ctx->mem, (const char *)text.p, name_n);
  if (!key.name || !tlog_origin_valid(key.name) || !sv_unhex(hex, hash, KEY_ID_BYTES) ||
      plus[9] != '+' ||
      !tlog_base64_read(ctx, sv_bytes_of(plus + 10, text.n - name_n - 10), &raw) ||
      raw.n != 1 + CRYPTO_ED25519_PUBLIC_BYTES || raw.p[0] != ALGORITHM_ED25519) {
    return SV_FAIL(ctx, CONFIG, "not a log's public key (name+hash+key)");
  }
  memcpy(key.public_key, raw.p + 1, sizeof key.public_key);
  uint32_t id =
      (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
  if (id != tlog_key_hash(&key)) {
    return SV_FAIL(ctx, CONFIG, "a log's public key whose hash is another's");
  }
  *ret = key;
  return SV_DONE;
}

/* --- checkpoints --- */

sv_status tlog_checkpoint_text(struct sv_ctx *ctx, const struct tlog_checkpoint *checkpoint,
                               struct sv_bytes *ret) {
  SV_ASSERT(tlog_origin_valid(checkpoint->origin));
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  sv_buf_printf(&out, "%s\n%llu\n", checkpoint->origin, (unsigned long long)checkpoint->size);
  hash_put(&out, &checkpoint->root);
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, NO_MEMORY, "checkpoint") : SV_DONE;
}

sv_status tlog_checkpoint_note(struct sv_ctx *ctx, struct sv_bytes text, const struct tlog_key *key,
                               const uint8_t signature[static CRYPTO_ED25519_SIGNATURE_BYTES],
                               const char **ret_note) {
  uint32_t id = tlog_key_hash(key);
  uint8_t raw[KEY_ID_BYTES + CRYPTO_ED25519_SIGNATURE_BYTES] = {
      (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
  memcpy(raw + KEY_ID_BYTES, signature, CRYPTO_ED25519_SIGNATURE_BYTES);
  char base64[4 * ((sizeof raw + 2) / 3) + 1];
  sv_base64(raw, sizeof raw, base64);
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  sv_buf_put(&out, text.p, text.n);
  sv_buf_printf(&out, "\n%s%s %s\n", dash, key->name, base64);
  sv_buf_u8(&out, 0);
  if (out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "checkpoint");
  }
  *ret_note = (const char *)out.p;
  return SV_DONE;
}

/* The text before the last empty line, and the signatures after it. */
static bool note_split(struct sv_bytes note, size_t max, struct sv_bytes *ret_text,
                       struct sv_cursor *ret_lines) {
  if (note.n > max) {
    return false;
  }
  for (size_t i = 0; i < note.n; i++) {
    if (note.p[i] < 0x20 && note.p[i] != '\n') {
      return false;
    }
  }
  for (size_t i = note.n; i >= 2; i--) {
    if (note.p[i - 1] == '\n' && note.p[i - 2] == '\n') {
      *ret_text = sv_bytes_of(note.p, i - 1);
      *ret_lines = sv_cursor_over(sv_bytes_of(note.p + i, note.n - i));
      return true;
    }
  }
  return false;
}

/* "— name base64(id || signature)": whether it is key's and good. A line that is no signature makes the note none. */
static bool signature_line(struct sv_ctx *ctx, struct sv_bytes line, struct sv_bytes text,
                           const struct tlog_key *key, bool *ret_good) {
  if (line.n <= DASH_BYTES || memcmp(line.p, dash, DASH_BYTES) != 0) {
    return false;
  }
  line = sv_bytes_of(line.p + DASH_BYTES, line.n - DASH_BYTES);
  const uint8_t *space = memchr(line.p, ' ', line.n);
  size_t name_n = space ? (size_t)(space - line.p) : 0;
  struct sv_bytes raw;
  if (name_n == 0 || !tlog_base64_read(ctx, sv_bytes_of(space + 1, line.n - name_n - 1), &raw) ||
      raw.n <= KEY_ID_BYTES) {
    return false;
  }
  uint32_t id =
      (uint32_t)raw.p[0] << 24 | (uint32_t)raw.p[1] << 16 | (uint32_t)raw.p[2] << 8 | raw.p[3];
  bool ours = sv_bytes_equal(sv_bytes_of(line.p, name_n), sv_bytes_str(key->name)) &&
              id == tlog_key_hash(key);
  if (ours) {
    bool good = raw.n == KEY_ID_BYTES + CRYPTO_ED25519_SIGNATURE_BYTES &&
                crypto_ed25519_verify(key->public_key, text, raw.p + KEY_ID_BYTES);
    *ret_good |= good;
    return good; /* a false signature of a known key makes the note none */
  }
  return true;
}

static bool checkpoint_read(struct sv_ctx *ctx, struct sv_bytes text, struct tlog_checkpoint *ret) {
  struct sv_cursor c = sv_cursor_over(text);
  struct sv_bytes origin, size, root, extension;
  if (!line_take(&c, &origin) || origin.n == 0 || !line_take(&c, &size) ||
      !number_read(size, &ret->size) || !line_take(&c, &root) ||
      !hash_read(ctx, root, &ret->root)) {
    return false;
  }
  while (line_take(&c, &extension)) {
    if (extension.n == 0) {
      return false;
    }
  }
  ret->origin = sv_arena_strndup(ctx->mem, (const char *)origin.p, origin.n);
  return ret->origin && sv_cursor_left(&c) == 0;
}

sv_status tlog_checkpoint_read(struct sv_ctx *ctx, struct sv_bytes text,
                               struct tlog_checkpoint *ret) {
  struct tlog_checkpoint read = {0};
  if (text.n > TLOG_NOTE_MAX || !checkpoint_read(ctx, text, &read)) {
    return SV_FAIL(ctx, CORRUPT, "not a checkpoint");
  }
  *ret = read;
  return SV_DONE;
}

sv_status tlog_note_open(struct sv_ctx *ctx, struct sv_bytes note, size_t max,
                         const struct tlog_key *key, struct sv_bytes *ret_text) {
  struct sv_bytes text, line;
  struct sv_cursor lines;
  bool good = false;
  if (!note_split(note, max, &text, &lines)) {
    return SV_FAIL(ctx, CORRUPT, "not a signed note");
  }
  int n = 0;
  while (line_take(&lines, &line)) {
    if (++n > SIGNATURES_MAX || !signature_line(ctx, line, text, key, &good)) {
      return SV_FAIL(ctx, CORRUPT, "a signature of the note is false or malformed");
    }
  }
  if (sv_cursor_left(&lines) != 0 || !good) {
    return SV_FAIL(ctx, CORRUPT, "the note is not signed by this key");
  }
  *ret_text = text;
  return SV_DONE;
}

sv_status tlog_checkpoint_open(struct sv_ctx *ctx, struct sv_bytes note, const struct tlog_key *key,
                               struct tlog_checkpoint *ret) {
  struct sv_bytes text;
  struct tlog_checkpoint read = {0};
  SV_TRY(tlog_note_open(ctx, note, TLOG_NOTE_MAX, key, &text));
  if (!checkpoint_read(ctx, text, &read)) {
    return SV_FAIL(ctx, CORRUPT, "not a checkpoint");
  }
  if (strcmp(read.origin, key->name) != 0) {
    return SV_FAIL(ctx, CORRUPT, "the checkpoint is not of this log");
  }
  *ret = read;
  return SV_DONE;
}

/* --- proofs --- */

sv_status tlog_proof_write(struct sv_ctx *ctx, const struct tlog_proof *proof,
                           struct sv_bytes *ret_text) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  sv_buf_printf(&out, "%s\n", proof_head);
  if (proof->extra.n) {
    char *text = sv_arena_alloc(ctx->mem, 4 * ((proof->extra.n + 2) / 3) + 1);
    if (!text) {
      return SV_FAIL(ctx, NO_MEMORY, "proof");
    }
    sv_base64(proof->extra.p, proof->extra.n, text);
    sv_buf_printf(&out, "extra %s\n", text);
  }
  sv_buf_printf(&out, "index %llu\n", (unsigned long long)proof->index);
  for (size_t i = 0; i < proof->n; i++) {
    hash_put(&out, &proof->hashes[i]);
  }
  sv_buf_u8(&out, '\n');
  sv_buf_put(&out, proof->note.p, proof->note.n);
  if (out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "proof");
  }
  *ret_text = sv_buf_bytes(&out);
  return SV_DONE;
}

static bool prefixed(struct sv_bytes line, const char *prefix, struct sv_bytes *ret) {
  size_t n = strlen(prefix);
  if (line.n < n || memcmp(line.p, prefix, n) != 0) {
    return false;
  }
  *ret = sv_bytes_of(line.p + n, line.n - n);
  return true;
}

static bool proof_read(struct sv_ctx *ctx, struct sv_bytes text, struct tlog_hash *hashes,
                       struct tlog_proof *ret) {
  struct sv_cursor c = sv_cursor_over(text);
  struct sv_bytes line, value;
  if (text.n > TLOG_PROOF_TEXT_MAX || !line_take(&c, &line) ||
      !sv_bytes_equal(line, sv_bytes_str(proof_head)) || !line_take(&c, &line)) {
    return false;
  }
  if (prefixed(line, "extra ", &value) &&
      (value.n == 0 || !tlog_base64_read(ctx, value, &ret->extra) || !line_take(&c, &line))) {
    return false;
  }
  if (!prefixed(line, "index ", &value) || !number_read(value, &ret->index)) {
    return false;
  }
  for (;;) {
    if (!line_take(&c, &line)) {
      return false;
    }
    if (line.n == 0) {
      break;
    }
    if (ret->n == TLOG_PROOF_MAX || !hash_read(ctx, line, &hashes[ret->n++])) {
      return false;
    }
  }
  ret->hashes = hashes;
  ret->note = sv_bytes_of(c.p, sv_cursor_left(&c));
  return true;
}

sv_status tlog_proof_read(struct sv_ctx *ctx, struct sv_bytes text, struct tlog_proof *ret) {
  struct tlog_hash *hashes = SV_ARRAY(ctx->mem, TLOG_PROOF_MAX, struct tlog_hash);
  if (!hashes) {
    return SV_FAIL(ctx, NO_MEMORY, "proof");
  }
  *ret = (struct tlog_proof){0};
  return proof_read(ctx, text, hashes, ret) ? SV_DONE : SV_FAIL(ctx, CORRUPT, "not a log's proof");
}

sv_status tlog_proof_check(struct sv_ctx *ctx, struct sv_bytes text, const struct tlog_key *key,
                           struct sv_bytes leaf, struct tlog_checkpoint *ret) {
  struct tlog_proof p;
  struct tlog_checkpoint checkpoint = {0};
  SV_TRY(tlog_proof_read(ctx, text, &p));
  SV_TRY(tlog_checkpoint_open(ctx, p.note, key, &checkpoint));
  struct tlog_hash h;
  tlog_leaf_hash(leaf, &h);
  if (!tlog_inclusion_check(p.index, checkpoint.size, &h, p.hashes, p.n, &checkpoint.root)) {
    return SV_FAIL(ctx, CORRUPT, "the leaf is not in the tree of the checkpoint");
  }
  *ret = checkpoint;
  return SV_DONE;
}
