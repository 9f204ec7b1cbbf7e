/* A stream and what its files do with it: request.c reads what the client wants, answer.c says what it gets, stream.c has
 * its life. Inside rpc/grpc/{stream,request,answer}.c alone. */
#pragma once
#include "rpc/grpc/pace.h"
#include "rpc/grpc/page.h"
#include "rpc/grpc/stream.h"
#include "rpc/grpc/web_text.h"

enum stream_state {
  ST_HEADERS,
  ST_UNWANTED,
  ST_BODY,
  ST_RUNNING,
  ST_RESPONDING,
  ST_ENDING,
  ST_STATES
};

enum request_method { METHOD_OTHER, METHOD_POST, METHOD_GET, METHOD_HEAD, METHOD_OPTIONS };

/* grpc-..., connect-..., and HTTP's own */
enum header_family { FAMILY_GRPC, FAMILY_CONNECT, FAMILY_HTTP, FAMILIES };

/* What the headers say, before it is known which of them count. */
struct request_heads {
  enum request_method method;
  bool type_known;
  bool misdirected; /* for a host that is not ours */
  bool two_hosts;   /* :authority and host do not agree */
  bool version_bad;
  struct {
    bool gzip, unknown; /* the request's encoding; neither: identity */
    bool accepts_gzip;
  } encoding[FAMILIES];
  struct {
    bool bad;
    uint64_t ns; /* UINT64_MAX: none */
  } timeout[FAMILIES];
};

enum { CONTENT_TYPE_ROOM = 64 };

struct rpc_stream {
  struct rpc_connection *c;
  int32_t id;
  enum stream_state state;
  struct rpc_call *call;
  const struct rpc_route *route;
  const struct rpc_page *page;
  struct request_heads heads;
  char content_type[CONTENT_TYPE_ROOM]; /* "" when absent or too long to echo */
  const char *origin; /* that may read the answer; NULL: none. In the call's metadata */
  struct rpc_frame_reader reader;
  struct rpc_web_text text;
  size_t messages;
  size_t uncredited;    /* data whose window was not given back */
  size_t held;          /* our part of the connection's held bytes */
  struct rpc_pace pace; /* of the body, then of the answer */
  struct loop_timer *deadline;
  const char *refusal; /* of a body that is not wanted: the HTTP status after it */
  char *page_body;     /* malloc; of an answer that is no call's */
  size_t page_n, page_at;
  struct rpc_stream *previous, *next;
};

/* --- request.c --- */
void request_header(struct rpc_stream *st, struct sv_bytes name, struct sv_bytes value);
/* After the last header: NULL when the request is a call, else the HTTP status that refuses it. Finds the dialect. */
const char *request_refusal(struct rpc_stream *st);
/* May pages of the origin that the client names read the answer? True also without an Origin. */
bool request_origin_ok(struct rpc_stream *st);
/* The checks that have a status of their own, in their order. own: the status is one of rpc_call_fail. */
sv_status request_check(struct rpc_stream *st, struct sv_ctx *ctx, bool *ret_own);
/* The message of a Connect GET. False: there is no such. */
bool request_query_take(struct rpc_stream *st);

/* --- stream.c --- */
sv_status deadline_timer_open(struct rpc_stream *st, struct sv_ctx *ctx, uint64_t timeout_ns);

/* --- answer.c --- */
/* Headers of a call, then its body; body false: trailers too, and the end. False: no memory. */
bool answer_headers(struct rpc_stream *st, bool body);
size_t answer_trailers(struct rpc_stream *st, struct h2_header h[static H2_TRAILERS_MAX]);
/* Can the whole answer be one block of headers? */
bool answer_is_bare(struct rpc_stream *st);
/* An answer of plain HTTP, without a body; preflight of CORS; a page. */
bool answer_refusal(struct rpc_stream *st, const char *http_status);
bool answer_preflight(struct rpc_stream *st);
bool answer_page(struct rpc_stream *st);
