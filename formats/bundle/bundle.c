/* Lines in one order; whatever is read is what would have been written. */
#include "formats/bundle/bundle.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"

static const char status_head[] = "salvo-status/1";
static const char trust_head[] = "salvo-trust/1";

enum { CHANGE_BYTES = 4, CHANGES_STEP = 64 };

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
  return out->failed
             ? SV_FAIL(ctx, LIMIT_EXCEEDED, "a bundle has at most %d bytes", BUNDLE_TEXT_MAX)
             : SV_DONE;
}

sv_status bundle_write(struct sv_ctx *ctx, const struct bundle *b, struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, BUNDLE_TEXT_MAX);
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
  struct sv_buf out = sv_buf_in(ctx->mem, BUNDLE_TEXT_MAX);
  sv_buf_printf(&out, "%s\nsequence %" PRIu64 "\n", trust_head, t->sequence);
  put_time(&out, "not-before", t->not_before_us);
  put_time(&out, "expires", t->expires_us);
  for (size_t i = 0; i < t->certificate_count; i++) {
    put_base64(ctx, &out, "certificate", t->certificates[i]);
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

static bool take_time(struct sv_cursor *c, const char *name, int64_t *ret) {
  struct sv_bytes v;
  char text[21], again[21];
  if (!take(c, name, &v) || v.n != 20) {
    return false;
  }
  memcpy(text, v.p, 20);
  text[20] = '\0';
  if (!sv_time_parse(text, ret, NULL)) {
    return false;
  }
  sv_time_format(*ret, again);
  return strcmp(again, text) == 0; /* one way to write it */
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

sv_status bundle_trust_read(struct sv_ctx *ctx, struct sv_bytes text, struct bundle_trust *ret) {
  struct sv_cursor c = sv_cursor_over(text);
  struct bundle_trust *t = SV_NEW(ctx->mem, struct bundle_trust);
  struct sv_bytes der, log;
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list");
  }
  if (!take_head(&c, trust_head) || !take_number(&c, "sequence", &t->sequence) ||
      !take_time(&c, "not-before", &t->not_before_us) ||
      !take_time(&c, "expires", &t->expires_us)) {
    return SV_FAIL(ctx, CORRUPT, "not a trust list");
  }
  while (take_base64(ctx, &c, "certificate", &der)) {
    if (t->certificate_count == BUNDLE_CERTIFICATES_MAX) {
      return SV_FAIL(ctx, CORRUPT, "too many certificates");
    }
    t->certificates[t->certificate_count++] = der;
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

/* --- PEM (RFC 7468) --- */

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

sv_status bundle_trust_add_pem(struct sv_ctx *ctx, struct bundle_trust *t, struct sv_bytes pem) {
  const uint8_t *p = pem.p, *last = pem.p + pem.n;
  while ((p = memmem(p, (size_t)(last - p), pem_begin, sizeof pem_begin - 1)) != NULL) {
    p += sizeof pem_begin - 1;
    const uint8_t *end = memmem(p, (size_t)(last - p), pem_end, sizeof pem_end - 1);
    struct sv_buf text = sv_buf_in(ctx->mem, BUNDLE_TEXT_MAX);
    for (; end && p < end; p++) {
      if (*p > ' ') {
        sv_buf_u8(&text, *p);
      }
    }
    struct sv_bytes der;
    if (!end || text.failed || !tlog_base64_read(ctx, sv_buf_bytes(&text), &der) ||
        t->certificate_count == BUNDLE_CERTIFICATES_MAX) {
      return SV_FAIL(ctx, CERT_FORMAT, "certificates of a trust list");
    }
    bool known = false;
    for (size_t i = 0; i < t->certificate_count; i++) {
      known = known || sv_bytes_equal(t->certificates[i], der);
    }
    if (!known) {
      t->certificates[t->certificate_count++] = der;
    }
  }
  return SV_DONE;
}

sv_status bundle_trust_pem(struct sv_ctx *ctx, const struct bundle_trust *t, struct sv_bytes *ret) {
  enum { LINE = 64 };
  struct sv_buf out = sv_buf_in(ctx->mem, 2 * BUNDLE_TEXT_MAX);
  for (size_t i = 0; i < t->certificate_count; i++) {
    struct sv_bytes der = t->certificates[i];
    char *text = sv_arena_alloc(ctx->mem, 4 * ((der.n + 2) / 3) + 1);
    if (!text) {
      return SV_FAIL(ctx, NO_MEMORY, "trust list");
    }
    sv_base64(der.p, der.n, text);
    sv_buf_printf(&out, "%s\n", pem_begin);
    for (const char *line = text; *line; line += strnlen(line, LINE)) {
      sv_buf_printf(&out, "%.*s\n", LINE, line);
    }
    sv_buf_printf(&out, "%s\n", pem_end);
  }
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, NO_MEMORY, "trust list") : SV_DONE;
}
