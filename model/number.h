/* Document numbers: 9 characters that fit an MRZ. Kind (S, M, R), two digits of the year, the place in the series as
 * five digits of Crockford's base 32, and an ISO 7064 MOD 37,36 check character. Thread: any. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "model/document.h"

enum { MODEL_SERIES_MAX = 33554431 }; /* 32^5 - 1 documents a kind and year */

/* sequence counts from 1. */
void model_number_format(enum model_kind kind, int year, uint32_t sequence, char number[static 10]);
/* Form and check character; any of the returns may be NULL. year is two digits. */
bool model_number_parse(const char *number, enum model_kind *ret_kind, int *ret_year,
                        uint32_t *ret_sequence);
/* The check character over n characters of 0-9 and A-Z; 0 on any other. */
char model_check_37_36(const char *text, unsigned n);
/* "7Q4M-K2PX-9DHT3": the typed code of 13 Crockford digits out of the first 65 bits. */
void model_check_code_format(const uint8_t mac[static 9], char code[static 16]);
