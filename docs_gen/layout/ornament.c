/* Curves are cubic splines through exact points with exact slopes (Hermite form), so few segments are enough. */
#include "docs_gen/layout/ornament.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

struct point {
  double x, y;
};

/* Millimetres to the integers of the stream. */
static int centi(double mm) { return (int)lround(mm * 100); }

static void pen(struct sv_buf *b, double width) { sv_buf_printf(b, "%g w ", width * 100); }
static void move(struct sv_buf *b, double x, double y) {
  sv_buf_printf(b, "%d %d m ", centi(x), centi(y));
}
static void line(struct sv_buf *b, double x, double y) {
  sv_buf_printf(b, "%d %d l ", centi(x), centi(y));
}
static void curve(struct sv_buf *b, struct point a, struct point c, struct point d) {
  sv_buf_printf(b, "%d %d %d %d %d %d c ", centi(a.x), centi(a.y), centi(c.x), centi(c.y),
                centi(d.x), centi(d.y));
}
/* From p0 to p1 with derivatives d0, d1 over the parameter step h. */
static void hermite(struct sv_buf *b, struct point p0, struct point d0, struct point p1,
                    struct point d1, double h) {
  curve(b, (struct point){p0.x + d0.x * h / 3, p0.y + d0.y * h / 3},
        (struct point){p1.x - d1.x * h / 3, p1.y - d1.y * h / 3}, p1);
}

static void circle(struct sv_buf *b, double x, double y, double r, const char *paint) {
  double k = r * 0.5522847498;
  move(b, x + r, y);
  curve(b, (struct point){x + r, y + k}, (struct point){x + k, y + r}, (struct point){x, y + r});
  curve(b, (struct point){x - k, y + r}, (struct point){x - r, y + k}, (struct point){x - r, y});
  curve(b, (struct point){x - r, y - k}, (struct point){x - k, y - r}, (struct point){x, y - r});
  curve(b, (struct point){x + k, y - r}, (struct point){x + r, y - k}, (struct point){x + r, y});
  sv_buf_printf(b, "h %s\n", paint);
}

static const char ink_stroke[] = ".0706 .2157 .3098 RG\n";
static const char ink_fill[] = ".0706 .2157 .3098 rg\n";

static void star(struct sv_buf *b, double x, double y, double r) {
  static const double radii[4] = {1, 0.345, 0.727, 0.345};
  for (int i = 0; i < 16; i++) {
    double a = pi / 8 * i, ri = r * radii[i % 4];
    if (i == 0) {
      move(b, x + ri * sin(a), y + ri * cos(a));
    } else {
      line(b, x + ri * sin(a), y + ri * cos(a));
    }
  }
  sv_buf_str(b, "h f\n");
}

/* amplitude * sin(2 pi x / period + phase), from x0 on, so many quarters of a period. */
static void wave(struct sv_buf *b, double x0, double y0, double amplitude, double period,
                 double phase, int quarters) {
  double h = period / 4, k = 2 * pi / period;
  struct point p = {x0, y0 + amplitude * sin(phase)}, d = {1, amplitude * k * cos(phase)};
  move(b, p.x, p.y);
  for (int i = 1; i <= quarters; i++) {
    double t = k * h * i + phase;
    struct point q = {x0 + h * i, y0 + amplitude * sin(t)}, e = {1, amplitude * k * cos(t)};
    hermite(b, p, d, q, e, h);
    p = q, d = e;
  }
  sv_buf_str(b, "S\n");
}

/* r = mean + depth cos(lobes t): one lobe. */
static void lobe(struct sv_buf *b, double mean, double depth, int lobes) {
  double h = 2 * pi / (4 * lobes);
  struct point p = {0, 0}, d = {0, 0};
  for (int i = 0; i <= 4; i++) {
    double t = h * i, r = mean + depth * cos(lobes * t), dr = -depth * lobes * sin(lobes * t);
    struct point q = {r * cos(t), r * sin(t)};
    struct point e = {dr * cos(t) - r * sin(t), dr * sin(t) + r * cos(t)};
    if (i == 0) {
      move(b, q.x, q.y);
    } else {
      hermite(b, p, d, q, e, h);
    }
    p = q, d = e;
  }
  sv_buf_str(b, "S\n");
}

