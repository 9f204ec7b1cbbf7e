/* One way to write a line, and no other is read. */
#include "formats/journal/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"

const char journal_head[] = "salvo-journal/1\n";

static const char *const purposes[] = {[JOURNAL_DOCUMENT] = "document",
                                       [JOURNAL_VISIBLE] = "visible",
                                       [JOURNAL_CHECKPOINT] = "checkpoint",
                                       [JOURNAL_TRUST] = "trust"};

static bool number_good(const struct journal_entry *e) {
  if (e->purpose == JOURNAL_CHECKPOINT) {
    return e->number[0] == '\0';
  }
  for (const char *p = e->number; *p; p++) {
    if (*p <= ' ' || *p > '~') {
      return false;
    }
  }
  return e->number[0] != '\0' && strcmp(e->number, "-") != 0;
}

static void chain_next(struct journal_place *place, struct sv_bytes body) {
  uint8_t in[32 + JOURNAL_LINE_MAX];
  SV_ASSERT(body.n <= JOURNAL_LINE_MAX);
  memcpy(in, place->chain, 32);
  memcpy(in + 32, body.p, body.n);
  crypto_sha256(sv_bytes_of(in, 32 + body.n), place->chain);
}

/* The line up to its chain, with the space before it. */
static int body_of(const struct journal_entry *e, char line[static JOURNAL_LINE_MAX]) {
  char record[65], tbs[65], certificate[65];
  sv_hex(e->record_sha256, 32, record);
  sv_hex(e->tbs_sha256, 32, tbs);
  sv_hex(e->certificate_sha256, 32, certificate);
  return snprintf(line, JOURNAL_LINE_MAX, "%" PRIu64 " %" PRId64 " %s %s %" PRIu64 " %u %s %s %s ",
                  e->sequence, e->time_s, purposes[e->purpose], e->number[0] ? e->number : "-",
                  e->version, e->copy, record, tbs, certificate);
}

sv_status journal_write(struct sv_ctx *ctx, struct journal_place *place,
                        const struct journal_entry *entry, struct sv_buf *out) {
  struct journal_entry e = *entry;
  char line[JOURNAL_LINE_MAX], chain[65];
  if (!number_good(&e)) {
    return SV_FAIL(ctx, INTERNAL, "the journal can't hold this number");
  }
  e.sequence = ++place->sequence;
  int n = body_of(&e, line);
  SV_ASSERT(n > 0 && n < JOURNAL_LINE_MAX);
  chain_next(place, sv_bytes_of(line, (size_t)n));
  sv_hex(place->chain, 32, chain);
  sv_buf_put(out, line, (size_t)n);
  sv_buf_printf(out, "%s\n", chain);
  return out->failed ? SV_FAIL(ctx, NO_MEMORY, "journal") : SV_DONE;
}

/* The next word of a line, cut off in place; NULL at its end. */
static char *word(char **at) {
  char *start = *at;
  char *space = start ? strchr(start, ' ') : NULL;
  if (space) {
    *space = '\0';
  }
  *at = space ? space + 1 : NULL;
  return start;
}

static bool count(const char *text, uint64_t *ret) {
  char *end;
  if (!text || *text < '0' || *text > '9' || strlen(text) > 19) {
    return false;
  }
  *ret = strtoull(text, &end, 10);
  return *end == '\0';
}

static bool digest(const char *text, uint8_t ret[static 32]) {
  return text && strlen(text) == 64 && sv_unhex(text, ret, 32);
}

static bool purpose_of(const char *text, enum journal_purpose *ret) {
  for (int p = JOURNAL_DOCUMENT; text && p <= JOURNAL_TRUST; p++) {
    if (strcmp(purposes[p], text) == 0) {
      *ret = (enum journal_purpose)p;
      return true;
    }
  }
  return false;
}

static bool fields_of(char *line, struct journal_entry *e) {
  char *at = line;
  uint64_t time, copy;
  bool good = count(word(&at), &e->sequence) && count(word(&at), &time) &&
              purpose_of(word(&at), &e->purpose);
  const char *number = good ? word(&at) : NULL;
  if (!number || strlen(number) > JOURNAL_NUMBER_MAX) {
    return false;
  }
  (void)snprintf(e->number, sizeof e->number, "%s", strcmp(number, "-") == 0 ? "" : number);
  good = count(word(&at), &e->version) && count(word(&at), &copy) && copy <= UINT32_MAX &&
         digest(word(&at), e->record_sha256) && digest(word(&at), e->tbs_sha256) &&
         digest(word(&at), e->certificate_sha256) && time <= INT64_MAX;
  e->time_s = good ? (int64_t)time : 0;
  e->copy = good ? (uint32_t)copy : 0;
  return good && at && number_good(e);
}

sv_status journal_read(struct sv_ctx *ctx, struct journal_place *place, struct sv_bytes line,
                       struct journal_entry *ret) {
  char copy[JOURNAL_LINE_MAX + 1], body[JOURNAL_LINE_MAX], chain[65];
  struct journal_entry e = {0};
  if (line.n > JOURNAL_LINE_MAX || memchr(line.p, '\0', line.n)) {
    return SV_FAIL(ctx, CORRUPT, "a line that is too long or has a NUL");
  }
  memcpy(copy, line.p, line.n);
  copy[line.n] = '\0';
  if (!fields_of(copy, &e) || e.sequence != place->sequence + 1) {
    return SV_FAIL(ctx, CORRUPT, "no line of a journal, or not the next one");
  }
  struct journal_place next = {.sequence = e.sequence};
  memcpy(next.chain, place->chain, sizeof next.chain);
  int n = body_of(&e, body);
  chain_next(&next, sv_bytes_of(body, (size_t)n));
  sv_hex(next.chain, 32, chain);
  if (line.n != (size_t)n + 64 || memcmp(line.p, body, (size_t)n) != 0 ||
      memcmp(line.p + n, chain, 64) != 0) {
    return SV_FAIL(ctx, CORRUPT, "the chain of line %" PRIu64 " is broken", e.sequence);
  }
  *place = next;
  *ret = e;
  return SV_DONE;
}
