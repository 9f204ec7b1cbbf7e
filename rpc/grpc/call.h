/* One call between its two owners: the loop, which moves its bytes, and the worker, which runs its handler.
 * Inside rpc/ alone. References are counted: one of the stream, one of the job. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "rpc/grpc/dialect.h"
#include "rpc/grpc/ending.h"
#include "rpc/grpc/frame.h"
#include "rpc/grpc/json_types.h"
#include "rpc/grpc/service.h"
#include "rpc/limits.h"
#include "runtime/loop.h"
#include "runtime/workers.h"

enum { RPC_SPIFFE_ROOM = 256, RPC_REQUEST_ID_ROOM = 37 };

enum rpc_encoding { RPC_IDENTITY, RPC_GZIP };

/* Compression of the next message. */
enum rpc_squeeze { RPC_SQUEEZE_WHEN_GAINED, RPC_SQUEEZE_NEVER, RPC_SQUEEZE_ALWAYS };

struct rpc_connection;
struct rpc_inbound;
struct rpc_outbound;

struct rpc_call {
  /* Set by the loop before the handler starts, constant afterwards. */
  const struct rpc_method *method; /* NULL until the path was found */
  void *service;
  const struct rpc_limits *limits;
  struct loop *loop;
  struct rpc_peer peer;
  char spiffe[RPC_SPIFFE_ROOM];
  uint64_t start_ns, deadline_ns; /* 0: none */
  struct rpc_dialect dialect;
  const struct json_types *types; /* for JSON */
  struct sv_metrics_method *counted;
  bool plain_errors; /* errors of the layer have no details */
  enum rpc_encoding in_encoding;
  bool accepts_gzip;
  char *metadata; /* name NUL value NUL, and so on; malloc */
  size_t metadata_n, metadata_room;
  char *query; /* of a Connect GET; malloc */

  atomic_int references;
  atomic_bool cancelled;
  atomic_bool stopping;                 /* pauses end */
  atomic_bool judged;                   /* the first to set it gives the verdict */
  char request_id[RPC_REQUEST_ID_ROOM]; /* written by the handler's thread under the lock */
  /* Of the handler's thread. */
  enum rpc_squeeze squeeze;
  bool read_compressed;
  enum sv_code own_code; /* of rpc_call_fail; OK: the reason's */
  char *own_message;     /* malloc, as what follows */
  uint8_t *own_status;
  size_t own_status_n;

  pthread_mutex_t lock;
  pthread_cond_t changed;
  /* Under the lock. */
  struct rpc_inbound *in_first, *in_last;
  size_t in_bytes;
  bool in_end;
  struct rpc_outbound *out_first, *out_last;
  size_t out_bytes;
  size_t out_count; /* messages ever queued */
  bool out_gzip;    /* the last of them was compressed */
  bool begun;       /* the headers are wanted */
  bool finished;    /* the verdict stands, nothing more is queued */
  struct rpc_verdict verdict;
  /* Constant once a message was queued, or finished; trailers once finished. */
  enum rpc_encoding out_encoding;
  struct rpc_metadata headers, trailers;

  /* Of the loop. */
  void (*woken)(void *user);                      /* something was read, queued, or finished */
  void *user;                                     /* NULL: the stream is gone */
  struct rpc_connection *connection;              /* where its handler is counted; outlives it */
  void (*gone)(struct rpc_call *call, void *arg); /* of a parked call, when its stream is gone */
  void *gone_arg;
  bool parked; /* a handler on the loop returned, the call stays open (health Watch) */
  struct loop_closure wake;
  struct workers_job job;
};

/* NULL when memory is out. One reference. */
struct rpc_call *rpc_call_new(struct loop *loop, const struct rpc_limits *limits);
void rpc_call_hold(struct rpc_call *call);
void rpc_call_release(struct rpc_call *call); /* accepts NULL */

/* --- the loop's side --- */
/* Takes the frame's bytes over. False when memory is out. */
bool rpc_call_arrived(struct rpc_call *call, struct rpc_frame frame);
void rpc_call_half_closed(struct rpc_call *call);
/* The peer is gone, or the verdict was given without the handler: it is to stop. */
void rpc_call_cancel(struct rpc_call *call);
/* The server stops: a handler in rpc_call_pause returns. */
void rpc_call_stop(struct rpc_call *call);
size_t rpc_call_unread(struct rpc_call *call);
/* Bytes of the answer; ret_end when these are the last. */
size_t rpc_call_pull(struct rpc_call *call, uint8_t *bytes, size_t n, bool *ret_end);
/* Is there something to pull; is the verdict there? */
bool rpc_call_has_output(struct rpc_call *call);
bool rpc_call_has_begun(struct rpc_call *call);
bool rpc_call_finished(struct rpc_call *call);

/* --- either side --- */
/* Gives the verdict unless there is one; writes the log line. */
void rpc_call_judge(struct rpc_call *call, struct sv_ctx *ctx, sv_status status);
/* The same with a status of rpc_call_fail, which takes the place of the reason's. */
void rpc_call_judge_own(struct rpc_call *call, struct sv_ctx *ctx, sv_status status);
/* Runs the handler, on a worker or on the loop, and gives the verdict unless the call is parked. */
void rpc_call_run(struct rpc_call *call);
/* Queues one message without blocking. */
sv_status rpc_call_queue(struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes message);
