/* The lives of the keys that sign here: each begins as a leaf of the log ("key"), ends as one when another key took its
 * place ("key-retired"), and may be reported as having been in other hands ("key-compromised"). What is known of them is
 * what judges go by, here and on devices (trust list). */
#pragma once
#include "service/service.h"
#include "store/key_lives.h"

/* What signs, or is about to: digests of the two certificates, and of the public keys of signed notes. */
struct service_keyset {
  uint8_t document[32], visible[32], log[32], trust[32];
};
/* Each of them that is new becomes a leaf ("key", with its digest in the place of a record's), in one act. To be called
 * before they sign for the first time. */
sv_status service_keys_announce(struct service *s, struct sv_ctx *ctx,
                                const struct service_keyset *keys);
/* The same of those that sign, and each that does not sign any more becomes a leaf of its end. To be called at start and after
 * service_rotate, also one that failed, by nobody who holds the service. */
sv_status service_keys_tell(struct service *s, struct sv_ctx *ctx);

/* What the registry says of keys, into force where it is not yet: a report whose caller went away, or that came while somebody
 * was at work, is not lost. To be called now and then, by nobody who holds the service. */
sv_status service_keys_learn(struct service *s, struct sv_ctx *ctx);

/* All that ever signed, oldest first; in ctx->mem. Fails: ROLE_MISSING. */
sv_status service_keys(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       struct store_key_life **ret, size_t *ret_n);

/* The key may have been in other hands since a moment. It signs nothing from now on, and judges believe what is proven to be
 * older. Can't be taken back; reported again, only an earlier moment changes anything.
 * Fails: FIELD_INVALID, NOT_FOUND (no key of this server's), ROLE_MISSING (or no officer). */
sv_status service_key_compromised(struct service *s, struct sv_ctx *ctx,
                                  const struct service_caller *caller,
                                  const uint8_t sha256[static 32], int64_t since_us,
                                  struct store_key_life *ret);

/* --- for service/ --- */

/* While the service is held. KEY_COMPROMISED: this certificate's (note's) key signs nothing any more. */
sv_status keys_usable(const struct service *s, struct sv_ctx *ctx, const uint8_t sha256[static 32]);
/* While the service is held: both seals can be made. Fails: KEY_EXPIRED, KEY_COMPROMISED: trying again helps nobody before
 * the keys were changed, and what has a number waits for that. */
sv_status keys_ready(const struct service *s, struct sv_ctx *ctx);
/* The digest under which a key for notes is known. */
void keys_note_sha256(const struct seal_key *key, uint8_t ret[static 32]);
/* Inside of service_rotate: another trust learns what is known of keys. */
sv_status keys_told(struct service *s, struct sv_ctx *ctx);
