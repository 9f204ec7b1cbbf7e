/* The rules as a table, and how a line is judged by it. Invariants: what rests on a registry of protected persons, or on
 * nothing being known of a person, comes out as the one HOLD; a missing fact never counts as a good one. */
#include "service/rules.h"

#include <string.h>

#include "model/rules.h"

static const int64_t hour_us = (int64_t)3600 * 1000000;

/* --- facts --- */

/* In force at the moment of judging and, where it has an end, until the flight. */
static bool in_force(const struct rules_line *l, const struct rules_fact *f) {
  int64_t until = l->departure_us > l->now_us ? l->departure_us : l->now_us;
  return f->fact_us <= l->now_us && (f->expiry_us == 0 || f->expiry_us >= until);
}

/* The newest fact of a kind that is in force and at most max_age_us old (0: of any age). */
static const struct rules_fact *newest(const struct rules_line *l, enum fact_kind kind,
                                       int64_t max_age_us) {
  const struct rules_fact *best = NULL;
  for (size_t i = 0; i < l->fact_count; i++) {
    const struct rules_fact *f = &l->facts[i];
    if (f->kind == kind && in_force(l, f) &&
        (max_age_us == 0 || l->now_us - f->fact_us <= max_age_us) &&
        (!best || f->fact_us > best->fact_us)) {
      best = f;
    }
  }
  return best;
}

static bool recorded(const struct rules_line *l, enum fact_kind kind) {
  return newest(l, kind, 0) != NULL;
}

static bool passenger(const struct rules_line *l) { return model_role_is_passenger(l->role); }

static bool in_custody(const struct rules_line *l) {
  return l->custody || recorded(l, FACT_CUSTODY);
}

/* --- ages --- */

/* The latest day that a birth date with unknown parts can mean. False when not even the year is known. */
static bool birth_latest(const char *birth_date, struct sv_date *ret) {
  static const char days[12][3] = {"31", "28", "31", "30", "31", "30",
                                   "31", "31", "30", "31", "30", "31"};
  char text[11];
  if (strlen(birth_date) != 10 || birth_date[0] == 'X') {
    return false;
  }
  memcpy(text, birth_date, sizeof text);
  if (text[5] == 'X') {
    memcpy(text + 5, "12-31", 6);
  } else if (text[8] == 'X') {
    int month = (text[5] - '0') * 10 + (text[6] - '0');
    memcpy(text + 8, days[month >= 1 && month <= 12 ? month - 1 : 11], 3);
  }
  return sv_date_parse(text, ret);
}

bool rules_adult(const char *birth_date, const char *day) {
  struct sv_date born, on;
  return birth_latest(birth_date, &born) && sv_date_parse(day, &on) && sv_date_age(born, on) >= 18;
}

bool rules_minor(const struct rules_line *l) {
  return !rules_adult(l->birth_date, l->flight_day) || recorded(l, FACT_BEST_INTEREST) ||
         recorded(l, FACT_RECEIVING_ADULT);
}

/* --- the checks --- */

static const char *claim_unmet(const struct rules_line *l) {
  return l->held ? "the person is under a hold" : NULL;
}

static const char *letter_unmet(const struct rules_line *l) {
  return l->protected_letter ? "a letter protects the person from this flight" : NULL;
}

static const char *screening_unmet(const struct rules_line *l) {
  if (!passenger(l)) {
    return NULL;
  }
  const struct rules_fact *clear =
      newest(l, FACT_SCREENING_NO_CLAIM, l->limits->screening_days * 24 * hour_us);
  const struct rules_fact *claim = newest(l, FACT_SCREENING_CLAIM, 0);
  if (!clear || !clear->language || (claim && claim->fact_us >= clear->fact_us)) {
    return "no valid protection screening";
  }
  return NULL;
}

static const char *decision_unmet(const struct rules_line *l) {
  if (!passenger(l)) {
    return NULL;
  }
  const struct rules_fact *decision = newest(l, FACT_DECISION, 0);
  if (!decision) {
    return "an individual decision is missing";
  }
  return decision->shared ? "the decision is on record for another person too" : NULL;
}

static const char *minor_unmet(const struct rules_line *l) {
  if (!passenger(l) || !rules_minor(l)) {
    return NULL;
  }
  if (!recorded(l, FACT_BEST_INTEREST)) {
    return "a best-interest reference is missing";
  }
  if (!l->adult_aboard) {
    return "no accompanying adult or escort is named who is on the flight";
  }
  if (!l->adult_is_escort && !recorded(l, FACT_GUARDIAN)) {
    return "the accompanying adult is not on record as responsible for the child";
  }
  return recorded(l, FACT_RECEIVING_ADULT) ? NULL : "the receiving adult is not on record";
}

static const char *family_unmet(const struct rules_line *l) {
  for (size_t i = 0; i < l->fact_count && passenger(l); i++) {
    const struct rules_fact *f = &l->facts[i];
    if (f->kind == FACT_FAMILY_GROUP && in_force(l, f) && f->split) {
      return "a member of the family group is not on this flight";
    }
  }
  return NULL;
}

