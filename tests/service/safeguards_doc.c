/* Prints docs/SAFEGUARDS.md from the table of rules. */
#include <stdio.h>

#include "model/audience.h"
#include "service/rules.h"

static void facts_print(unsigned facts) {
  const char *between = "";
  for (int kind = FACT_NONE + 1; kind < FACT_KINDS; kind++) {
    if (facts & FACT_BIT(kind)) {
      (void)printf("%s%s", between, rules_fact_name((enum fact_kind)kind));
      between = ", ";
    }
  }
}

/* NR-14 as a table: who has which field of a manifest on paper. */
static void shown_print(void) {
  (void)puts(
      "## What is on whose copy of a manifest (NR-14)\n\n"
      "The document itself is the authority's. A copy for somebody else says on its face for whom "
      "it is, has the same "
      "number,\nversion, seals and lines, and what is not in its column is not in the file at all: "
      "neither on a page nor "
      "attached.\n\n"
      "| Field | Authority | Gate | Operator | Destination |\n|---|---|---|---|---|");
  for (size_t i = 0; i < MODEL_SHOWN_COUNT; i++) {
    (void)printf("| %s |", model_shown_table[i].text);
    for (unsigned to = MODEL_AUTHORITY; to < MODEL_AUDIENCES; to++) {
      (void)printf(" %s |", model_shown_table[i].to & MODEL_TO(to) ? "yes" : "no");
    }
    (void)putchar('\n');
  }
  (void)putchar('\n');
}

int main(void) {
  const struct policy_safeguards *p = &policy_safeguards_default;
  (void)puts(
      "# The safeguards\n\n"
      "What the server upholds so that nobody is returned to danger. This page is printed from the "
      "table that the server\n"
      "judges by (`service/rules.c`); a test fails when the two differ.\n\n"
      "Each line of a manifest is judged when its number is taken, and again when the document "
      "is made, at each check at\n"
      "the gate, and at closing. What is not on record counts against the flight, never against "
      "the person. A fact counts when\n"
      "it was recorded by the authority that issues the manifest, for this very person (travel "
      "document and birth date, or\n"
      "the whole name where there is no document), and has not run out.\n\n"
      "- **HOLD**: the line is refused with one neutral text, the same bytes for every cause.\n"
      "- **BLOCK**: the line is refused, and its authority is told what is missing; only when no "
      "line of the flight is a HOLD.\n"
      "- **SECOND OFFICER**: a draft, until an officer who did not ask for it has read and "
      "approved it.\n"
      "- **ALARM**: the protection desk is told at once.\n");
  for (size_t i = 0; i < RULES_COUNT; i++) {
    const struct rules_rule *r = &rules_table[i];
    (void)printf("## %s %s\n\n%s\n\n", r->id, r->title, r->text);
    (void)printf("- Applies to: %s\n- Effect: %s\n- Basis: %s\n", r->when,
                 rules_effect_name(r->effect), r->basis);
    if (r->facts) {
      (void)printf("- Facts: ");
      facts_print(r->facts);
      (void)putchar('\n');
    }
    (void)putchar('\n');
  }
  shown_print();
  (void)printf(
      "## What policy decides\n\nDefaults of the group `safeguards` of the policy file: "
      "screening_days %u, "
      "fitness_hours %u, cooling_off_hours %u,\nno_monitor \"%s\", hold_unconfirmed_hours %u, "
      "holds_per_day %u.\n",
      p->screening_days, p->fitness_hours, p->cooling_off_hours,
      p->no_monitor_blocks ? "block" : "warn", p->hold_unconfirmed_hours, p->holds_per_day);
  return 0;
}
