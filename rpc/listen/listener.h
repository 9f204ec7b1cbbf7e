/* A listening TCP socket: accepted sockets are handed over. On the loop's thread. */
#pragma once
#include "base/ctx.h"
#include "runtime/loop.h"

struct listener;

/* accepted takes the descriptor over (non-blocking, close-on-exec, no delay). port 0: any. shared: other listeners of
 * this process have the same port, and the kernel deals connections out (SO_REUSEPORT).
 * Fails: CONFIG (address), IO (in use, forbidden), NO_MEMORY. Caller: listener_close, which accepts NULL. */
sv_status listener_open(struct sv_ctx *ctx, struct loop *loop, const char *address, uint16_t port,
                        bool shared, void (*accepted)(void *user, int fd), void *user,
                        struct listener **ret_listener);
void listener_close(struct listener *listener);
uint16_t listener_port(const struct listener *listener);