/* Closed curves of so many lobes, turned against each other by equal parts of a lobe. Each lobe is the same text after
 * another turn, which is what deflate likes; round ends hide where two of them meet. */
static void rosettes(struct sv_buf *b, double mean, double depth, int lobes, int curves) {
  double turn = 2 * pi / (lobes * curves);
  sv_buf_str(b, "q 1 J\n");
  for (int i = 0; i < lobes * curves; i++) {
    lobe(b, mean, depth, lobes);
    sv_buf_printf(b, "%.7f %.7f %.7f %.7f 0 0 cm\n", cos(turn), sin(turn), -sin(turn), cos(turn));
  }
  sv_buf_str(b, "Q\n");
}

static sv_status done(struct sv_ctx *ctx, const struct sv_buf *b, struct sv_bytes *ret) {
  if (b->failed) {
    return SV_FAIL(ctx, NO_MEMORY, "ornament");
  }
  *ret = sv_buf_bytes(b);
  return SV_DONE;
}

/* ---- crest: 18 x 21.4 units ---- */

struct crest {
  struct sv_buf *b;
  double s; /* mm per unit */
  double x, y;
};

static void crest_move(const struct crest *c, double x, double y) {
  move(c->b, c->x + x * c->s, c->y - y * c->s);
}
static void crest_line(const struct crest *c, double x, double y) {
  line(c->b, c->x + x * c->s, c->y - y * c->s);
}
static void crest_curve(const struct crest *c, double x1, double y1, double x2, double y2,
                        double x3, double y3) {
  curve(c->b, (struct point){c->x + x1 * c->s, c->y - y1 * c->s},
        (struct point){c->x + x2 * c->s, c->y - y2 * c->s},
        (struct point){c->x + x3 * c->s, c->y - y3 * c->s});
}

/* The shield, scaled by (kx, ky) about its axis and its top edge, which moves down by top. */
static void shield(const struct crest *c, double kx, double ky, double top) {
#define SX(v) (9 + ((v)-9) * kx)
#define SY(v) (top + (v)*ky)
  crest_move(c, SX(0), SY(0));
  crest_line(c, SX(18), SY(0));
  crest_line(c, SX(18), SY(10.2));
  crest_curve(c, SX(18), SY(15.6), SX(13.6), SY(19.2), SX(9), SY(21.4));
  crest_curve(c, SX(4.4), SY(19.2), SX(0), SY(15.6), SX(0), SY(10.2));
#undef SX
#undef SY
  sv_buf_str(c->b, "h S\n");
}

/* An arch from (x, y) to the left: half an ellipse of the given radii, upwards. */
static void arch(const struct crest *c, double x, double y, double rx, double ry) {
  const double k = 0.5522847498;
  crest_curve(c, x, y - k * ry, x - rx + k * rx, y - ry, x - rx, y - ry);
  crest_curve(c, x - rx - k * rx, y - ry, x - 2 * rx, y - k * ry, x - 2 * rx, y);
}

static void bridge(const struct crest *c) {
  crest_move(c, 0.95, 9.3);
  crest_line(c, 9, 8.2);
  crest_line(c, 17.05, 9.3);
  crest_line(c, 17.05, 12.7);
  crest_line(c, 15.9, 12.7);
  arch(c, 15.9, 12.7, 1.55, 1.9);
  crest_line(c, 11, 12.7);
  arch(c, 11, 12.7, 2, 2.9);
  crest_line(c, 5.2, 12.7);
  arch(c, 5.2, 12.7, 1.55, 1.9);
  crest_line(c, 0.95, 12.7);
  sv_buf_str(c->b, "h f\n");
}

