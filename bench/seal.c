/* CPU time to seal and to judge, each beside what OpenSSL takes for the same in the same run.
 *   bench_seal AUTHORITY B-B.pdf ANOTHER-B-B.pdf B-LTA.pdf ROUNDS [STEPS]     (those alone whose names have this in them)
 * AUTHORITY has the keys that sealed the files, and tsa-trust.pem. Another letter of the same template was judged before, as on
 * any server. Prints a row a step: name, microseconds of CPU (the
 * least of ten batches). */
#include <openssl/cms.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "crypto/digest.h"
#include "formats/vds/vds_profile.h"
#include "pki/cms.h"
#include "pki/key.h"
#include "seal/seal.h"
#include "verify/pdf.h"

struct bench {
  struct seal *seal;
  struct verify_trust *trust;
  struct pki_trust *anchors;
  struct pki_chain *chain;
  struct pki_key *key;
  X509_STORE *store;
  struct sv_bytes low, another, high; /* B-B, B-B, B-LTA */
  struct crypto_beginnings *beginnings;
  struct sv_bytes cms, pieces[2];
  struct sv_sig_slot slot;
  struct sv_bytes raw; /* of the yardstick */
};
static const uint8_t tbs[100] = {1};

_Noreturn static void stop(const char *what) {
  (void)fprintf(stderr, "bench: %s\n", what);
  exit(1);
}
static struct sv_bytes read_file(struct sv_arena *mem, const char *path) {
  FILE *f = fopen(path, "rb");
  struct sv_buf out = sv_buf_in(mem, 0);
  char step[4096];
  if (!f) {
    stop(path);
  }
  for (size_t n; (n = fread(step, 1, sizeof step, f)) > 0;) {
    sv_buf_put(&out, step, n);
  }
  (void)fclose(f);
  return sv_buf_bytes(&out);
}

/* Where the signature of a file of ours is, by its own words. */
static void find_slot(struct bench *b, struct sv_ctx *ctx) {
  const char *range = memmem(b->low.p, b->low.n, "/ByteRange", 10);
  const char *open = range ? strchr(range, '[') : NULL;
  const char *close = open ? strchr(open, ']') : NULL;
  size_t at = 0;
  for (const uint8_t *c = b->low.p;
       (c = memmem(c, b->low.n - (size_t)(c - b->low.p), "/Contents", 9)); c++) {
    const uint8_t *value = c + 9 + (c[9] == ' ');
    at = value[0] == '<' && value[1] != '<' ? (size_t)(value - b->low.p) : at;
  }
  const uint8_t *end = at ? memchr(b->low.p + at, '>', b->low.n - at) : NULL;
  if (!end || !close) {
    stop("no signature");
  }
  b->slot = (struct sv_sig_slot){.byte_range_at = (size_t)((const uint8_t *)open - b->low.p),
                                 .byte_range_room = (size_t)(close - open) + 1,
                                 .contents_at = at,
                                 .contents_room = (size_t)(end - b->low.p) - at + 1};
  b->pieces[0] = sv_bytes_of(b->low.p, at);
  b->pieces[1] = sv_bytes_of(end + 1, b->low.n - (size_t)(end + 1 - b->low.p));
  size_t n = (b->slot.contents_room - 2) / 2;
  uint8_t *der = sv_arena_alloc(ctx->mem, n);
  char *hex = sv_arena_strndup(ctx->mem, (const char *)b->low.p + at + 1, 2 * n);
  if (!der || !hex || !sv_unhex(hex, der, n)) {
    stop("Contents");
  }
  b->cms = sv_bytes_of(der, n);
}

/* --- steps --- */

static const struct seal_subject subject = {.number = "S26000018", .version = 1, .copy = 1};

static void step_seal(struct bench *b, struct sv_ctx *ctx) {
  bench_must(ctx, seal_pdf(b->seal, ctx, &subject, (uint8_t *)(uintptr_t)b->low.p, b->low.n,
                           &b->slot, NULL));
}

