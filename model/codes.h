/* The code lists, embedded at build time from model/codes/ (each sorted by code). Thread: any. */
#pragma once
#include <stdbool.h>

/* ISO 3166-1 alpha-3 or a code of ICAO Doc 9303-3 section 5, as a nationality. */
bool model_state_known(const char *code);
/* As the issuer of a document: the codes for persons (XXA, XXB, XXC, XXX) never are. */
bool model_state_issues(const char *code);
/* The code under which the airports of a state are listed: "DEU" for "D", "GBR" for "GBN". False for a code of persons,
 * of an organisation, or of a state that is no more. */
bool model_state_territory(const char *code, char territory[static 4]);
/* IATA location code of an airport. */
bool model_airport_known(const char *code);
/* The three-letter code of the state that an airport lies in; false when unknown. */
bool model_airport_state(const char *code, char state[static 4]);
/* Digits of the minor unit, ISO 4217: 0, 2, 3 or 4; -1 for an unknown code or one without a minor unit (XAU, XXX). */
int model_currency_exponent(const char *code);
