/* JPEG segments. Invariants: nothing is read past the end; what is copied is only what ITU-T T.81 B.2 lets stand in a
 * picture of one frame; entropy-coded data is copied as it is. */
#include "docs_gen/draw/jpeg.h"

enum {
  SOI = 0xd8,
  EOI = 0xd9,
  SOS = 0xda,
  DQT = 0xdb,
  DHT = 0xc4,
  DRI = 0xdd,
  SOF0 = 0xc0,
  SOF2 = 0xc2
};
enum { APP0 = 0xe0, APP14 = 0xee, APP15 = 0xef, COM = 0xfe, RST0 = 0xd0, RST7 = 0xd7, TEM = 0x01 };
enum { SIDE_MAX = 4096, SEGMENTS_MAX = 400 };

struct jpeg {
  struct sv_ctx *ctx;
  struct sv_cursor in;
  struct sv_buf out;
  uint32_t width, height, components;
  bool scanned;
};

#define BAD(j, what) SV_FAIL((j)->ctx, FIELD_INVALID, "portrait: " what)

/* Frame header, B.2.2: 8 bits, one or three components. */
static sv_status read_frame(struct jpeg *j, struct sv_bytes body) {
  struct sv_cursor c = sv_cursor_over(body);
  uint8_t precision, components;
  uint16_t height, width;
  if (j->components || !sv_cursor_u8(&c, &precision) || !sv_cursor_u16(&c, &height) ||
      !sv_cursor_u16(&c, &width) || !sv_cursor_u8(&c, &components)) {
    return BAD(j, "frame header");
  }
  if (precision != 8 || (components != 1 && components != 3) ||
      sv_cursor_left(&c) != 3 * (size_t)components) {
    return BAD(j, "not 8 bits of 1 or 3 components");
  }
  if (width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX) {
    return BAD(j, "size");
  }
  j->width = width, j->height = height, j->components = components;
  return SV_DONE;
}

static void copy_segment(struct jpeg *j, uint8_t marker, struct sv_bytes body) {
  sv_buf_u8(&j->out, 0xff);
  sv_buf_u8(&j->out, marker);
  sv_buf_u8(&j->out, (uint8_t)((body.n + 2) >> 8));
  sv_buf_u8(&j->out, (uint8_t)(body.n + 2));
  sv_buf_put(&j->out, body.p, body.n);
}

/* The data of a scan, up to the next marker that is neither stuffing nor a restart. */
static void copy_scan(struct jpeg *j) {
  const uint8_t *p = j->in.p;
  while (p + 1 < j->in.end && (p[0] != 0xff || p[1] == 0 || (p[1] >= RST0 && p[1] <= RST7))) {
    p += p[0] == 0xff ? 2 : 1;
  }
  sv_buf_put(&j->out, j->in.p, (size_t)(p - j->in.p));
  j->in.p = p;
}

static bool is_adobe(uint8_t marker, struct sv_bytes body) {
  return marker == APP14 && body.n == 12 && memcmp(body.p, "Adobe", 5) == 0;
}

/* One segment with a length. */
static sv_status read_segment(struct jpeg *j, uint8_t marker) {
  uint16_t length;
  struct sv_bytes body;
  if (!sv_cursor_u16(&j->in, &length) || length < 2 ||
      !sv_cursor_take(&j->in, length - 2u, &body)) {
    return BAD(j, "segment");
  }
  if ((marker >= APP0 && marker <= APP15 && !is_adobe(marker, body)) || marker == COM) {
    return SV_DONE; /* where a camera writes who, when and where */
  }
  if (marker >= SOF0 && marker <= SOF2) {
    SV_TRY(read_frame(j, body));
  } else if (marker == SOS) {
    if (!j->components || body.n < 6) {
      return BAD(j, "scan before its frame");
    }
    j->scanned = true;
  } else if (marker != DQT && marker != DHT && marker != DRI && !is_adobe(marker, body)) {
    return BAD(j, "a segment that PDF's filter can't read");
  }
  copy_segment(j, marker, body);
  if (marker == SOS) {
    copy_scan(j);
  }
  return SV_DONE;
}

/* The next marker; fill bytes of 0xff may stand before it (B.1.1.2). */
static bool next_marker(struct jpeg *j, uint8_t *ret) {
  uint8_t b;
  if (!sv_cursor_u8(&j->in, &b) || b != 0xff) {
    return false;
  }
  do {
    if (!sv_cursor_u8(&j->in, &b)) {
      return false;
    }
  } while (b == 0xff);
  *ret = b;
  return b != 0 && b != TEM && !(b >= RST0 && b <= RST7);
}

sv_status jpeg_strip(struct sv_ctx *ctx, struct sv_bytes in, struct sv_bytes *ret,
                     uint32_t *ret_width, uint32_t *ret_height, uint32_t *ret_components) {
  struct jpeg j = {.ctx = ctx, .in = sv_cursor_over(in), .out = sv_buf_in(ctx->mem, in.n + 4)};
  uint8_t marker;
  if (!next_marker(&j, &marker) || marker != SOI) {
    return BAD(&j, "not a JPEG");
  }
  sv_buf_put(&j.out, "\xff\xd8", 2);
  for (int i = 0;; i++) {
    if (i == SEGMENTS_MAX || !next_marker(&j, &marker) || marker == SOI) {
      return BAD(&j, "marker");
    }
    if (marker == EOI) {
      break; /* what follows a picture is not copied */
    }
    SV_TRY(read_segment(&j, marker));
  }
  if (!j.scanned) {
    return BAD(&j, "no scan");
  }
  sv_buf_put(&j.out, "\xff\xd9", 2);
  if (j.out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "portrait");
  }
  *ret = sv_buf_bytes(&j.out);
  *ret_width = j.width, *ret_height = j.height, *ret_components = j.components;
  return SV_DONE;
}
