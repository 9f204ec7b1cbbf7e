/* What a judge asks the registry. The one who has it (service/) implements this; NULL means that there is none at hand,
 * and then no document is green. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

struct verify_copy {
  uint32_t copy;
  uint8_t pdf_sha256[32];
  int64_t time_us; /* since when the registry has it: it was signed by then; 0: it does not say */
};

struct verify_seal_row {
  uint32_t page;
  struct sv_bytes seal;
};

/* A document's row: one (number, version) with all its copies. Pointers are in ctx->mem. */
struct verify_row {
  bool found; /* false: nothing else is set */
  bool
      no_digests; /* knows what became of the document, and of its bytes what its visible seal says */
  const char *number;
  uint32_t version;
  enum model_kind kind;
  enum model_state state;
  const struct verify_copy *copies;
  size_t copy_count;
  uint32_t latest_copy;
  uint32_t latest_version; /* of this number */
  uint8_t record_sha256[32];
  const char *valid_from; /* "" where the kind has none */
  const char *valid_until;
  const char *
      zone; /* IANA, of the authority: validity is inclusive days there; "" is UTC; NULL: not known, somewhere */
  const struct verify_seal_row *seals; /* of the latest copy */
  size_t seal_count;
};

/* First member of the implementer's own struct. A status is a failure to ask (UNAVAILABLE, STORE), never "not found".
 * Thread: the caller's. */
struct verify_registry {
  sv_status (*find)(const struct verify_registry *, struct sv_ctx *, const char *number,
                    uint32_t version, struct verify_row *ret);
  sv_status (*find_by_pdf_sha256)(const struct verify_registry *, struct sv_ctx *,
                                  const uint8_t sha256[static 32], struct verify_row *ret);
};
