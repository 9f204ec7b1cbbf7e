/* PKCS #11 through p11-kit. Invariants: a PIN that was refused is not given again in the life of the key; what is handed
 * out was verified with the certificate. */
#include "seal/key_token.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/secure.h"

enum { PIN_MAX = 255, SLOTS_MAX = 64, RAW_BYTES = 64, CHAIN_MAX = 64 * 1024 };

struct key_token {
  struct seal_key base;
  enum seal_purpose purpose;
  CK_FUNCTION_LIST *f;
  bool started; /* the module is initialised */
  P11KitUri *uri;
  char *pin; /* of PIN_MAX + 1, in the secure heap */
  bool open, barred;
  CK_SESSION_HANDLE session;
  CK_OBJECT_HANDLE key;
};

bool seal_key_in_token(const char *uri) { return strncmp(uri, "pkcs11:", 7) == 0; }

static sv_status fault(struct sv_ctx *ctx, const char *what, CK_RV rv) {
  return SV_FAIL(ctx, SIGNER, "%s: %s", what, p11_kit_strerror(rv));
}

/* --- a session --- */

/* The slot whose token the URI fits. */
static sv_status slot_find(struct sv_ctx *ctx, struct key_token *k, CK_SLOT_ID *ret,
                           CK_TOKEN_INFO *ret_info) {
  CK_SLOT_ID slots[SLOTS_MAX];
  CK_ULONG n = SLOTS_MAX;
  size_t found = 0;
  CK_RV rv = k->f->C_GetSlotList(CK_TRUE, slots, &n);
  if (rv != CKR_OK) {
    return fault(ctx, "slots", rv);
  }
  for (CK_ULONG i = 0; i < n; i++) {
    CK_TOKEN_INFO info;
    if (k->f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
        p11_kit_uri_match_token_info(k->uri, &info)) {
      *ret = slots[i];
      *ret_info = info;
      found++;
    }
  }
  return found == 1 ? SV_DONE : SV_FAIL(ctx, SIGNER, "%zu tokens are what the URI names", found);
}

/* Never a second time after a refusal, and never where somebody's tries have used some up: the last one locks the token. */
static sv_status login(struct sv_ctx *ctx, struct key_token *k, const CK_TOKEN_INFO *info) {
  static const CK_FLAGS few = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
  if (!(info->flags & CKF_LOGIN_REQUIRED)) {
    return SV_DONE;
  }
  if (k->barred || (info->flags & few)) {
    k->barred = true;
    return SV_FAIL(ctx, ROLE_MISSING,
                   "a PIN was refused before: it is not tried again until a good login by hand");
  }
  CK_RV rv = k->f->C_Login(k->session, CKU_USER, (CK_UTF8CHAR_PTR)k->pin, strlen(k->pin));
  if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
    return SV_DONE;
  }
  k->barred = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED || rv == CKR_PIN_EXPIRED ||
              rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE;
  return k->barred ? SV_FAIL(ctx, ROLE_MISSING, "the token does not take the PIN: %s",
                             p11_kit_strerror(rv))
                   : fault(ctx, "login", rv);
}

/* The one object of a class with the URI's label and id. */
static sv_status object_find(struct sv_ctx *ctx, struct key_token *k, CK_OBJECT_CLASS class,
                             CK_OBJECT_HANDLE *ret) {
  CK_ATTRIBUTE sought[3] = {{CKA_CLASS, &class, sizeof class}};
  CK_ULONG n = 1, found = 0;
  static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
  for (size_t i = 0; i < 2; i++) {
    CK_ATTRIBUTE *a = p11_kit_uri_get_attribute(k->uri, types[i]);
    if (a) {
      sought[n++] = *a;
    }
  }
  CK_OBJECT_HANDLE objects[2];
  CK_RV rv = k->f->C_FindObjectsInit(k->session, sought, n);
  if (rv != CKR_OK) {
    return fault(ctx, "objects", rv);
  }
  rv = k->f->C_FindObjects(k->session, objects, 2, &found);
  (void)k->f->C_FindObjectsFinal(k->session);
  if (rv != CKR_OK) {
    return fault(ctx, "objects", rv);
  }
  *ret = objects[0];
  return found == 1 ? SV_DONE
                    : SV_FAIL(ctx, SIGNER, "%s keys of the token are what the URI names",
                              found ? "several" : "no");
}

