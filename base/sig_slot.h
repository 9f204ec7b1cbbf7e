/* Where a signature goes in a PDF: the offsets that the writer noted while it serialised, for the one who signs. */
#pragma once
#include <stddef.h>

struct sv_sig_slot {
  size_t
      byte_range_at; /* of the '[' of /ByteRange, whose text has byte_range_room bytes, ']' last */
  size_t byte_range_room;
  size_t contents_at;   /* of the '<' of /Contents */
  size_t contents_room; /* from '<' to '>', both included: 2 * (room for DER) + 2 */
  size_t static_bytes;  /* from the file's start: what its template's documents share; 0: none */
};
