/* Reads the tab-separated vector files of tests/vectors: '#' comments, one head line, then rows. For tests only. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { VECTOR_FIELDS = 8 };

/* Calls row for each line with its fields; fails the test when the file is missing or has fewer than `least` rows. */
static inline void vectors_each(const char *name, int least, void (*row)(char **field, int n)) {
  char path[256];
  (void)snprintf(path, sizeof path, "tests/vectors/%s", name);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  char line[1024];
  int rows = 0;
  bool head = true;
  while (fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || line[0] == '\0') {
      continue;
    }
    if (head) {
      head = false;
      continue;
    }
    char *fields[VECTOR_FIELDS] = {0};
    int n = 0;
    for (char *p = line; p && n < VECTOR_FIELDS; n++) {
      fields[n] = p;
      p = strchr(p, '\t');
      if (p) {
        *p++ = '\0';
      }
    }
    row(fields, n);
    rows++;
  }
  (void)fclose(f);
  assert_true(rows >= least);
}

/* Whether value is one of the alternatives "a | b | c". */
static inline bool vectors_one_of(const char *alternatives, const char *value) {
  size_t n = strlen(value);
  for (const char *p = alternatives; p;) {
    const char *end = strstr(p, " | ");
    size_t len = end ? (size_t)(end - p) : strlen(p);
    if (len == n && memcmp(p, value, n) == 0) {
      return true;
    }
    p = end ? end + 3 : NULL;
  }
  return false;
}
