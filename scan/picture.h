/* A picture as gray bytes. Inside scan/ only: its decoders are to be called in the child. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture {
  uint8_t *gray; /* width * height, the top row first; the caller frees it */
  uint32_t width, height;
};

/* PNG or JPEG; transparency is white. False: it can't be read, or is over SCAN_PIXELS_MAX. */
bool picture_read(const uint8_t *file, size_t n, struct picture *ret);

/* Black and white, parted half-way between its dark and its light points. */
void picture_two_colours(struct picture *p);
