/* Amounts of money in words, as on a cheque, in Spanish (RAE, cardinal numbers) and English. */
#pragma once
#include "base/ctx.h"

enum words_language { WORDS_ES, WORDS_EN };

/* The names of a currency. Empty names: the rule for unknown ones, the code itself. */
struct words_currency {
  const char *code;
  const char *one_es, *many_es; /* "dólar", "dólares" */
  const char *one_en, *many_en; /* "US dollar", "US dollars" */
  bool feminine;                /* in Spanish: "veintiuna libras" */
};

/* "noventa y tres mil setecientos veintiún dólares con 75/100". A negative amount begins with "menos" or "minus".
 * minor     in units of 10^-exponent of the currency; exponent 0 to 4.
 * ret       in ctx->mem.
 * Fails     NO_MEMORY. */
sv_status words_of_amount(struct sv_ctx *ctx, int64_t minor, const struct words_currency *currency,
                          int exponent, enum words_language language, const char **ret);
