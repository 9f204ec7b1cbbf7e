/* Data keys over SQLite. Invariant: a data key leaves this file in a struct vault_key alone, and no plain value is ever
 * bound to a statement of a sealed column. */
#include "store/vault.h"

#include <stdio.h>

#include "crypto/aead.h"

enum { VALUE_FORM = 1, AAD_MAX = 256, WRAPPED_BYTES = STORE_KEY_BYTES + CRYPTO_AEAD_OVERHEAD };

enum { STMT_FIND, STMT_ADD, STMT_DROP, STMT_OTHER, STMT_ALL, STMT_CHANGE, STMT_COUNT };
static const char *const texts[STMT_COUNT] = {
    [STMT_FIND] =
        "SELECT wrapped FROM data_keys WHERE scope = ?1 AND subject = ?2 AND version = ?3",
    [STMT_ADD] =
        "INSERT INTO data_keys (scope, subject, version, key_id, wrapped) VALUES (?1, ?2, ?3, ?4, "
        "?5)",
    [STMT_DROP] = "DELETE FROM data_keys WHERE scope = ?1 AND subject = ?2 AND version = ?3",
    [STMT_OTHER] = "SELECT key_id FROM data_keys WHERE key_id <> ?1 LIMIT 1",
    [STMT_ALL] =
        "SELECT scope, subject, version, wrapped FROM data_keys WHERE (scope, subject, version) > "
        "(?1, ?2, ?3) ORDER BY scope, subject, version LIMIT 1",
    [STMT_CHANGE] =
        "UPDATE data_keys SET key_id = ?4, wrapped = ?5 WHERE scope = ?1 AND subject = ?2 AND "
        "version = ?3",
};
const struct sqlite_group sqlite_vault_group = {texts, STMT_COUNT};

void vault_key_id(const uint8_t master[static STORE_KEY_BYTES], char ret[static 17]) {
  uint8_t mac[32];
  crypto_hmac_sha256(sv_bytes_of(master, STORE_KEY_BYTES), sv_bytes_str("master key id"), mac);
  sv_hex(mac, 8, ret);
}

static struct sv_bytes aad_of(const struct vault_place *p, const char *column,
                              char text[static AAD_MAX]) {
  int n = snprintf(text, AAD_MAX, "%s\n%s\n%u\n%s", p->scope, p->subject, p->version, column);
  SV_ASSERT(n > 0 && n < AAD_MAX); /* subjects are numbers and names of ours */
  return sv_bytes_of(text, (size_t)n);
}

static void place_bind(struct sqlite_use *u, const struct vault_place *p) {
  use_text(u, 1, p->scope);
  use_text(u, 2, p->subject);
  use_int(u, 3, p->version);
}

static const uint8_t *master_of(const struct store_tx *tx) {
  return ((const struct sqlite_tx *)tx)->keys->master;
}

static sv_status unwrap(struct sv_ctx *ctx, const uint8_t *master, const struct vault_place *place,
                        struct sv_bytes wrapped, uint8_t ret[static STORE_KEY_BYTES]) {
  char aad[AAD_MAX];
  struct sv_bytes plain;
  sv_status s = crypto_aead_open(ctx, master, aad_of(place, "", aad), wrapped, &plain);
  if (sv_failed(s) || plain.n != STORE_KEY_BYTES) {
    return SV_FAIL(ctx, CORRUPT, "the data key of %s %s", place->scope, place->subject);
  }
  memcpy(ret, plain.p, STORE_KEY_BYTES);
  crypto_wipe((uint8_t *)(uintptr_t)plain.p, plain.n);
  return SV_DONE;
}

static sv_status key_add(struct store_tx *tx, struct sv_ctx *ctx, struct vault_key *k) {
  char aad[AAD_MAX], id[17];
  struct sv_bytes wrapped;
  SV_TRY(crypto_random(ctx, k->key, sizeof k->key));
  SV_TRY(crypto_aead_seal(ctx, master_of(tx), aad_of(&k->place, "", aad),
                          sv_bytes_of(k->key, sizeof k->key), &wrapped));
  vault_key_id(master_of(tx), id);
  struct sqlite_use u = use_of(tx, SQLITE_VAULT, STMT_ADD);
  place_bind(&u, &k->place);
  use_text(&u, 4, id);
  use_blob(&u, 5, wrapped.p, wrapped.n);
  k->erased = false;
  return use_run(&u, ctx, "data key", NULL);
}

sv_status vault_key_take(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                         bool make, struct vault_key *ret) {
  *ret = (struct vault_key){.place = *place, .erased = true};
  struct sqlite_use u = use_of(tx, SQLITE_VAULT, STMT_FIND);
  place_bind(&u, place);
  bool row;
  SV_TRY(use_row(&u, ctx, "data key", &row));
  if (!row) {
    use_end(&u);
    return make ? key_add(tx, ctx, ret) : SV_DONE;
  }
  struct sqlite_row r = row_of(&u, ctx);
  uint8_t wrapped[WRAPPED_BYTES];
  row_fixed(&r, wrapped, sizeof wrapped);
  use_end(&u);
  SV_TRY(unwrap(ctx, master_of(tx), place, sv_bytes_of(wrapped, sizeof wrapped), ret->key));
  ret->erased = false;
  return SV_DONE;
}