static void session_close(struct key_token *k) {
  if (k->open) {
    (void)k->f->C_CloseSession(k->session);
    k->open = false;
  }
}

static sv_status session_open(struct sv_ctx *ctx, struct key_token *k) {
  CK_SLOT_ID slot;
  CK_TOKEN_INFO info;
  SV_TRY(slot_find(ctx, k, &slot, &info));
  CK_RV rv = k->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &k->session);
  if (rv != CKR_OK) {
    return fault(ctx, "session", rv);
  }
  k->open = true;
  sv_status s = login(ctx, k, &info);
  s = sv_failed(s) ? s : object_find(ctx, k, CKO_PRIVATE_KEY, &k->key);
  if (sv_failed(s)) {
    session_close(k);
  }
  return s;
}

/* --- signing --- */

static sv_status sign_once(struct sv_ctx *ctx, struct key_token *k, uint8_t digest[static 32],
                           uint8_t raw[static PKI_RAW_MAX]) {
  CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
  CK_ULONG n = PKI_RAW_MAX;
  if (!k->open) {
    SV_TRY(session_open(ctx, k));
  }
  CK_RV rv = k->f->C_SignInit(k->session, &ecdsa, k->key);
  rv = rv == CKR_OK ? k->f->C_Sign(k->session, digest, 32, raw, &n) : rv;
  if (rv != CKR_OK || n != RAW_BYTES) {
    session_close(k);
    return fault(ctx, "sign", rv);
  }
  return SV_DONE;
}

static sv_status key_token_sign(struct seal_key *base, struct sv_ctx *ctx,
                                enum seal_purpose purpose, const struct seal_subject *subject,
                                struct sv_bytes tbs, uint8_t raw[static PKI_RAW_MAX],
                                size_t *ret_n) {
  struct key_token *k = (struct key_token *)base;
  uint8_t digest[32];
  (void)subject; /* a token keeps no journal */
  if (purpose != k->purpose) {
    return SV_FAIL(ctx, SIGNER, "the key is not for this purpose");
  }
  crypto_sha256(tbs, digest);
  bool had = k->open;
  sv_status s = sign_once(ctx, k, digest, raw);
  if (s.reason == SV_SIGNER && had) { /* the session was lost, or the token away for a moment */
    sv_ctx_clear(ctx);
    s = sign_once(ctx, k, digest, raw);
  }
  SV_TRY(s);
  if (!pki_cert_verify_raw(pki_chain_signer(base->chain), tbs, sv_bytes_of(raw, RAW_BYTES))) {
    session_close(k);
    return SV_FAIL(ctx, SIGNER, "the token's signature is not the certificate's");
  }
  *ret_n = RAW_BYTES;
  return SV_DONE;
}

/* --- open and close --- */

static void key_token_close(struct seal_key *base) {
  struct key_token *k = (struct key_token *)base;
  session_close(k);
  if (k->f) {
    if (k->started) {
      (void)p11_kit_module_finalize(k->f);
    }
    p11_kit_module_release(k->f);
  }
  p11_kit_uri_free(k->uri);
  if (k->pin) {
    crypto_secure_free(k->pin, PIN_MAX + 1);
  }
  pki_chain_close(base->chain);
  free(k);
}

static const struct seal_key_ops key_token_ops = {.sign = key_token_sign, .close = key_token_close};

static void close_file(FILE *f) { (void)fclose(f); }
SV_AUTO_DEFINE(FILE, close_file)