static void step_visible(struct bench *b, struct sv_ctx *ctx) {
  struct vds_header h = {
      .country = "UTO", .issue_date = {2026, 1, 15}, .signature_date = {2026, 1, 15}};
  struct vds_letter v = {
      .id = {.version = 1, .copy = 1}, .valid_from = {2026, 1, 15}, .valid_until = {2030, 1, 15}};
  struct sv_bytes part;
  struct sv_bytes out;
  (void)snprintf(h.signer, sizeof h.signer, "%s", seal_vds_signer(b->seal));
  (void)snprintf(h.cert_ref, sizeof h.cert_ref, "%s", seal_vds_reference(b->seal));
  memcpy(v.id.number, "S26000018", 10);
  memset(v.mrz, 'A', 72);
  bench_must(ctx, vds_letter_build(ctx, &h, &v, &part));
  bench_must(ctx, seal_visible(b->seal, ctx, &subject, part, &out));
}

static void step_sign(struct bench *b, struct sv_ctx *ctx) {
  uint8_t raw[PKI_RAW_MAX];
  size_t n;
  bench_must(ctx, pki_key_sign(b->key, ctx, sv_bytes_of(tbs, sizeof tbs), raw, &n));
}

static void step_check(struct bench *b, struct sv_ctx *ctx) {
  (void)ctx;
  if (!pki_cert_verify_raw(pki_chain_signer(b->chain), sv_bytes_of(tbs, sizeof tbs), b->raw)) {
    stop("ECDSA");
  }
}

/* What any verifier spends on the file's bytes alone. */
static void step_digest(struct bench *b, struct sv_ctx *ctx) {
  (void)ctx;
  uint8_t sha256[32];
  crypto_sha256(b->low, sha256);
}

/* Digest of the file, CMS, path and use of the signer. */
static void step_signature(struct bench *b, struct sv_ctx *ctx) {
  struct pki_cms cms;
  struct crypto_trail *trail;
  bench_must(ctx, crypto_trail_open(ctx, b->beginnings, b->low, &trail));
  struct crypto_pieces content = {.piece = b->pieces, .n = 2, .trail = trail};
  bench_must(ctx, pki_cms_verify_known(ctx, b->anchors, b->cms, content, &cms));
  if (cms.fault != PKI_CMS_GOOD ||
      pki_trust_document(b->anchors, cms.chain, sv_wall_us()) != PKI_TRUSTED) {
    stop("signature");
  }
  pki_chain_close(cms.chain);
  crypto_trail_close(trail);
}

static void step_openssl(struct bench *b, struct sv_ctx *ctx) {
  const uint8_t *p = b->cms.p;
  uint8_t *whole = sv_arena_alloc(ctx->mem, b->low.n);
  CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)b->cms.n);
  memcpy(whole, b->pieces[0].p, b->pieces[0].n);
  memcpy(whole + b->pieces[0].n, b->pieces[1].p, b->pieces[1].n);
  BIO *content = BIO_new_mem_buf(whole, (int)(b->pieces[0].n + b->pieces[1].n));
  if (!ci || !content ||
      CMS_verify(ci, NULL, b->store, content, NULL, CMS_BINARY | CMS_DETACHED | CMS_CADES) != 1) {
    stop("CMS_verify");
  }
  BIO_free_all(content);
  CMS_ContentInfo_free(ci);
}

static void judge(struct bench *b, struct sv_ctx *ctx, struct sv_bytes pdf, const char *level) {
  struct verify_report report;
  bench_must(ctx, verify_pdf(ctx, b->trust, NULL, sv_wall_us(), pdf, &report));
  if (report.verdict != VERIFY_CHECK || report.signature_count == 0 ||
      strcmp(report.signatures[0].level, level) != 0) {
    stop(report.detail);
  }
}
static void step_low(struct bench *b, struct sv_ctx *ctx) { judge(b, ctx, b->low, "B-B"); }
static void step_high(struct bench *b, struct sv_ctx *ctx) { judge(b, ctx, b->high, "B-LTA"); }

/* Least CPU microseconds of one step over ten batches. */
static double measure(struct bench *b, int rounds, void (*step)(struct bench *, struct sv_ctx *)) {
  double least = 1e18;
  struct sv_arena *mem = sv_arena_open((size_t)256 << 20);
  for (int batch = 0; batch < 10; batch++) {
    double start = bench_cpu_us();
    for (int i = 0; i < rounds; i++) {
      sv_arena_reset(mem);
      struct sv_ctx ctx = sv_ctx_over(mem);
      step(b, &ctx);
    }
    double each = (bench_cpu_us() - start) / rounds;
    least = each < least ? each : least;
  }
  sv_arena_close(mem);
  return least;
}