sv_status vault_seal(struct sv_ctx *ctx, const struct vault_key *key, const char *column,
                     struct sv_bytes plain, struct sv_bytes *ret) {
  SV_ASSERT(!key->erased);
  if (plain.n == 0) {
    *ret = plain;
    return SV_DONE;
  }
  char aad[AAD_MAX];
  struct sv_bytes sealed;
  SV_TRY(crypto_aead_seal(ctx, key->key, aad_of(&key->place, column, aad), plain, &sealed));
  uint8_t *out = sv_arena_alloc(ctx->mem, sealed.n + 1);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "a sealed value");
  }
  out[0] = VALUE_FORM;
  memcpy(out + 1, sealed.p, sealed.n);
  *ret = sv_bytes_of(out, sealed.n + 1);
  return SV_DONE;
}

sv_status vault_open(struct sv_ctx *ctx, const struct vault_key *key, const char *column,
                     struct sv_bytes sealed, struct sv_bytes *ret) {
  if (sealed.n == 0) {
    *ret = sealed;
    return SV_DONE;
  }
  if (key->erased) {
    return SV_FAIL(ctx, ERASED, "the data key of %s %s was destroyed", key->place.scope,
                   key->place.subject);
  }
  char aad[AAD_MAX];
  sv_status s = sealed.p[0] == VALUE_FORM
                    ? crypto_aead_open(ctx, key->key, aad_of(&key->place, column, aad),
                                       sv_bytes_of(sealed.p + 1, sealed.n - 1), ret)
                    : (sv_status){SV_CORRUPT};
  if (s.reason == SV_CORRUPT) {
    return SV_FAIL(ctx, CORRUPT, "%s of %s %s is not what was sealed", column, key->place.scope,
                   key->place.subject);
  }
  return s;
}

sv_status vault_seal_at(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                        const char *column, struct sv_bytes plain, struct sv_bytes *ret) {
  struct vault_key key;
  SV_TRY(vault_key_take(tx, ctx, place, true, &key));
  sv_status s = vault_seal(ctx, &key, column, plain, ret);
  crypto_wipe(key.key, sizeof key.key);
  return s;
}

sv_status vault_open_at(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                        const char *column, struct sv_bytes sealed, struct sv_bytes *ret) {
  struct vault_key key;
  SV_TRY(vault_key_take(tx, ctx, place, false, &key));
  sv_status s = vault_open(ctx, &key, column, sealed, ret);
  crypto_wipe(key.key, sizeof key.key);
  return s;
}

sv_status vault_destroy(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place) {
  struct sqlite_use u = use_of(tx, SQLITE_VAULT, STMT_DROP);
  place_bind(&u, place);
  return use_run(&u, ctx, "data key", NULL);
}

/* The key after one, in the order of places; false at the end. */
static sv_status key_after(struct store_tx *tx, struct sv_ctx *ctx, struct vault_place *place,
                           uint8_t wrapped[static WRAPPED_BYTES], bool *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_VAULT, STMT_ALL);
  place_bind(&u, place);
  SV_TRY(use_row(&u, ctx, "data keys", ret));
  struct sqlite_row r = row_of(&u, ctx);
  if (*ret) {
    place->scope = row_text(&r);
    place->subject = row_text(&r);
    place->version = (uint32_t)row_int(&r);
    row_fixed(&r, wrapped, WRAPPED_BYTES);
  }
  use_end(&u);
  return r.failed ? SV_FAIL(ctx, CORRUPT, "a row of data_keys") : SV_DONE;
}

sv_status vault_rewrap(struct store_tx *tx, struct sv_ctx *ctx,
                       const uint8_t from[static STORE_KEY_BYTES],
                       const uint8_t to[static STORE_KEY_BYTES], uint64_t *ret_n) {
  struct vault_place place = {.scope = "", .subject = ""};
  char id[17];
  vault_key_id(to, id);
  *ret_n = 0;
  for (;;) {
    uint8_t wrapped[WRAPPED_BYTES], key[STORE_KEY_BYTES];
    char aad[AAD_MAX];
    bool row;
    struct sv_bytes again;
    SV_TRY(key_after(tx, ctx, &place, wrapped, &row));
    if (!row) {
      return SV_DONE;
    }
    SV_TRY(unwrap(ctx, from, &place, sv_bytes_of(wrapped, sizeof wrapped), key));
    sv_status s =
        crypto_aead_seal(ctx, to, aad_of(&place, "", aad), sv_bytes_of(key, sizeof key), &again);
    crypto_wipe(key, sizeof key);
    SV_TRY(s);
    struct sqlite_use u = use_of(tx, SQLITE_VAULT, STMT_CHANGE);
    place_bind(&u, &place);
    use_text(&u, 4, id);
    use_blob(&u, 5, again.p, again.n);
    SV_TRY(use_run(&u, ctx, "data key", NULL));
    (*ret_n)++;
  }
}

sv_status vault_check(struct store_tx *tx, struct sv_ctx *ctx) {
  char id[17];
  vault_key_id(master_of(tx), id);
  struct sqlite_use u = use_of(tx, SQLITE_VAULT, STMT_OTHER);
  use_text(&u, 1, id);
  bool row;
  SV_TRY(use_row(&u, ctx, "data keys", &row));
  struct sqlite_row r = row_of(&u, ctx);
  const char *other = row ? row_text(&r) : "";
  use_end(&u);
  return row ? SV_FAIL(ctx, CONFIG, "the registry is sealed with master key %s, not %s", other, id)
             : SV_DONE;
}
