/* What salvod and salvo-signer say to each other over a stream socket: frames of a type, a length (32 bits, big-endian)
 * and a body. The signer says hello once; then requests are answered in any order, told apart by their id. Both ends hold
 * the other's bytes against the bounds. Knows no socket. Thread: any. */
#pragma once
#include "seal/key.h"

enum { SIGNER_FRAME_MAX = 1536 * 1024, SIGNER_HEAD_BYTES = 5, SIGNER_TEXT_MAX = 200 };
/* How a signer ends that must not be started again by itself: a token refused its PIN. */
enum { SIGNER_EXIT_PIN = 3 };
enum signer_frame { SIGNER_HELLO = 'H', SIGNER_REQUEST = 'S', SIGNER_ANSWER = 'A' };

/* Whose signatures can be had. Chains are PEM, the signer's certificate first. */
struct signer_hello {
  struct sv_bytes document_chain;
  struct sv_bytes visible_chain;
  uint8_t log_public[SEAL_NOTE_PUBLIC_BYTES];
  uint8_t trust_public[SEAL_NOTE_PUBLIC_BYTES];
};

struct signer_request {
  uint64_t id;
  enum seal_purpose purpose;
  struct seal_subject subject;
  struct sv_bytes tbs;
};

enum signer_outcome {
  SIGNER_SIGNED = 0,
  SIGNER_REFUSED = 1, /* by the signer's policy: bytes say why */
  SIGNER_BUSY = 2,    /* over the rate: try again */
  SIGNER_ELSEWHERE =
      3,           /* the evidence is not from the last checkpoint: its size, 64 bits big-endian */
  SIGNER_LOST = 4, /* its key can't be used now: bytes say why */
};
struct signer_answer {
  uint64_t id;
  enum signer_outcome outcome;
  struct sv_bytes bytes; /* the signature, or a text */
};

/* Whole frames, head included; ret in ctx->mem. Fails: NO_MEMORY, LIMIT_EXCEEDED. */
sv_status signer_hello_write(struct sv_ctx *ctx, const struct signer_hello *hello,
                             struct sv_bytes *ret);
sv_status signer_request_write(struct sv_ctx *ctx, const struct signer_request *request,
                               struct sv_bytes *ret);
sv_status signer_answer_write(struct sv_ctx *ctx, const struct signer_answer *answer,
                              struct sv_bytes *ret);

/* The type and the body's length of a frame that begins like this. Fails: SIGNER when there is no such type or the body
 * is over the limit. */
sv_status signer_head_read(struct sv_ctx *ctx, const uint8_t head[static SIGNER_HEAD_BYTES],
                           enum signer_frame *ret_type, size_t *ret_n);
/* Bodies; ret borrows from them, texts that need an end of their own are in ctx->mem. Fails: SIGNER, NO_MEMORY. */
sv_status signer_hello_read(struct sv_ctx *ctx, struct sv_bytes body, struct signer_hello *ret);
sv_status signer_request_read(struct sv_ctx *ctx, struct sv_bytes body, struct signer_request *ret);
sv_status signer_answer_read(struct sv_ctx *ctx, struct sv_bytes body, struct signer_answer *ret);
