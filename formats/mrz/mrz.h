/* Machine readable zones of ICAO Doc 9303 parts 3 to 8: TD1, TD2, TD3, MRV-A and MRV-B parsed, TD2 written.
 * Knows no file and no clock. Thread: any. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

enum mrz_format { MRZ_TD1, MRZ_TD2, MRZ_TD3, MRZ_MRV_A, MRZ_MRV_B };

/* The fields of a zone, fillers taken off; every array is NUL-terminated. Dates are six characters, unknown parts '<'. */
struct mrz_fields {
  enum mrz_format format;
  char code[3];
  char issuer[4];
  char number[23];
  char nationality[4];
  char birth[7];
  char sex; /* F, M or '<' */
  char expiry[7];
  char optional[16]; /* what is left after a long document number */
  char primary[40];  /* words parted by a space */
  char secondary[40];
};

/* Check digit of Doc 9303-3 section 4.9 over n characters of 0-9, A-Z and '<'; -1 on any other. */
int mrz_check_digit(const char *text, size_t n);

/* Two or three lines parted by LF (CR ignored, one LF at the end allowed). Every check digit must hold; no lower case.
 * Fails: MRZ_FORMAT; the detail names the field, never its value. */
sv_status mrz_parse(struct sv_ctx *ctx, const char *text, struct mrz_fields *ret);

/* A zone as a scanner gives it, spaces and line ends anywhere, into its lines parted by LF; false when there are not 72, 88
 * or 90 characters. */
bool mrz_part_lines(const char *mrz, char out[static 96]);

/* A name in the alphabet of the zone: words parted by '<', by the tables of Doc 9303-3 section 6 (Latin, Cyrillic,
 * Arabic with its doubling and its final teh marbuta; Greek by ELOT 743, marks outside the table are stripped by canonical
 * decomposition). ret is in ctx->mem.
 * Fails: MRZ_FORMAT on a character outside the tables; *ret_bad (may be NULL) is that code point. */
sv_status mrz_transliterate(struct sv_ctx *ctx, const char *name, const char **ret,
                            uint32_t *ret_bad);

/* The name field of `width` characters, filled with '<', truncated by the rules of part 3 section 4.6:
 * a truncated field ends with a letter. field has room for width + 1. */
sv_status mrz_name_field(struct sv_ctx *ctx, const char *primary, const char *secondary,
                         size_t width, char *field);

/* The TD2 zone of a letter: code PL, PU on the emergency travel document alone; the document's number in 1 to 9. */
sv_status mrz_letter(struct sv_ctx *ctx, const struct model_safe_conduct *letter,
                     const char *number, char line1[static 37], char line2[static 37]);

/* What to say of a name that can't be transliterated, in ctx->mem: the character is named; NULL when it can be. Fails:
 * NO_MEMORY. */
sv_status mrz_name_fault(struct sv_ctx *ctx, const char *value, const char **ret_fault);
