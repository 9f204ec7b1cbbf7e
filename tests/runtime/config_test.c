/* Does a configuration say exactly what is wrong with it, and where? */
#include "runtime/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* after the four above */
#include <cmocka.h>

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct config *file;
  char path[64];
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->mem = sv_arena_open(1 << 20);
  f->ctx = sv_ctx_over(f->mem);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  config_close(f->file);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static sv_status load(struct fixture *f, const char *text) {
  (void)snprintf(f->path, sizeof f->path, "/tmp/config_test.XXXXXX");
  int fd = mkstemp(f->path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  (void)close(fd);
  sv_status s = config_open(&f->ctx, f->path, &f->file);
  (void)unlink(f->path);
  return s;
}

static void expect_detail(struct fixture *f, sv_status s, const char *tail) {
  assert_int_equal(s.reason, SV_CONFIG);
  char want[200];
  (void)snprintf(want, sizeof want, "%s%s", f->path, tail);
  assert_string_equal(f->ctx.detail, want);
}

static const char policy[] =
    "port = 8443;\n"
    "tls: { certificate = \"a.pem\"; };\n"
    "callers = (\n"
    "  { spiffe = \"spiffe://uto/authority/A/officer/1\"; roles = [ \"case\", \"gate\" ]; },\n"
    "  { spiffe = \"spiffe://uto/authority/A/system/2\"; roles = ( ); four_eyes = true; }\n"
    ");\n";

static void a_list_of_groups_is_read_in_order(void **state) {
  struct fixture *f = *state;
  struct sv_ctx *ctx = &f->ctx;
  assert_false(sv_failed(load(f, policy)));
  struct config_group root = config_root(f->file), tls, caller;
  struct config_list callers;
  int64_t port;
  const char *text;
  assert_false(sv_failed(config_int(ctx, root, "port", 0, 65535, 1, &port)));
  assert_int_equal(port, 8443);
  assert_false(sv_failed(config_group(ctx, root, "tls", &tls)));
  assert_false(sv_failed(config_text(ctx, tls, "certificate", CONFIG_REQUIRED, &text)));
  assert_string_equal(text, "a.pem");
  assert_false(sv_failed(config_list(ctx, root, "callers", &callers)));
  assert_int_equal(callers.n, 2);
  for (size_t i = 0; i < callers.n; i++) {
    const char *const *roles;
    size_t n;
    bool four;
    assert_false(sv_failed(config_list_group(ctx, callers, i, &caller)));
    assert_false(sv_failed(config_text(ctx, caller, "spiffe", CONFIG_REQUIRED, &text)));
    assert_false(sv_failed(config_strings(ctx, caller, "roles", &roles, &n)));
    assert_false(sv_failed(config_bool(ctx, caller, "four_eyes", false, &four)));
    assert_int_equal(n, i == 0 ? 2 : 0);
    assert_int_equal(four, i == 1);
    if (i == 0) {
      assert_string_equal(roles[1], "gate");
    }
  }
  assert_false(sv_failed(config_unknown_check(ctx, f->file)));
}

static void a_key_nobody_asked_for_is_a_fault_with_file_line_and_path(void **state) {
  struct fixture *f = *state;
  assert_false(sv_failed(load(f, "a = 1;\nlist = (\n { b = 2; colour = 3; }\n);\n")));
  struct config_list list;
  struct config_group g;
  int64_t v;
  assert_false(sv_failed(config_int(&f->ctx, config_root(f->file), "a", 0, 9, 0, &v)));
  assert_false(sv_failed(config_list(&f->ctx, config_root(f->file), "list", &list)));
  assert_false(sv_failed(config_list_group(&f->ctx, list, 0, &g)));
  assert_false(sv_failed(config_int(&f->ctx, g, "b", 0, 9, 0, &v)));
  expect_detail(f, config_unknown_check(&f->ctx, f->file), ":3: list[0].colour: unknown key");
}

static void a_missing_required_key_names_its_group(void **state) {
  struct fixture *f = *state;
  assert_false(sv_failed(load(f, "\ntls: { };\n")));
  struct config_group tls;
  const char *text = "untouched";
  assert_false(sv_failed(config_group(&f->ctx, config_root(f->file), "tls", &tls)));
  expect_detail(f, config_text(&f->ctx, tls, "key", CONFIG_REQUIRED, &text),
                ":2: tls: \"key\" is required");
  assert_string_equal(text, "untouched");
}

static void a_number_out_of_range_says_the_range(void **state) {
  struct fixture *f = *state;
  assert_false(sv_failed(load(f, "port = 70000;\n")));
  int64_t v;
  expect_detail(f, config_int(&f->ctx, config_root(f->file), "port", 0, 65535, 0, &v),
                ":1: port: must be from 0 to 65535");
}

static void a_text_in_place_of_a_number_is_a_fault(void **state) {
  struct fixture *f = *state;
  assert_false(sv_failed(load(f, "port = \"8443\";\n")));
  int64_t v;
  expect_detail(f, config_int(&f->ctx, config_root(f->file), "port", 0, 65535, 0, &v),
                ":1: port: must be a whole number");
}

static void a_word_is_one_of_a_few(void **state) {
  static const char *const words[] = {"sqlite", "postgres"};
  struct fixture *f = *state;
  int word = -1;
  assert_false(sv_failed(load(f, "store = \"postgres\";\nother = \"oracle\";\n")));
  struct config_group root = config_root(f->file);
  assert_false(sv_failed(config_word(&f->ctx, root, "store", words, 2, 0, &word)));
  assert_int_equal(word, 1);
  assert_false(sv_failed(config_word(&f->ctx, root, "absent", words, 2, 0, &word)));
  assert_int_equal(word, 0);
  expect_detail(f, config_word(&f->ctx, root, "other", words, 2, 0, &word),
                ":2: other: must be one of sqlite, postgres");
}

static void a_syntax_fault_has_file_and_line(void **state) {
  struct fixture *f = *state;
  expect_detail(f, load(f, "a = 1;\nb = = 2;\n"), ":2: syntax error");
}

static void a_file_that_is_not_there_is_a_fault(void **state) {
  struct fixture *f = *state;
  assert_int_equal(config_open(&f->ctx, "/nowhere/x.conf", &f->file).reason, SV_CONFIG);
  assert_string_equal(f->ctx.detail, "/nowhere/x.conf: can't be read");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_list_of_groups_is_read_in_order),
      T(a_key_nobody_asked_for_is_a_fault_with_file_line_and_path),
      T(a_missing_required_key_names_its_group),
      T(a_number_out_of_range_says_the_range),
      T(a_text_in_place_of_a_number_is_a_fault),
      T(a_word_is_one_of_a_few),
      T(a_syntax_fault_has_file_and_line),
      T(a_file_that_is_not_there_is_a_fault),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
