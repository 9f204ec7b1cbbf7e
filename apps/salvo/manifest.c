/* manifest import FILE.edi: a passenger list message as a request for a manifest. What the message does not say is left out
 * and told on standard error; an officer completes the request, and the server judges it. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "formats/paxlst/paxlst.h"
#include "rpc/grpc/json.h"
#include "salvo/v1/issuance.pb-c.h"

enum { OFFSETS_MAX = 32 };

typedef Salvo__V1__FlightManifest Manifest;
typedef Salvo__V1__FlightManifest__Occupant Occupant;
typedef Salvo__V1__FlightManifest__Leg Leg;

struct import {
  struct salvo *s;
  const char *offsets[OFFSETS_MAX]; /* "-05:00", or "BOG=-05:00" */
  size_t offset_count;
  int role;
};

static char *text(const char *s) { return (char *)(uintptr_t)s; } /* packing only reads */

static bool offset_good(const char *o) {
  const char *equals = strchr(o, '=');
  const char *v = equals ? equals + 1 : o;
  return (!equals || equals - o == 3) && strlen(v) == 6 && (v[0] == '+' || v[0] == '-') &&
         v[3] == ':';
}

/* The offset at an airport; "" when none was given. */
static const char *offset_at(const struct import *i, const char *airport) {
  const char *everywhere = "";
  for (size_t k = 0; k < i->offset_count; k++) {
    const char *o = i->offsets[k];
    if (strlen(o) == 6) {
      everywhere = o;
    } else if (strncmp(o, airport, 3) == 0 && strlen(airport) == 3) {
      return o + 4;
    }
  }
  return everywhere;
}

static char *time_at(const struct import *i, const char *local, const char *airport) {
  const char *offset = offset_at(i, airport);
  if (local[0] && !offset[0]) {
    (void)fprintf(stderr, "salvo: the message has local times: give --offset %s=+HH:MM\n", airport);
  }
  return local[0] ? sv_arena_printf(i->s->ctx->mem, "%s%s", local, offset) : text("");
}

static bool legs_of(const struct import *i, const struct model_manifest *m, Manifest *out) {
  Leg *legs = SV_ARRAY(i->s->ctx->mem, m->leg_count, Leg);
  out->legs = SV_ARRAY(i->s->ctx->mem, m->leg_count, Leg *);
  for (size_t k = 0; legs && out->legs && k < m->leg_count; k++) {
    legs[k] = (Leg)SALVO__V1__FLIGHT_MANIFEST__LEG__INIT;
    legs[k].from = text(m->legs[k].from);
    legs[k].to = text(m->legs[k].to);
    legs[k].departure_time = time_at(i, m->legs[k].departure_time, m->legs[k].from);
    legs[k].arrival_time = time_at(i, m->legs[k].arrival_time, m->legs[k].to);
    if (!legs[k].departure_time || !legs[k].arrival_time) {
      return false;
    }
    out->legs[out->n_legs++] = &legs[k];
  }
  return legs && out->legs;
}

static Occupant *occupant_of(const struct import *i, const struct model_occupant *o) {
  struct parts {
    Occupant occupant;
    Salvo__V1__Person person;
    Salvo__V1__TravelDocument paper;
  } *p = SV_NEW(i->s->ctx->mem, struct parts);
  if (!p) {
    return NULL;
  }
  p->occupant = (Occupant)SALVO__V1__FLIGHT_MANIFEST__OCCUPANT__INIT;
  p->person = (Salvo__V1__Person)SALVO__V1__PERSON__INIT;
  p->paper = (Salvo__V1__TravelDocument)SALVO__V1__TRAVEL_DOCUMENT__INIT;
  p->person.surname = text(o->person.surname);
  p->person.given_names = text(o->person.given_names);
  p->person.birth_date = text(o->person.birth_date);
  p->person.sex = text(o->person.sex);
  p->person.nationality = text(o->person.nationality);
  p->paper.type = text(o->travel_document.type);
  p->paper.number = text(o->travel_document.number);
  p->paper.issuing_state = text(o->travel_document.issuing_state);
  p->paper.expiry_date = text(o->travel_document.expiry_date);
  p->occupant.occupant_id = text(o->occupant_id);
  p->occupant.role = (Salvo__V1__FlightManifest__Occupant__Role)(o->role ? (int)o->role : i->role);
  p->occupant.person = &p->person;
  p->occupant.travel_document = o->travel_document.number[0] ? &p->paper : NULL;
  p->occupant.seat = text(o->seat);
  p->occupant.bags = o->bags;
  p->occupant.embark = text(o->embark);
  p->occupant.debark = text(o->debark);
  return &p->occupant;
}

