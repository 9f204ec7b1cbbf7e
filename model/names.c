/* Unicode properties come from utf8proc; this is its only file in the model. */
#include "model/names.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/fields.h"

static const char *char_fault(uint32_t cp) {
  switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_CN:
      return "has an unassigned code point";
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
      return "has a private or surrogate code point";
    case UTF8PROC_CATEGORY_CF:
      return "has a bidirectional control, zero-width or other invisible character";
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return "has a control character";
    default:
      break;
  }
  /* blank though not of category Cf: combining grapheme joiner, Hangul fillers, Braille blank, variation selectors */
  if (cp == 0x034f || cp == 0x115f || cp == 0x1160 || cp == 0x17b4 || cp == 0x17b5 ||
      cp == 0x2800 || cp == 0x3164 || cp == 0xffa0 || (cp >= 0x180b && cp <= 0x180f) ||
      (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0100 && cp <= 0xe01ef)) {
    return "has a bidirectional control, zero-width or other invisible character";
  }
  return NULL;
}

static bool is_nfc(const char *value) {
  utf8proc_uint8_t *nfc = NULL;
  utf8proc_ssize_t n =
      utf8proc_map((const utf8proc_uint8_t *)value, 0, &nfc,
                   (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  bool same = n >= 0 && strcmp((const char *)nfc, value) == 0;
  free(nfc);
  return same;
}

static bool is_space(uint32_t cp) { return cp == ' ' || cp == 0xa0; }

/* Marks on one letter that any writing needs; a higher stack would be drawn over the lines around it. */
enum { MARKS_MAX = 4 };

static const char *spacing_fault(const char *value) {
  uint32_t before = ' ';
  int marks = 0;
  const char *s = value;
  for (uint32_t cp; (cp = sv_utf8_next(&s)); before = cp) {
    if (is_space(cp) && is_space(before)) {
      return "has a leading, trailing or double space";
    }
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);
    bool mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
    marks = mark ? marks + 1 : 0;
    if (marks > MARKS_MAX || (mark && is_space(before))) {
      return "has marks without a letter, or too many on one";
    }
  }
  return is_space(before) ? "has a leading, trailing or double space" : NULL;
}

const char *model_text_fault(const char *value) {
  const char *s = value;
  for (uint32_t cp; (cp = sv_utf8_next(&s));) {
    const char *fault = cp == 0xfffd ? "is not valid UTF-8" : char_fault(cp);
    if (fault) {
      return fault;
    }
    if (utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS && cp != ' ' &&
        cp != 0xa0) {
      return "has an unusual space";
    }
  }
  if (!is_nfc(value)) {
    return "is not in Unicode normalisation form C";
  }
  return spacing_fault(value);
}

static bool name_character(uint32_t cp) {
  switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
      return true;
    default:
      break;
  }
  return cp == ' ' || cp == '\'' || cp == '-' || cp == '.' || cp == ',' || cp == 0x2019 ||
         cp == 0x2018 || cp == 0x2010 || cp == 0xb7 || cp == 0x05f3 || cp == 0x05f4;
}

const char *model_name_fault(const char *value) {
  const char *fault = model_text_fault(value);
  if (fault) {
    return fault;
  }
  bool letter = false;
  const char *s = value;
  for (uint32_t cp; (cp = sv_utf8_next(&s));) {
    if (!name_character(cp)) {
      return "has a character that no name has (write digits as words or Roman numerals)";
    }
    letter = letter || cp > 0x40;
  }
  return letter ? NULL : "has no letter";
}

const char *model_token_fault(const char *value) {
  for (const char *s = value; *s; s++) {
    if (*s <= ' ' || *s > '~') {
      return "may have visible ASCII characters only";
    }
  }
  return NULL;
}
