/* The transparency log: leaves in the acts that they speak of, checkpoints, proofs (formats/tlog).
 *
 * A leaf is one line of canonical JSON without personal data and without a digest that could be guessed:
 *   {"act":"issue","audit":hex,"format":"salvo-leaf/1","record_sha256":hex,"subject":hex,"time":1768495328}
 * audit: the chain of audit rows with this act's own; record_sha256 of issues and amendments alone (records are salted);
 * subject: SHA-256(salt || subject "\n" version), the salt being in the registry; time in seconds. */
#pragma once
#include "formats/tlog/tree.h"
#include "service/service.h"

/* Appends the leaf of an act; inside it, after its audit row. subject "" where there is none. record_sha256: 32 bytes, of
 * a salted record that is no document's; NULL: a document's own where one was issued. */
sv_status log_append(struct store_tx *tx, struct sv_ctx *ctx, const char *act, const char *subject,
                     uint32_t version, const uint8_t *record_sha256);

/* Signs a checkpoint when there are leaves that none covers. To be called now and then, and on demand.
 * Fails: CORRUPT when the log forked: nothing is signed any more. */
sv_status service_log_sign(struct service *s, struct sv_ctx *ctx);

/* The newest checkpoint, signed now when leaves wait. Fails: CORRUPT, SIGNER. */
sv_status service_checkpoint(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, const char **ret_note);
/* Hashes of 32 bytes, one after the other. Fails: OUT_OF_RANGE. */
sv_status service_inclusion(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, uint64_t index, uint64_t size,
                            struct sv_bytes *ret);
sv_status service_consistency(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller, uint64_t first, uint64_t second,
                              struct sv_bytes *ret);
/* "checkpoint", "tile/0/000", "tile/entries/000.p/5": what a mirror fetches; nobody's data, so nobody is asked who he
 * is. Fails: NOT_FOUND. */
sv_status service_log_file(struct service *s, struct sv_ctx *ctx, const char *path,
                           struct sv_bytes *ret);

/* Inside a transaction: the tree's nodes, as formats/tlog asks for them. */
struct tlog_nodes log_nodes(struct store_tx *tx);

/* Inside a read: where a version's issue is in the log (found false: it is not), and the proof of it under the newest
 * checkpoint, with the leaf as its extra data; empty where no checkpoint covers the leaf yet. */
sv_status log_entry(struct store_tx *tx, struct sv_ctx *ctx, const char *number, uint32_t version,
                    bool *ret_found, uint64_t *ret_index);
sv_status log_proof(struct store_tx *tx, struct sv_ctx *ctx, const char *number, uint32_t version,
                    struct sv_bytes *ret_text);