static void crest_at(struct sv_buf *b, double x, double y, double width) {
  struct crest c = {.b = b, .s = width / 18, .x = x, .y = y};
  sv_buf_str(b, ink_stroke);
  sv_buf_str(b, ink_fill);
  pen(b, 0.55 * c.s);
  shield(&c, 1, 1, 0);
  pen(b, 0.14 * c.s);
  shield(&c, (9 - 0.95) / 9, (21.4 - 0.95 - 1.12) / 21.4, 0.95);
  bridge(&c);
  star(b, x + 9 * c.s, y - 4.75 * c.s, 2.75 * c.s);
  static const double waves[3][4] = {
      {14.1, 1.9, 16.1, 6}, {15.75, 3.5, 14.5, 5}, {17.4, 5.6, 12.4, 3}};
  pen(b, 0.42 * c.s);
  for (int i = 0; i < 3; i++) {
    double period = (waves[i][2] - waves[i][1]) / waves[i][3];
    wave(b, x + waves[i][1] * c.s, y - waves[i][0] * c.s, 0.375 * c.s, period * c.s, 0,
         4 * (int)waves[i][3]);
  }
}

sv_status ornament_crest(struct sv_ctx *ctx, double width, struct sv_bytes *ret) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  crest_at(&b, 0, 0, width);
  return done(ctx, &b, ret);
}

/* ---- panel ---- */

/* A ribbon 4.0 high about the axis y: a tile of one period, placed twenty times. outside: where the strong rule is. */
static void ribbon(struct sv_buf *b, double y, int outside) {
  sv_buf_printf(b, "q %s", ink_stroke);
  pen(b, 0.3);
  move(b, -95, y + outside * 2.0);
  line(b, 95, y + outside * 2.0);
  sv_buf_str(b, "S\n");
  pen(b, 0.12);
  move(b, -95, y - outside * 2.0);
  line(b, 95, y - outside * 2.0);
  sv_buf_str(b, "S\n");
  pen(b, 0.11);
  sv_buf_printf(b, "1 0 0 1 -9500 %d cm\n", centi(y));
  for (int tile = 0; tile < 20; tile++) {
    for (int i = 0; i < 4; i++) {
      double phase = (i / 3.0 - 0.5) * 1.15;
      wave(b, 0, 0, 1.65, 9.5, phase, 4);
      wave(b, 0, 0, -1.65, 9.5, phase, 4);
    }
    sv_buf_str(b, "1 0 0 1 950 0 cm\n");
  }
  sv_buf_str(b, "Q\n");
}

/* y on the streamline y - a^2 y / (x^2 + y^2) = s, outside the circle. */
static double streamline(double a, double s, double x) {
  double low = fabs(x) < a ? sqrt(a * a - x * x) : 0, high = s + a;
  for (int i = 0; i < 60; i++) {
    double y = (low + high) / 2;
    if (y - a * a * y / (x * x + y * y) < s) {
      low = y;
    } else {
      high = y;
    }
  }
  return (low + high) / 2;
}

static double streamline_slope(double a, double x, double y) {
  double r4 = (x * x + y * y) * (x * x + y * y);
  double fx = 2 * a * a * x * y / r4, fy = 1 - a * a * (x * x - y * y) / r4;
  return -fx / fy;
}

/* The half of a streamline that is right of the middle. */
static void ground_line(struct sv_buf *b, double a, double s) {
  static const double knots[] = {0, 3, 6, 9.5, 14, 21, 34, 58, 95};
  enum { KNOTS = sizeof knots / sizeof *knots };
  struct point p = {0, 0}, d = {0, 0};
  for (int i = 0; i < KNOTS; i++) {
    double x = knots[i], y = streamline(a, s, x);
    struct point q = {x, y}, e = {1, streamline_slope(a, x, y)};
    if (i == 0) {
      move(b, q.x, q.y);
    } else {
      hermite(b, p, d, q, e, q.x - p.x);
    }
    p = q, d = e;
  }
  sv_buf_str(b, "S\n");
}

