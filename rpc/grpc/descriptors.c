/* descriptor.proto by its wire bytes. What may stand inside what, and under which field number, is one table; a search
 * descends only where the name so far agrees, so its depth is bounded by the dots of the name, and by DEPTH_MAX.
 * Invariant: every length is held against what is left before it is believed. */
#include "rpc/grpc/descriptors.h"

/* google.protobuf.*DescriptorProto */
enum kind { K_NONE, K_FILE, K_MESSAGE, K_ENUM, K_SERVICE, K_LEAF, KINDS };

enum { DEPTH_MAX = 32, CHILD_FIELDS = 10 };
enum { SET_FILE = 1, FILE_NAME = 1, FILE_PACKAGE = 2, FILE_DEPENDENCY = 3, ANY_NAME = 1 };

/* [what][field number]: what stands there. Values of an enum are named beside it, not in it: see declares. */
static const enum kind children[KINDS][CHILD_FIELDS] = {
    [K_FILE] = {[4] = K_MESSAGE, [5] = K_ENUM, [6] = K_SERVICE, [7] = K_LEAF},
    [K_MESSAGE] = {[2] = K_LEAF, [3] = K_MESSAGE, [4] = K_ENUM, [6] = K_LEAF, [8] = K_LEAF},
    [K_ENUM] = {[2] = K_LEAF},
    [K_SERVICE] = {[2] = K_LEAF},
};

/* --- wire bytes --- */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static bool varint(struct sv_cursor *c, uint64_t *ret) {
  uint64_t v = 0;
  uint8_t byte = 0x80;
  for (unsigned shift = 0; shift < 64 && (byte & 0x80); shift += 7) {
    if (!sv_cursor_u8(c, &byte)) {
      return false;
    }
    v |= (uint64_t)(byte & 0x7F) << shift;
  }
  *ret = v;
  return !(byte & 0x80);
}

struct field {
  uint64_t number;
  unsigned type;
  struct sv_bytes bytes; /* of WIRE_BYTES */
  uint64_t value;        /* of WIRE_VARINT */
};

/* The next field. False at the end, and where the bytes are broken; then *c is not at its end. */
static bool field_next(struct sv_cursor *c, struct field *ret) {
  struct sv_cursor at = *c;
  uint64_t key;
  uint64_t n = 0;
  struct field f = {0};
  if (!varint(&at, &key)) {
    return false;
  }
  f.number = key >> 3;
  f.type = key & 7;
  if (f.type == WIRE_VARINT) {
    if (!varint(&at, &f.value)) {
      return false;
    }
  } else {
    n = f.type == WIRE_64 ? 8 : 4;
    if ((f.type == WIRE_BYTES && !varint(&at, &n)) ||
        (f.type != WIRE_BYTES && f.type != WIRE_64 && f.type != WIRE_32) ||
        n > sv_cursor_left(&at) || !sv_cursor_take(&at, (size_t)n, &f.bytes)) {
      return false;
    }
  }
  *c = at;
  *ret = f;
  return true;
}

/* The first field of bytes with this number; empty when there is none. */
static struct sv_bytes field_of(struct sv_bytes bytes, uint64_t number) {
  struct sv_cursor c = sv_cursor_over(bytes);
  struct field f;
  while (field_next(&c, &f)) {
    if (f.number == number && f.type == WIRE_BYTES) {
      return f.bytes;
    }
  }
  return (struct sv_bytes){0};
}

static bool file_next(struct sv_cursor *c, struct rpc_descriptor_file *ret) {
  struct field f;
  while (field_next(c, &f)) {
    if (f.number == SET_FILE && f.type == WIRE_BYTES) {
      *ret = (struct rpc_descriptor_file){.name = field_of(f.bytes, FILE_NAME), .bytes = f.bytes};
      return true;
    }
  }
  return false;
}

/* --- names --- */

