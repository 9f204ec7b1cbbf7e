/* Keys that are in another process: salvo-signer, over a stream socket. One link, three keys. When the signer dies, the
 * link starts it again and asks once more what was not answered: a call waits, and fails only when its time is over. */
#pragma once
#include "seal/signer_wire.h"

struct signer_link;

/* How a signer is had. start: a connected stream socket to a signer that will say hello; called again after each death,
 * from the link's thread. ended: the socket's signer is gone or not wanted any more (to be stopped and reaped). */
struct signer_start {
  sv_status (*start)(void *arg, struct sv_ctx *ctx, int *ret_fd);
  void (*ended)(void *arg);
  void *arg;
};

/* Starts the signer and waits for its hello. start is copied, its arg borrowed.
 * Fails: as start, SIGNER (no hello within 10 s, or another protocol), NO_MEMORY. ret: caller, signer_link_close, after
 * its keys. */
sv_status signer_link_open(struct sv_ctx *ctx, const struct signer_start *start,
                           struct signer_link **ret);
void signer_link_close(struct signer_link *link);
SV_AUTO_DEFINE(struct signer_link, signer_link_close)

/* Ends the signer and starts another one, whose keys may be others: what it is configured with now. Keys that were made
 * before are those of the signer that ended: to be made anew, and nobody may be signing meanwhile. Waits until it said hello.
 * Fails: SIGNER after 20 s. Thread: any but the loops. */
sv_status signer_link_turn(struct sv_ctx *ctx, struct signer_link *link);

/* Whether the signer has these keys. */
bool signer_link_says(struct signer_link *link, const struct signer_hello *hello);

/* The key for a purpose; it has the chain that the hello named, and a signer with another one is not used.
 * Fails: CERT_FORMAT, NO_MEMORY. ret: caller, seal_key_close. */
sv_status signer_link_key(struct sv_ctx *ctx, struct signer_link *link, enum seal_purpose purpose,
                          struct seal_key **ret);

/* All bytes to a connected stream socket; for either end. Fails: SIGNER. */
sv_status signer_send(struct sv_ctx *ctx, int fd, struct sv_bytes bytes);

/* Whether a signer is there, for the metrics. Thread: any. */
bool signer_link_up(struct signer_link *link);
