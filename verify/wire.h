/* Where a judge may ask for the status of a certificate when neither the file nor the trust list tells it. The one who has a
 * network implements this; NULL means that there is none. */
#pragma once
#include "pki/cert.h"

/* Either may be empty. Bytes in ctx->mem, judged by the one who asked. */
struct verify_statement {
  struct sv_bytes ocsp;
  struct sv_bytes crl;
};

/* First member of the implementer's own struct. A status that is no NO_MEMORY, CANCELLED or DEADLINE is taken for silence.
 * Blocks at most as long as the call's deadline lets it. Thread: the caller's. */
struct verify_wire {
  sv_status (*ask)(const struct verify_wire *, struct sv_ctx *, const struct pki_cert *cert,
                   const struct pki_cert *issuer, struct verify_statement *ret);
};
