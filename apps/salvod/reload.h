/* SIGHUP: keys, trust and templates are read anew and take the place of those before while calls go on. What is faulty is
 * refused whole, with a line of the log, and what was before stays in force. */
#pragma once
#include <stdatomic.h>

#include "apps/salvod/keyring.h"
#include "apps/salvod/signer_process.h"
#include "runtime/workers.h"

struct reload {
  /* given; borrowed */
  const struct settings *settings;
  struct workers *workers;
  struct signer_process *process;
  struct signer_link *link;
  struct service *service;
  struct docs *docs;
  struct sv_metrics *metrics;
  const atomic_bool *quit;  /* set when the server stops: what is under way is given up */
  struct keyring **keyring; /* the set in force; the owner closes the last one */
  /* own */
  struct workers_job job;
  bool running, again;
};

/* On a worker, one at a time; asked again meanwhile, it is done once more. Thread: the loop's. */
void reload_ask(struct reload *r);
