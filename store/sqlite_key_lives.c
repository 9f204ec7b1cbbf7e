/* Lives of keys over SQLite. */
#include "store/key_lives.h"
#include "store/sqlite_use.h"

enum { STMT_PUT, STMT_ALL, STMT_COUNT };
static const char *const texts[STMT_COUNT] = {
    [STMT_PUT] =
        "INSERT INTO key_lives (sha256, purpose, from_us, until_us, compromised_us) SELECT ?1, ?2, "
        "?3, ?4, ?5 WHERE (SELECT count(*) FROM key_lives WHERE sha256 <> ?1) < ?6 ON CONFLICT "
        "(sha256) DO UPDATE SET from_us = ?3, until_us = ?4, compromised_us = ?5",
    [STMT_ALL] =
        "SELECT sha256, purpose, from_us, until_us, compromised_us FROM key_lives ORDER "
        "BY from_us, sha256 LIMIT ?1",
};
const struct sqlite_group sqlite_key_lives_group = {texts, STMT_COUNT};

static sv_status tx_put(struct store_tx *tx, struct sv_ctx *ctx, const struct store_key_life *k) {
  struct sqlite_use u = use_of(tx, SQLITE_KEY_LIVES, STMT_PUT);
  char hex[65];
  int changed;
  sv_hex(k->sha256, sizeof k->sha256, hex);
  use_text(&u, 1, hex);
  use_text(&u, 2, k->purpose);
  use_int(&u, 3, k->from_us);
  use_int(&u, 4, k->until_us);
  use_int(&u, 5, k->compromised_us);
  use_int(&u, 6, STORE_KEY_LIVES_MAX);
  SV_TRY(use_run(&u, ctx, "life of a key", &changed));
  return changed == 1 ? SV_DONE
                      : SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d keys", STORE_KEY_LIVES_MAX);
}

static bool life_read(struct sqlite_row *r, struct store_key_life *ret) {
  const char *hex = row_text(r), *purpose = row_text(r);
  *ret = (struct store_key_life){.from_us = row_int(r)};
  ret->until_us = row_int(r);
  ret->compromised_us = row_int(r);
  size_t n = strlen(purpose);
  if (r->failed || n >= sizeof ret->purpose || !sv_unhex(hex, ret->sha256, sizeof ret->sha256)) {
    return false;
  }
  memcpy(ret->purpose, purpose, n + 1);
  return true;
}

static sv_status tx_all(struct store_tx *tx, struct sv_ctx *ctx, struct store_key_life **ret,
                        size_t *ret_n) {
  struct store_key_life *lives = SV_ARRAY(ctx->mem, STORE_KEY_LIVES_MAX, struct store_key_life);
  if (!lives) {
    return SV_FAIL(ctx, NO_MEMORY, "lives of keys");
  }
  struct sqlite_use u = use_of(tx, SQLITE_KEY_LIVES, STMT_ALL);
  use_int(&u, 1, STORE_KEY_LIVES_MAX);
  size_t n = 0;
  for (;;) {
    bool found;
    SV_TRY(use_row(&u, ctx, "lives of keys", &found));
    if (!found) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    if (!life_read(&r, &lives[n])) {
      use_end(&u);
      return SV_FAIL(ctx, CORRUPT, "the life of a key");
    }
    n++;
  }
  use_end(&u);
  *ret = lives;
  *ret_n = n;
  return SV_DONE;
}

const struct store_key_life_ops sqlite_key_life_ops = {.put = tx_put, .all = tx_all};