static const char *admission_unmet(const struct rules_line *l) {
  if (!passenger(l) || recorded(l, FACT_ADMISSION_GUARANTEE)) {
    return NULL;
  }
  if (strncmp(l->nationality, "XX", 2) == 0) {
    return "a person without the protection of a state needs a guarantee of admission";
  }
  return strcmp(l->nationality, l->destination) == 0
             ? NULL
             : "the destination is not the state of nationality, and no guarantee of admission is "
               "on record";
}

static const char *fitness_unmet(const struct rules_line *l) {
  if (!passenger(l) || !(in_custody(l) || l->medical)) {
    return NULL;
  }
  return newest(l, FACT_FIT_TO_FLY, l->limits->fitness_hours * hour_us)
             ? NULL
             : "a recent fit-to-fly check is missing";
}

static const char *consent_unmet(const struct rules_line *l) {
  if (l->role != MODEL_VOLUNTARY_RETURNEE) {
    return NULL;
  }
  const struct rules_fact *first =
      NULL; /* the earliest that is in force: time to think counts from it */
  for (size_t i = 0; i < l->fact_count; i++) {
    const struct rules_fact *f = &l->facts[i];
    if (f->kind == FACT_CONSENT && f->language && in_force(l, f) &&
        (!first || f->fact_us < first->fact_us)) {
      first = f;
    }
  }
  if (!first) {
    return "a consent in a language that the person understands is missing";
  }
  return l->departure_us - first->fact_us >= l->limits->cooling_off_hours * hour_us
             ? NULL
             : "the consent is too close to the departure";
}

static const char *monitor_unmet(const struct rules_line *l) {
  return passenger(l) && l->custody_flight && !l->monitor_aboard
             ? "no monitor is named on a flight with persons in custody"
             : NULL;
}

/* --- the table --- */

