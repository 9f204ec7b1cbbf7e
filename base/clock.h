/* Time: one monotonic clock for deadlines, one wall clock for documents, and calendar days. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

uint64_t sv_monotonic_ns(void);
/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t sv_wall_us(void);

/* A civil date of the Gregorian calendar. */
struct sv_date {
  int year;  /* 1 to 9999 */
  int month; /* 1 to 12 */
  int day;   /* 1 to 31 */
};

/* Strict "YYYY-MM-DD" of a day that exists. */
bool sv_date_parse(const char *text, struct sv_date *ret);
/* Writes "YYYY-MM-DD". */
void sv_date_format(struct sv_date d, char text[static 11]);
/* Days since 1970-01-01, and back. */
int64_t sv_date_days(struct sv_date d);
struct sv_date sv_date_of_days(int64_t days);
/* The date in an IANA zone ("America/Panama") at a wall time; false when the zone is unknown. Thread-safe. */
bool sv_date_in_zone(int64_t wall_us, const char *zone, struct sv_date *ret);
/* Whole years from birth to day. */
int sv_date_age(struct sv_date birth, struct sv_date day);

/* RFC 3339: "2026-01-15T16:42:08Z"; text has room for 21. */
void sv_time_format(int64_t wall_us, char text[static 21]);
/* RFC 3339 with offset, seconds optional fraction ignored; ret_offset_min may be NULL. */
bool sv_time_parse(const char *text, int64_t *ret_wall_us, int *ret_offset_min);
