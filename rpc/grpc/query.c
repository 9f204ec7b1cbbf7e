/* application/x-www-form-urlencoded, one pair at a time; what is decoded is never longer than what it came from. */
#include "rpc/grpc/query.h"

enum key { KEY_MESSAGE, KEY_ENCODING, KEY_BASE64, KEY_COMPRESSION, KEY_CONNECT, KEYS };
static const char *const key_names[KEYS] = {"message", "encoding", "base64", "compression",
                                            "connect"};

/* Ends in NUL, for those that are used as texts. */
static bool unescape(struct sv_arena *mem, struct sv_bytes text, struct sv_bytes *ret) {
  uint8_t *out = sv_arena_alloc(mem, text.n + 1);
  size_t n = 0;
  if (!out) {
    return false;
  }
  for (size_t i = 0; i < text.n; i++) {
    uint8_t c = text.p[i];
    if (c == '%') {
      char hex[3] = "";
      if (text.n - i < 3) {
        return false;
      }
      memcpy(hex, text.p + i + 1, 2);
      if (!sv_unhex(hex, &c, 1)) {
        return false;
      }
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    out[n++] = c;
  }
  *ret = sv_bytes_of(out, n);
  return true;
}

static struct sv_bytes until(struct sv_bytes *rest, char mark) {
  const uint8_t *at = rest->n > 0 ? memchr(rest->p, mark, rest->n) : NULL;
  size_t n = at ? (size_t)(at - rest->p) : rest->n;
  struct sv_bytes part = sv_bytes_of(rest->p, n);
  size_t past = at ? n + 1 : n;
  *rest = past < rest->n ? sv_bytes_of(rest->p + past, rest->n - past) : (struct sv_bytes){0};
  return part;
}

static int key_of(struct sv_bytes name) {
  for (int i = 0; i < KEYS; i++) {
    if (sv_bytes_equal(name, sv_bytes_str(key_names[i]))) {
      return i;
    }
  }
  return -1;
}

static const char *text_of(const struct sv_bytes *value) {
  return value->p ? (const char *)value->p : "";
}

bool rpc_query_parse(struct sv_arena *mem, struct sv_bytes query, struct rpc_query *ret_query) {
  struct sv_bytes values[KEYS] = {{0}};
  while (query.n > 0) {
    struct sv_bytes pair = until(&query, '&');
    struct sv_bytes name;
    if (!unescape(mem, until(&pair, '='), &name)) {
      return false;
    }
    int key = key_of(name);
    if (key >= 0 && (values[key].p || !unescape(mem, pair, &values[key]))) {
      return false;
    }
  }
  struct sv_bytes message = values[KEY_MESSAGE];
  if (!message.p) {
    return false;
  }
  if (strcmp(text_of(&values[KEY_BASE64]), "1") == 0) {
    uint8_t *bytes = sv_arena_alloc(mem, 3 * ((message.n + 3) / 4) + 3);
    size_t n;
    if (!bytes || !sv_unbase64((const char *)message.p, message.n, bytes, &n)) {
      return false;
    }
    message = sv_bytes_of(bytes, n);
  }
  *ret_query = (struct rpc_query){.message = message,
                                  .encoding = text_of(&values[KEY_ENCODING]),
                                  .compression = text_of(&values[KEY_COMPRESSION]),
                                  .version = text_of(&values[KEY_CONNECT])};
  return true;
}
