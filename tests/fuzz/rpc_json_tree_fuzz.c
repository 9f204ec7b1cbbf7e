/* Hostile text into rpc/grpc/json_tree.h: the tree keeps its bounds and its counts, and a fault has a place in the text. */
#include "rpc/grpc/json_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = 20, VALUES_MAX = 1000 };

static size_t walk(const struct json_value *v, size_t depth) {
  size_t values = 1, children = 0;
  SV_ASSERT(depth <= DEPTH_MAX);
  SV_ASSERT(v->kind != JSON_STRING || strlen(v->text) == v->text_n);
  for (const struct json_value *c = v->first; c; c = c->next) {
    SV_ASSERT((v->kind == JSON_OBJECT) == (c->key != NULL));
    SV_ASSERT(v->kind != JSON_OBJECT || json_member(v, c->key) == c); /* no other has its key */
    values += walk(c, depth + 1);
    children++;
  }
  SV_ASSERT(children == v->n);
  return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)8 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct json_value *root = NULL;
  struct json_fault fault = {0};
  sv_status s = json_parse(&ctx, sv_bytes_of(data, size), DEPTH_MAX, VALUES_MAX, &root, &fault);
  if (!sv_failed(s)) {
    SV_ASSERT(walk(root, 1) <= VALUES_MAX);
  } else if (s.reason == SV_JSON_FORMAT) {
    SV_ASSERT(fault.message && fault.line >= 1 && fault.column >= 1 && fault.line <= size + 1);
  }
  sv_arena_close(mem);
  return 0;
}
