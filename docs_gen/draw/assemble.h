/* The parts of a drawn document put together as one PDF/A-3a file with PDF/UA-1 structure, ready to be signed. */
#pragma once
#include "docs_gen/draw/beginning.h"

enum { ASSEMBLE_PAGES_MAX = 80 };

struct assemble_page {
  size_t part;                         /* of the beginning */
  const struct assemble_static *fixed; /* which it is; may be shared by pages */
  struct content content;              /* not yet deflated */
};

struct assemble_picture {
  struct sv_bytes jpeg; /* n 0: none */
  uint32_t width, height, components;
};

/* An associated file. Names are in plain ASCII and stand in order. */
struct docs_attachment {
  const char *name;        /* "record.json" */
  const char *type;        /* as a name of PDF writes it: "application#2Fjson" */
  const char *description; /* UTF-8 */
  struct sv_bytes bytes;
};
enum { DOCS_ATTACHMENTS_MAX = 2 };

struct assemble_input {
  struct sv_ctx *ctx;
  struct text_session *text;
  const struct look *look;
  const struct beginning *beginning;
  struct kept_trees *trees;
  struct deflaters *deflaters;
  const struct list *list; /* of the document's own content */
  struct assemble_page pages[ASSEMBLE_PAGES_MAX];
  uint32_t page_count;
  const char *media_box; /* width and height in points */
  bool fonts[TEXT_FONTS];
  struct assemble_picture portrait;
  struct sv_bytes appearance; /* content of the signature's widget */
  int32_t signature_box[4];   /* micrometres: left, bottom, right, top */
  uint16_t signature_page;
  uint32_t signature_order; /* of its Form among the elements */
  const char *signature_alt;
  size_t contents_room; /* 0: no signature field */
  struct docs_attachment attachments[DOCS_ATTACHMENTS_MAX];
  size_t attachment_count;
  const char *title;
  const char *language; /* of the document */
  const char *signer_name;
  int64_t time_us;
  uint8_t id[32];
};

/* Profile, the look's fonts and static parts stand first: documents of one template, on one paper and of as many kinds of
 * pages, share the file's first ret_slot->static_bytes. ret_pdf in ctx->mem. Fails: RENDER, NO_MEMORY. */
sv_status assemble(const struct assemble_input *input, struct sv_bytes *ret_pdf,
                   struct sv_sig_slot *ret_slot);
