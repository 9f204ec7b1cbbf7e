/* One stream of a connection: the checks of a request, its messages, its answer. Inside rpc/grpc alone; on the loop. */
#pragma once
#include "rpc/grpc/call.h"
#include "rpc/grpc/connection.h"

/* The events that a connection's session tells, with the connection as user. */
extern const struct h2_events rpc_stream_events;

/* Frees the streams of a connection that is gone, and cancels their calls. */
void rpc_streams_drop(struct rpc_connection *c);
/* The server stops: what waits for nothing in particular ends now. */
void rpc_streams_stop(struct rpc_connection *c);
/* Time limits. */
void rpc_streams_tick(struct rpc_connection *c, uint64_t now_ns);