const struct rules_rule rules_table[RULES_COUNT] = {
    {"NR-01", "A claim that is not decided",
     "Nobody is on a flight while a claim for protection is pending or undecided, an appeal "
     "suspends "
     "the decision, its window is open, or a hold was placed for another cause. There is no "
     "override.",
     "1951 Convention art. 33; UNHCR Advisory Opinion 2007; Decreto Ejecutivo 5 of 2018",
     "every occupant, in any role", RULES_HOLD, 0, claim_unmet},
    {"NR-02", "A letter that protects",
     "Nobody who holds an active protection or asylum letter is on a flight of which any leg, "
     "transit "
     "or declared alternate lies in a state of no return of that letter; a letter that names no "
     "state "
     "protects from all but those of its own route. There is no override.",
     "American Convention on Human Rights art. 22(8)", "every occupant, in any role", RULES_HOLD, 0,
     letter_unmet},
    {"NR-03", "A protection screening of one's own",
     "A person was heard in a language on record, made no claim, and that not longer ago than the "
     "policy allows; a claim voiced later outweighs it. Of whom nothing is known, nothing is told: "
     "the "
     "answer is the same as for a person under a hold.",
     "agreement on repatriation operations \"that include protection screening\"",
     "passengers; at issue", RULES_HOLD,
     FACT_BIT(FACT_SCREENING_NO_CLAIM) | FACT_BIT(FACT_SCREENING_CLAIM), screening_unmet},
    {"NR-04", "An individual decision",
     "The removal of each person rests on a decision of his or her own; one reference never serves "
     "two "
     "persons.",
     "prohibition of collective expulsion; OHCHR discussion paper 2006", "passengers", RULES_BLOCK,
     FACT_BIT(FACT_DECISION), decision_unmet},
    {"NR-05", "Children",
     "A child travels when a best-interest determination is on record, an adult who is responsible "
     "for "
     "the child or an escort is on the same flight, and a receiving adult is on record. An age "
     "that is "
     "unknown or disputed is a child's.",
     "UNHCR Best Interests Procedure Guidelines 2021; Convention on the Rights of the Child",
     "passengers who are, or could be, under 18 on the day of the flight", RULES_BLOCK,
     FACT_BIT(FACT_BEST_INTEREST) | FACT_BIT(FACT_GUARDIAN) | FACT_BIT(FACT_RECEIVING_ADULT),
     minor_unmet},
    {"NR-06", "Families stay together",
     "When members of a family group on record would be parted by this flight, a second officer "
     "has to "
     "approve it.",
     "Convention on the Rights of the Child; UNHCR guidelines on family unity",
     "passengers with a family group on record", RULES_SECOND_OFFICER, FACT_BIT(FACT_FAMILY_GROUP),
     family_unmet},
    {"NR-07", "Somebody is awaited",
     "Who is stateless or a refugee, or leaves the aircraft in a state that is not the state of "
     "nationality, needs a guarantee of admission on record.",
     "1954 and 1951 Conventions", "passengers", RULES_BLOCK, FACT_BIT(FACT_ADMISSION_GUARANTEE),
     admission_unmet},
    {"NR-08", "Fit to fly",
     "Who is in custody, pregnant or marked for medical care was found fit to fly within the hours "
     "that "
     "the policy sets, counted back from the moment of each check.",
     "practice of removal by air; Frontex code of conduct 2013",
     "passengers in custody (fact CUSTODY; DEPA, DEPO) or with a medical mark (MEDA, MEDP, PREG, "
     "STCR, "
     "OXYG)",
     RULES_BLOCK, FACT_BIT(FACT_FIT_TO_FLY) | FACT_BIT(FACT_CUSTODY), fitness_unmet},
    {"NR-09", "Consent that had time",
     "A voluntary return rests on a consent in a language that the person understands, given at "
     "least "
     "the cooling-off period before departure.",
     "practice of assisted voluntary return", "voluntary returnees", RULES_BLOCK,
     FACT_BIT(FACT_CONSENT), consent_unmet},
    {"NR-10", "A monitor on a flight with custody",
     "A flight with a person in custody has a monitor aboard or on record. Without one a second "
     "officer "
     "has to approve it; the policy can make it a refusal (no_monitor = \"block\").",
     "Directive 2008/115/EC art. 8(6)", "passengers of a flight with a person in custody",
     RULES_SECOND_OFFICER, FACT_BIT(FACT_MONITOR) | FACT_BIT(FACT_CUSTODY), monitor_unmet},
    {"NR-11", "A diversion is a new flight",
     "A version made for a diversion is judged by every rule against the new places, and the "
     "protection "
     "desk is told of it.",
     "1951 Convention art. 33; Doc 9303-8 on fixed routes",
     "manifest versions with reason DIVERSION", RULES_ALARM, 0, NULL},
    {"NR-12", "A hold that comes later",
     "A new hold, claim or letter suspends every issued manifest that names the person, in the "
     "same act; "
     "the alarm stream tells it, verification says HOLD, and the manifest is whole again when "
     "nobody on "
     "it is blocked, or when a version without the person replaces it.",
     "non-refoulement applies until the aircraft has left", "issued manifests of every authority",
     RULES_ALARM, FACT_BIT(FACT_SCREENING_CLAIM), NULL},
    {"NR-13", "Protection is taken by two",
     "A protection letter is revoked, and a hold lifted, by two different officers, with a coded "
     "reason "
     "or a decision on record; never by a system, never on the word of a state of origin alone.",
     "cessation practice; Decreto Ejecutivo 5 of 2018", "revocation of letters, lifting of holds",
     RULES_SECOND_OFFICER, FACT_BIT(FACT_DECISION), NULL},
    {"NR-14", "Each reader sees what is his",
     "A copy of a manifest shows a recipient only the fields that are on the recipient's list; a "
     "claim, a "
     "letter, a screening, a decision or the reason of an offload is on none.",
     "ICRC Handbook on Data Protection in Humanitarian Action", "copies for an audience",
     RULES_BLOCK, 0, NULL},
    {"NR-15", "Who looks is seen",
     "Every refusal, every hold placed or lifted, and every reading of a protection record is a "
     "row of "
     "the audit.",
     "accountability", "every call of the protection service", RULES_ALARM, 0, NULL},
    {"NR-16", "One letter of a kind",
     "A person has one active letter of a kind, whichever authority issued it; a second one is "
     "refused "
     "with the neutral text unless it replaces the first.",
     "Doc 9303-8", "letters, at issue", RULES_HOLD, 0, NULL},
};

/* --- judging --- */

static enum rules_effect effect_of(const struct rules_rule *r, const struct rules_line *l) {
  return r->unmet == monitor_unmet && l->limits->no_monitor_blocks ? RULES_BLOCK : r->effect;
}

struct rules_verdict rules_judge(const struct rules_line *l) {
  struct rules_verdict v = {0};
  for (size_t i = 0; i < RULES_COUNT; i++) {
    const struct rules_rule *r = &rules_table[i];
    const char *missing = r->unmet ? r->unmet(l) : NULL;
    if (!missing) {
      continue;
    }
    switch (effect_of(r, l)) {
      case RULES_HOLD:
        v.hold = true;
        break;
      case RULES_BLOCK:
        v.unmet_rules[v.unmet_count] = r->id;
        v.unmet[v.unmet_count++] = missing;
        break;
      case RULES_SECOND_OFFICER:
      case RULES_ALARM:
        v.warnings[v.warning_count++] = missing;
        break;
    }
  }
  return v;
}

const char *rules_effect_name(enum rules_effect effect) {
  static const char *const names[] = {"HOLD", "BLOCK", "SECOND OFFICER", "ALARM"};
  return names[effect];
}

const char *rules_fact_name(enum fact_kind kind) {
  static const char *const names[FACT_KINDS] = {
      "",           "SCREENING_NO_CLAIM",  "SCREENING_CLAIM", "DECISION",
      "FIT_TO_FLY", "BEST_INTEREST",       "GUARDIAN",        "RECEIVING_ADULT",
      "CONSENT",    "ADMISSION_GUARANTEE", "FAMILY_GROUP",    "CUSTODY",
      "MONITOR"};
  return names[kind];
}
