/* Numbers to words. Spanish agrees in gender up to the thousands (veintiuna mil libras); millones are masculine nouns of
 * their own, so they take "de" when nothing follows them, and never agree. */
#include "docs_gen/text/words.h"

/* ---- English: hyphens from 21 to 99, no "and" inside ---- */

static const char *const en_units[] = {"zero",    "one",     "two",       "three",    "four",
                                       "five",    "six",     "seven",     "eight",    "nine",
                                       "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                       "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const en_tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                      "fifty", "sixty", "seventy", "eighty", "ninety"};

static void en_below_thousand(struct sv_buf *b, unsigned n) {
  if (n >= 100) {
    sv_buf_printf(b, "%s hundred%s", en_units[n / 100], n % 100 ? " " : "");
    n %= 100;
    if (n == 0) {
      return;
    }
  }
  if (n < 20) {
    sv_buf_str(b, en_units[n]);
  } else if (n % 10) {
    sv_buf_printf(b, "%s-%s", en_tens[n / 10], en_units[n % 10]);
  } else {
    sv_buf_str(b, en_tens[n / 10]);
  }
}

static void en_number(struct sv_buf *b, uint64_t n) {
  static const char *const scales[] = {"",          " thousand",    " million",    " billion",
                                       " trillion", " quadrillion", " quintillion"};
  if (n == 0) {
    sv_buf_str(b, "zero");
    return;
  }
  bool before = false;
  uint64_t power = 1000000000000000000u;
  for (int scale = 6; scale >= 0; scale--, power /= 1000) {
    unsigned group = (unsigned)(n / power % 1000);
    if (group) {
      sv_buf_str(b, before ? " " : "");
      en_below_thousand(b, group);
      sv_buf_str(b, scales[scale]);
      before = true;
    }
  }
}

/* ---- Spanish ---- */

static const char *const es_units[] = {
    "cero",         "uno",         "dos",        "tres",        "cuatro",     "cinco",
    "seis",         "siete",       "ocho",       "nueve",       "diez",       "once",
    "doce",         "trece",       "catorce",    "quince",      "dieciséis",  "diecisiete",
    "dieciocho",    "diecinueve",  "veinte",     "veintiuno",   "veintidós",  "veintitrés",
    "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve"};
static const char *const es_tens[] = {"",          "",        "",        "treinta", "cuarenta",
                                      "cincuenta", "sesenta", "setenta", "ochenta", "noventa"};
static const char *const es_hundreds[] = {
    "",         "ciento",    "doscient",  "trescient", "cuatrocient",
    "quinient", "seiscient", "setecient", "ochocient", "novecient"};

/* Before a noun: "un", "una", "veintiún", "veintiuna". */
static void es_unit(struct sv_buf *b, unsigned n, bool feminine) {
  if (n == 1) {
    sv_buf_str(b, feminine ? "una" : "un");
  } else if (n == 21) {
    sv_buf_str(b, feminine ? "veintiuna" : "veintiún");
  } else {
    sv_buf_str(b, es_units[n]);
  }
}

static void es_below_thousand(struct sv_buf *b, unsigned n, bool feminine) {
  if (n == 100) {
    sv_buf_str(b, "cien");
    return;
  }
  if (n >= 100) {
    sv_buf_str(b, es_hundreds[n / 100]);
    sv_buf_str(b, n < 200 ? "" : feminine ? "as" : "os");
    n %= 100;
    if (n == 0) {
      return;
    }
    sv_buf_u8(b, ' ');
  }
  if (n < 30) {
    es_unit(b, n, feminine);
    return;
  }
  sv_buf_str(b, es_tens[n / 10]);
  if (n % 10) {
    sv_buf_str(b, " y ");
    es_unit(b, n % 10, feminine);
  }
}

/* Below a million: "mil", never "un mil". */
static void es_below_million(struct sv_buf *b, unsigned n, bool feminine) {
  unsigned thousands = n / 1000, rest = n % 1000;
  if (thousands > 1) {
    es_below_thousand(b, thousands, feminine);
    sv_buf_u8(b, ' ');
  }
  if (thousands) {
    sv_buf_str(b, rest ? "mil " : "mil");
  }
  if (rest) {
    es_below_thousand(b, rest, feminine);
  }
}

/* Long scale: un billón is a million of millions. Returns whether the number ends in such a noun. */
static bool es_number(struct sv_buf *b, uint64_t n, bool feminine) {
  static const char *const one[] = {"", "millón", "billón", "trillón"};
  static const char *const many[] = {"", "millones", "billones", "trillones"};
  if (n == 0) {
    sv_buf_str(b, "cero");
    return false;
  }
  bool before = false, noun = false;
  uint64_t power = 1000000000000000000u;
  for (int scale = 3; scale >= 0; scale--, power /= 1000000) {
    unsigned group = (unsigned)(n / power % 1000000);
    if (group == 0) {
      continue;
    }
    sv_buf_str(b, before ? " " : "");
    es_below_million(b, group, feminine && scale == 0);
    if (scale) {
      sv_buf_printf(b, " %s", group == 1 ? one[scale] : many[scale]);
    }
    before = true, noun = scale > 0;
  }
  return noun;
}

/* ---- amounts ---- */

sv_status words_of_amount(struct sv_ctx *ctx, int64_t minor, const struct words_currency *currency,
                          int exponent, enum words_language language, const char **ret) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  uint64_t unit = 1, n = minor < 0 ? -(uint64_t)minor : (uint64_t)minor;
  for (int i = 0; i < exponent && i < 4; i++) {
    unit *= 10;
  }
  uint64_t whole = n / unit;
  bool english = language == WORDS_EN;
  if (minor < 0) {
    sv_buf_str(&b, english ? "minus " : "menos ");
  }
  bool noun = false;
  if (english) {
    en_number(&b, whole);
  } else {
    noun = es_number(&b, whole, currency->feminine);
  }
  const char *one = english ? currency->one_en : currency->one_es;
  const char *many = english ? currency->many_en : currency->many_es;
  sv_buf_printf(&b, "%s %s", noun ? " de" : "", whole == 1 ? one : many);
  if (unit > 1) {
    sv_buf_printf(&b, " %s %0*llu/%llu", english ? "and" : "con", exponent,
                  (unsigned long long)(n % unit), (unsigned long long)unit);
  }
  sv_buf_u8(&b, 0);
  if (b.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "an amount in words");
  }
  *ret = (const char *)b.p;
  return SV_DONE;
}
