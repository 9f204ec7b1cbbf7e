/* Lines in one order; whatever is read is what would have been written. */
#include "formats/bundle/bundle.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"

static const char status_head[] = "salvo-status/1";
static const char trust_head[] = "salvo-trust/1";

enum { CHANGE_BYTES = 4, CHANGES_STEP = 64, TIME_TEXT = 21, SIGNATURE_ROOM = 1024 };

/* --- writing --- */

static void put_base64(struct sv_ctx *ctx, struct sv_buf *out, const char *name,
                       struct sv_bytes bytes) {
  char *text = sv_arena_alloc(ctx->mem, 4 * ((bytes.n + 2) / 3) + 1);
  if (!text) {
    out->failed = true;
    return;
  }
  sv_base64(bytes.p, bytes.n, text);
  sv_buf_printf(out, "%s %s\n", name, text);
}

static void put_time(struct sv_buf *out, const char *name, int64_t us) {
  char time[21];
  sv_time_format(us, time);
  sv_buf_printf(out, "%s %s\n", name, time);
}

static void put_all(struct sv_ctx *ctx, struct sv_buf *out, const char *name,
                    const struct sv_bytes *ders, size_t n) {
  for (size_t i = 0; i < n; i++) {
    put_base64(ctx, out, name, ders[i]);
  }
}

static const char *time_or_none(int64_t us, char out[static TIME_TEXT]) {
  if (us == 0) {
    return "-";
  }
  sv_time_format(us, out);
  return out;
}

static void put_key(struct sv_buf *out, const struct bundle_key *k) {
  char hex[65], from[TIME_TEXT], until[TIME_TEXT], since[TIME_TEXT];
  sv_hex(k->sha256, sizeof k->sha256, hex);
  sv_buf_printf(out, "key %s/%s/%s/%s\n", hex, time_or_none(k->from_us, from),
                time_or_none(k->until_us, until), time_or_none(k->compromised_us, since));
}

static sv_status put_changes(struct sv_ctx *ctx, struct sv_buf *out, const struct bundle *b) {
  size_t n = (b->change_count + CHANGES_STEP - 1) / CHANGES_STEP * CHANGES_STEP;
  uint8_t *p = sv_arena_alloc(ctx->mem, (n ? n : CHANGES_STEP) * CHANGE_BYTES);
  if (!p || b->change_count > BUNDLE_CHANGES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "changes of a bundle");
  }
  n = n ? n : CHANGES_STEP;
  memset(p, 0xff, n * CHANGE_BYTES);
  for (size_t i = 0; i < b->change_count; i++) {
    uint32_t v = b->changes[i].place << 2 | (uint32_t)b->changes[i].status;
    for (int k = 0; k < CHANGE_BYTES; k++) {
      p[CHANGE_BYTES * i + (size_t)k] = (uint8_t)(v >> (24 - 8 * k));
    }
  }
  put_base64(ctx, out, "changes", sv_bytes_of(p, n * CHANGE_BYTES));
  return SV_DONE;
}

static sv_status text_end(struct sv_ctx *ctx, struct sv_buf *out, struct sv_bytes *ret) {
  *ret = sv_buf_bytes(out);
  return out->failed ? SV_FAIL(ctx, LIMIT_EXCEEDED, "a list for devices has at most %d bytes",
                               BUNDLE_TEXT_MAX - SIGNATURE_ROOM)
                     : SV_DONE;
}

sv_status bundle_write(struct sv_ctx *ctx, const struct bundle *b, struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, BUNDLE_TEXT_MAX - SIGNATURE_ROOM);
  sv_buf_printf(&out, "%s\nlist %c\nsequence %" PRIu64 "\nafter %" PRIu64 "\n", status_head,
                b->list, b->sequence, b->after);
  put_time(&out, "not-before", b->not_before_us);
  put_time(&out, "fresh-until", b->fresh_until_us);
  put_time(&out, "expires", b->expires_us);
  if (b->bits) {
    put_base64(ctx, &out, "bits", sv_bytes_of(b->bits, BUNDLE_BITS_BYTES));
  } else {
    SV_TRY(put_changes(ctx, &out, b));
  }
  if (b->checkpoint[0]) {
    put_base64(ctx, &out, "checkpoint", sv_bytes_str(b->checkpoint));
  } else {
    sv_buf_printf(&out, "checkpoint -\n");
  }
  return text_end(ctx, &out, ret);
}

sv_status bundle_trust_write(struct sv_ctx *ctx, const struct bundle_trust *t,
                             struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, BUNDLE_TEXT_MAX - SIGNATURE_ROOM);
  sv_buf_printf(&out, "%s\nsequence %" PRIu64 "\n", trust_head, t->sequence);
  put_time(&out, "not-before", t->not_before_us);
  put_time(&out, "expires", t->expires_us);
  put_all(ctx, &out, "certificate", t->certificates, t->certificate_count);
  put_all(ctx, &out, "stamp", t->stamps, t->stamp_count);
  put_all(ctx, &out, "crl", t->crls, t->crl_count);
  for (size_t i = 0; i < t->key_count; i++) {
    put_key(&out, &t->keys[i]);
  }
  sv_buf_printf(&out, "log %s\n", t->log_key);
  return text_end(ctx, &out, ret);
}

