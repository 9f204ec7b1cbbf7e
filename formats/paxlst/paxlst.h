/* The passenger list message PAXLST (WCO/IATA/ICAO guide 6.0, directory D.15B): read with patience, written strictly. Thread:
 * any. */
#pragma once
#include "base/clock.h"
#include "formats/paxlst/edifact.h"
#include "model/document.h"

/* --- reading --- */

struct paxlst_person {
  const char *qualifier; /* NAD: FL passenger, FM crew, DDU, DDT */
  const char *surname, *given_names;
  const char *sex;                       /* ATT 2 */
  const char *birth_date, *birth_format; /* DTM 329: YYMMDD, or as the format code says */
  const char *embark, *debark;           /* LOC 178, 179 */
  const char *nationality;               /* NAT 2 */
  const char *reference;                 /* RFF ABO */
  const char *seat;                      /* RFF SEA */
  const char *bags;                      /* MEA CT */
  const char *document_type, *document_number;
  const char *document_expiry, *expiry_format;
  const char *document_issuer;
};

/* A place of the routing, in the order of the message. */
struct paxlst_stop {
  const char *qualifier; /* 125 last departure, 87 first arrival, 92 another, 130 the last */
  const char *airport;
  const char *departure, *arrival; /* DTM 189, 232: YYMMDDHHMM, local */
};
enum { PAXLST_STOPS_MAX = 16, PAXLST_MESSAGES_MAX = 8, PAXLST_WARNINGS_MAX = 50 };

struct paxlst_message {
  const char *function;             /* BGM 1001: 745, 250, 266, ... */
  const char *change;               /* BGM second element: "", CP, XR, CL, CLOB, ... */
  const char *reference, *revision; /* RFF TN */
  const char *flight;               /* TDT 20 */
  const char *carrier, *carrier_name, *registration;
  const char *departure, *arrival; /* LOC 125, 87 */
  struct paxlst_stop *stops;
  size_t stop_count;
  struct paxlst_person *persons;
  size_t person_count;
  long stated_passengers,
      stated_crew;      /* CNT 42, 41: on the flight, may exceed what is listed; -1: not stated */
  size_t segment_count; /* UNH to UNT */
};

struct paxlst {
  struct paxlst_message *messages;
  size_t message_count;
  const char **
      warnings; /* what the guide does not allow and was read all the same; no value of a field is in them */
  size_t warning_count;
};

/* One interchange. What is wrong in it and can be read over is a warning: counts and references, order, characters.
 * Fails: MESSAGE_MALFORMED with what is wrong (truncated, not PAXLST), LIMIT_EXCEEDED, NO_MEMORY. ret in ctx->mem. */
sv_status paxlst_read(struct sv_ctx *ctx, struct sv_bytes in, struct paxlst *ret);

/* The manifest that an interchange lists: messages of passengers, of crew and of a close-out together, without those that
 * cancel. What it does not say stays empty: roles of passengers, facts, seats. Times have no offset, for the message has none
 * ("2026-12-20T07:30:00"). Two digits of a birth year are of the hundred years before the departure, those of an expiry
 * from 2000 on. More warnings go into p. Fails: LIMIT_EXCEEDED (persons of a manifest), NO_MEMORY. */
sv_status paxlst_manifest(struct sv_ctx *ctx, struct paxlst *p, struct model_manifest *ret);

/* --- writing --- */

enum paxlst_stage {
  PAXLST_NEW,       /* BGM 745 */
  PAXLST_CHANGE,    /* BGM 745 CP, all lines as they are now; who is off by XR */
  PAXLST_CLOSED,    /* BGM 266 CLOB: on board */
  PAXLST_CANCELLED, /* BGM 745 XF: the flight is off, nobody is listed */
};

struct paxlst_occasion {
  enum paxlst_stage stage;
  const char *number; /* of the manifest: RFF TN */
  uint32_t version;
  int64_t time_us; /* of its issue */
  const struct model_authority *authority;
  const struct model_texts
      *removed; /* occupant ids that the version before had and this one has not; NULL: none */
};

/* The interchange of a manifest's version: deterministic, one line, passengers (FL) and crew (FM) in messages of their own.
 * Names are transliterated as in a machine readable zone, cut at 70 characters. Roles, facts, guardians, service codes, native
 * names and birth places are not in it: what it carries leaves the authority.
 * Fails: MRZ_FORMAT with the field that has a character outside the tables, LIMIT_EXCEEDED, NO_MEMORY. */
sv_status paxlst_write(struct sv_ctx *ctx, const struct model_manifest *m,
                       const struct paxlst_occasion *o, struct sv_bytes *ret);

/* The birth year that two digits mean on a flight of this day: of the hundred years before it. */
int paxlst_birth_year(int yy, int month, int day, struct sv_date departure);
/* State codes as ISO 3166 has them, and back: "DEU" for "D". Static storage, or the argument. */
const char *paxlst_state(const char *code_9303);
const char *paxlst_state_9303(const char *code);
