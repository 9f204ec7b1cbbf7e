/* The three documents drawn as PDF/A-3 pages, ready to be signed. What goes in are the structs of model/; what comes out
 * is one revision with an empty place for the signature. The words of the pages live in templates/, not here. */
#pragma once
#include "base/ctx.h"
#include "base/sig_slot.h"
#include "model/document.h"

/* Fonts, templates and the parts of the pages that never change: read and checked once, immutable, shared by all
 * workers. */
struct docs;

/* templates_dir holds a folder a kind, captions/ and languages.conf. The faces are those of fonts-noto-core, fonts-noto-mono,
 * fonts-ocr-b and fonts-droid-fallback.
 * Fails    TEMPLATE with file and line (a missing word, a character without a glyph, a text that does not fit), IO,
 *          NO_MEMORY.
 * ret      caller: docs_close, which accepts NULL. */
sv_status docs_open(struct sv_ctx *ctx, const char *templates_dir, struct docs **ret);
void docs_close(struct docs *docs);

/* Makes what documents of an authority begin with before the first one is asked for. Fails: RENDER, TEMPLATE, NO_MEMORY.
 * Thread: any. */
sv_status docs_prepare(const struct docs *docs, struct sv_ctx *ctx,
                       const struct model_authority *authority);

/* Reads the templates anew, and puts them in force at once for whatever begins afterwards. A fault leaves those before in
 * force; so does a template whose texts changed while its version did not.
 * Fails     TEMPLATE with file and line, IO, NO_MEMORY.   Thread  one at a time; others may draw meanwhile. */
sv_status docs_reload(struct docs *docs, struct sv_ctx *ctx);

/* The bytes of the bar code of a page (1-based). A letter's is drawn twice. */
struct docs_seal {
  uint32_t page;
  struct sv_bytes seal;
};

struct docs_request {
  const struct model_content *content;
  const struct model_issue *issue;
  const struct docs_seal *seals; /* a page without one shows the empty box of a draft */
  size_t seal_count;
  struct sv_bytes record;     /* record.json, attached; n 0: none */
  struct sv_bytes passengers; /* passengers.edi (PAXLST), attached; n 0: none */
  const char *signer_lines
      [4]; /* "UT-DOC-07, Servicio Nacional de Migración", "PAdES, ECDSA P-256, SHA-256" */
  size_t signer_line_count; /* the line with the time is added from issue_time_us */
  size_t contents_room;     /* as in base/sig_slot.h: even, 2 * DER + 2; 0: no signature field */
  const char *mrz[2];       /* 36 characters each; NULL: none (no letter, or a preview) */
};

/* Draws a document.
 * ret_pdf   bytes in ctx->mem, writable until the call ends; the same request gives the same bytes.
 * ret_slot  where the signature goes; all zero without a signature field.
 * Fails     FIELD_INVALID with the violations of docs_check_content, RENDER, NO_MEMORY.
 * Thread    any; docs is only read. */
sv_status docs_render(const struct docs *docs, struct sv_ctx *ctx,
                      const struct docs_request *request, struct sv_bytes *ret_pdf,
                      struct sv_sig_slot *ret_slot);

/* Pages that docs_render will make, so that page seals can be signed before. */
uint32_t docs_page_count(const struct docs *docs, const struct model_content *content);

/* Lines of the manifest that stand on a page (1-based): *ret_first is an index of occupants, the result their count;
 * 0 on the cover and on a closing page without lines. */
size_t docs_page_lines(const struct model_content *content, uint32_t page, size_t *ret_first);

/* Texts that can't fit or have no glyph, each a violation with its field's path, before a number is taken.
 * authority  whose names some of them share a line with; NULL: nobody's.
 * Fails      FIELD_INVALID (violations in ctx), TEMPLATE (no such template), NO_MEMORY. */
sv_status docs_check_content(const struct docs *docs, struct sv_ctx *ctx,
                             const struct model_content *content,
                             const struct model_authority *authority);

/* "safe_conduct/protection_stay@1": the template that the content names, or the newest of its kind and purpose; NULL when
 * there is none. In ctx->mem. */
const char *docs_template_for(const struct docs *docs, struct sv_ctx *ctx,
                              const struct model_content *content);
/* The digest of all files of the template that the content names; false: there is none. */
bool docs_template_sha256(const struct docs *docs, const struct model_content *content,
                          uint8_t ret_sha256[static 32]);
/* Template number i and the digest of all files that it is made of; NULL at the end. In ctx->mem. */
const char *docs_template_at(const struct docs *docs, struct sv_ctx *ctx, size_t i,
                             uint8_t ret_sha256[static 32]);

/* What policy says of an authority, or of an officer, where it would be printed: a text without a glyph, or that does not fit
 * its place, is a violation with the key of policy ("name_fr"). Fails: FIELD_INVALID (violations in ctx), NO_MEMORY. */
sv_status docs_check_authority(const struct docs *docs, struct sv_ctx *ctx,
                               const struct model_authority *authority);
sv_status docs_check_officer(const struct docs *docs, struct sv_ctx *ctx,
                             const struct model_officer *officer);

/* A specimen of a template ("safe_conduct/transit_exit") with the watermark of a draft: what an authority looks at before it
 * puts its words in force. languages: two of the set. ret_pdf in ctx->mem. Fails: TEMPLATE (no such template or language),
 * as docs_render. */
sv_status docs_preview(const struct docs *docs, struct sv_ctx *ctx, const char *name,
                       const char *const languages[static 2], enum model_paper paper,
                       struct sv_bytes *ret_pdf);

/* Languages of the set, in its order; NULL at the end. In ctx->mem. Whether a tag (BCP 47) is of one of them. */
const char *docs_language_at(const struct docs *docs, struct sv_ctx *ctx, size_t i);
bool docs_language_known(const struct docs *docs, const char *tag);

/* Whether a letter's legal_basis is an id of its template's catalogue. */
bool docs_legal_basis_known(const struct docs *docs, const struct model_content *content,
                            const char *id);
/* The id number i of that catalogue, NULL at its end. In ctx->mem. */
const char *docs_legal_basis_at(const struct docs *docs, struct sv_ctx *ctx,
                                const struct model_content *content, size_t i);