/* --- reading --- */

/* The value of the next line, which must have this name; false otherwise. */
static bool take(struct sv_cursor *c, const char *name, struct sv_bytes *ret) {
  const uint8_t *end = sv_cursor_left(c) ? memchr(c->p, '\n', sv_cursor_left(c)) : NULL;
  size_t n = strlen(name);
  if (!end || (size_t)(end - c->p) < n + 1 || memcmp(c->p, name, n) != 0 || c->p[n] != ' ') {
    return false;
  }
  for (const uint8_t *p = c->p + n + 1; p < end; p++) {
    if (*p <= ' ' || *p > '~') { /* values are one word of plain characters */
      return false;
    }
  }
  *ret = sv_bytes_of(c->p + n + 1, (size_t)(end - c->p) - n - 1);
  c->p = end + 1;
  return true;
}

static bool take_head(struct sv_cursor *c, const char *head) {
  size_t n = strlen(head);
  struct sv_bytes line;
  return sv_cursor_take(c, n, &line) && memcmp(line.p, head, n) == 0 &&
         sv_cursor_take(c, 1, &line) && line.p[0] == '\n';
}

static bool take_number(struct sv_cursor *c, const char *name, uint64_t *ret) {
  struct sv_bytes v;
  uint64_t n = 0;
  if (!take(c, name, &v) || v.n == 0 || v.n > 18 || (v.n > 1 && v.p[0] == '0')) {
    return false;
  }
  for (size_t i = 0; i < v.n; i++) {
    if (v.p[i] < '0' || v.p[i] > '9') {
      return false;
    }
    n = 10 * n + (uint64_t)(v.p[i] - '0');
  }
  *ret = n;
  return true;
}

static bool time_read(struct sv_bytes v, int64_t *ret) {
  char text[TIME_TEXT], again[TIME_TEXT];
  if (v.n != sizeof text - 1) {
    return false;
  }
  memcpy(text, v.p, v.n);
  text[v.n] = '\0';
  if (!sv_time_parse(text, ret, NULL)) {
    return false;
  }
  sv_time_format(*ret, again);
  return strcmp(again, text) == 0; /* one way to write it */
}

static bool take_time(struct sv_cursor *c, const char *name, int64_t *ret) {
  struct sv_bytes v;
  return take(c, name, &v) && time_read(v, ret);
}

/* The part up to the next slash, or to the end. */
static struct sv_bytes part_of(struct sv_bytes *v) {
  const uint8_t *slash = v->n ? memchr(v->p, '/', v->n) : NULL;
  struct sv_bytes part = sv_bytes_of(v->p, slash ? (size_t)(slash - v->p) : v->n);
  size_t past = part.n + (slash != NULL);
  *v = sv_bytes_of(v->p + past, v->n - past);
  return part;
}

static bool time_or_none_read(struct sv_bytes v, int64_t *ret) {
  *ret = 0;
  return (v.n == 1 && v.p[0] == '-') || (time_read(v, ret) && *ret != 0);
}

static bool key_read(struct sv_bytes v, struct bundle_key *ret) {
  char hex[65] = "", again[65];
  struct sv_bytes digest = part_of(&v);
  if (digest.n != 64) {
    return false;
  }
  memcpy(hex, digest.p, digest.n);
  if (!sv_unhex(hex, ret->sha256, sizeof ret->sha256)) {
    return false;
  }
  sv_hex(ret->sha256, sizeof ret->sha256, again);
  return strcmp(hex, again) == 0 && time_or_none_read(part_of(&v), &ret->from_us) &&
         time_or_none_read(part_of(&v), &ret->until_us) && memchr(v.p, '/', v.n) == NULL &&
         time_or_none_read(v, &ret->compromised_us);
}

static bool take_base64(struct sv_ctx *ctx, struct sv_cursor *c, const char *name,
                        struct sv_bytes *ret) {
  struct sv_cursor before = *c;
  struct sv_bytes v;
  if (take(c, name, &v) && tlog_base64_read(ctx, v, ret)) {
    return true;
  }
  *c = before; /* a line that is bent is there still, and nobody else's */
  return false;
}

static sv_status changes_read(struct sv_ctx *ctx, struct sv_bytes raw, struct bundle *b) {
  size_t n = raw.n / CHANGE_BYTES;
  struct bundle_change *changes = SV_ARRAY(ctx->mem, n, struct bundle_change);
  if (!changes) {
    return SV_FAIL(ctx, NO_MEMORY, "changes");
  }
  if (raw.n % (CHANGE_BYTES * CHANGES_STEP) != 0 || n == 0 || n > BUNDLE_CHANGES_MAX) {
    return SV_FAIL(ctx, CORRUPT, "changes of a wrong length");
  }
  for (size_t i = 0; i < n; i++) {
    const uint8_t *p = raw.p + CHANGE_BYTES * i;
    uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if (v == UINT32_MAX) {
      continue;
    }
    if (v >> 2 >= BUNDLE_PLACES) {
      return SV_FAIL(ctx, CORRUPT, "a change outside of the list");
    }
    changes[b->change_count++] = (struct bundle_change){v >> 2, (enum bundle_status)(v & 3)};
  }
  b->changes = changes;
  return SV_DONE;
}

