/* C40 of Doc 9303-13 (DataMatrix's C40 without shifts): A-Z, 0-9 and space; '<' is written as space. Thread: any. */
#pragma once
#include <stddef.h>

#include "base/bytes.h"

/* Bytes that n characters need. */
static inline size_t vds_c40_size(size_t n) { return n ? 2 * ((n - 1) / 3) + 2 : 0; }

/* Writes vds_c40_size(n) bytes; false on a character outside the alphabet. */
bool vds_c40_encode(const char *text, size_t n, uint8_t *ret);

/* Reads all of in; ret has room for 3 * in.n / 2 + 1 and is terminated. '<' comes back as space.
 * False on an odd length, a value outside the alphabet, or padding before the end. */
bool vds_c40_decode(struct sv_bytes in, char *ret, size_t *ret_n);
