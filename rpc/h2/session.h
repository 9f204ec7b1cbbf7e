/* One HTTP/2 connection of a server, without I/O: bytes in, events out; bytes out are pulled.
 * Everything on the loop's thread. Trust: the bytes are a stranger's. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "rpc/limits.h"

struct h2_session;

struct h2_header {
  const char *name, *value;
  size_t name_n, value_n;
};
#define H2_HEADER(n, v) ((struct h2_header){(n), (v), sizeof(n) - 1, strlen(v)})

enum h2_code {
  H2_NO_ERROR = 0,
  H2_PROTOCOL_ERROR = 1,
  H2_INTERNAL_ERROR = 2,
  H2_REFUSED_STREAM = 7,
  H2_CANCEL = 8,
  H2_ENHANCE_YOUR_CALM = 11,
};

enum { H2_TRAILERS_MAX = 40, H2_HEADERS_MAX = 96 };

/* What a session tells. `stream` is what begin returned. None of them may close the session; all may call the functions
 * below but feed and pull. */
struct h2_events {
  /* A new request. NULL refuses it: REFUSED_STREAM. */
  void *(*begin)(void *user, int32_t id);
  void (*header)(void *user, void *stream, struct sv_bytes name, struct sv_bytes value);
  /* The header list is whole. too_large: over the limit, the headers past it were not told. */
  void (*request)(void *user, void *stream, bool too_large);
  void (*data)(void *user, void *stream, struct sv_bytes bytes);
  /* The client has half-closed. Comes after request. */
  void (*end)(void *user, void *stream);
  /* The stream is gone, and `stream` may be freed: once for each begin that was not NULL. */
  void (*closed)(void *user, void *stream, uint32_t code);
  /* Up to n bytes of the body; 0 when there are none now (h2_session_resume later). ret_end: these are the last, and
   * `trailers` is asked next. */
  size_t (*pull)(void *user, void *stream, uint8_t *bytes, size_t n, bool *ret_end);
  /* Fills trailers, returns how many; 0: the body ends the stream. */
  size_t (*trailers)(void *user, void *stream, struct h2_header trailers[static H2_TRAILERS_MAX]);
  void (*pong)(void *user);
};

/* limits, events and user are borrowed. Caller: h2_session_close; it tells nothing of streams that are still open, whose owner
 * frees them. Fails: NO_MEMORY. */
sv_status h2_session_open(struct sv_ctx *ctx, const struct rpc_limits *limits,
                          const struct h2_events *events, void *user,
                          struct h2_session **ret_session);
void h2_session_close(struct h2_session *session);

/* False: the connection is over; pull what is left, send it, close. */
bool h2_session_feed(struct h2_session *session, struct sv_bytes bytes);
/* The next bytes for the peer, valid until the next call on the session; none: n is 0. False: as above. */
bool h2_session_pull(struct h2_session *session, struct sv_bytes *ret_bytes);
/* Neither to read nor to write is there anything: the end. */
bool h2_session_over(const struct h2_session *session);
/* Has the peer's SETTINGS arrived (the end of the preface)? */
bool h2_session_greeted(const struct h2_session *session);
/* Since when a header block is unfinished; 0: none is. */
uint64_t h2_session_headers_since_ns(const struct h2_session *session);
size_t h2_session_streams(const struct h2_session *session);

/* Answer with headers and, when body, with what `pull` gives and trailers. Without body the headers end the stream.
 * Fails: NO_MEMORY. */
bool h2_session_respond(struct h2_session *session, int32_t id, const struct h2_header *headers,
                        size_t n, bool body);
void h2_session_resume(struct h2_session *session, int32_t id);
void h2_session_reset(struct h2_session *session, int32_t id, enum h2_code code);
/* n bytes of data were dealt with: the stream's window opens. (The connection's opens by itself.) */
void h2_session_consume(struct h2_session *session, int32_t id, size_t n);

void h2_session_ping(struct h2_session *session);
/* First step of a graceful end: GOAWAY(2^31-1), and a PING whose answer tells that it has arrived. Second: GOAWAY(the last stream taken). */
void h2_session_notice(struct h2_session *session);
void h2_session_goaway(struct h2_session *session);
/* GOAWAY with an error and a word for the peer; what comes in is ignored from now on. */
void h2_session_abort(struct h2_session *session, enum h2_code code, const char *word);