sv_status bundle_read(struct sv_ctx *ctx, struct sv_bytes text, struct bundle *ret) {
  struct bundle b = {.checkpoint = ""};
  struct sv_cursor c = sv_cursor_over(text);
  struct sv_bytes list, raw;
  if (!take_head(&c, status_head) || !take(&c, "list", &list) || list.n != 1 || list.p[0] < 'A' ||
      list.p[0] > 'Z' || !take_number(&c, "sequence", &b.sequence) ||
      !take_number(&c, "after", &b.after) || !take_time(&c, "not-before", &b.not_before_us) ||
      !take_time(&c, "fresh-until", &b.fresh_until_us) ||
      !take_time(&c, "expires", &b.expires_us) || b.after > b.sequence) {
    return SV_FAIL(ctx, CORRUPT, "not a status bundle");
  }
  b.list = (char)list.p[0];
  if (b.after == 0) {
    if (!take_base64(ctx, &c, "bits", &raw) || raw.n != BUNDLE_BITS_BYTES) {
      return SV_FAIL(ctx, CORRUPT, "a status list of another length");
    }
    b.bits = raw.p;
  } else if (take_base64(ctx, &c, "changes", &raw)) {
    SV_TRY(changes_read(ctx, raw, &b));
  } else {
    return SV_FAIL(ctx, CORRUPT, "a status bundle without changes");
  }
  struct sv_bytes note;
  if (!take(&c, "checkpoint", &note) || sv_cursor_left(&c) != 0) {
    return SV_FAIL(ctx, CORRUPT, "a status bundle without its end");
  }
  if (note.n != 1 || note.p[0] != '-') {
    if (!tlog_base64_read(ctx, note, &raw) || memchr(raw.p, '\0', raw.n)) {
      return SV_FAIL(ctx, CORRUPT, "a checkpoint that is none");
    }
    b.checkpoint = sv_arena_strndup(ctx->mem, (const char *)raw.p, raw.n);
  }
  *ret = b;
  return b.checkpoint ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "bundle");
}

static sv_status take_all(struct sv_ctx *ctx, struct sv_cursor *c, const char *name,
                          struct sv_bytes *list, size_t max, size_t *n) {
  for (struct sv_bytes der; take_base64(ctx, c, name, &der);) {
    if (*n == max) {
      return SV_FAIL(ctx, CORRUPT, "more than %zu lines of %s", max, name);
    }
    list[(*n)++] = der;
  }
  return SV_DONE;
}

sv_status bundle_trust_read(struct sv_ctx *ctx, struct sv_bytes text, struct bundle_trust *ret) {
  struct sv_cursor c = sv_cursor_over(text);
  struct bundle_trust *t = SV_NEW(ctx->mem, struct bundle_trust);
  struct sv_bytes log;
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list");
  }
  if (!take_head(&c, trust_head) || !take_number(&c, "sequence", &t->sequence) ||
      !take_time(&c, "not-before", &t->not_before_us) ||
      !take_time(&c, "expires", &t->expires_us)) {
    return SV_FAIL(ctx, CORRUPT, "not a trust list");
  }
  SV_TRY(take_all(ctx, &c, "certificate", t->certificates, BUNDLE_CERTIFICATES_MAX,
                  &t->certificate_count));
  SV_TRY(take_all(ctx, &c, "stamp", t->stamps, BUNDLE_STAMPS_MAX, &t->stamp_count));
  SV_TRY(take_all(ctx, &c, "crl", t->crls, BUNDLE_CRLS_MAX, &t->crl_count));
  for (struct sv_bytes key; take(&c, "key", &key);) {
    if (t->key_count == BUNDLE_KEYS_MAX || !key_read(key, &t->keys[t->key_count++])) {
      return SV_FAIL(ctx, CORRUPT, "the life of a key");
    }
  }
  if (!take(&c, "log", &log) || sv_cursor_left(&c) != 0) {
    return SV_FAIL(ctx, CORRUPT, "a trust list without its end");
  }
  t->log_key = sv_arena_strndup(ctx->mem, (const char *)log.p, log.n);
  *ret = *t;
  return t->log_key ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "trust list");
}

bool bundle_name(struct sv_bytes text, char ret_name[static 16], uint64_t *ret_sequence) {
  struct sv_cursor c = sv_cursor_over(text), t = c;
  struct sv_bytes list;
  if (take_head(&t, trust_head)) {
    memcpy(ret_name, "trust", sizeof "trust");
    return take_number(&t, "sequence", ret_sequence);
  }
  if (!take_head(&c, status_head) || !take(&c, "list", &list) || list.n != 1 || list.p[0] < 'A' ||
      list.p[0] > 'Z') {
    return false;
  }
  memcpy(ret_name, "status:?", sizeof "status:?");
  ret_name[7] = (char)list.p[0];
  return take_number(&c, "sequence", ret_sequence);
}
