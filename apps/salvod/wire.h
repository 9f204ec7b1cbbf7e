/* Holds every handle of the server and passes each part what it needs; the only place that knows all of them. */
#pragma once
#include "apps/salvod/settings.h"

struct wire;

/* Opens everything that can be at fault (keys, certificates, templates, registry), checks it, listens. Settings are
 * borrowed. Fails with what is wrong; nothing stays open. */
sv_status wire_open(struct sv_ctx *ctx, const struct settings *settings, struct wire **ret);
/* Serves until SIGTERM or SIGINT, then drains. */
void wire_run(struct wire *w);
void wire_close(struct wire *w);
