/* The safeguards NR-01 to NR-16: one table, a row a rule. A rule that judges a line of a manifest has a check over a plain
 * struct of what is known of that line; the others name what holds them. docs/SAFEGUARDS.md is this table, printed.
 * Pure: knows no registry and no clock. Thread: any. */
#pragma once
#include "base/clock.h"
#include "model/document.h"
#include "service/policy.h"

/* RecordFactRequest.Kind of the API. */
enum fact_kind {
  FACT_NONE = 0,
  FACT_SCREENING_NO_CLAIM = 1,
  FACT_SCREENING_CLAIM = 2,
  FACT_DECISION = 3,
  FACT_FIT_TO_FLY = 4,
  FACT_BEST_INTEREST = 5,
  FACT_GUARDIAN = 6,
  FACT_RECEIVING_ADULT = 7,
  FACT_CONSENT = 8,
  FACT_ADMISSION_GUARANTEE = 9,
  FACT_FAMILY_GROUP = 10,
  FACT_CUSTODY = 11,
  FACT_MONITOR = 12,
  FACT_KINDS
};
#define FACT_BIT(kind) (1U << (kind))

enum rules_effect {
  RULES_HOLD,           /* the one neutral text, for every cause */
  RULES_BLOCK,          /* the line is refused, and its authority is told what is missing */
  RULES_SECOND_OFFICER, /* the line stands, a second officer has to approve the document */
  RULES_ALARM,          /* the protection desk is told at once */
};

/* A fact recorded for this very person by this authority, in force or not. */
struct rules_fact {
  enum fact_kind kind;
  int64_t fact_us;
  int64_t expiry_us; /* 0: none */
  bool language;     /* the language in which the person was heard is recorded */
  bool shared;       /* its reference is on record for another person too */
  bool split;        /* somebody of the same family group is not on this flight */
};

/* What is known of a line when it is judged. */
struct rules_line {
  enum model_role role;
  const char *birth_date;  /* unknown parts XX */
  const char *nationality; /* as written */
  const char *destination; /* state of the place where the person leaves the aircraft; "" unknown */
  const char *flight_day;  /* local date of departure, "YYYY-MM-DD" */
  int64_t departure_us;
  int64_t now_us;
  const struct rules_fact *facts;
  size_t fact_count;
  bool held;             /* NR-01: an active hold or claim against this flight */
  bool protected_letter; /* NR-02: an active letter against this flight */
  bool custody;          /* a service code says so */
  bool medical;          /* a service code says so */
  bool adult_aboard;     /* the adult named for a minor is on this flight */
  bool adult_is_escort;
  bool custody_flight; /* somebody on the flight is in custody */
  bool monitor_aboard; /* somebody on the flight is a monitor, or a monitor is on record */
  const struct policy_safeguards *limits;
};

struct rules_rule {
  const char *id; /* "NR-01" */
  const char *title;
  const char *text;  /* what it demands, for a lawyer */
  const char *basis; /* of law or practice */
  const char *when;  /* to whom or when it applies */
  enum rules_effect effect;
  unsigned facts; /* bits of the facts that can meet it */
  /* NULL when the line satisfies the rule or the rule does not apply to it, else what is missing; static storage.
   * No check: `when` says what upholds the rule. */
  const char *(*unmet)(const struct rules_line *line);
};

enum { RULES_COUNT = 16 };
extern const struct rules_rule rules_table[RULES_COUNT];

/* What a line comes to: the worst first. */
struct rules_verdict {
  bool hold;                            /* to be told as HOLD and nothing else */
  const char *unmet_rules[RULES_COUNT]; /* "NR-05" */
  const char *unmet[RULES_COUNT];       /* what is missing, of the rules that block */
  const char *warnings[RULES_COUNT];    /* of those that ask for a second officer */
  size_t unmet_count, warning_count;
};
struct rules_verdict rules_judge(const struct rules_line *line);

/* Whether the person may be under 18 on the flight day: by the birth date, of which unknown parts count in favour of the
 * child, or because facts for a child are on record (the age is disputed). */
bool rules_minor(const struct rules_line *line);
/* By the birth date alone: surely 18 or older on the day. */
bool rules_adult(const char *birth_date, const char *day);

const char *rules_effect_name(enum rules_effect effect);
/* "SCREENING_NO_CLAIM" */
const char *rules_fact_name(enum fact_kind kind);
