/* Whether a journal is read as it was written, and nothing that was touched is. */
#include "formats/journal/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { LINES = 4 };

static struct sv_bytes journal_of(struct sv_ctx *ctx) {
  struct journal_state state = {0};
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (unsigned i = 0; i < LINES; i++) {
    struct journal_entry e = {.time_s = 1700000000 + i,
                              .purpose = i == 3 ? JOURNAL_CHECKPOINT : JOURNAL_DOCUMENT,
                              .version = i + 1,
                              .copy = 1};
    memcpy(e.number, i == 3 ? "" : "S26000018", i == 3 ? 1 : 10);
    memset(e.record_sha256, (int)i, sizeof e.record_sha256);
    assert_int_equal(journal_write(ctx, &state, &e, &out).reason, SV_OK);
  }
  return sv_buf_bytes(&out);
}

/* Lines that are read without a fault from the start. */
static unsigned read_all(struct sv_ctx *ctx, struct sv_bytes text) {
  struct journal_state state = {0};
  struct journal_entry e;
  unsigned n = 0;
  for (size_t at = 0; at < text.n; n++) {
    const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
    size_t length = end ? (size_t)(end - (text.p + at)) : text.n - at;
    if (journal_read(ctx, &state, sv_bytes_of(text.p + at, length), &e).reason != SV_OK) {
      break;
    }
    at += length + 1;
  }
  sv_ctx_clear(ctx);
  return n;
}

static void what_is_written_is_read(void **fixture) {
  struct sv_ctx ctx = sv_ctx_over(*fixture);
  assert_int_equal(read_all(&ctx, journal_of(&ctx)), LINES);
}

static void a_changed_byte_breaks_the_chain_where_it_is(void **fixture) {
  struct sv_ctx ctx = sv_ctx_over(*fixture);
  struct sv_bytes text = journal_of(&ctx);
  uint8_t *bytes = sv_arena_alloc(ctx.mem, text.n);
  memcpy(bytes, text.p, text.n);
  unsigned line = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (bytes[i] == '\n') {
      line++;
      continue;
    }
    bytes[i] ^= 1;
    assert_int_equal(read_all(&ctx, sv_bytes_of(bytes, text.n)), line);
    bytes[i] ^= 1;
  }
}

static void a_number_that_would_break_a_line_is_refused(void **fixture) {
  struct sv_ctx ctx = sv_ctx_over(*fixture);
  static const char *const bad[] = {"", "a b", "a\nb", "-", "\xc3\xa9"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct journal_state state = {0};
    struct journal_entry e = {.purpose = JOURNAL_DOCUMENT};
    struct sv_buf out = sv_buf_in(ctx.mem, 0);
    memcpy(e.number, bad[i], strlen(bad[i]) + 1);
    assert_int_equal(journal_write(&ctx, &state, &e, &out).reason, SV_INTERNAL);
    sv_ctx_clear(&ctx);
  }
}

/* A state that has a tree and lists, and the head of a file that goes on from it. */
static struct sv_bytes going_on(struct sv_ctx *ctx, struct journal_state *state) {
  static const char *const lists[] = {"trust", "status:A", "trust"};
  struct sv_buf lines = sv_buf_in(ctx->mem, 0), head = sv_buf_in(ctx->mem, 0);
  for (unsigned i = 0; i < 3; i++) {
    struct journal_entry e = {.purpose = JOURNAL_TRUST, .version = 7 + i};
    memcpy(e.number, lists[i], strlen(lists[i]) + 1);
    assert_int_equal(journal_write(ctx, state, &e, &lines).reason, SV_OK);
  }
  struct journal_entry tree = {.purpose = JOURNAL_CHECKPOINT, .version = 5};
  memset(tree.record_sha256, 0xAB, sizeof tree.record_sha256);
  assert_int_equal(journal_write(ctx, state, &tree, &lines).reason, SV_OK);
  assert_int_equal(journal_head_write(ctx, state, &head).reason, SV_OK);
  return sv_bytes_of(head.p, head.n - 1);
}

static void another_file_goes_on_with_all_that_a_signer_needs(void **fixture) {
  struct sv_ctx ctx = sv_ctx_over(*fixture);
  struct journal_state state = {0}, again;
  assert_int_equal(journal_head_read(&ctx, going_on(&ctx, &state), &again).reason, SV_OK);
  assert_memory_equal(&again, &state, sizeof again);
  assert_int_equal(again.sequence, 4);
  assert_int_equal(again.tree_size, 5);
  assert_int_equal(journal_list_last(&again, "trust"), 9);
  assert_int_equal(journal_list_last(&again, "status:A"), 8);
  assert_int_equal(journal_list_last(&again, "status:B"), 0);
}

static void a_changed_head_is_refused_or_says_something_else(void **fixture) {
  struct sv_ctx ctx = sv_ctx_over(*fixture);
  struct journal_state state = {0}, again;
  struct sv_bytes head = going_on(&ctx, &state);
  uint8_t *bytes = sv_arena_alloc(ctx.mem, head.n);
  memcpy(bytes, head.p, head.n);
  for (size_t i = 0; i < 2 * head.n; i++) { /* a bit of it, or its end */
    bytes[i / 2] ^= i % 2;
    struct sv_bytes changed = sv_bytes_of(bytes, i % 2 ? head.n : i / 2);
    if (journal_head_read(&ctx, changed, &again).reason == SV_OK) {
      assert_memory_not_equal(&again, &state, sizeof again);
    }
    bytes[i / 2] ^= i % 2;
    sv_ctx_clear(&ctx);
  }
}

static void one_list_too_many_is_refused_and_changes_nothing(void **fixture) {
  struct sv_ctx ctx = sv_ctx_over(*fixture);
  struct journal_state state = {0}, before;
  struct sv_buf out = sv_buf_in(ctx.mem, 0);
  for (unsigned i = 0; i <= JOURNAL_LISTS_MAX; i++) {
    struct journal_entry e = {.purpose = JOURNAL_TRUST, .version = 1};
    (void)snprintf(e.number, sizeof e.number, "status:%u", i);
    before = state;
    assert_int_equal(journal_write(&ctx, &state, &e, &out).reason,
                     i < JOURNAL_LISTS_MAX ? SV_OK : SV_INTERNAL);
  }
  assert_memory_equal(&before, &state, sizeof state);
}

static int begin(void **fixture) {
  *fixture = sv_arena_open((size_t)16 << 20);
  return *fixture ? 0 : -1;
}
static int end(void **fixture) {
  sv_arena_close(*fixture);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_written_is_read, begin, end),
      cmocka_unit_test_setup_teardown(a_changed_byte_breaks_the_chain_where_it_is, begin, end),
      cmocka_unit_test_setup_teardown(another_file_goes_on_with_all_that_a_signer_needs, begin,
                                      end),
      cmocka_unit_test_setup_teardown(a_changed_head_is_refused_or_says_something_else, begin, end),
      cmocka_unit_test_setup_teardown(one_list_too_many_is_refused_and_changes_nothing, begin, end),
      cmocka_unit_test_setup_teardown(a_number_that_would_break_a_line_is_refused, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
