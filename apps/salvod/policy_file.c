/* The policy file: authorities, officers, roles, callers. Unknown authorities, roles, acts, kinds and keys are faults, and
 * so is who is there twice: what the second row says would go unheard. */
#include <string.h>

#include "apps/salvod/settings.h"
#include "base/clock.h"
#include "model/rules.h"
#include "runtime/config.h"
#include "seal/raise.h"

static const int64_t day_us = 86400LL * 1000000;

struct reading {
  struct sv_ctx *ctx;
  struct service_policy *policy;
};

static sv_status keep(struct reading *r, struct config_group g, const char *name,
                      const char *fallback, const char **ret) {
  const char *v;
  SV_TRY(config_text(r->ctx, g, name, fallback, &v));
  *ret = sv_arena_strdup(r->ctx->mem, v);
  return *ret ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "policy");
}

/* Rows of a list, zeroed. */
static sv_status rows_of(struct reading *r, struct config *file, const char *name, size_t size,
                         struct config_list *ret_list, void **ret_rows) {
  SV_TRY(config_list(r->ctx, config_root(file), name, ret_list));
  *ret_rows = sv_arena_array(r->ctx->mem, ret_list->n, size);
  return *ret_rows ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "policy");
}

/* Languages of the templates that names and posts may be in besides Spanish and English. */
static const char *const more_languages[] = {"fr", "ht", "pt"};
enum { MORE_LANGUAGES = sizeof more_languages / sizeof *more_languages };

/* "name" + "fr" is the key name_fr; what is not there is "". */
static sv_status keep_in(struct reading *r, struct config_group g, const char *name,
                         const char *language, const char **ret) {
  const char *key = sv_arena_printf(r->ctx->mem, "%s_%s", name, language);
  return key ? keep(r, g, key, "", ret) : SV_FAIL(r->ctx, NO_MEMORY, "policy");
}

/* Names in a language are given whole, or not at all. */
static sv_status more_names_read(struct reading *r, struct config_group g,
                                 struct model_authority *a) {
  struct model_names *more = SV_ARRAY(r->ctx->mem, MORE_LANGUAGES, struct model_names);
  if (!more) {
    return SV_FAIL(r->ctx, NO_MEMORY, "policy");
  }
  for (size_t i = 0; i < MORE_LANGUAGES; i++) {
    struct model_names *n = &more[a->more_n];
    n->language = more_languages[i];
    SV_TRY(keep_in(r, g, "state", n->language, &n->state));
    SV_TRY(keep_in(r, g, "ministry", n->language, &n->ministry));
    SV_TRY(keep_in(r, g, "name", n->language, &n->name));
    const char *absent = !n->state[0] ? "state" : !n->ministry[0] ? "ministry" : "name";
    unsigned given = (n->state[0] != 0) + (n->ministry[0] != 0) + (n->name[0] != 0);
    if (given % 3) {
      const char *what =
          sv_arena_printf(r->ctx->mem, "has other names in %s, but no %s", n->language, absent);
      return config_fault(r->ctx, g, "id", what ? what : absent);
    }
    a->more_n += given == 3;
  }
  a->more = more;
  return SV_DONE;
}

static sv_status more_posts_read(struct reading *r, struct config_group g,
                                 struct model_officer *o) {
  struct model_post *more = SV_ARRAY(r->ctx->mem, MORE_LANGUAGES, struct model_post);
  if (!more) {
    return SV_FAIL(r->ctx, NO_MEMORY, "policy");
  }
  for (size_t i = 0; i < MORE_LANGUAGES; i++) {
    struct model_post *p = &more[o->more_n];
    p->language = more_languages[i];
    SV_TRY(keep_in(r, g, "post", p->language, &p->post));
    o->more_n += p->post[0] != 0;
  }
  o->more = more;
  return SV_DONE;
}

