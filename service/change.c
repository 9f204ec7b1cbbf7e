/* Changes as auditors, watchers and the log see them. */
#include "service/change.h"

#include "base/clock.h"
#include "service/log.h"

static sv_status event_put(struct store_tx *tx, struct sv_ctx *ctx, struct store_event event) {
  uint64_t number;
  event.time_us = sv_wall_us();
  return tx->life->event_add(tx, ctx, &event, &number);
}

sv_status service_changed(struct store_tx *tx, struct sv_ctx *ctx, const struct change *c) {
  struct store_audit row = {c->actor, c->act, c->number, c->version, c->reason};
  SV_TRY(tx->life->audit(tx, ctx, &row));
  SV_TRY(log_append(tx, ctx, c->act, c->number, c->version, c->record_sha256));
  if (c->number[0] == '\0' || c->kind == MODEL_KIND_NONE) {
    return SV_DONE;
  }
  return event_put(tx, ctx,
                   (struct store_event){.topic = STORE_DOCUMENT_EVENT,
                                        .authority = c->authority,
                                        .kind = c->kind,
                                        .number = c->number,
                                        .version = c->version,
                                        .occupant_id = ""});
}

sv_status service_row_changed(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *row, const char *actor, const char *act,
                              const char *reason) {
  return service_changed(tx, ctx,
                         &(struct change){.actor = actor,
                                          .act = act,
                                          .reason = reason,
                                          .authority = row->authority,
                                          .kind = row->kind,
                                          .number = row->number,
                                          .version = row->version});
}

sv_status service_alarm(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                        const char *number, uint32_t version, const char *occupant_id) {
  return event_put(tx, ctx,
                   (struct store_event){.topic = STORE_ALARM,
                                        .authority = authority,
                                        .kind = MODEL_FLIGHT_MANIFEST,
                                        .number = number,
                                        .version = version,
                                        .occupant_id = occupant_id});
}
