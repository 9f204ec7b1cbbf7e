/* A socket of the client, in clear text or under TLS: never blocks but in wait. One thread. */
#pragma once
#include "base/ctx.h"

struct transport;

struct transport_config {
  const char *host; /* a name or an address */
  uint16_t port;
  const char *ca_path;          /* NULL: clear text */
  const char *certificate_path; /* with key_path; NULL: none is presented */
  const char *key_path;
  const char *server_name; /* what the certificate has to be for; NULL: the host */
};

/* Connects, under ctx's deadline. Fails: UNREACHABLE (name, refused, time, TLS fault, a certificate that is not trusted:
 * the detail says which), CONFIG (own files), DEADLINE, NO_MEMORY. Caller: transport_close, which accepts NULL. */
sv_status transport_open(struct sv_ctx *ctx, const struct transport_config *config,
                         struct transport **ret_transport);
void transport_close(struct transport *t);

/* Bytes moved; 0: would block. Fails: UNREACHABLE (closed, fault). */
sv_status transport_send(struct transport *t, struct sv_ctx *ctx, struct sv_bytes bytes,
                         size_t *ret_n);
sv_status transport_receive(struct transport *t, struct sv_ctx *ctx, uint8_t *bytes, size_t room,
                            size_t *ret_n);
/* Until there is something to read, or, when sending, room to write. Fails: DEADLINE, UNREACHABLE. */
sv_status transport_wait(struct transport *t, struct sv_ctx *ctx, bool sending);