/* The four hues of the ground, from the top of the panel (t 0) to its bottom (t 1). */
static void ground_colour(struct sv_buf *b, double t) {
  static const int hues[4][3] = {
      {0x8f, 0xb1, 0xc6}, {0x93, 0xb7, 0xb0}, {0xa9, 0xb5, 0x96}, {0xc2, 0xac, 0x8c}};
  double at = t * 3;
  int i = at >= 2 ? 2 : at >= 1 ? 1 : 0;
  double f = at - i;
  f = f < 0 ? 0 : f > 1 ? 1 : f;
  for (int k = 0; k < 3; k++) {
    sv_buf_printf(b, "%.3f ", (hues[i][k] + (hues[i + 1][k] - hues[i][k]) * f) / 255);
  }
  sv_buf_str(b, "RG\n");
}

/* One half drawn four times, mirrored: the same text again and again. */
static void ground(struct sv_buf *b, double half) {
  const double a = 8.8, clip = half - 4 - 1.0;
  sv_buf_printf(b, "q -9500 %d 19000 %d re W n 1 J ", centi(-clip), centi(2 * clip));
  pen(b, 0.10);
  for (int side = 1; side >= -1; side -= 2) {
    for (double s = 0.75; s < half + 6; s += 1.5) {
      ground_colour(b, 0.5 - side * s / (2 * half));
      for (int i = 0; i < 2; i++) {
        ground_line(b, a, s);
        sv_buf_str(b, "-1 0 0 1 0 0 cm\n");
      }
    }
    sv_buf_str(b, "1 0 0 -1 0 0 cm\n");
  }
  sv_buf_str(b, "Q\n");
}

static void medallion(struct sv_buf *b) {
  sv_buf_str(b, "1 g ");
  circle(b, 0, 0, 8.2, "f");
  sv_buf_str(b, ink_stroke);
  pen(b, 0.10);
  rosettes(b, 6.0, 1.8, 18, 5);
  pen(b, 0.18);
  circle(b, 0, 0, 3.9, "B");
  sv_buf_str(b, ink_fill);
  star(b, 0, 0, 2.75);
}

sv_status ornament_panel(struct sv_ctx *ctx, double half, struct sv_bytes *ret) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  ground(&b, half);
  ribbon(&b, half - 2.0, 1);
  ribbon(&b, -half + 2.0, -1);
  medallion(&b);
  return done(ctx, &b, ret);
}

sv_status ornament_seal(struct sv_ctx *ctx, double radius, struct sv_bytes *ret) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&b, ink_stroke);
  pen(&b, 0.4);
  circle(&b, 0, 0, radius, "S");
  pen(&b, 0.12);
  circle(&b, 0, 0, radius - 0.75, "S");
  circle(&b, 0, 0, radius - 4.0, "S");
  pen(&b, 0.07);
  rosettes(&b, radius - 5.2, 1.0, 24, 4);
  double disc = radius - 6.3, width = 1.2 * disc;
  pen(&b, 0.18);
  sv_buf_str(&b, "1 g ");
  circle(&b, 0, 0, disc, "B");
  crest_at(&b, -width / 2, width * 21.4 / 18 / 2, width);
  return done(ctx, &b, ret);
}

sv_status ornament_roll_lines(struct sv_ctx *ctx, int n, struct sv_bytes *ret) {
  static const double line_height = 7.8, boxes[] = {58.5, 68}, edge = 5, box_top = 1.4;
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&b, "0 G ");
  pen(&b, 0.22);
  for (int i = 0; i < n; i++) {
    double bottom = -(line_height * i + box_top + edge);
    for (int k = 0; k < 2; k++) {
      sv_buf_printf(&b, "%d %d %d %d re ", centi(boxes[k]), centi(bottom), centi(edge),
                    centi(edge));
    }
  }
  sv_buf_str(&b, "S\n");
  for (int i = 1; i <= n; i++) {
    pen(&b, i % 5 == 0 ? 0.3 : 0.09);
    move(&b, -90, -line_height * i);
    line(&b, 90, -line_height * i);
    sv_buf_str(&b, "S\n");
  }
  return done(ctx, &b, ret);
}