/* Takes `part` and the dot after it off the front of *name; the whole of it leaves nothing. */
static bool name_enter(struct sv_bytes *name, struct sv_bytes part) {
  if (part.n == 0 || part.n > name->n || memcmp(name->p, part.p, part.n) != 0) {
    return false;
  }
  if (part.n == name->n) {
    *name = (struct sv_bytes){0};
    return true;
  }
  if (name->p[part.n] != '.' || part.n + 1 == name->n) {
    return false;
  }
  *name = sv_bytes_of(name->p + part.n + 1, name->n - part.n - 1);
  return true;
}

/* What `name`, said from inside of this descriptor, is; K_NONE when nothing. */
static enum kind declared(enum kind kind, struct sv_bytes descriptor, struct sv_bytes name,
                          unsigned depth) {
  struct sv_cursor c = sv_cursor_over(descriptor);
  struct field f;
  while (depth < DEPTH_MAX && field_next(&c, &f)) {
    enum kind child =
        f.number < CHILD_FIELDS && f.type == WIRE_BYTES ? children[kind][f.number] : K_NONE;
    struct sv_bytes rest = name;
    enum kind found = K_NONE;
    if (child == K_NONE) {
      continue;
    }
    if (name_enter(&rest, field_of(f.bytes, ANY_NAME))) {
      found = rest.n == 0       ? child
              : child == K_ENUM ? K_NONE
                                : declared(child, f.bytes, rest, depth + 1);
    }
    if (found == K_NONE && child == K_ENUM) { /* its values' names are its siblings' */
      found = declared(child, f.bytes, name, depth + 1);
    }
    if (found != K_NONE) {
      return found;
    }
  }
  return K_NONE;
}

static enum kind symbol_find(const struct rpc_descriptors *d, struct sv_bytes symbol,
                             struct rpc_descriptor_file *ret_file) {
  struct sv_cursor c = sv_cursor_over(d->set);
  struct rpc_descriptor_file file;
  while (file_next(&c, &file)) {
    struct sv_bytes package = field_of(file.bytes, FILE_PACKAGE);
    struct sv_bytes rest = symbol;
    if (package.n > 0 && !name_enter(&rest, package)) {
      continue;
    }
    enum kind found = rest.n > 0 ? declared(K_FILE, file.bytes, rest, 0) : K_NONE;
    if (found != K_NONE) {
      *ret_file = file;
      return found;
    }
  }
  return K_NONE;
}

bool rpc_descriptors_symbol(const struct rpc_descriptors *d, struct sv_bytes symbol,
                            struct rpc_descriptor_file *ret_file) {
  return symbol_find(d, symbol, ret_file) != K_NONE;
}

bool rpc_descriptors_is_message(const struct rpc_descriptors *d, struct sv_bytes symbol) {
  struct rpc_descriptor_file file;
  return symbol_find(d, symbol, &file) == K_MESSAGE;
}

/* --- methods --- */

enum { FILE_SERVICE = 6, SERVICE_METHOD = 2, METHOD_OPTIONS = 4, OPTION_IDEMPOTENCY = 34 };
enum { NO_SIDE_EFFECTS = 1 };

/* The first field of this number and name inside of a descriptor. */
static struct sv_bytes named(struct sv_bytes descriptor, uint64_t number, struct sv_bytes name) {
  struct sv_cursor c = sv_cursor_over(descriptor);
  struct field f;
  while (field_next(&c, &f)) {
    if (f.number == number && f.type == WIRE_BYTES &&
        sv_bytes_equal(field_of(f.bytes, ANY_NAME), name)) {
      return f.bytes;
    }
  }
  return (struct sv_bytes){0};
}

/* The last dot of a service's name, where its package ends. */
static const char *last_dot(const char *name, const char *end) {
  const char *dot = NULL;
  for (const char *p = name; p < end; p++) {
    dot = *p == '.' ? p : dot;
  }
  return dot;
}

