/* A whole list and the changes since, as a device keeps them. Invariant: every note is opened by the key before a byte of its
 * text is used, and each follows the one before it. */
#include "formats/bundle/bundle.h"

static const char head[] = "\nsalvo-status/1\n";

sv_status bundle_open_one(struct sv_ctx *ctx, struct sv_bytes note, const struct tlog_key *key,
                          struct bundle *ret) {
  struct sv_bytes text;
  SV_TRY(tlog_note_open(ctx, note, BUNDLE_TEXT_MAX, key, &text));
  return bundle_read(ctx, text, ret);
}

/* The first note of what is left: up to where a line begins another one. */
static struct sv_bytes next_note(struct sv_bytes *left) {
  const uint8_t *at = left->n ? memmem(left->p, left->n, head, sizeof head - 1) : NULL;
  size_t n = at ? (size_t)(at - left->p) + 1 : left->n;
  struct sv_bytes note = sv_bytes_of(left->p, n);
  *left = sv_bytes_of(left->p + n, left->n - n);
  return note;
}

static sv_status apply(struct sv_ctx *ctx, struct bundle *whole, uint8_t *bits,
                       const struct bundle *next) {
  if (next->bits || next->list != whole->list || next->after != whole->sequence ||
      next->not_before_us < whole->not_before_us) {
    return SV_FAIL(ctx, CORRUPT, "changes that do not follow the list before them");
  }
  for (size_t i = 0; i < next->change_count; i++) {
    bundle_status_set(bits, next->changes[i].place, next->changes[i].status);
  }
  whole->sequence = next->sequence;
  whole->not_before_us = next->not_before_us;
  whole->fresh_until_us = next->fresh_until_us;
  whole->expires_us = next->expires_us;
  whole->checkpoint = next->checkpoint;
  return SV_DONE;
}

sv_status bundle_open(struct sv_ctx *ctx, struct sv_bytes notes, const struct tlog_key *key,
                      struct bundle *ret, size_t *ret_notes) {
  struct bundle whole, next;
  struct sv_bytes left = notes;
  uint8_t *bits = sv_arena_alloc(ctx->mem, BUNDLE_BITS_BYTES);
  if (!bits) {
    return SV_FAIL(ctx, NO_MEMORY, "status list");
  }
  SV_TRY(bundle_open_one(ctx, next_note(&left), key, &whole));
  if (!whole.bits) {
    return SV_FAIL(ctx, CORRUPT, "changes without the list that they change");
  }
  memcpy(bits, whole.bits, BUNDLE_BITS_BYTES);
  whole.bits = bits;
  size_t n = 1;
  for (; left.n; n++) {
    if (n == BUNDLE_CHAIN_MAX) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d notes of a bundle", BUNDLE_CHAIN_MAX);
    }
    SV_TRY(bundle_open_one(ctx, next_note(&left), key, &next));
    SV_TRY(apply(ctx, &whole, bits, &next));
  }
  *ret = whole;
  *ret_notes = n;
  return SV_DONE;
}
