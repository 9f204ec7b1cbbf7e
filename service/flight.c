/* A short list under one mutex: never longer than the workers are many. */
#include "service/flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct flight {
  struct flight *next;
  char key[192]; /* authority, LF, request id */
};

static bool in_flight(const struct service *s, const char *key) {
  for (const struct flight *f = s->flights; f; f = f->next) {
    if (strcmp(f->key, key) == 0) {
      return true;
    }
  }
  return false;
}

/* Wakes up now and then to see whether the call is still wanted. */
static void landed_wait(struct service *s) {
  struct timespec until;
  (void)clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 50000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  (void)pthread_cond_timedwait(&s->landed, &s->mutex, &until);
}

sv_status flight_begin(struct service *s, struct sv_ctx *ctx, const char *authority,
                       const char *request_id, struct flight **ret) {
  struct flight *f = calloc(1, sizeof *f);
  if (!f) {
    return SV_FAIL(ctx, NO_MEMORY, "flight");
  }
  (void)snprintf(f->key, sizeof f->key, "%.128s\n%s", authority, request_id);
  sv_status status = SV_DONE;
  (void)pthread_mutex_lock(&s->mutex);
  while (in_flight(s, f->key) && !sv_failed(status)) {
    landed_wait(s);
    status = sv_ctx_alive(ctx);
  }
  if (!sv_failed(status)) {
    f->next = s->flights;
    s->flights = f;
  }
  (void)pthread_mutex_unlock(&s->mutex);
  if (sv_failed(status)) {
    free(f);
    return status;
  }
  *ret = f;
  return SV_DONE;
}

void flight_end(struct service *s, struct flight *f) {
  (void)pthread_mutex_lock(&s->mutex);
  for (struct flight **at = &s->flights; *at; at = &(*at)->next) {
    if (*at == f) {
      *at = f->next;
      break;
    }
  }
  (void)pthread_cond_broadcast(&s->landed);
  (void)pthread_mutex_unlock(&s->mutex);
  free(f);
}
