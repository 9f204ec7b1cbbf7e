/* Which names are a peer's identity? */
#include "rpc/listen/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

static bool ok(const char *uri, const char *domain) {
  return tls_spiffe_ok(sv_bytes_str(uri), domain);
}

static void officers_and_systems_of_an_authority_are_names(void **state) {
  (void)state;
  assert_true(ok("spiffe://uto.example/authority/A1/officer/7", NULL));
  assert_true(ok("spiffe://uto.example/authority/A1/system/gate-1", NULL));
  assert_true(ok("spiffe://uto.example/authority/A1/officer/7", "uto.example"));
}

static void anything_else_is_none(void **state) {
  static const char *const rows[] = {
      "",
      "spiffe://",
      "https://uto.example/authority/A1/officer/7",
      "SPIFFE://uto.example/authority/A1/officer/7",
      "spiffe://UTO.example/authority/A1/officer/7",
      "spiffe:///authority/A1/officer/7",
      "spiffe://uto.example/authority/A1/officer",
      "spiffe://uto.example/authority/A1/officer/",
      "spiffe://uto.example/authority//officer/7",
      "spiffe://uto.example/authority/../officer/7",
      "spiffe://uto.example/authority/A1/officer/7/",
      "spiffe://uto.example/authority/A1/officer/7/x",
      "spiffe://uto.example/authority/A1/judge/7",
      "spiffe://uto.example/ministry/A1/officer/7",
      "spiffe://uto.example/authority/A1/officer/7?x=1",
      "spiffe://uto.example/authority/A%31/officer/7",
      "spiffe://uto.example:8443/authority/A1/officer/7",
      "spiffe://u@uto.example/authority/A1/officer/7",
      "spiffe://uto.example/authority/A1/officer/7 ",
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_false(ok(rows[i], NULL));
  }
  assert_false(
      tls_spiffe_ok(sv_bytes_of("spiffe://uto.example/authority/A1/officer/7\0x", 45), NULL));
}

static void another_trust_domain_is_none(void **state) {
  (void)state;
  assert_false(ok("spiffe://uto.example/authority/A1/officer/7", "other.example"));
  assert_false(ok("spiffe://uto.example/authority/A1/officer/7", "uto.exampl"));
}

static void a_name_that_does_not_fit_is_none(void **state) {
  char uri[400] = "spiffe://uto.example/authority/A1/officer/";
  size_t n = strlen(uri);
  (void)state;
  memset(uri + n, '7', sizeof uri - n - 1);
  uri[TLS_SPIFFE_ROOM] = '\0';
  assert_false(ok(uri, NULL));
  uri[TLS_SPIFFE_ROOM - 1] = '\0';
  assert_true(ok(uri, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(officers_and_systems_of_an_authority_are_names),
      cmocka_unit_test(anything_else_is_none),
      cmocka_unit_test(another_trust_domain_is_none),
      cmocka_unit_test(a_name_that_does_not_fit_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
