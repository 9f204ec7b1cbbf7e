/* The passenger list message PAXLST (WCO/IATA/ICAO guide 6.0): read and checked against its own envelope. Thread: any. */
#pragma once
#include "formats/paxlst/edifact.h"

struct paxlst_person {
  const char *qualifier; /* NAD: FL passenger, FM crew, DDU, DDT */
  const char *surname, *given_names;
  const char *sex;             /* ATT 2 */
  const char *birth_date;      /* DTM 329, YYMMDD */
  const char *embark, *debark; /* LOC 178, 179 */
  const char *nationality;     /* NAT 2 */
  const char *reference;       /* RFF ABO */
  const char *seat;            /* RFF SEA */
  const char *document_type, *document_number, *document_expiry, *document_issuer;
};

struct paxlst_message {
  const char *function;            /* BGM 1001: 745, 250, ... */
  const char *change;              /* BGM second element: "", CP, XR, CL, ... */
  const char *flight;              /* TDT 20 */
  const char *departure, *arrival; /* LOC 125, 87 */
  struct paxlst_person *persons;
  size_t person_count;
  long
      stated_passengers; /* CNT 42; -1: not stated. The number on the flight: may exceed what is listed */
  size_t segment_count; /* UNH to UNT */
};

/* One interchange with one PAXLST message. Counts and references of UNT, UNE and UNZ must hold.
 * Fails: MESSAGE_MALFORMED with what is wrong, LIMIT_EXCEEDED, NO_MEMORY. ret in ctx->mem. */
sv_status paxlst_read(struct sv_ctx *ctx, struct sv_bytes in, struct paxlst_message *ret);
