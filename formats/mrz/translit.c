/* Transliteration of Doc 9303-3 section 6. Invariant: a character is mapped or refused, never dropped, but for the
 * punctuation that section 4.6 says to drop and signs that the tables map to nothing (soft sign, vowel marks). */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/fields.h"
#include "formats/mrz/mrz.h"

struct translit_row {
  uint16_t cp;
  const char *latin;
};

/* Sorted by code point. Lower case is folded to upper case before the look-up. */
static const struct translit_row rows[] = {
    {0x00c4, "AE"},  {0x00c5, "AA"},  {0x00c6, "AE"},   {0x00d0, "D"},   {0x00d1, "N"},
    {0x00d6, "OE"},  {0x00d8, "OE"},  {0x00dc, "UE"},   {0x00de, "TH"},  {0x00df, "SS"},
    {0x0110, "D"},   {0x0126, "H"},   {0x0131, "I"},    {0x0132, "IJ"},  {0x013f, "L"},
    {0x0141, "L"},   {0x014a, "N"},   {0x0152, "OE"},   {0x0166, "T"},   {0x018f, "E"},
    {0x0386, "A"},   {0x0388, "E"},   {0x0389, "I"},    {0x038a, "I"},   {0x038c, "O"},
    {0x038e, "Y"},   {0x038f, "O"},   {0x0391, "A"},    {0x0392, "V"},   {0x0393, "G"},
    {0x0394, "D"},   {0x0395, "E"},   {0x0396, "Z"},    {0x0397, "I"},   {0x0398, "TH"},
    {0x0399, "I"},   {0x039a, "K"},   {0x039b, "L"},    {0x039c, "M"},   {0x039d, "N"},
    {0x039e, "X"},   {0x039f, "O"},   {0x03a0, "P"},    {0x03a1, "R"},   {0x03a3, "S"},
    {0x03a4, "T"},   {0x03a5, "Y"},   {0x03a6, "F"},    {0x03a7, "CH"},  {0x03a8, "PS"},
    {0x03a9, "O"},   {0x03aa, "I"},   {0x03ab, "Y"},    {0x0401, "E"},   {0x0402, "D"},
    {0x0403, "G"},   {0x0404, "IE"},  {0x0405, "DZ"},   {0x0406, "I"},   {0x0407, "I"},
    {0x0408, "J"},   {0x0409, "LJ"},  {0x040a, "NJ"},   {0x040b, "C"},   {0x040c, "K"},
    {0x040e, "U"},   {0x040f, "DZ"},  {0x0410, "A"},    {0x0411, "B"},   {0x0412, "V"},
    {0x0413, "G"},   {0x0414, "D"},   {0x0415, "E"},    {0x0416, "ZH"},  {0x0417, "Z"},
    {0x0418, "I"},   {0x0419, "I"},   {0x041a, "K"},    {0x041b, "L"},   {0x041c, "M"},
    {0x041d, "N"},   {0x041e, "O"},   {0x041f, "P"},    {0x0420, "R"},   {0x0421, "S"},
    {0x0422, "T"},   {0x0423, "U"},   {0x0424, "F"},    {0x0425, "KH"},  {0x0426, "TS"},
    {0x0427, "CH"},  {0x0428, "SH"},  {0x0429, "SHCH"}, {0x042a, "IE"},  {0x042b, "Y"},
    {0x042c, ""},    {0x042d, "E"},   {0x042e, "IU"},   {0x042f, "IA"},  {0x046a, "U"},
    {0x0474, "Y"},   {0x0490, "G"},   {0x0492, "G"},    {0x04ba, "C"},   {0x0621, "XE"},
    {0x0622, "XAA"}, {0x0623, "XAE"}, {0x0624, "U"},    {0x0625, "I"},   {0x0626, "XI"},
    {0x0627, "A"},   {0x0628, "B"},   {0x0629, "XTA"},  {0x062a, "T"},   {0x062b, "XTH"},
    {0x062c, "J"},   {0x062d, "XH"},  {0x062e, "XKH"},  {0x062f, "D"},   {0x0630, "XDH"},
    {0x0631, "R"},   {0x0632, "Z"},   {0x0633, "S"},    {0x0634, "XSH"}, {0x0635, "XSS"},
    {0x0636, "XDZ"}, {0x0637, "XTT"}, {0x0638, "XZZ"},  {0x0639, "E"},   {0x063a, "G"},
    {0x0640, ""},    {0x0641, "F"},   {0x0642, "Q"},    {0x0643, "K"},   {0x0644, "L"},
    {0x0645, "M"},   {0x0646, "N"},   {0x0647, "H"},    {0x0648, "W"},   {0x0649, "XAY"},
    {0x064a, "Y"},   {0x064b, ""},    {0x064c, ""},     {0x064d, ""},    {0x064e, ""},
    {0x064f, ""},    {0x0650, ""},    {0x0652, ""},     {0x0671, "XXA"}, {0x0679, "XXT"},
    {0x067c, "XRT"}, {0x067e, "P"},   {0x0681, "XKE"},  {0x0685, "XXH"}, {0x0686, "XC"},
    {0x0688, "XXD"}, {0x0689, "XDR"}, {0x0691, "XXR"},  {0x0693, "XRR"}, {0x0696, "XRX"},
    {0x0698, "XJ"},  {0x069a, "XXS"}, {0x06a9, "XKK"},  {0x06ab, "XXK"}, {0x06ad, "XNG"},
    {0x06af, "XGG"}, {0x06ba, "XNN"}, {0x06bc, "XXN"},  {0x06be, "XDO"}, {0x06c0, "XYH"},
    {0x06c1, "XXG"}, {0x06c2, "XGE"}, {0x06c3, "XTG"},  {0x06cc, "XYA"}, {0x06cd, "XXY"},
    {0x06d0, "Y"},   {0x06d2, "XYB"}, {0x06d3, "XBE"},  {0x1e9e, "SS"},
};