static void open_keys(struct bench *b, struct sv_ctx *ctx, const char *authority) {
  static const char *const names[] = {"document.key", "document-chain.pem", "seal.key",
                                      "seal.pem",     "trust.pem",          "tsa-trust.pem"};
  const char *path[6];
  static uint8_t raw[PKI_RAW_MAX];
  size_t n;
  for (int i = 0; i < 6; i++) {
    path[i] = sv_arena_printf(ctx->mem, "%s/%s", authority, names[i]);
  }
  bench_must(ctx, seal_open_files(ctx, path[0], path[1], path[2], path[3], &b->seal));
  bench_must(ctx, verify_trust_open(ctx, &path[4], 1, &b->trust));
  bench_must(ctx, verify_trust_stamps(ctx, b->trust, read_file(ctx->mem, path[5])));
  bench_must(ctx, pki_trust_open(ctx, read_file(ctx->mem, path[4]), &b->anchors));
  bench_must(ctx, pki_chain_open(ctx, read_file(ctx->mem, path[1]), &b->chain));
  bench_must(ctx, pki_key_open(ctx, read_file(ctx->mem, path[0]), &b->key));
  bench_must(ctx, pki_key_sign(b->key, ctx, sv_bytes_of(tbs, sizeof tbs), raw, &n));
  b->raw = sv_bytes_of(raw, n);
  b->store = X509_STORE_new();
  if (!b->store || X509_STORE_load_file(b->store, path[4]) != 1) {
    stop("trust.pem");
  }
  X509_VERIFY_PARAM *param = X509_STORE_get0_param(b->store);
  (void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
}

/* What a server has met of the template before it is asked about the letter. */
static void meet(struct bench *b, struct sv_ctx *ctx) {
  const struct sv_bytes files[] = {b->another, b->low};
  b->beginnings = crypto_beginnings_open();
  for (size_t i = 0; b->beginnings && i < 2; i++) {
    struct crypto_trail *trail;
    bench_must(ctx, crypto_trail_open(ctx, b->beginnings, files[i], &trail));
    bench_must(ctx, crypto_trail_learn(ctx, trail, files[i]));
    crypto_trail_close(trail);
    judge(b, ctx, files[i], "B-B");
  }
}

int main(int argc, char **argv) {
  if (argc < 6 || argc > 7) {
    (void)fprintf(stderr,
                  "usage: bench_seal AUTHORITY B-B.pdf ANOTHER-B-B.pdf B-LTA.pdf ROUNDS [STEPS]\n");
    return 2;
  }
  static const struct {
    const char *name;
    void (*step)(struct bench *, struct sv_ctx *);
  } rows[] = {{"ECDSA P-256, sign", step_sign},           {"ECDSA P-256, verify", step_check},
              {"seal a PDF, file key", step_seal},        {"visible seal, file key", step_visible},
              {"SHA-256 of the B-B letter", step_digest}, {"verify B-B, signature", step_signature},
              {"verify B-B, CMS_verify", step_openssl},   {"verify B-B, whole letter", step_low},
              {"verify B-LTA, whole letter", step_high}};
  struct sv_arena *keep = sv_arena_open((size_t)64 << 20);
  struct sv_ctx ctx = sv_ctx_over(keep);
  struct bench b = {.low = read_file(keep, argv[2]),
                    .another = read_file(keep, argv[3]),
                    .high = read_file(keep, argv[4])};
  open_keys(&b, &ctx, argv[1]);
  find_slot(&b, &ctx);
  meet(&b, &ctx);
  int rounds = atoi(argv[5]);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (argc > 6 && !strstr(rows[i].name, argv[6])) {
      continue;
    }
    (void)printf("%s\t%.1f\n", rows[i].name, measure(&b, rounds > 0 ? rounds : 1, rows[i].step));
    if (rows[i].step == step_seal) {
      find_slot(&b, &ctx); /* the signature is another one now */
    }
  }
  seal_close(b.seal);
  verify_trust_close(b.trust);
  crypto_beginnings_close(b.beginnings);
  pki_trust_close(b.anchors);
  pki_chain_close(b.chain);
  pki_key_close(b.key);
  X509_STORE_free(b.store);
  sv_arena_close(keep);
  return 0;
}