static sv_status authorities_read(struct reading *r, struct config *file) {
  struct config_list list;
  void *memory;
  SV_TRY(rows_of(r, file, "authorities", sizeof(struct model_authority), &list, &memory));
  if (list.n > POLICY_AUTHORITIES_MAX) {
    return SV_FAIL(r->ctx, CONFIG, "policy: more than %d authorities", POLICY_AUTHORITIES_MAX);
  }
  struct model_authority *rows = memory;
  for (size_t i = 0; i < list.n; i++) {
    struct config_group g;
    struct model_authority *a = &rows[i];
    SV_TRY(config_list_group(r->ctx, list, i, &g));
    SV_TRY(keep(r, g, "id", CONFIG_REQUIRED, &a->id));
    SV_TRY(keep(r, g, "state", CONFIG_REQUIRED, &a->state));
    SV_TRY(keep(r, g, "state_es", CONFIG_REQUIRED, &a->state_es));
    SV_TRY(keep(r, g, "state_en", CONFIG_REQUIRED, &a->state_en));
    SV_TRY(keep(r, g, "ministry_es", CONFIG_REQUIRED, &a->ministry_es));
    SV_TRY(keep(r, g, "ministry_en", CONFIG_REQUIRED, &a->ministry_en));
    SV_TRY(keep(r, g, "name_es", CONFIG_REQUIRED, &a->name_es));
    SV_TRY(keep(r, g, "name_en", CONFIG_REQUIRED, &a->name_en));
    SV_TRY(more_names_read(r, g, a));
    SV_TRY(keep(r, g, "seal_text", CONFIG_REQUIRED, &a->seal_text));
    SV_TRY(keep(r, g, "place", CONFIG_REQUIRED, &a->place));
    SV_TRY(keep(r, g, "zone", CONFIG_REQUIRED, &a->zone));
    SV_TRY(keep(r, g, "duty_telephone", CONFIG_REQUIRED, &a->duty_telephone));
    SV_TRY(keep(r, g, "verify_url", CONFIG_REQUIRED, &a->verify_url));
    for (size_t k = 0; k < i; k++) {
      if (strcmp(rows[k].id, a->id) == 0) {
        return config_fault(r->ctx, g, "id", "is an authority that the file has already");
      }
    }
    struct sv_date today;
    if (!sv_date_in_zone(sv_wall_us(), a->zone, &today)) {
      return config_fault(r->ctx, g, "zone", "is no time zone of this machine");
    }
  }
  r->policy->authorities = rows;
  r->policy->authority_count = list.n;
  return SV_DONE;
}

static const char *const kind_names[] = {[MODEL_KIND_NONE] = "",
                                         [MODEL_SAFE_CONDUCT] = "SAFE_CONDUCT",
                                         [MODEL_FLIGHT_MANIFEST] = "FLIGHT_MANIFEST",
                                         [MODEL_DISBURSEMENT_RECEIPT] = "DISBURSEMENT_RECEIPT"};

/* "SAFE_CONDUCT" and so on into a bit; 0 for an unknown word. */
static uint8_t kind_bit(const char *word) {
  for (int k = MODEL_SAFE_CONDUCT; k <= MODEL_DISBURSEMENT_RECEIPT; k++) {
    if (strcmp(kind_names[k], word) == 0) {
      return (uint8_t)(1U << k);
    }
  }
  return 0;
}

static sv_status officers_read(struct reading *r, struct config *file) {
  struct config_list list;
  void *memory;
  SV_TRY(rows_of(r, file, "officers", sizeof(struct policy_officer), &list, &memory));
  struct policy_officer *rows = memory;
  for (size_t i = 0; i < list.n; i++) {
    struct config_group g;
    struct policy_officer *o = &rows[i];
    const char *const *kinds;
    size_t kind_count;
    SV_TRY(config_list_group(r->ctx, list, i, &g));
    SV_TRY(keep(r, g, "id", CONFIG_REQUIRED, &o->officer.id));
    SV_TRY(keep(r, g, "authority", CONFIG_REQUIRED, &o->authority));
    if (!policy_authority(r->policy, o->authority)) {
      return config_fault(r->ctx, g, "authority", "is an authority that the file does not define");
    }
    SV_TRY(keep(r, g, "name", CONFIG_REQUIRED, &o->officer.name));
    SV_TRY(keep(r, g, "post_es", CONFIG_REQUIRED, &o->officer.post_es));
    SV_TRY(keep(r, g, "post_en", CONFIG_REQUIRED, &o->officer.post_en));
    SV_TRY(more_posts_read(r, g, &o->officer));
    SV_TRY(keep(r, g, "short_id", CONFIG_REQUIRED, &o->officer.short_id));
    SV_TRY(config_strings(r->ctx, g, "signs", &kinds, &kind_count));
    for (size_t k = 0; k < kind_count; k++) {
      uint8_t bit = kind_bit(kinds[k]);
      if (bit == 0) {
        return config_fault(r->ctx, g, "signs", "has an unknown kind of document");
      }
      o->signs |= bit;
    }
  }
  r->policy->officers = rows;
  r->policy->officer_count = list.n;
  return SV_DONE;
}

