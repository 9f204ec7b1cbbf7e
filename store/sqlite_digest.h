/* Every row of every table is covered by a keyed digest, so that a change behind the server's back shows. Triggers of the
 * writer's connection keep them (temporary ones, made at open from the schema as it is): no statement can forget to, and a
 * file that was changed without them no longer agrees. A statement that would change or replace a row which no longer agrees
 * is refused (CORRUPT): a new digest would hide what was done to it. Inside store/ only.
 *
 *   digest = HMAC-SHA256(key, table || values) || four bytes of SipHash a column, to name the one that changed
 *
 * Rows of the audit are linked besides: link(seq) = SHA-256(link(seq - 1) || line), the line being
 * "seq \t time_us \t actor \t act \t number \t version \t reason \n" without the blanks. link(0) is random. */
#pragma once
#include "store/log.h"
#include "store/sqlite_use.h"

/* The functions that the triggers call; to be registered on every connection that writes or checks. keys outlive db. */
sv_status digest_functions(struct sv_ctx *ctx, sqlite3 *db, const struct store_keys *keys);
/* The triggers, on the writer's connection, after migrations and adoption. */
sv_status digest_triggers(struct sv_ctx *ctx, sqlite3 *db);
/* Digests and links of rows that have none yet (after a migration), and the schema's own; inside a transaction. */
sv_status digest_adopt(struct sv_ctx *ctx, sqlite3 *db);
/* Whether the schema is the one that was adopted; *ret_adopted: whether any was. CORRUPT when it is another. */
sv_status digest_schema_check(struct sv_ctx *ctx, sqlite3 *db, bool *ret_adopted);
/* Calls fault for each row that does not agree, each one missing, and each link that breaks. */
sv_status digest_check(struct sv_ctx *ctx, sqlite3 *db, store_fault *fault, void *arg,
                       uint64_t *ret_rows);
