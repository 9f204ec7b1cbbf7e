/* A module of PKCS #11 in front of SoftHSM: does what a file says, as tokens do at bad times. The file is named by
 * TOKEN_FAULT: "removed" (nothing works), "session" (the session is lost, another one works), "wrong" (a signature that is none),
 * anything else: nothing. Each C_Login is a byte more in the file named by TOKEN_LOGINS. */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static CK_SESSION_HANDLE lost; /* the session that was said to be lost */

static bool fault_is(const char *name) {
  char text[16] = "";
  const char *path = getenv("TOKEN_FAULT");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
  if (fd >= 0) {
    (void)close(fd);
  }
  return n > 0 && strcmp(text, name) == 0;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
  if (fault_is("removed")) {
    return CKR_DEVICE_REMOVED;
  }
  if (fault_is("session") && (lost == 0 || lost == session)) {
    lost = session;
    return CKR_SESSION_HANDLE_INVALID;
  }
  return real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, unsigned char *data, unsigned long n,
                  unsigned char *signature, unsigned long *signature_n) {
  CK_RV rv = real->C_Sign(session, data, n, signature, signature_n);
  if (rv == CKR_OK && signature && fault_is("wrong")) {
    signature[0] ^= 1;
  }
  return rv;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session) {
  return fault_is("removed") ? CKR_TOKEN_NOT_PRESENT
                             : real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin,
                   unsigned long n) {
  const char *path = getenv("TOKEN_LOGINS");
  int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd >= 0) {
    (void)!write(fd, ".", 1);
    (void)close(fd);
  }
  return real->C_Login(session, user, pin, n);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
  void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  CK_C_GetFunctionList get =
      module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;
  if (!get || get(&real) != CKR_OK) {
    return CKR_GENERAL_ERROR;
  }
  ours = *real;
  ours.C_SignInit = sign_init;
  ours.C_Sign = sign;
  ours.C_OpenSession = open_session;
  ours.C_Login = login;
  *list = &ours;
  return CKR_OK;
}