/* "IssueDocument" for all kinds, "IssueDocument/SAFE_CONDUCT" for one. */
static bool act_allow(struct policy_role *role, const char *word) {
  char name[64];
  const char *slash = strchr(word, '/');
  size_t n = slash ? (size_t)(slash - word) : strlen(word);
  if (n >= sizeof name) {
    return false;
  }
  memcpy(name, word, n);
  name[n] = '\0';
  int act = service_act_of(name);
  uint8_t kinds = slash ? kind_bit(slash + 1) : SERVICE_ALL_KINDS;
  if (act < 0 || kinds == 0) {
    return false;
  }
  role->kinds[act] |= kinds;
  return true;
}

/* "copies": for whom a role may download manifests; not given: the authority's own alone. */
static sv_status copies_read(struct reading *r, struct config_group g, struct policy_role *role) {
  static const char *const names[] = {[MODEL_AUTHORITY] = "AUTHORITY",
                                      [MODEL_GATE] = "GATE",
                                      [MODEL_OPERATOR] = "OPERATOR",
                                      [MODEL_DESTINATION] = "DESTINATION",
                                      [POLICY_PAXLST] = "PAXLST"};
  const char *const *words;
  size_t n;
  if (!config_has(g, "copies")) {
    return SV_DONE;
  }
  SV_TRY(config_strings(r->ctx, g, "copies", &words, &n));
  for (size_t i = 0; i < n; i++) {
    unsigned k = MODEL_AUTHORITY;
    while (k <= POLICY_PAXLST && strcmp(names[k], words[i]) != 0) {
      k++;
    }
    if (k > POLICY_PAXLST) {
      return config_fault(r->ctx, g, "copies", "has an unknown audience");
    }
    role->copies |= (uint8_t)(1U << k);
  }
  return role->copies ? SV_DONE : config_fault(r->ctx, g, "copies", "names no audience");
}

static sv_status roles_read(struct reading *r, struct config *file) {
  struct config_list list;
  void *memory;
  SV_TRY(rows_of(r, file, "roles", sizeof(struct policy_role), &list, &memory));
  struct policy_role *rows = memory;
  for (size_t i = 0; i < list.n; i++) {
    struct config_group g;
    const char *const *words;
    size_t n;
    SV_TRY(config_list_group(r->ctx, list, i, &g));
    SV_TRY(keep(r, g, "name", CONFIG_REQUIRED, &rows[i].name));
    SV_TRY(config_strings(r->ctx, g, "allow", &words, &n));
    for (size_t k = 0; k < n; k++) {
      if (!act_allow(&rows[i], words[k])) {
        return config_fault(r->ctx, g, "allow", "has an unknown act or kind");
      }
    }
    SV_TRY(copies_read(r, g, &rows[i]));
  }
  r->policy->roles = rows;
  r->policy->role_count = list.n;
  return SV_DONE;
}

static const struct policy_role *role_named(const struct service_policy *p, const char *name) {
  for (size_t i = 0; i < p->role_count; i++) {
    if (strcmp(p->roles[i].name, name) == 0) {
      return &p->roles[i];
    }
  }
  return NULL;
}

