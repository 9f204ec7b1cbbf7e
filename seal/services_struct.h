/* The insides of the services, for the files of seal/ alone. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "pki/stamp.h"
#include "seal/services.h"

enum { STATEMENTS_KEPT = 32 };

/* A statement about a certificate that was good when it came; judged again each time that it is used. */
struct statement {
  uint8_t cert_sha256[32];
  uint8_t *der; /* NULL: a free place */
  size_t n;
  bool list; /* a CRL, not an OCSP answer */
  uint64_t taken_ns;
};

struct seal_services {
  struct seal_services_config config;
  struct pki_trust *tsa_trust;
  struct pki_issuers *tsa_issuers, *document_issuers;
  atomic_size_t token_bytes; /* the largest token so far; 0: none yet */
  atomic_bool tsa_failed;    /* the last time: it is tried before anything is signed for it */
  pthread_mutex_t lock;      /* over statements */
  struct statement statements[STATEMENTS_KEPT];
};

/* A context of the same call whose faults are its own, with at most so much time. */
struct sv_ctx services_aside(const struct sv_ctx *ctx, uint32_t budget_ms);
