/* Look-ups over a few dozen rows: linear, and easy to read. */
#include "service/policy.h"

#include <string.h>

static const char *const act_names[SERVICE_ACT_COUNT] = {
#define X(name) #name,
    SERVICE_ACTS(X)
#undef X
};

const struct policy_safeguards policy_safeguards_default = {.screening_days = 30,
                                                            .fitness_hours = 72,
                                                            .cooling_off_hours = 72,
                                                            .hold_unconfirmed_hours = 24,
                                                            .holds_per_day = 20};

const struct policy_approvals policy_approvals_default = {
    .needed = {[MODEL_DISBURSEMENT_RECEIPT] = POLICY_RECEIPT_APPROVALS_MIN}, .draft_hours = 72};

const struct policy_budgets policy_budgets_default = {.acts_per_minute = 60000,
                                                      .reads_per_minute = 60000,
                                                      .checks_per_minute = 60000,
                                                      .refusals_per_hour = 60};

const struct policy_levels policy_levels_default = {
    .wanted = {1, 1, 1, 1}, .later = false, .renew_days = 90};

int service_act_of(const char *name) {
  for (int i = 0; i < SERVICE_ACT_COUNT; i++) {
    if (strcmp(act_names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

/* The AUTHORITY of spiffe://DOMAIN/authority/AUTHORITY/... ; false on another form or domain. */
static bool authority_of(const char *spiffe, const char *domain, const char **ret, size_t *ret_n) {
  static const char scheme[] = "spiffe://";
  size_t domain_n = strlen(domain);
  if (strncmp(spiffe, scheme, sizeof scheme - 1) != 0) {
    return false;
  }
  const char *p = spiffe + sizeof scheme - 1;
  if (strncmp(p, domain, domain_n) != 0 || strncmp(p + domain_n, "/authority/", 11) != 0) {
    return false;
  }
  p += domain_n + 11;
  const char *end = strchr(p, '/');
  if (!end || end == p) {
    return false;
  }
  *ret = p;
  *ret_n = (size_t)(end - p);
  return true;
}

static const struct model_authority *authority_find(const struct service_policy *policy,
                                                    const char *id, size_t n) {
  for (size_t i = 0; i < policy->authority_count; i++) {
    const char *known = policy->authorities[i].id;
    if (strlen(known) == n && memcmp(known, id, n) == 0) {
      return &policy->authorities[i];
    }
  }
  return NULL;
}

const struct model_authority *policy_authority(const struct service_policy *policy,
                                               const char *id) {
  return authority_find(policy, id, strlen(id));
}

sv_status policy_caller_find(const struct service_policy *policy, struct sv_ctx *ctx,
                             const char *spiffe, struct service_caller *ret) {
  const char *authority;
  size_t n;
  if (spiffe[0] == '\0') {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_REQUIRED, "no client certificate");
  }
  if (!authority_of(spiffe, policy->trust_domain, &authority, &n)) {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_INVALID, "no identity of this trust domain");
  }
  struct service_caller c = {.spiffe = spiffe, .authority = authority_find(policy, authority, n)};
  if (!c.authority) {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_INVALID, "unknown authority");
  }
  for (size_t i = 0; i < policy->caller_count && !c.policy; i++) {
    if (strcmp(policy->callers[i].id, spiffe) == 0) {
      c.policy = &policy->callers[i];
    }
  }
  if (!c.policy) {
    return SV_FAIL(ctx, ROLE_MISSING, "the caller has no role");
  }
  *ret = c;
  return SV_DONE;
}

bool policy_is_officer(const struct service_caller *caller) {
  const char *last = strrchr(caller->spiffe, '/');
  static const char officer[] = "/officer";
  size_t n = sizeof officer - 1;
  return last && (size_t)(last - caller->spiffe) >= n && memcmp(last - n, officer, n) == 0;
}

uint8_t policy_kinds(const struct service_caller *caller, enum service_act act) {
  uint8_t kinds = 0;
  for (size_t i = 0; i < caller->policy->role_count; i++) {
    kinds |= caller->policy->roles[i]->kinds[act];
  }
  return kinds;
}

sv_status policy_allows(struct sv_ctx *ctx, const struct service_caller *caller,
                        enum service_act act, enum model_kind kind) {
  unsigned wanted = kind == MODEL_KIND_NONE ? SERVICE_ALL_KINDS : 1U << kind;
  if (policy_kinds(caller, act) & wanted) {
    return SV_DONE;
  }
  return SV_FAIL(ctx, ROLE_MISSING, "%s of kind %d", act_names[act], (int)kind);
}

sv_status policy_allows_copy(struct sv_ctx *ctx, const struct service_caller *caller,
                             enum model_kind kind, unsigned what) {
  for (size_t i = 0; i < caller->policy->role_count; i++) {
    const struct policy_role *r = caller->policy->roles[i];
    unsigned copies = r->copies ? r->copies : 1U << MODEL_AUTHORITY;
    if ((r->kinds[SERVICE_ACT_DownloadDocument] & (1U << kind)) && (copies & (1U << what))) {
      return SV_DONE;
    }
  }
  return SV_FAIL(ctx, ROLE_MISSING, "copy %u of kind %d", what, (int)kind);
}

static bool officer_named(const struct model_officer *o, const char *name) {
  const char *last = strrchr(o->id, '/');
  return strcmp(o->id, name) == 0 || strcmp(o->short_id, name) == 0 ||
         (last && strcmp(last + 1, name) == 0);
}

const struct policy_officer *policy_signatory(const struct service_policy *policy,
                                              const char *authority, enum model_kind kind,
                                              const char *name) {
  for (size_t i = 0; i < policy->officer_count; i++) {
    const struct policy_officer *o = &policy->officers[i];
    if (strcmp(o->authority, authority) == 0 && (o->signs & 1U << kind) &&
        (name[0] == '\0' || officer_named(&o->officer, name))) {
      return o;
    }
  }
  return NULL;
}

struct model_officer policy_officer_of(const struct service_policy *policy, const char *spiffe) {
  for (size_t i = 0; i < policy->officer_count; i++) {
    if (strcmp(policy->officers[i].officer.id, spiffe) == 0) {
      return policy->officers[i].officer;
    }
  }
  const char *last = strrchr(spiffe, '/');
  return (struct model_officer){
      .id = spiffe, .name = "", .post_es = "", .post_en = "", .short_id = last ? last + 1 : spiffe};
}
