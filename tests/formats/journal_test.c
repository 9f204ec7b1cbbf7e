/* Whether a journal is read as it was written, and nothing that was touched is. */
#include "formats/journal/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LINES = 4 };

static struct sv_bytes journal_of(struct sv_ctx *ctx) {
  struct journal_place place = {0};
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (unsigned i = 0; i < LINES; i++) {
    struct journal_entry e = {.time_s = 1700000000 + i,
                              .purpose = i == 3 ? JOURNAL_CHECKPOINT : JOURNAL_DOCUMENT,
                              .version = i + 1,
                              .copy = 1};
    memcpy(e.number, i == 3 ? "" : "S26000018", i == 3 ? 1 : 10);
    memset(e.record_sha256, (int)i, sizeof e.record_sha256);
    assert_int_equal(journal_write(ctx, &place, &e, &out).reason, SV_OK);
  }
  return sv_buf_bytes(&out);
}

/* Lines that are read without a fault from the start. */
static unsigned read_all(struct sv_ctx *ctx, struct sv_bytes text) {
  struct journal_place place = {0};
  struct journal_entry e;
  unsigned n = 0;
  for (size_t at = 0; at < text.n; n++) {
    const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
    size_t length = end ? (size_t)(end - (text.p + at)) : text.n - at;
    if (journal_read(ctx, &place, sv_bytes_of(text.p + at, length), &e).reason != SV_OK) {
      break;
    }
    at += length + 1;
  }
  sv_ctx_clear(ctx);
  return n;
}

static void what_is_written_is_read(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  assert_int_equal(read_all(&ctx, journal_of(&ctx)), LINES);
}

static void a_changed_byte_breaks_the_chain_where_it_is(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
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

static void a_number_that_would_break_a_line_is_refused(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  static const char *const bad[] = {"", "a b", "a\nb", "-", "\xc3\xa9"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct journal_place place = {0};
    struct journal_entry e = {.purpose = JOURNAL_DOCUMENT};
    struct sv_buf out = sv_buf_in(ctx.mem, 0);
    memcpy(e.number, bad[i], strlen(bad[i]) + 1);
    assert_int_equal(journal_write(&ctx, &place, &e, &out).reason, SV_INTERNAL);
    sv_ctx_clear(&ctx);
  }
}

static int begin(void **state) {
  *state = sv_arena_open((size_t)16 << 20);
  return *state ? 0 : -1;
}
static int end(void **state) {
  sv_arena_close(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_written_is_read, begin, end),
      cmocka_unit_test_setup_teardown(a_changed_byte_breaks_the_chain_where_it_is, begin, end),
      cmocka_unit_test_setup_teardown(a_number_that_would_break_a_line_is_refused, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