bool rpc_descriptors_method_is_safe(const struct rpc_descriptors *d, const char *path) {
  const char *service = path + 1;
  const char *slash = strchr(service, '/');
  struct rpc_descriptor_file file;
  if (!slash ||
      !rpc_descriptors_symbol(d, sv_bytes_of(service, (size_t)(slash - service)), &file)) {
    return false;
  }
  const char *dot = last_dot(service, slash);
  const char *name = dot ? dot + 1 : service;
  struct sv_bytes found =
      named(file.bytes, FILE_SERVICE, sv_bytes_of(name, (size_t)(slash - name)));
  found = named(found, SERVICE_METHOD, sv_bytes_str(slash + 1));
  struct sv_cursor c = sv_cursor_over(field_of(found, METHOD_OPTIONS));
  struct field f;
  while (field_next(&c, &f)) {
    if (f.number == OPTION_IDEMPOTENCY && f.type == WIRE_VARINT) {
      return f.value == NO_SIDE_EFFECTS;
    }
  }
  return false;
}

/* --- files --- */

bool rpc_descriptors_file(const struct rpc_descriptors *d, struct sv_bytes name,
                          struct rpc_descriptor_file *ret_file) {
  struct sv_cursor c = sv_cursor_over(d->set);
  struct rpc_descriptor_file file;
  while (file_next(&c, &file)) {
    if (sv_bytes_equal(file.name, name)) {
      *ret_file = file;
      return true;
    }
  }
  return false;
}

static bool listed(const struct rpc_descriptor_file *files, size_t n, struct sv_bytes name) {
  for (size_t i = 0; i < n; i++) {
    if (sv_bytes_equal(files[i].name, name)) {
      return true;
    }
  }
  return false;
}

size_t rpc_descriptors_closure(const struct rpc_descriptors *d,
                               const struct rpc_descriptor_file *file,
                               struct rpc_descriptor_file ret[static RPC_DESCRIPTOR_FILES_MAX]) {
  size_t n = 0;
  ret[n++] = *file;
  for (size_t i = 0; i < n; i++) { /* the list grows while it is walked */
    struct sv_cursor c = sv_cursor_over(ret[i].bytes);
    struct field f;
    while (n < RPC_DESCRIPTOR_FILES_MAX && field_next(&c, &f)) {
      if (f.number == FILE_DEPENDENCY && f.type == WIRE_BYTES && !listed(ret, n, f.bytes) &&
          rpc_descriptors_file(d, f.bytes, &ret[n])) {
        n++;
      }
    }
  }
  return n;
}

static sv_status file_check(struct sv_ctx *ctx, const struct rpc_descriptor_file *earlier, size_t n,
                            const struct rpc_descriptor_file *file) {
  struct sv_cursor c = sv_cursor_over(file->bytes);
  struct field f;
  if (file->name.n == 0 || listed(earlier, n, file->name)) {
    return SV_FAIL(ctx, CONFIG, "descriptor set: file %zu has no name of its own", n);
  }
  while (field_next(&c, &f)) {
    if (f.number == FILE_DEPENDENCY && !listed(earlier, n, f.bytes)) {
      return SV_FAIL(ctx, CONFIG, "descriptor set: an import of file %zu is not before it", n);
    }
  }
  return sv_cursor_left(&c) > 0 ? SV_FAIL(ctx, CONFIG, "descriptor set: file %zu is broken", n)
                                : SV_DONE;
}

sv_status rpc_descriptors_check(struct sv_ctx *ctx, const struct rpc_descriptors *d) {
  struct rpc_descriptor_file files[RPC_DESCRIPTOR_FILES_MAX];
  struct sv_cursor c = sv_cursor_over(d->set);
  size_t n = 0;
  while (n < RPC_DESCRIPTOR_FILES_MAX && file_next(&c, &files[n])) {
    SV_TRY(file_check(ctx, files, n, &files[n]));
    n++;
  }
  return n == 0 || sv_cursor_left(&c) > 0
             ? SV_FAIL(ctx, CONFIG, "descriptor set: broken, or too many files, after %zu", n)
             : SV_DONE;
}
