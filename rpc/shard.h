/* One loop's part of a server: its listeners and its connections. Inside rpc/server.c and rpc/shard.c alone. */
#pragma once

#include "rpc/grpc/connection.h"
#include "rpc/listen/listener.h"

struct shard;

struct shard_door {
  struct shard *shard;
  const struct rpc_door *door;
  SSL_CTX *tls; /* NULL: clear text */
  struct listener *listener;
};

struct shard {
  struct rpc_host host;
  struct loop *loop;
  size_t door_n;
  struct shard_door doors[RPC_DOORS_MAX];
  struct rpc_connection *connections;
  size_t connection_n;
  size_t most_n;  /* of connections since the last trim */
  bool some_gone; /* since then */
  uint64_t trimmed_ns;
  struct loop_timer *tick;
  bool draining;
  void (*empty)(struct shard *shard); /* draining, and the last connection is gone: on this loop */
  void *user;
};

/* host without its connection_gone and user. The loop is borrowed and does not run yet.
 * Fails: NO_MEMORY. Caller: shard_close. */
sv_status shard_open(struct shard *shard, struct sv_ctx *ctx, const struct rpc_host *host);
/* Adds a door; takes the reference of tls over. port 0: any. Fails: as listener_open. */
sv_status shard_listen(struct shard *shard, struct sv_ctx *ctx, const struct rpc_door *door,
                       SSL_CTX *tls, const char *address, uint16_t port, bool shared);
uint16_t shard_port(const struct shard *shard, size_t door);
/* Everything left is cut; the loop must not be running. */
void shard_close(struct shard *shard);

/* --- on the shard's loop --- */
/* A new context for a door, whose reference is taken over; whoever is there is told to come again. */
void shard_tls_set(struct shard *shard, size_t door, SSL_CTX *tls);
void shard_drain(struct shard *shard);
void shard_cut(struct shard *shard);