static int row_compare(const void *key, const void *row) {
  return (int)*(const uint32_t *)key - (int)((const struct translit_row *)row)->cp;
}

static const char *row_of(uint32_t cp) {
  const struct translit_row *r =
      bsearch(&cp, rows, sizeof rows / sizeof rows[0], sizeof rows[0], row_compare);
  return r ? r->latin : NULL;
}

enum { TEH_MARBUTA = 0x0629, SHADDA = 0x0651 };

static bool dropped_punctuation(uint32_t cp) {
  return cp == '\'' || cp == 0x2019 || cp == 0x2018 || cp == '.' || cp == 0xb7 || cp == 0x05f3 ||
         cp == 0x05f4;
}

/* Latin letters of one code point; false when no table has it. */
static bool put_character(struct sv_buf *out, uint32_t cp) {
  uint32_t up = (uint32_t)utf8proc_toupper((utf8proc_int32_t)cp);
  if (cp == 0xdf || cp == 0x131) {
    up = cp;
  }
  if (up >= 'A' && up <= 'Z') {
    sv_buf_u8(out, (uint8_t)up);
    return true;
  }
  const char *latin = row_of(up);
  if (latin) {
    sv_buf_str(out, latin);
    return true;
  }
  utf8proc_int32_t parts[8];
  int boundary = 0;
  utf8proc_ssize_t n =
      utf8proc_decompose_char((utf8proc_int32_t)up, parts, 8,
                              (utf8proc_option_t)(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE), &boundary);
  if (n < 2 || n > 8) {
    return false;
  }
  for (utf8proc_ssize_t i = 0; i < n; i++) {
    uint32_t part =
        (uint32_t)utf8proc_toupper(parts[i]); /* some small letters have no capital but this */
    if (utf8proc_category(parts[i]) == UTF8PROC_CATEGORY_MN) {
      continue;
    }
    const char *base = row_of(part);
    if (part >= 'A' && part <= 'Z') {
      sv_buf_u8(out, (uint8_t)part);
    } else if (base) {
      sv_buf_str(out, base);
    } else {
      return false;
    }
  }
  return true;
}

/* A name on its way into the zone. */
struct zone {
  struct sv_buf out;
  size_t letter; /* where the last letter begins */
  uint32_t last; /* that letter; 0: the word has none yet */
  bool gap;
};

/* Table C: a teh marbuta that ends a part of a name is XAH, any other XTA. */
static void word_end(struct zone *z) {
  if (z->last == TEH_MARBUTA && z->out.n >= 2) {
    memcpy(z->out.p + z->out.n - 2, "AH", 2);
  }
  z->last = 0;
}

/* Table C: a shadda doubles the letter that it stands on. */
static void letter_again(struct zone *z) {
  char letter[8];
  size_t n = z->out.n - z->letter;
  if (z->last && n > 0 && n < sizeof letter && !z->out.failed) {
    memcpy(letter, z->out.p + z->letter, n);
    sv_buf_put(&z->out, letter, n);
  }
}

/* False when no table has the character. */
static bool zone_put(struct zone *z, uint32_t cp) {
  if (cp == ' ' || cp == '-' || cp == ',' || cp == 0x2010 || cp == 0xa0) {
    word_end(z);
    z->gap = true;
    return true;
  }
  if (cp == SHADDA) {
    letter_again(z);
    return true;
  }
  if (dropped_punctuation(cp) ||
      (z->out.n && utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_MN)) {
    return true; /* a combining mark on a letter: stripped like a composed one */
  }
  if (z->gap && z->out.n) {
    sv_buf_u8(&z->out, '<');
  }
  z->gap = false;
  z->letter = z->out.n;
  z->last = cp;
  return put_character(&z->out, cp);
}

sv_status mrz_transliterate(struct sv_ctx *ctx, const char *name, const char **ret,
                            uint32_t *ret_bad) {
  struct zone z = {.out = sv_buf_in(ctx->mem, 4096)};
  const char *s = name;
  for (uint32_t cp; (cp = sv_utf8_next(&s));) {
    if (!zone_put(&z, cp)) {
      if (ret_bad) {
        *ret_bad = cp;
      }
      return SV_FAIL(ctx, MRZ_FORMAT, "a character is outside the transliteration tables");
    }
  }
  word_end(&z);
  sv_buf_u8(&z.out, 0);
  if (z.out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "transliteration");
  }
  *ret = (const char *)z.out.p;
  return SV_DONE;
}

sv_status mrz_name_fault(struct sv_ctx *ctx, const char *value, const char **ret_fault) {
  struct sv_ctx own =
      sv_ctx_over(ctx->mem); /* a refusal is what is asked for, no failure of the call */
  const char *latin;
  uint32_t bad = 0;
  *ret_fault = NULL;
  if (sv_failed(mrz_transliterate(&own, value, &latin, &bad))) {
    if (!bad) {
      return SV_FAIL(ctx, NO_MEMORY, "transliteration");
    }
    *ret_fault = sv_arena_printf(
        ctx->mem, "has U+%04X, which no transliteration table of Doc 9303-3 section 6 has",
        (unsigned)bad);
  } else if (latin[0] == '\0') {
    *ret_fault = "has no letter for the machine readable zone";
  }
  return SV_DONE;
}