static sv_status callers_read(struct reading *r, struct config *file) {
  struct config_list list;
  void *memory;
  SV_TRY(rows_of(r, file, "callers", sizeof(struct policy_caller), &list, &memory));
  struct policy_caller *rows = memory;
  for (size_t i = 0; i < list.n; i++) {
    struct config_group g;
    const char *const *words;
    size_t n;
    SV_TRY(config_list_group(r->ctx, list, i, &g));
    SV_TRY(keep(r, g, "id", CONFIG_REQUIRED, &rows[i].id));
    for (size_t k = 0; k < i; k++) {
      if (strcmp(rows[k].id, rows[i].id) == 0) {
        return config_fault(r->ctx, g, "id", "is a caller that the file has already");
      }
    }
    SV_TRY(config_strings(r->ctx, g, "roles", &words, &n));
    rows[i].roles = SV_ARRAY(r->ctx->mem, n, const struct policy_role *);
    if (!rows[i].roles) {
      return SV_FAIL(r->ctx, NO_MEMORY, "policy");
    }
    for (size_t k = 0; k < n; k++) {
      rows[i].roles[k] = role_named(r->policy, words[k]);
      if (!rows[i].roles[k]) {
        return config_fault(r->ctx, g, "roles", "has a role that the file does not define");
      }
    }
    rows[i].role_count = n;
  }
  r->policy->callers = rows;
  r->policy->caller_count = list.n;
  return SV_DONE;
}

/* One number of a group, within bounds; what the file does not say is the default's. */
static sv_status number(struct reading *r, struct config_group g, const char *name, int64_t min,
                        int64_t max, uint32_t *value) {
  int64_t v;
  SV_TRY(config_int(r->ctx, g, name, min, max, *value, &v));
  *value = (uint32_t)v;
  return SV_DONE;
}

static sv_status safeguards_read(struct reading *r, struct config *file) {
  struct config_group g;
  struct policy_safeguards *p = &r->policy->safeguards;
  const char *no_monitor;
  *p = policy_safeguards_default;
  if (!config_has(config_root(file), "safeguards")) {
    return SV_DONE;
  }
  SV_TRY(config_group(r->ctx, config_root(file), "safeguards", &g));
  SV_TRY(number(r, g, "screening_days", 1, 365, &p->screening_days));
  SV_TRY(number(r, g, "fitness_hours", 1, 720, &p->fitness_hours));
  SV_TRY(number(r, g, "cooling_off_hours", 0, 8760, &p->cooling_off_hours));
  SV_TRY(number(r, g, "hold_unconfirmed_hours", 1, 720, &p->hold_unconfirmed_hours));
  SV_TRY(number(r, g, "holds_per_day", 1, 100000, &p->holds_per_day));
  SV_TRY(config_text(r->ctx, g, "no_monitor", "warn", &no_monitor));
  p->no_monitor_blocks = strcmp(no_monitor, "block") == 0;
  if (!p->no_monitor_blocks && strcmp(no_monitor, "warn") != 0) {
    return config_fault(r->ctx, g, "no_monitor", "is neither \"warn\" nor \"block\"");
  }
  return SV_DONE;
}

static sv_status approvals_read(struct reading *r, struct config *file) {
  struct config_group g;
  struct policy_approvals *p = &r->policy->approvals;
  *p = policy_approvals_default;
  if (!config_has(config_root(file), "approvals")) {
    return SV_DONE;
  }
  SV_TRY(config_group(r->ctx, config_root(file), "approvals", &g));
  SV_TRY(number(r, g, "SAFE_CONDUCT", 0, POLICY_APPROVALS_MAX, &p->needed[MODEL_SAFE_CONDUCT]));
  SV_TRY(
      number(r, g, "FLIGHT_MANIFEST", 0, POLICY_APPROVALS_MAX, &p->needed[MODEL_FLIGHT_MANIFEST]));
  SV_TRY(number(r, g, "DISBURSEMENT_RECEIPT", POLICY_RECEIPT_APPROVALS_MIN, POLICY_APPROVALS_MAX,
                &p->needed[MODEL_DISBURSEMENT_RECEIPT]));
  return number(r, g, "draft_hours", 1, 8760, &p->draft_hours);
}

static sv_status budgets_read(struct reading *r, struct config *file) {
  struct config_group g;
  struct policy_budgets *p = &r->policy->budgets;
  *p = policy_budgets_default;
  if (!config_has(config_root(file), "budgets")) {
    return SV_DONE;
  }
  SV_TRY(config_group(r->ctx, config_root(file), "budgets", &g));
  SV_TRY(number(r, g, "acts_per_minute", 1, 100000000, &p->acts_per_minute));
  SV_TRY(number(r, g, "reads_per_minute", 1, 100000000, &p->reads_per_minute));
  SV_TRY(number(r, g, "checks_per_minute", 1, 100000000, &p->checks_per_minute));
  return number(r, g, "refusals_per_hour", 1, 100000000, &p->refusals_per_hour);
}