static bool occupants_of(const struct import *i, const struct model_manifest *m, Manifest *out) {
  out->occupants = SV_ARRAY(i->s->ctx->mem, m->occupant_count, Occupant *);
  for (size_t k = 0; out->occupants && k < m->occupant_count; k++) {
    Occupant *one = occupant_of(i, &m->occupants[k]);
    if (!one) {
      return false;
    }
    out->occupants[out->n_occupants++] = one;
  }
  return out->occupants;
}

/* What a manifest needs and a message never has. */
static void gaps_tell(const struct import *i, const struct model_manifest *m) {
  if (i->role == 0) {
    (void)fputs("salvo: passengers have no role: give --role, or fill it in\n", stderr);
  }
  if (!m->registration[0]) {
    (void)fputs("salvo: the registration of the aircraft is not in the message\n", stderr);
  }
  (void)fputs(
      "salvo: alternates, seats of the aircraft and the issuing state are not in the message\n",
      stderr);
}

static int request_print(struct import *i, const struct model_manifest *m) {
  Salvo__V1__IssueDocumentRequest request = SALVO__V1__ISSUE_DOCUMENT_REQUEST__INIT;
  Manifest manifest = SALVO__V1__FLIGHT_MANIFEST__INIT;
  char id[37];
  sv_status named = uuid_new(i->s->ctx, id);
  if (sv_failed(named)) {
    return call_failed(i->s, named);
  }
  manifest.operator_ = text(m->operator_name);
  manifest.flight_number = text(m->flight_number);
  manifest.registration = text(m->registration);
  if (!legs_of(i, m, &manifest) || !occupants_of(i, m, &manifest)) {
    return call_failed(i->s, SV_FAIL(i->s->ctx, NO_MEMORY, "request"));
  }
  request.request_id = id;
  request.content_case = SALVO__V1__ISSUE_DOCUMENT_REQUEST__CONTENT_FLIGHT_MANIFEST;
  request.flight_manifest = &manifest;
  gaps_tell(i, m);
  return json_print(i->s, &request.base);
}

static int message_import(struct import *i, const char *path) {
  struct sv_ctx *ctx = i->s->ctx;
  struct sv_bytes in;
  struct paxlst p = {0};
  struct model_manifest m;
  sv_status status = file_read(ctx, path, EDIFACT_BYTES_MAX, &in);
  if (!sv_failed(status)) {
    status = paxlst_read(ctx, in, &p);
  }
  if (!sv_failed(status)) {
    status = paxlst_manifest(ctx, &p, &m);
  }
  for (size_t k = 0; k < p.warning_count; k++) {
    (void)fprintf(stderr, "salvo: %s: %s\n", path, p.warnings[k]);
  }
  if (sv_failed(status)) {
    (void)fprintf(stderr, "salvo: %s: %s\n", path, ctx->detail);
    return status.reason == SV_IO ? EXIT_USAGE : EXIT_NOT_OURS;
  }
  return request_print(i, &m);
}

int command_manifest(struct salvo *s, struct arguments a) {
  static const char usage[] =
      "manifest import FILE.edi [--role ROLE] [--offset +HH:MM | --offset AIRPORT=+HH:MM ...]";
  struct import i = {.s = s};
  const char *role = argument_take(&a, "--role"), *offset;
  bool good = true;
  while ((offset = argument_take(&a, "--offset"))) {
    good = good && offset_good(offset) && i.offset_count < OFFSETS_MAX;
    i.offsets[good ? i.offset_count++ : 0] = offset;
  }
  good = good && (!role || enum_value(&salvo__v1__flight_manifest__occupant__role__descriptor,
                                      "ROLE_", role, &i.role));
  if (!good || a.count != 2 || strcmp(a.v[0], "import") != 0) {
    return usage_fault(usage);
  }
  return message_import(&i, a.v[1]);
}
