/* A request_id is answered the same way for ever: an act looks for itself first, and remembers itself last. */
#include "service/asked.h"

#include <string.h>

#include "crypto/digest.h"

void asked_open(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                const char *act, const char *request_id, struct sv_bytes encoded,
                struct asked *ret) {
  *ret = (struct asked){.s = s, .caller = caller, .act = act};
  if (!service_uuid(request_id, ret->request_id)) {
    sv_ctx_violate(ctx, request_id[0] ? "is not a UUID" : "is required", "request_id");
  }
  service_mac(s, "input", encoded, ret->input_mac);
}

sv_status asked_before(struct store_tx *tx, struct sv_ctx *ctx, const struct asked *a,
                       struct store_act_row *ret, bool *ret_known) {
  sv_status s = tx->life->act_find(tx, ctx, a->caller->authority->id, a->request_id, ret);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    *ret_known = false;
    return SV_DONE;
  }
  SV_TRY(s);
  if (strcmp(ret->act, a->act) != 0 ||
      !crypto_equal(ret->input_mac, a->input_mac, sizeof ret->input_mac)) {
    return SV_FAIL(ctx, REQUEST_ID_REUSED, "other content");
  }
  *ret_known = true;
  return SV_DONE;
}

sv_status asked_remember(struct store_tx *tx, struct sv_ctx *ctx, const struct asked *a,
                         const char *subject, int64_t detail) {
  struct store_act_row row = {.authority = a->caller->authority->id,
                              .request_id = a->request_id,
                              .act = a->act,
                              .subject = subject,
                              .detail = detail};
  memcpy(row.input_mac, a->input_mac, sizeof row.input_mac);
  return tx->life->act_add(tx, ctx, &row);
}