/* What the file does not name is kept. */
static sv_status retention_read(struct reading *r, struct config *file) {
  struct config_group g;
  struct policy_retention *p = &r->policy->retention;
  *p = (struct policy_retention){0};
  if (!config_has(config_root(file), "retention")) {
    return SV_DONE;
  }
  SV_TRY(config_group(r->ctx, config_root(file), "retention", &g));
  for (int kind = MODEL_SAFE_CONDUCT; kind <= MODEL_DISBURSEMENT_RECEIPT; kind++) {
    int64_t least = kind == MODEL_DISBURSEMENT_RECEIPT ? POLICY_RECEIPT_DAYS_MIN : 1;
    if (config_has(g, kind_names[kind])) {
      SV_TRY(number(r, g, kind_names[kind], least, POLICY_RETENTION_DAYS_MAX, &p->days[kind]));
    }
  }
  return config_has(g, "event_days")
             ? number(r, g, "event_days", 1, POLICY_RETENTION_DAYS_MAX, &p->event_days)
             : SV_DONE;
}

/* A day that is over already: time-stamps of later than this can be had. */
static sv_status since_read(struct reading *r, struct config_group g, int64_t *ret_us) {
  const char *day;
  struct sv_date date;
  SV_TRY(config_text(r->ctx, g, "stamps_since", "", &day));
  if (day[0] == '\0') {
    return SV_DONE;
  }
  if (!sv_date_parse(day, &date) || sv_date_days(date) * day_us > sv_wall_us()) {
    return config_fault(r->ctx, g, "stamps_since", "is no day of the past");
  }
  *ret_us = sv_date_days(date) * day_us;
  return SV_DONE;
}

/* What the file does not name is B-B, which needs nobody else. */
static sv_status levels_read(struct reading *r, struct config *file) {
  struct config_group g;
  struct policy_levels *p = &r->policy->levels;
  static const char *const words[] = {"refuse", "later"};
  int when_down;
  *p = policy_levels_default;
  if (!config_has(config_root(file), "levels")) {
    return SV_DONE;
  }
  SV_TRY(config_group(r->ctx, config_root(file), "levels", &g));
  for (int kind = MODEL_SAFE_CONDUCT; kind <= MODEL_DISBURSEMENT_RECEIPT; kind++) {
    const char *name;
    SV_TRY(config_text(r->ctx, g, kind_names[kind], "B-B", &name));
    p->wanted[kind] = seal_level_of(name);
    if (p->wanted[kind] == SEAL_LEVEL_NONE) {
      return config_fault(r->ctx, g, kind_names[kind], "is not B-B, B-T, B-LT or B-LTA");
    }
  }
  SV_TRY(config_word(r->ctx, g, "when_down", words, 2, 0, &when_down));
  p->later = when_down == 1;
  SV_TRY(since_read(r, g, &p->stamps_since_us));
  return number(r, g, "renew_days", 1, 3650, &p->renew_days);
}

static sv_status file_read(struct reading *r, struct config *file) {
  SV_TRY(keep(r, config_root(file), "trust_domain", CONFIG_REQUIRED, &r->policy->trust_domain));
  SV_TRY(authorities_read(r, file));
  SV_TRY(officers_read(r, file));
  SV_TRY(roles_read(r, file));
  SV_TRY(callers_read(r, file));
  SV_TRY(safeguards_read(r, file));
  SV_TRY(approvals_read(r, file));
  SV_TRY(budgets_read(r, file));
  SV_TRY(retention_read(r, file));
  SV_TRY(levels_read(r, file));
  SV_TRY(config_bool(r->ctx, config_root(file), "attach_passenger_list", false,
                     &r->policy->attach_passengers));
  return config_unknown_check(r->ctx, file);
}

sv_status policy_file_read(struct sv_ctx *ctx, const char *path, struct service_policy *ret) {
  struct config *file;
  SV_TRY(config_open(ctx, path, &file));
  *ret = (struct service_policy){0};
  struct reading r = {ctx, ret};
  sv_status status = file_read(&r, file);
  config_close(file);
  return status;
}
