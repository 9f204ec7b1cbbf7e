/* Erasure of a number, version by version. Invariant: nothing is destroyed unless all of the number may be. */
#include "service/erase.h"

#include "base/clock.h"
#include "service/change.h"
#include "store/log.h"

enum { LAST_ZONE_US = 12LL * 3600 * 1000000 }; /* a day ends twelve hours after UTC's at the last */

/* The departure of a manifest's last leg, out of its record; INT64_MAX where it says none. Quotes inside of a value are
 * escaped, so a name that looks like the key is not taken for it. */
static int64_t last_departure_us(struct sv_bytes record) {
  static const char key[] = "\"departure_time\":\"";
  const uint8_t *at = record.p, *end = record.p + record.n;
  int64_t last = INT64_MIN;
  while (at && (at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL) {
    char text[32] = {0};
    at += sizeof key - 1;
    for (size_t i = 0; i < sizeof text - 1 && at < end && *at != '"'; i++) {
      text[i] = (char)*at++;
    }
    int64_t us = INT64_MAX;
    if (!sv_time_parse(text, &us, NULL)) {
      return INT64_MAX;
    }
    last = us > last ? us : last;
  }
  return last == INT64_MIN ? INT64_MAX : last;
}

/* Whether the last day of a version is over everywhere: a receipt's is the day of its issue. */
static bool day_over(const struct store_document *d, int64_t now_us) {
  char today[11];
  sv_date_format(sv_date_of_days((now_us - LAST_ZONE_US) / 86400000000LL), today);
  return strcmp(d->valid_until[0] ? d->valid_until : d->issue_date, today) < 0;
}

static bool may_go(const struct store_document *d, int64_t now_us) {
  switch (d->state) {
    case MODEL_ISSUED:
    case MODEL_CLOSED:
      return d->kind == MODEL_FLIGHT_MANIFEST ? last_departure_us(d->record) < now_us
                                              : day_over(d, now_us);
    case MODEL_EXPIRED:
    case MODEL_SUPERSEDED:
    case MODEL_REVOKED:
    case MODEL_REJECTED:
    case MODEL_VOID:
    case MODEL_ERASED:
      return true;
    case MODEL_SUSPENDED:
    case MODEL_RESERVED:
    case MODEL_PENDING_APPROVAL:
    case MODEL_STATE_NONE:
      return false;
  }
  return false;
}

/* Calls `each` for every version of the number. */
static sv_status versions(struct store_tx *tx, struct sv_ctx *ctx, const struct erase_order *e,
                          sv_status (*each)(struct store_tx *, struct sv_ctx *,
                                            const struct erase_order *,
                                            const struct store_document *)) {
  for (uint32_t v = 1;; v++) {
    struct store_document d;
    sv_status s = tx->ops->document_find(tx, ctx, e->number, v, &d);
    if (s.reason == SV_NOT_FOUND && v > 1) {
      sv_ctx_clear(ctx);
      return SV_DONE;
    }
    SV_TRY(s);
    SV_TRY(each(tx, ctx, e, &d));
  }
}

/* A manifest ends on the day of its last departure, where it was ever issued. */
static bool ended_before(const struct store_document *d, const char *day) {
  bool made = d->state != MODEL_VOID && d->state != MODEL_REJECTED;
  if (strcmp(d->valid_until, day) >= 0 || strcmp(d->issue_date, day) >= 0) {
    return false;
  }
  if (d->kind != MODEL_FLIGHT_MANIFEST || d->request.n == 0 || !made) {
    return true;
  }
  int64_t us = last_departure_us(d->record);
  char last[11];
  if (us == INT64_MAX) {
    return false;
  }
  sv_date_format(sv_date_of_days(us / 86400000000LL), last);
  return strcmp(last, day) < 0;
}

static sv_status version_check(struct store_tx *tx, struct sv_ctx *ctx, const struct erase_order *e,
                               const struct store_document *d) {
  (void)tx;
  if (!may_go(d, sv_wall_us())) {
    return SV_FAIL(ctx, NOT_ISSUED, "version %u of %s is in force", d->version, e->number);
  }
  return e->before && !ended_before(d, e->before)
             ? SV_FAIL(ctx, NOT_ISSUED, "version %u of %s did not end before %s", d->version,
                       e->number, e->before)
             : SV_DONE;
}

static sv_status version_erase(struct store_tx *tx, struct sv_ctx *ctx, const struct erase_order *e,
                               const struct store_document *d) {
  if (d->request.n == 0) { /* it went before */
    return SV_DONE;
  }
  SV_TRY(tx->log->document_erase(tx, ctx, e->number, d->version));
  return service_row_changed(tx, ctx, d, e->actor, "erase", e->cause);
}

sv_status erase_in_act(struct store_tx *tx, struct sv_ctx *ctx, const struct erase_order *order) {
  SV_TRY(versions(tx, ctx, order, version_check));
  return versions(tx, ctx, order, version_erase);
}

static sv_status erase_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return erase_in_act(tx, ctx, arg);
}

sv_status service_erase(struct sv_ctx *ctx, struct store *store, const char *actor,
                        const char *number, const char *cause) {
  struct erase_order order = {actor, number, cause, NULL};
  return store_write(store, ctx, erase_act, &order);
}
