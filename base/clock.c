/* Civil dates by the days-from-civil algorithm; zones from the system's tz database, read without touching TZ. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"

uint64_t sv_monotonic_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

int64_t sv_wall_us(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool digits(const char *s, int n, int *ret) {
  int v = 0;
  for (int i = 0; i < n; i++) {
    if (s[i] < '0' || s[i] > '9') {
      return false;
    }
    v = v * 10 + (s[i] - '0');
  }
  *ret = v;
  return true;
}

static bool date_read(const char *s, struct sv_date *ret) {
  static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  struct sv_date d;
  if (!digits(s, 4, &d.year) || s[4] != '-' || !digits(s + 5, 2, &d.month) || s[7] != '-' ||
      !digits(s + 8, 2, &d.day)) {
    return false;
  }
  if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1) {
    return false;
  }
  bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;
  int last = month_days[d.month - 1] + (d.month == 2 && leap ? 1 : 0);
  if (d.day > last) {
    return false;
  }
  *ret = d;
  return true;
}

bool sv_date_parse(const char *text, struct sv_date *ret) {
  return strlen(text) == 10 && date_read(text, ret);
}

/* The last n decimal digits of a number that is not negative. */
static void digits_put(char *text, int n, int v) {
  for (; n > 0; v /= 10) {
    text[--n] = (char)('0' + v % 10);
  }
}

void sv_date_format(struct sv_date d, char text[static 11]) {
  memcpy(text, "YYYY-MM-DD", 11);
  digits_put(text, 4, d.year > 0 ? d.year : 0);
  digits_put(text + 5, 2, d.month);
  digits_put(text + 8, 2, d.day);
}

int64_t sv_date_days(struct sv_date d) {
  int64_t y = d.month <= 2 ? d.year - 1 : d.year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t yoe = y - era * 400;
  int64_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
  int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

struct sv_date sv_date_of_days(int64_t days) {
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int64_t mp = (5 * doy + 2) / 153;
  int day = (int)(doy - (153 * mp + 2) / 5 + 1);
  int month = (int)(mp < 10 ? mp + 3 : mp - 9);
  int year = (int)(yoe + era * 400 + (month <= 2 ? 1 : 0));
  return (struct sv_date){year, month, day};
}

int sv_date_age(struct sv_date birth, struct sv_date day) {
  int years = day.year - birth.year;
  if (day.month < birth.month || (day.month == birth.month && day.day < birth.day)) {
    years--;
  }
  return years;
}

/* A zone's offset by its TZif file (RFC 8536), version 1 block: enough until 2037, and free of process-wide state. */
static bool zone_offset(const char *zone, int64_t wall_s, int64_t *ret_offset_s) {
  if (strstr(zone, "..") || zone[0] == '/' || strlen(zone) > 60) {
    return false;
  }
  char path[96];
  (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
  FILE *f = fopen(path, "rbe");
  if (!f) {
    return false;
  }
  uint8_t data[16384];
  size_t n = fread(data, 1, sizeof data, f);
  (void)fclose(f);
  struct sv_cursor c = sv_cursor_over(sv_bytes_of(data, n));
  struct sv_bytes magic;
  uint32_t count[6]; /* isutc, isstd, leap, time, type, char */
  if (!sv_cursor_take(&c, 20, &magic) || memcmp(magic.p, "TZif", 4) != 0) {
    return false;
  }
  for (int i = 0; i < 6; i++) {
    if (!sv_cursor_u32(&c, &count[i])) {
      return false;
    }
  }
  struct sv_bytes times, idx, types;
  if (count[3] > 2000 || count[4] == 0 || count[4] > 256 ||
      !sv_cursor_take(&c, (size_t)count[3] * 4, &times) || !sv_cursor_take(&c, count[3], &idx) ||
      !sv_cursor_take(&c, (size_t)count[4] * 6, &types)) {
    return false;
  }
  uint8_t type = 0;
  struct sv_cursor t = sv_cursor_over(times);
  for (uint32_t i = 0; i < count[3]; i++) {
    uint32_t at;
    if (!sv_cursor_u32(&t, &at) || (int32_t)at > wall_s) {
      break;
    }
    type = idx.p[i];
  }
  if (type >= count[4]) {
    return false;
  }
  struct sv_cursor o = sv_cursor_over(sv_bytes_of(types.p + (size_t)type * 6, 4));
  uint32_t offset;
  (void)sv_cursor_u32(&o, &offset);
  *ret_offset_s = (int32_t)offset;
  return true;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool sv_date_in_zone(int64_t wall_us, const char *zone, struct sv_date *ret) {
  int64_t s = floor_div(wall_us, 1000000);
  int64_t offset;
  if (!zone_offset(zone, s, &offset)) {
    return false;
  }
  *ret = sv_date_of_days(floor_div(s + offset, 86400));
  return true;
}

void sv_time_format(int64_t wall_us, char text[static 21]) {
  int64_t s = floor_div(wall_us, 1000000);
  int64_t days = floor_div(s, 86400);
  int in_day = (int)(s - days * 86400);
  sv_date_format(sv_date_of_days(days), text);
  memcpy(text + 10, "Thh:mm:ssZ", 11);
  digits_put(text + 11, 2, in_day / 3600);
  digits_put(text + 14, 2, in_day / 60 % 60);
  digits_put(text + 17, 2, in_day % 60);
}

bool sv_time_parse(const char *text, int64_t *ret_wall_us, int *ret_offset_min) {
  struct sv_date d;
  int h, m, s;
  if (strlen(text) < 20 || !date_read(text, &d) || (text[10] != 'T' && text[10] != 't') ||
      !digits(text + 11, 2, &h) || text[13] != ':' || !digits(text + 14, 2, &m) ||
      text[16] != ':' || !digits(text + 17, 2, &s) || h > 23 || m > 59 || s > 60) {
    return false;
  }
  const char *p = text + 19;
  if (*p == '.') {
    p++;
    if (*p < '0' || *p > '9') {
      return false;
    }
    while (*p >= '0' && *p <= '9') {
      p++;
    }
  }
  int offset = 0;
  if ((*p == 'Z' || *p == 'z') && p[1] == '\0') {
    offset = 0;
  } else if ((*p == '+' || *p == '-') && strlen(p) == 6) {
    int oh, om;
    if (!digits(p + 1, 2, &oh) || p[3] != ':' || !digits(p + 4, 2, &om) || oh > 23 || om > 59) {
      return false;
    }
    offset = (*p == '-' ? -1 : 1) * (oh * 60 + om);
  } else {
    return false;
  }
  *ret_wall_us = (sv_date_days(d) * 86400 + h * 3600 + m * 60 + s - (int64_t)offset * 60) * 1000000;
  if (ret_offset_min) {
    *ret_offset_min = offset;
  }
  return true;
}
