/* What policy calls authorities and officers, tried on the page before anybody is served. */
#include "apps/salvod/names.h"

#include "base/log.h"

/* The first violation as a fault of policy. */
static sv_status refused(struct sv_ctx *ctx, const struct sv_ctx *trial, const char *of,
                         const char *id) {
  const struct sv_violation *v = trial->violation_count ? &trial->violations[0] : NULL;
  return SV_FAIL(ctx, CONFIG, "policy: %s %s: %s: %s", of, id, v ? v->path : "",
                 v ? v->message : trial->detail);
}

static bool given_in(const struct model_authority *a, const char *language) {
  for (size_t i = 0; i < a->more_n; i++) {
    if (strcmp(a->more[i].language, language) == 0) {
      return true;
    }
  }
  return strcmp(language, "es") == 0 || strcmp(language, "en") == 0;
}

/* Pages in these languages show names in Spanish or in English. */
static void missing_tell(struct sv_ctx *ctx, const struct model_authority *a,
                         const struct docs *docs) {
  const char *language;
  for (size_t i = 0; (language = docs_language_at(docs, ctx, i)) != NULL; i++) {
    if (!given_in(a, language)) {
      sv_log(SV_LOG_WARN, "names_missing", SV_LOG_TEXT("authority", a->id),
             SV_LOG_TEXT("language", language), SV_LOG_TEXT("instead", "es or en"));
    }
  }
}

sv_status names_check(struct sv_ctx *ctx, const struct service_policy *policy,
                      const struct docs *docs) {
  for (size_t i = 0; i < policy->authority_count; i++) {
    struct sv_ctx trial = sv_ctx_over(ctx->mem);
    if (sv_failed(docs_check_authority(docs, &trial, &policy->authorities[i]))) {
      return refused(ctx, &trial, "authority", policy->authorities[i].id);
    }
    missing_tell(ctx, &policy->authorities[i], docs);
  }
  for (size_t i = 0; i < policy->officer_count; i++) {
    struct sv_ctx trial = sv_ctx_over(ctx->mem);
    if (sv_failed(docs_check_officer(docs, &trial, &policy->officers[i].officer))) {
      return refused(ctx, &trial, "officer", policy->officers[i].officer.id);
    }
  }
  return SV_DONE;
}
