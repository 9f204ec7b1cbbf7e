/* Names of authorities and officers, as policy has them. */
#pragma once
#include "docs_gen/document.h"
#include "service/policy.h"

/* Whether every one has room and glyphs on the page, in every language that policy gives; says in the log which languages of
 * the templates it leaves out. Fails: CONFIG with authority or officer and the key, NO_MEMORY. */
sv_status names_check(struct sv_ctx *ctx, const struct service_policy *policy,
                      const struct docs *docs);
