/* The drawings that never change: crest, panel, seal (design of the pages, section 5). Content operators in units of
 * 0.01 mm, y upwards. Made once, when the templates are compiled. */
#pragma once
#include "base/ctx.h"

/* The crest, `width` mm wide and 21.4 / 18 of that high; the origin is its top left corner. */
sv_status ornament_crest(struct sv_ctx *ctx, double width, struct sv_bytes *ret);
/* The panel, 190 wide; the origin is its centre; half: of its height, ribbons included. */
sv_status ornament_panel(struct sv_ctx *ctx, double half, struct sv_bytes *ret);
/* What is ruled about so many lines of a roll-call, each 7.8 high: two boxes to tick, and a rule below, the fifth a strong one. The
 * origin is the middle of the upper edge, of 180. */
sv_status ornament_roll_lines(struct sv_ctx *ctx, int n, struct sv_bytes *ret);
/* The round seal without its text; the origin is its centre. */
sv_status ornament_seal(struct sv_ctx *ctx, double radius, struct sv_bytes *ret);
