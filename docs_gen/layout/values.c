/* How values are written (design of the pages, sections 3 and 9). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/fields.h"
#include "docs_gen/layout/layout.h"

static const char *kept(struct canvas *c, const char *text) {
  if (!text && !sv_failed(c->list.fault)) {
    c->list.fault = SV_FAIL(c->list.ctx, NO_MEMORY, "a value");
  }
  return text ? text : "";
}

const char *layout_printf(struct canvas *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char text[1024];
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return kept(c, sv_arena_strdup(c->list.ctx->mem, text));
}

/* What pages have most of is put together by hand: printf took a tenth of a receipt's time. */
static const char *kept_buf(struct canvas *c, struct sv_buf *b) {
  sv_buf_u8(b, 0);
  return kept(c, b->failed ? NULL : (const char *)b->p);
}

const char *layout_number(struct canvas *c, const char *number) {
  if (strlen(number) != 9) {
    return number;
  }
  const char text[] = {number[0], number[1], number[2], ' ', number[3], number[4],
                       number[5], number[6], number[7], ' ', number[8], 0};
  return kept(c, sv_arena_strndup(c->list.ctx->mem, text, sizeof text - 1));
}

const char *layout_date(struct canvas *c, const struct layout *l, const char *date) {
  if (strlen(date) != 10) {
    return date;
  }
  int month = atoi(date + 5);
  static const struct pair unknown = {"XXX", "XXX"};
  const struct pair *name = month < 1 || month > 12 ? &unknown : &l->captions->months[month - 1];
  struct sv_buf b =
      sv_buf_with_room(c->list.ctx->mem, strlen(name->first) + strlen(name->second) + 16);
  sv_buf_put(&b, date + 8, 2);
  sv_buf_u8(&b, ' ');
  sv_buf_str(&b, name->first);
  if (strcmp(name->first, name->second) != 0) {
    sv_buf_u8(&b, '/');
    sv_buf_str(&b, name->second);
  }
  sv_buf_u8(&b, ' ');
  sv_buf_put(&b, date[0] == 'X' ? "XXXX" : date, 4);
  return kept_buf(c, &b);
}

const char *layout_time(struct canvas *c, int64_t time_us) {
  char text[21];
  sv_time_format(time_us, text);
  return layout_printf(c, "%.10s %.8s UTC", text, text + 11);
}

const char *layout_money(struct canvas *c, int64_t minor, int exponent) {
  char text[48], *p = text + sizeof text;
  uint64_t u = minor < 0 ? -(uint64_t)minor : (uint64_t)minor;
  exponent = exponent < 0 ? 0 : exponent > 4 ? 4 : exponent;
  *--p = 0;
  for (int digit = 0; digit <= exponent || u; digit++, u /= 10) { /* from the last one on */
    if (digit > 0 && digit == exponent) {
      *--p = '.';
    } else if (digit > exponent && (digit - exponent) % 3 == 0) {
      *--p = ',';
    }
    *--p = (char)('0' + u % 10);
  }
  static const char minus[] = "−";
  if (minor < 0) {
    p -= sizeof minus - 1;
    memcpy(p, minus, sizeof minus - 1);
  }
  return kept(c, sv_arena_strdup(c->list.ctx->mem, p));
}

const char *layout_quantity(struct canvas *c, int64_t thousandths) {
  if (thousandths % 1000 == 0) {
    return layout_money(c, thousandths / 1000, 0);
  }
  const char *text = layout_money(c, thousandths, 3);
  size_t n = strlen(text);
  while (n && text[n - 1] == '0') {
    n--;
  }
  return kept(c, sv_arena_strndup(c->list.ctx->mem, text, n));
}

const char *layout_upper(struct canvas *c, const char *text) {
  struct sv_buf b = sv_buf_in(c->list.ctx->mem, 0);
  for (uint32_t cp; (cp = sv_utf8_next(&text)) != 0;) {
    char utf8[4];
    sv_buf_put(&b, utf8, sv_utf8_put((uint32_t)utf8proc_toupper((utf8proc_int32_t)cp), utf8));
  }
  sv_buf_u8(&b, 0);
  return kept(c, b.failed ? NULL : (const char *)b.p);
}

/* A number is not parted at the end of a line. */
static const char *unbroken(struct canvas *c, const char *text) {
  struct sv_buf b = sv_buf_in(c->list.ctx->mem, 0);
  for (; text && *text; text++) {
    sv_buf_str(&b, *text == ' ' ? "\u00a0" : (const char[]){*text, 0});
  }
  sv_buf_u8(&b, 0);
  return kept(c, b.failed ? NULL : (const char *)b.p);
}

static const char *field_value(struct canvas *c, const struct layout *l,
                               enum template_field field) {
  const struct model_safe_conduct *m = l->content ? &l->content->letter : NULL;
  const struct model_authority *a = l->house;
  int column = c->language && strcmp(c->language, c->languages[1]) == 0;
  SV_ASSERT(m || !template_fields_personal[field]);
  switch (field) {
    case FIELD_verify_url:
      return a->verify_url;
    case FIELD_duty_telephone:
      return unbroken(c, a->duty_telephone);
    case FIELD_authority:
      return layout_own(l, column).name;
    case FIELD_state:
      return layout_own(l, column).state;
    case FIELD_place:
      return a->place;
    case FIELD_surname:
      return m->holder.surname;
    case FIELD_given_names:
      return m->holder.given_names;
    case FIELD_birth_date:
      return layout_date(c, l, m->holder.birth_date);
    case FIELD_nationality:
      return m->holder.nationality;
    case FIELD_valid_from:
      return layout_date(c, l, m->valid_from);
    case FIELD_valid_until:
      return layout_date(c, l, m->valid_until);
    case FIELD_COUNT:
      break;
  }
  return "";
}

const char *layout_filled(struct canvas *c, const struct layout *l, const char *text) {
  struct sv_buf b = sv_buf_in(c->list.ctx->mem, 0);
  while (*text) {
    size_t n = strcspn(text, "{");
    sv_buf_put(&b, text, n);
    text += n;
    if (!*text) {
      break;
    }
    enum template_field field = template_field_at(text, &n);
    if (field == FIELD_COUNT) {
      sv_buf_u8(&b, (uint8_t)*text++);
      continue;
    }
    const char *value = field_value(c, l, field);
    sv_buf_str(&b, value ? value : "");
    text += n;
  }
  sv_buf_u8(&b, 0);
  return kept(c, b.failed ? NULL : (const char *)b.p);
}
