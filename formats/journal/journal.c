/* One way to write a line, and no other is read. */
#include "formats/journal/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"

static const char magic[] = "salvo-journal/1";

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

static struct journal_list *list_of(struct journal_state *state, const char *name) {
  for (size_t i = 0; i < JOURNAL_LISTS_MAX; i++) {
    struct journal_list *l = &state->lists[i];
    if (l->name[0] == '\0' || strcmp(l->name, name) == 0) {
      return l;
    }
  }
  return NULL;
}

uint64_t journal_list_last(const struct journal_state *state, const char *name) {
  for (size_t i = 0; i < JOURNAL_LISTS_MAX; i++) {
    if (strcmp(state->lists[i].name, name) == 0) {
      return state->lists[i].sequence;
    }
  }
  return 0;
}

/* false: there is no room for another list. */
static bool state_next(struct journal_state *state, const struct journal_entry *e,
                       struct sv_bytes body) {
  uint8_t in[32 + JOURNAL_LINE_MAX];
  SV_ASSERT(body.n <= JOURNAL_LINE_MAX);
  if (e->purpose == JOURNAL_TRUST) {
    struct journal_list *l = list_of(state, e->number);
    if (!l || strlen(e->number) > JOURNAL_LIST_NAME_MAX) {
      return false;
    }
    memcpy(l->name, e->number, strlen(e->number) + 1);
    l->sequence = e->version;
  }
  if (e->purpose == JOURNAL_CHECKPOINT && e->version) {
    state->tree_size = e->version;
    memcpy(state->tree_root, e->record_sha256, sizeof state->tree_root);
  }
  memcpy(in, state->chain, 32);
  memcpy(in + 32, body.p, body.n);
  crypto_sha256(sv_bytes_of(in, 32 + body.n), state->chain);
  state->sequence = e->sequence;
  return true;
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

sv_status journal_write(struct sv_ctx *ctx, struct journal_state *state,
                        const struct journal_entry *entry, struct sv_buf *out) {
  struct journal_entry e = *entry;
  struct journal_state next = *state;
  char line[JOURNAL_LINE_MAX], chain[65];
  e.sequence = state->sequence + 1;
  int n = number_good(&e) ? body_of(&e, line) : 0;
  SV_ASSERT(n >= 0 && n < JOURNAL_LINE_MAX);
  if (n == 0 || !state_next(&next, &e, sv_bytes_of(line, (size_t)n))) {
    return SV_FAIL(ctx, INTERNAL, "the journal can't hold this number");
  }
  sv_hex(next.chain, 32, chain);
  sv_buf_put(out, line, (size_t)n);
  sv_buf_printf(out, "%s\n", chain);
  *state = next;
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

/* As text that ends, for words to be cut in. */
static sv_status line_copy(struct sv_ctx *ctx, struct sv_bytes line, size_t max, char *ret) {
  if (line.n > max || memchr(line.p, '\0', line.n)) {
    return SV_FAIL(ctx, CORRUPT, "a line that is too long or has a NUL");
  }
  memcpy(ret, line.p, line.n);
  ret[line.n] = '\0';
  return SV_DONE;
}

sv_status journal_read(struct sv_ctx *ctx, struct journal_state *state, struct sv_bytes line,
                       struct journal_entry *ret) {
  char copy[JOURNAL_LINE_MAX + 1], body[JOURNAL_LINE_MAX], chain[65];
  struct journal_entry e = {0};
  struct journal_state next = *state;
  SV_TRY(line_copy(ctx, line, JOURNAL_LINE_MAX, copy));
  if (!fields_of(copy, &e) || e.sequence != state->sequence + 1) {
    return SV_FAIL(ctx, CORRUPT, "no line of a journal, or not the next one");
  }
  int n = body_of(&e, body);
  if (!state_next(&next, &e, sv_bytes_of(body, (size_t)n))) {
    return SV_FAIL(ctx, CORRUPT, "line %" PRIu64 " is of a list that there is no room for",
                   e.sequence);
  }
  sv_hex(next.chain, 32, chain);
  if (line.n != (size_t)n + 64 || memcmp(line.p, body, (size_t)n) != 0 ||
      memcmp(line.p + n, chain, 64) != 0) {
    return SV_FAIL(ctx, CORRUPT, "the chain of line %" PRIu64 " is broken", e.sequence);
  }
  *state = next;
  *ret = e;
  return SV_DONE;
}

/* --- the first line --- */

sv_status journal_head_write(struct sv_ctx *ctx, const struct journal_state *state,
                             struct sv_buf *out) {
  char chain[65], root[65];
  sv_buf_str(out, magic);
  if (state->sequence) {
    sv_hex(state->chain, 32, chain);
    sv_hex(state->tree_root, 32, root);
    sv_buf_printf(out, " %" PRIu64 " %s %" PRIu64 " %s ", state->sequence, chain, state->tree_size,
                  root);
    for (size_t i = 0; i < JOURNAL_LISTS_MAX && state->lists[i].name[0]; i++) {
      sv_buf_printf(out, "%s%s=%" PRIu64, i ? "," : "", state->lists[i].name,
                    state->lists[i].sequence);
    }
    sv_buf_str(out, state->lists[0].name[0] ? "" : "-");
  }
  sv_buf_str(out, "\n");
  return out->failed ? SV_FAIL(ctx, NO_MEMORY, "journal") : SV_DONE;
}

static bool lists_of(char *text, struct journal_state *state) {
  char *save = NULL;
  for (char *t = strtok_r(text, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
    char *is = strchr(t, '=');
    if (!is || is == t || is - t > JOURNAL_LIST_NAME_MAX) {
      return strcmp(t, "-") == 0;
    }
    *is = '\0';
    struct journal_list *l = list_of(state, t);
    if (!l || l->name[0] || !count(is + 1, &l->sequence)) {
      return false;
    }
    memcpy(l->name, t, strlen(t) + 1);
  }
  return true;
}

sv_status journal_head_read(struct sv_ctx *ctx, struct sv_bytes line, struct journal_state *ret) {
  char copy[JOURNAL_HEAD_MAX + 1], *at = copy;
  struct journal_state state = {0};
  struct sv_buf again = sv_buf_in(ctx->mem, 0);
  SV_TRY(line_copy(ctx, line, JOURNAL_HEAD_MAX, copy));
  bool good = strcmp(word(&at), magic) == 0;
  if (good && at) {
    good = count(word(&at), &state.sequence) && digest(word(&at), state.chain) &&
           count(word(&at), &state.tree_size) && digest(word(&at), state.tree_root);
    char *lists = good ? word(&at) : NULL;
    good = lists && !at && lists_of(lists, &state);
  }
  SV_TRY(journal_head_write(ctx, &state, &again));
  if (!good || again.n != line.n + 1 || memcmp(again.p, line.p, line.n) != 0) {
    return SV_FAIL(ctx, CORRUPT, "the journal does not begin as one");
  }
  *ret = state;
  return SV_DONE;
}
