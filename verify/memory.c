/* Lines in one order; a line that would not have been written is refused, and so is the file: a device that forgot may be
 * told so by whoever keeps it. */
#include "verify/memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

enum { LINE_MAX_BYTES = 160, TIME_TEXT = 21 };

sv_status verify_memory_new(struct sv_ctx *ctx, struct verify_memory **ret) {
  struct verify_memory *m = SV_NEW(ctx->mem, struct verify_memory);
  struct verify_seen *seen = SV_ARRAY(ctx->mem, VERIFY_SEEN_MAX, struct verify_seen);
  if (!m || !seen) {
    return SV_FAIL(ctx, NO_MEMORY, "what a device remembers");
  }
  *m = (struct verify_memory){.seen = seen};
  *ret = m;
  return SV_DONE;
}

/* --- reading --- */

static bool latest_read(struct verify_memory *m, const char *line) {
  char time[TIME_TEXT] = "";
  return sscanf(line, "latest %20s", time) == 1 && sv_time_parse(time, &m->latest_us, NULL);
}

static bool list_read(struct verify_memory *m, const char *line) {
  char letter, root[65] = "";
  struct verify_list_seen l = {0};
  if (sscanf(line, "list %c %" SCNu64 " %" SCNu64 " %64s", &letter, &l.sequence, &l.log_size,
             root) != 4 ||
      letter < 'A' || letter > 'Z' || strlen(root) != 64 ||
      !sv_unhex(root, l.log_root, sizeof l.log_root)) {
    return false;
  }
  m->lists[letter - 'A'] = l;
  return true;
}

static bool seen_read(struct verify_memory *m, const char *line) {
  struct verify_seen s = {0};
  char time[TIME_TEXT] = "";
  if (m->seen_count == VERIFY_SEEN_MAX ||
      sscanf(line, "seen %9[0-9A-Z] %" SCNu32 " %" SCNu32 " %20s", s.number, &s.version, &s.copy,
             time) != 4 ||
      !sv_time_parse(time, &s.time_us, NULL)) {
    return false;
  }
  m->seen[m->seen_count++] = s;
  return true;
}

static bool line_read(struct verify_memory *m, size_t number, const char *line) {
  return number == 1   ? strcmp(line, "salvo-device/1") == 0
         : number == 2 ? latest_read(m, line)
         : number == 3 ? sscanf(line, "trust %" SCNu64, &m->trust_sequence) == 1
                       : list_read(m, line) || seen_read(m, line);
}

sv_status verify_memory_read(struct sv_ctx *ctx, struct sv_bytes text, struct verify_memory **ret) {
  struct verify_memory *m;
  struct sv_bytes again;
  SV_TRY(verify_memory_new(ctx, &m));
  size_t number = 0;
  for (const uint8_t *p = text.p, *end = text.p + text.n; p < end;) {
    const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
    size_t n = stop ? (size_t)(stop - p) : LINE_MAX_BYTES;
    char line[LINE_MAX_BYTES];
    if (n < sizeof line) {
      memcpy(line, p, n);
      line[n] = '\0';
    }
    number++;
    if (n >= sizeof line || !line_read(m, number, line)) {
      return SV_FAIL(ctx, CORRUPT, "line %zu of what the device remembers", number);
    }
    p = stop + 1;
  }
  SV_TRY(verify_memory_write(ctx, m, &again));
  if (!sv_bytes_equal(again, text)) {
    return SV_FAIL(ctx, CORRUPT, "what the device remembers is not as it was written");
  }
  *ret = m;
  return SV_DONE;
}

/* --- writing --- */

sv_status verify_memory_write(struct sv_ctx *ctx, const struct verify_memory *m,
                              struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, VERIFY_MEMORY_MAX);
  char time[TIME_TEXT], root[65];
  sv_time_format(m->latest_us, time);
  sv_buf_printf(&out, "salvo-device/1\nlatest %s\ntrust %" PRIu64 "\n", time, m->trust_sequence);
  for (int i = 0; i < VERIFY_LISTS; i++) {
    const struct verify_list_seen *l = &m->lists[i];
    if (l->sequence) {
      sv_hex(l->log_root, sizeof l->log_root, root);
      sv_buf_printf(&out, "list %c %" PRIu64 " %" PRIu64 " %s\n", 'A' + i, l->sequence, l->log_size,
                    root);
    }
  }
  for (size_t i = 0; i < m->seen_count; i++) {
    const struct verify_seen *s = &m->seen[i];
    sv_time_format(s->time_us, time);
    sv_buf_printf(&out, "seen %s %" PRIu32 " %" PRIu32 " %s\n", s->number, s->version, s->copy,
                  time);
  }
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, NO_MEMORY, "what a device remembers") : SV_DONE;
}

/* --- letters --- */

const struct verify_seen *verify_memory_find(const struct verify_memory *m, const char *number,
                                             uint32_t version, uint32_t copy,
                                             uint32_t *ret_newest_copy) {
  const struct verify_seen *found = NULL;
  *ret_newest_copy = 0;
  for (size_t i = 0; i < m->seen_count; i++) {
    const struct verify_seen *s = &m->seen[i];
    if (strcmp(s->number, number) == 0 && s->version == version) {
      *ret_newest_copy = s->copy > *ret_newest_copy ? s->copy : *ret_newest_copy;
      found = s->copy == copy ? s : found;
    }
  }
  return found;
}

void verify_memory_add(struct verify_memory *m, const char *number, uint32_t version, uint32_t copy,
                       int64_t time_us) {
  size_t n = 0;
  for (size_t i = 0; i < m->seen_count; i++) { /* what is shown again takes no place of another */
    const struct verify_seen *s = &m->seen[i];
    if (strcmp(s->number, number) != 0 || s->version != version || s->copy != copy) {
      m->seen[n++] = *s;
    }
  }
  m->seen_count = n;
  if (m->seen_count == VERIFY_SEEN_MAX) {
    memmove(m->seen, m->seen + 1, --m->seen_count * sizeof *m->seen);
  }
  struct verify_seen *s = &m->seen[m->seen_count++];
  *s = (struct verify_seen){.version = version, .copy = copy, .time_us = time_us};
  (void)snprintf(s->number, sizeof s->number, "%s", number);
}
