/* The insides of a trust list, for the files of verify/ alone. */
#pragma once
#include "pki/cert.h"
#include "verify/trust.h"

struct verify_trust {
  struct pki_trust *pki;
  struct pki_trust *stamps; /* pki itself unless time-stamp authorities have anchors of their own */
};