static sv_status chain_read(struct sv_ctx *ctx, const char *path, struct pki_chain **ret) {
  SV_AUTO(close_file) FILE *f = fopen(path, "rbe");
  uint8_t *buf = sv_arena_alloc(ctx->mem, CHAIN_MAX);
  if (!f || !buf) {
    return SV_FAIL(ctx, IO, "can't open %s", path);
  }
  size_t n = fread(buf, 1, CHAIN_MAX, f);
  if (n == CHAIN_MAX) {
    return SV_FAIL(ctx, IO, "%s is too large", path);
  }
  return pki_chain_open(ctx, sv_bytes_of(buf, n), ret);
}

static sv_status pin_read(struct sv_ctx *ctx, const char *path, char *pin) {
  SV_AUTO(close_file) FILE *f = fopen(path, "rbe");
  if (!f) {
    return SV_FAIL(ctx, IO, "can't open %s", path);
  }
  (void)setvbuf(f, NULL, _IONBF, 0); /* no second copy in stdio's buffer */
  size_t n = fread(pin, 1, PIN_MAX, f);
  pin[n] = '\0';
  pin[strcspn(pin, "\r\n")] = '\0';
  return pin[0] && n < PIN_MAX ? SV_DONE
                               : SV_FAIL(ctx, CONFIG, "%s has no PIN, or too long a one", path);
}

static sv_status module_start(struct sv_ctx *ctx, struct key_token *k, const char *module) {
  k->f = p11_kit_module_load(module, 0);
  if (!k->f) {
    return SV_FAIL(ctx, CONFIG, "%s is no module of PKCS #11", module);
  }
  CK_RV rv = p11_kit_module_initialize(k->f);
  k->started = rv == CKR_OK;
  return k->started ? SV_DONE : fault(ctx, module, rv);
}

/* The point of a P-256 key, at the end of CKA_EC_POINT however it is wrapped. */
static sv_status public_check(struct sv_ctx *ctx, struct key_token *k) {
  uint8_t point[80], own[65];
  CK_ATTRIBUTE value = {CKA_EC_POINT, point, sizeof point};
  CK_OBJECT_HANDLE object;
  SV_TRY(object_find(ctx, k, CKO_PUBLIC_KEY, &object));
  CK_RV rv = k->f->C_GetAttributeValue(k->session, object, &value, 1);
  if (rv != CKR_OK) {
    return fault(ctx, "the public key", rv);
  }
  bool p256 = pki_cert_point(pki_chain_signer(k->base.chain), own);
  return p256 && value.ulValueLen >= sizeof own &&
                 memcmp(point + value.ulValueLen - sizeof own, own, sizeof own) == 0
             ? SV_DONE
             : SV_FAIL(ctx, SIGNER, "the key of the token is not the P-256 key of the certificate");
}

static sv_status key_begin(struct sv_ctx *ctx, struct key_token *k, const struct seal_token *token,
                           const char *uri, const char *chain_path) {
  k->uri = p11_kit_uri_new();
  k->pin = crypto_secure_alloc(PIN_MAX + 1);
  if (!k->uri || !k->pin) {
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, k->uri) != P11_KIT_URI_OK) {
    return SV_FAIL(ctx, CONFIG, "a key's URI is none of RFC 7512");
  }
  SV_TRY(chain_read(ctx, chain_path, &k->base.chain));
  SV_TRY(pin_read(ctx, token->pin_file, k->pin));
  SV_TRY(module_start(ctx, k, token->module));
  SV_TRY(session_open(ctx, k));
  return public_check(ctx, k);
}

sv_status seal_key_open_token(struct sv_ctx *ctx, enum seal_purpose purpose,
                              const struct seal_token *token, const char *uri,
                              const char *chain_path, struct seal_key **ret) {
  struct key_token *k = calloc(1, sizeof *k);
  if (!k) {
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  k->base.ops = &key_token_ops;
  k->purpose = purpose;
  sv_status s = key_begin(ctx, k, token, uri, chain_path);
  if (sv_failed(s)) {
    key_token_close(&k->base);
    return s;
  }
  *ret = &k->base;
  return SV_DONE;
}
