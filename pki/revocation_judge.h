/* What ocsp.c and crl.c share. For the files of pki/ alone. */
#pragma once
#include "pki/cert_struct.h"
#include "pki/revocation.h"

/* 0 when it is no time. */
int64_t pki_time_us(const ASN1_TIME *t);
/* Whether a signature algorithm (NID) and key are at least of 112 bits, with SHA-2. */
bool pki_signature_allowed(int nid, const EVP_PKEY *key);
/* Fills state and why from the times; invalid_us of the invalidity date, 0 for none. */
void pki_revocation_conclude(const struct pki_cert *cert, int64_t at_us, int64_t invalid_us,
                             struct pki_revocation *r);
/* pki_crl_judge of a list that is parsed already. Its issuer's signature is verified each time. */
void pki_crl_judge_parsed(X509_CRL *crl, const struct pki_cert *cert, const struct pki_cert *issuer,
                          int64_t at_us, struct pki_revocation *ret);
