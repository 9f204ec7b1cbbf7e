/* Is a set of descriptors that lies about itself noticed, and searched without harm? */
#include "rpc/grpc/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

/* A set is written by hand: tag, length, bytes. Lengths below 128. */
#define FILE_OF(n) "\x0a" n
#define LIT(s) sv_bytes_of(s, sizeof(s) - 1)

/* a.proto of package p: message M { M.N { enum E { V } } field f; }; b.proto imports it */
static const char set[] = FILE_OF("\x28")                   /* */
    "\x0a\x07" "a.proto"                                    /* name */
    "\x12\x01" "p"                                          /* package */
    "\x22\x1a" "\x0a\x01" "M"                               /* message */
    "\x12\x03" "\x0a\x01" "f"                               /* field */
    "\x1a\x10" "\x0a\x01" "N"                               /* nested message */
    "\x22\x0b" "\x0a\x01" "E" "\x12\x06" "\x0a\x02" "V1" "\x10\x00"
    FILE_OF("\x12") "\x0a\x07" "b.proto" "\x1a\x07" "a.proto";

static struct rpc_descriptors whole(void) { return (struct rpc_descriptors){.set = LIT(set)}; }

static bool accepted(struct sv_bytes bytes) {
  struct sv_ctx ctx = sv_ctx_over(NULL);
  const struct rpc_descriptors d = {.set = bytes};
  return !sv_failed(rpc_descriptors_check(&ctx, &d));
}

static bool known(const char *symbol) {
  const struct rpc_descriptors d = whole();
  struct rpc_descriptor_file file;
  return rpc_descriptors_symbol(&d, sv_bytes_str(symbol), &file) &&
         sv_bytes_equal(file.name, LIT("a.proto"));
}

static void names_are_found_where_they_are_declared(void **state) {
  (void)state;
  assert_true(accepted(whole().set));
  assert_true(known("p.M"));
  assert_true(known("p.M.f"));
  assert_true(known("p.M.N"));
  assert_true(known("p.M.N.E"));
  assert_true(known("p.M.N.V1")); /* beside its enum, as in C */
  assert_false(known("p.M.N.E.V1"));
  assert_false(known("p.M.V1"));
  assert_false(known("M"));
  assert_false(known("p"));
  assert_false(known("p."));
  assert_false(known(""));
  assert_false(known("p.M.f.g"));
}

static void only_messages_are_messages(void **state) {
  (void)state;
  const struct rpc_descriptors d = whole();
  assert_true(rpc_descriptors_is_message(&d, LIT("p.M.N")));
  assert_false(rpc_descriptors_is_message(&d, LIT("p.M.f")));
  assert_false(rpc_descriptors_is_message(&d, LIT("p.M.N.E")));
}

static void a_closure_starts_with_its_file(void **state) {
  (void)state;
  const struct rpc_descriptors d = whole();
  struct rpc_descriptor_file file, files[RPC_DESCRIPTOR_FILES_MAX];
  assert_true(rpc_descriptors_file(&d, LIT("b.proto"), &file));
  assert_int_equal(rpc_descriptors_closure(&d, &file, files), 2);
  assert_true(sv_bytes_equal(files[0].name, LIT("b.proto")));
  assert_true(sv_bytes_equal(files[1].name, LIT("a.proto")));
}

static void files_that_import_each_other_end(void **state) {
  (void)state;
  static const char ring[] = FILE_OF("\x06") "\x0a\x01" "a" "\x1a\x01" "b"  /* */
      FILE_OF("\x06") "\x0a\x01" "b" "\x1a\x01" "a";
  const struct rpc_descriptors d = {.set = LIT(ring)};
  struct rpc_descriptor_file file, files[RPC_DESCRIPTOR_FILES_MAX];
  assert_false(accepted(d.set));
  assert_true(rpc_descriptors_file(&d, LIT("a"), &file));
  assert_int_equal(rpc_descriptors_closure(&d, &file, files), 2);
}

static void broken_sets_are_refused(void **state) {
  (void)state;
  assert_false(accepted(LIT("")));
  assert_false(accepted(LIT(FILE_OF("\x02") "\x12\x00"))); /* no name */
  assert_false(accepted(LIT(FILE_OF("\x03") "\x0a\x01"
                                            "a" FILE_OF("\x03") "\x0a\x01"
                                                                "a"))); /* twice */
  assert_false(accepted(LIT(FILE_OF("\x06") "\x0a\x01"
                                            "a"
                                            "\x1a\x01"
                                            "b"))); /* no such import */
  assert_false(accepted(LIT(FILE_OF("\x7f") "\x0a\x01"
                                            "a"))); /* cut */
  assert_false(accepted(LIT(FILE_OF("\x05") "\x0a\x01"
                                            "a"
                                            "\x0b\x00")));                     /* a group */
  assert_false(accepted(LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))); /* endless varint */
}

static void a_set_cut_anywhere_is_searched_without_harm(void **state) {
  (void)state;
  for (size_t n = 0; n < sizeof set - 1; n++) {
    uint8_t *copy = malloc(n + 1); /* an end that a sanitizer guards */
    assert_non_null(copy);
    memcpy(copy, set, n);
    const struct rpc_descriptors d = {.set = sv_bytes_of(copy, n)};
    struct rpc_descriptor_file file, files[RPC_DESCRIPTOR_FILES_MAX];
    (void)rpc_descriptors_symbol(&d, LIT("p.M.N.V1"), &file);
    if (rpc_descriptors_file(&d, LIT("b.proto"), &file)) {
      (void)rpc_descriptors_closure(&d, &file, files);
    }
    struct sv_ctx ctx = sv_ctx_over(NULL);
    assert_true(sv_failed(rpc_descriptors_check(&ctx, &d)) || n == 42);
    free(copy);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_found_where_they_are_declared),
      cmocka_unit_test(only_messages_are_messages),
      cmocka_unit_test(a_closure_starts_with_its_file),
      cmocka_unit_test(files_that_import_each_other_end),
      cmocka_unit_test(broken_sets_are_refused),
      cmocka_unit_test(a_set_cut_anywhere_is_searched_without_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
