/* Deflate for small streams, with the codes that every reader knows beforehand (RFC 1951 3.2.6). To count symbols, to make codes
 * of their own and to clear large tables costs as much for a thousand bytes as for a hundred thousand: here there is none of it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { FIXED_DEFLATE_MOST = 32 * 1024 }; /* bytes: all of it is within a match's reach */

/* Room for what n bytes may become. */
static inline size_t fixed_deflate_bound(size_t n) { return n + n / 8 + 32; }
/* One last block, without zlib's frame. in of at most FIXED_DEFLATE_MOST bytes; out has room for fixed_deflate_bound(n).
 * How many bytes it became; the same bytes become the same. Thread: any. */
size_t fixed_deflate(const uint8_t *in, size_t n, uint8_t *out);
