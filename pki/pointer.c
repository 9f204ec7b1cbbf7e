/* Where a certificate says that more is to be had: http alone, for what comes is signed by itself. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/cert_struct.h"
#include "pki/revocation.h"

enum { URL_MAX = 512 };

/* The URL of a name when it is one of http, in characters that a URL has. */
static bool http_url(const GENERAL_NAME *name, struct sv_bytes *ret) {
  int type;
  const ASN1_STRING *s = GENERAL_NAME_get0_value(name, &type);
  if (type != GEN_URI) {
    return false;
  }
  struct sv_bytes url = sv_bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
  if (url.n > URL_MAX || url.n < 8 || memcmp(url.p, "http://", 7) != 0) {
    return false;
  }
  for (size_t i = 0; i < url.n; i++) {
    if (url.p[i] <= 0x20 || url.p[i] >= 0x7F) {
      return false;
    }
  }
  *ret = url;
  return true;
}

static char *of_access(struct sv_arena *mem, X509 *x, int method) {
  AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
  char *found = NULL;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(list) && !found; i++) {
    const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(list, i);
    struct sv_bytes url;
    if (OBJ_obj2nid(one->method) == method && http_url(one->location, &url)) {
      found = sv_arena_strndup(mem, (const char *)url.p, url.n);
    }
  }
  AUTHORITY_INFO_ACCESS_free(list);
  return found;
}

static char *of_list(struct sv_arena *mem, X509 *x) {
  CRL_DIST_POINTS *list = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
  char *found = NULL;
  for (int i = 0; i < sk_DIST_POINT_num(list) && !found; i++) {
    const DIST_POINT *one = sk_DIST_POINT_value(list, i);
    if (!one->distpoint || one->distpoint->type != 0 || one->reasons || one->CRLissuer) {
      continue;
    }
    const GENERAL_NAMES *names = one->distpoint->name.fullname;
    for (int k = 0; k < sk_GENERAL_NAME_num(names) && !found; k++) {
      struct sv_bytes url;
      if (http_url(sk_GENERAL_NAME_value(names, k), &url)) {
        found = sv_arena_strndup(mem, (const char *)url.p, url.n);
      }
    }
  }
  CRL_DIST_POINTS_free(list);
  return found;
}

sv_status pki_cert_pointer(struct sv_ctx *ctx, const struct pki_cert *cert, enum pki_pointer which,
                           const char **ret) {
  const char *url = which == PKI_POINTER_CRL
                        ? of_list(ctx->mem, cert->x509)
                        : of_access(ctx->mem, cert->x509,
                                    which == PKI_POINTER_OCSP ? NID_ad_OCSP : NID_ad_ca_issuers);
  ERR_clear_error();
  if (!url) {
    url = sv_arena_strdup(ctx->mem, "");
  }
  if (!url) {
    return SV_FAIL(ctx, NO_MEMORY, "pointer");
  }
  *ret = url;
  return SV_DONE;
}
