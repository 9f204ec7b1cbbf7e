/* The project's own templates, opened once, and samples to draw with them. For tests only; one program includes it once. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "docs_gen/dump.h"
#include "tests/docs_gen/samples.h"

static struct sv_arena *mem;
static struct sv_ctx ctx;
static struct docs *docs;

static int open_docs(void **state) {
  (void)state;
  mem = sv_arena_open(256u << 20);
  ctx = sv_ctx_over(mem);
  return sv_failed(docs_open(&ctx, "templates", &docs)) ? -1 : 0;
}
static int close_docs(void **state) {
  (void)state;
  docs_close(docs);
  sv_arena_close(mem);
  return 0;
}
static int begin(void **state) {
  (void)state;
  sv_arena_reset(mem);
  ctx = sv_ctx_over(mem);
  return 0;
}
