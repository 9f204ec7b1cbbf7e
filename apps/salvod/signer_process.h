/* The signer as a child of the server: started with a socket, stopped and reaped when its time is over. */
#pragma once
#include <stdatomic.h>
#include <sys/types.h>

#include "base/metrics.h"
#include "seal/signer_link.h"

struct signer_process {
  const char *program; /* "": salvo-signer beside this very program */
  const char *config;
  pid_t pid;          /* 0: none */
  atomic_bool barred; /* a PIN was refused: no signer is started until somebody asks for a reload */
  struct sv_metrics *metrics; /* told whether there is one; NULL: nobody */
};

/* start of struct signer_start. Fails: SIGNER, NO_MEMORY. */
sv_status signer_process_start(void *process, struct sv_ctx *ctx, int *ret_fd);
void signer_process_end(void *process);
/* What a signer that began now would say; it ends at once, touches no journal and signs nothing. ret in ctx->mem.
 * Fails: SIGNER (its own log says why), NO_MEMORY. */
sv_status signer_process_check(const struct signer_process *process, struct sv_ctx *ctx,
                               struct signer_hello *ret);
