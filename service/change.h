/* What every change of state writes in its own act: an audit row, an event for who watches, a leaf of the log. They fail
 * together with the change, so none can be without the others. */
#pragma once
#include "store/store.h"

struct change {
  const char *actor;     /* SPIFFE ID, or the part of the server that acted by itself */
  const char *act;       /* "reserve", "issue", "revoke", ...: a fixed word */
  const char *reason;    /* a fixed word, "" for none */
  const char *authority; /* whose event it is */
  enum model_kind kind;
  const char *number; /* "" where there is none: then no event */
  uint32_t version;
  const uint8_t *record_sha256; /* of a record that is no document's; NULL: none */
};

sv_status service_changed(struct store_tx *tx, struct sv_ctx *ctx, const struct change *c);

/* service_changed for a document's row. */
sv_status service_row_changed(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *row, const char *actor, const char *act,
                              const char *reason);

/* For the duty officers of an authority: look at this occupant of this manifest. */
sv_status service_alarm(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                        const char *number, uint32_t version, const char *occupant_id);
