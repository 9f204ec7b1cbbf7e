/* Fields one after the other; a run of bytes is preceded by its length. Every body is read to its very end. */
#include "seal/signer_wire.h"

#include <string.h>

/* --- writing --- */

static void put_u32(struct sv_buf *b, uint32_t v) {
  uint8_t p[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
  sv_buf_put(b, p, sizeof p);
}
static void put_u64(struct sv_buf *b, uint64_t v) {
  put_u32(b, (uint32_t)(v >> 32));
  put_u32(b, (uint32_t)v);
}
static void put_run(struct sv_buf *b, struct sv_bytes run) {
  put_u32(b, (uint32_t)run.n);
  sv_buf_put(b, run.p, run.n);
}

static struct sv_buf frame_begin(struct sv_ctx *ctx, enum signer_frame type) {
  struct sv_buf b = sv_buf_in(ctx->mem, SIGNER_FRAME_MAX);
  sv_buf_u8(&b, (uint8_t)type);
  put_u32(&b, 0);
  return b;
}

static sv_status frame_end(struct sv_ctx *ctx, struct sv_buf *b, struct sv_bytes *ret) {
  if (b->failed) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "a frame for the signer has at most %d bytes",
                   SIGNER_FRAME_MAX);
  }
  size_t n = b->n - SIGNER_HEAD_BYTES;
  for (int i = 0; i < 4; i++) {
    b->p[1 + i] = (uint8_t)(n >> (24 - 8 * i));
  }
  *ret = sv_buf_bytes(b);
  return SV_DONE;
}

sv_status signer_hello_write(struct sv_ctx *ctx, const struct signer_hello *h,
                             struct sv_bytes *ret) {
  struct sv_buf b = frame_begin(ctx, SIGNER_HELLO);
  put_run(&b, h->document_chain);
  put_run(&b, h->visible_chain);
  sv_buf_put(&b, h->log_public, sizeof h->log_public);
  sv_buf_put(&b, h->trust_public, sizeof h->trust_public);
  return frame_end(ctx, &b, ret);
}

sv_status signer_request_write(struct sv_ctx *ctx, const struct signer_request *r,
                               struct sv_bytes *ret) {
  struct sv_buf b = frame_begin(ctx, SIGNER_REQUEST);
  put_u64(&b, r->id);
  sv_buf_u8(&b, (uint8_t)r->purpose);
  put_run(&b, sv_bytes_str(r->subject.number));
  put_u32(&b, r->subject.version);
  put_u32(&b, r->subject.copy);
  sv_buf_put(&b, r->subject.record_sha256, sizeof r->subject.record_sha256);
  put_run(&b, r->tbs);
  put_run(&b, r->subject.evidence);
  put_u64(&b, r->subject.evidence_from);
  return frame_end(ctx, &b, ret);
}

sv_status signer_answer_write(struct sv_ctx *ctx, const struct signer_answer *a,
                              struct sv_bytes *ret) {
  struct sv_buf b = frame_begin(ctx, SIGNER_ANSWER);
  put_u64(&b, a->id);
  sv_buf_u8(&b, (uint8_t)a->outcome);
  put_run(&b, a->bytes);
  return frame_end(ctx, &b, ret);
}

/* --- reading --- */

static bool take_u64(struct sv_cursor *c, uint64_t *ret) {
  uint32_t high, low;
  if (!sv_cursor_u32(c, &high) || !sv_cursor_u32(c, &low)) {
    return false;
  }
  *ret = (uint64_t)high << 32 | low;
  return true;
}

static bool take_run(struct sv_cursor *c, size_t max, struct sv_bytes *ret) {
  uint32_t n;
  return sv_cursor_u32(c, &n) && n <= max && sv_cursor_take(c, n, ret);
}

static bool take_digest(struct sv_cursor *c, uint8_t ret[static 32]) {
  struct sv_bytes bytes;
  if (!sv_cursor_take(c, 32, &bytes)) {
    return false;
  }
  memcpy(ret, bytes.p, 32);
  return true;
}

sv_status signer_head_read(struct sv_ctx *ctx, const uint8_t head[static SIGNER_HEAD_BYTES],
                           enum signer_frame *ret_type, size_t *ret_n) {
  size_t n = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
  if ((head[0] != SIGNER_HELLO && head[0] != SIGNER_REQUEST && head[0] != SIGNER_ANSWER) ||
      n > SIGNER_FRAME_MAX - SIGNER_HEAD_BYTES) {
    return SV_FAIL(ctx, SIGNER, "no frame of the signer's protocol");
  }
  *ret_type = (enum signer_frame)head[0];
  *ret_n = n;
  return SV_DONE;
}

sv_status signer_hello_read(struct sv_ctx *ctx, struct sv_bytes body, struct signer_hello *ret) {
  struct sv_cursor c = sv_cursor_over(body);
  struct signer_hello h;
  if (!take_run(&c, SIGNER_FRAME_MAX, &h.document_chain) ||
      !take_run(&c, SIGNER_FRAME_MAX, &h.visible_chain) || !take_digest(&c, h.log_public) ||
      !take_digest(&c, h.trust_public) || sv_cursor_left(&c) != 0) {
    return SV_FAIL(ctx, SIGNER, "a malformed hello");
  }
  *ret = h;
  return SV_DONE;
}

sv_status signer_request_read(struct sv_ctx *ctx, struct sv_bytes body,
                              struct signer_request *ret) {
  struct sv_cursor c = sv_cursor_over(body);
  struct signer_request r = {0};
  struct sv_bytes number;
  uint8_t purpose;
  if (!take_u64(&c, &r.id) || !sv_cursor_u8(&c, &purpose) || purpose < SEAL_DOCUMENT ||
      purpose > SEAL_TRUST || !take_run(&c, SEAL_NUMBER_MAX, &number) ||
      memchr(number.p, '\0', number.n) || !sv_cursor_u32(&c, &r.subject.version) ||
      !sv_cursor_u32(&c, &r.subject.copy) || !take_digest(&c, r.subject.record_sha256) ||
      !take_run(&c, SIGNER_FRAME_MAX, &r.tbs) ||
      !take_run(&c, SIGNER_FRAME_MAX, &r.subject.evidence) ||
      !take_u64(&c, &r.subject.evidence_from) || sv_cursor_left(&c) != 0) {
    return SV_FAIL(ctx, SIGNER, "a malformed request");
  }
  r.purpose = (enum seal_purpose)purpose;
  r.subject.number = sv_arena_strndup(ctx->mem, (const char *)number.p, number.n);
  if (!r.subject.number) {
    return SV_FAIL(ctx, NO_MEMORY, "request");
  }
  *ret = r;
  return SV_DONE;
}

sv_status signer_answer_read(struct sv_ctx *ctx, struct sv_bytes body, struct signer_answer *ret) {
  struct sv_cursor c = sv_cursor_over(body);
  struct signer_answer a;
  uint8_t outcome;
  if (!take_u64(&c, &a.id) || !sv_cursor_u8(&c, &outcome) || outcome > SIGNER_LOST ||
      !take_run(&c, SIGNER_TEXT_MAX, &a.bytes) || sv_cursor_left(&c) != 0) {
    return SV_FAIL(ctx, SIGNER, "a malformed answer");
  }
  a.outcome = (enum signer_outcome)outcome;
  *ret = a;
  return SV_DONE;
}
