/* PAdES levels of documents: made at the level that policy wants, or raised to it later; renewed before a proof dies. Inside
 * service/ only, but for what service.h offers.
 *
 *   made at its level ------------------------------.
 *   made below it (TSA down, policy "later") --sweep--> raised, a step at a time --> renewed, while B-LTA
 */
#pragma once
#include "docs_gen/document.h"
#include "seal/raise.h"
#include "service/service.h"
#include "store/levels.h"

/* What a file was made as. */
struct levels_made {
  enum seal_level level;
  enum seal_level wanted;
  int64_t due_us;
  struct sv_bytes tail;    /* what followed the signed revision when it went out; n 0: nothing */
  uint8_t file_sha256[32]; /* of both */
  enum sv_reason missed;   /* why it is below what is wanted; SV_OK: it is not */
};

struct levels_sealed {
  struct sv_bytes pdf;  /* the signed revision */
  struct sv_bytes file; /* with its tail: what goes out */
  size_t static_bytes;
  struct seal_digests digests; /* of the signed revision */
  struct levels_made made;
};

/* Draws, signs, and takes the steps that the kind's level needs, outside of transactions. The request's contents_room is
 * set here. urgent: what the registry itself made, and must be in force whatever is down (somebody was taken off a
 * flight): as with "later". Fails: as docs_render and seal_pdf_stamped; TIMESTAMP, REVOCATION where policy refuses what is below. */
sv_status levels_seal(struct service *s, struct sv_ctx *ctx, enum model_kind kind, bool urgent,
                      struct docs_request *request, const struct seal_subject *subject,
                      struct levels_sealed *ret);

/* Inside the act that makes a file: its level and its tail are kept; one that is below is a row of the audit. */
sv_status levels_keep(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                      const struct levels_made *made, const char *actor);

/* Inside a transaction: what follows a file's signed revision: as it went out, or all of it. */
sv_status levels_file(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                      bool all, struct sv_bytes *pdf);
/* "B-LT"; ret_sha256 of the file with all its tails, pdf_sha256 where there are none. */
sv_status levels_tell(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                      const uint8_t pdf_sha256[static 32], const char **ret_level,
                      uint8_t ret_sha256[static 32]);

/* When a file whose last time-stamp ends then is to be renewed. */
int64_t levels_renewal_us(const struct service *s, int64_t stamp_not_after_us);

/* Raises and renews what is due: a few files a call. *ret_left: there may be more now. Stops at the first service that
 * can't be used, and tells it. */
sv_status levels_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left);
