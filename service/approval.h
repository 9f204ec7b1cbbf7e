/* Drafts: a second officer reads what will be issued and says yes or no. */
#pragma once
#include "service/service.h"

/* One officer's yes. It counts for the content that he read: content_sha256 is the draft's. Neither who asked for the
 * document, nor who is paid by it, nor the same officer twice. The last one needed issues the document: *ret is it with
 * its PDF, else the draft as it stands.
 * Fails: FIELD_INVALID (another digest, no version), REQUEST_ID_REUSED, NOT_FOUND, NOT_ISSUED (no draft), ROLE_MISSING,
 * ALREADY_EXISTS (approved by this officer), and as service_issue: what forbids the document now makes its number void. */
struct service_approval {
  const char *request_id;
  const char *number;
  uint32_t version;
  struct sv_bytes content_sha256;
  struct sv_bytes encoded;
};
sv_status service_approve(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct service_approval *a,
                          struct service_issued *ret);

/* One officer's no, which ends the draft: the number is never a document, a receipt's funds are given back.
 * Fails: FIELD_INVALID (a reason that does not fit), REQUEST_ID_REUSED, NOT_FOUND, NOT_ISSUED, ROLE_MISSING. */
struct service_rejection {
  const char *request_id;
  const char *number;
  uint32_t version;
  enum model_state_reason reason;
  struct sv_bytes encoded;
};
sv_status service_reject(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const struct service_rejection *r, struct service_issued *ret);

/* Whether a receipt pays this very officer, by name or short id as the policy has them. */
bool approval_payee_is(const struct service_policy *policy, const struct model_receipt *r,
                       const char *spiffe);

/* What the approver reads: the page, watermarked, without number, seal and signature. Fails: NOT_FOUND, NOT_ISSUED,
 * ROLE_MISSING. */
sv_status service_draft(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        const char *number, uint32_t version, struct sv_bytes *ret_pdf);
