/* CPU time to draw, seal and judge one letter, each beside a named yardstick measured in the same run.
 *   bench_letter AUTHORITY_DIR TEMPLATES_DIR ROUNDS OUT.pdf
 * Prints a row a step: name, microseconds of CPU (the least of ten batches). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "crypto/digest.h"
#include "docs_gen/document.h"
#include "formats/mrz/mrz.h"
#include "formats/record/record.h"
#include "formats/vds/vds_profile.h"
#include "model/number.h"
#include "seal/seal.h"
#include "verify/pdf.h"

struct bench {
  struct docs *docs;
  struct seal *seal;
  struct verify_trust *trust;
  struct model_content content;
  struct model_issue issue;
  struct record_salts salts;
  char mrz[2][37];
  struct sv_bytes record, visible, pdf;
};

static struct model_content letter(void) {
  static const char *states[] = {"COL", "ECU"};
  return (struct model_content){
      .kind = MODEL_SAFE_CONDUCT,
      .template_name = "",
      .letter = {.purpose = MODEL_PROTECTION_STAY,
                 .holder = {.surname = "HADDÂD ZEÏTOUN",
                            .given_names = "NOÛR ḪADĪJA",
                            .native_name = "",
                            .birth_date = "1994-05-07",
                            .birth_place = "",
                            .sex = "F",
                            .nationality = "XXX"},
                 .identity_document = {"P", "QX7700341", "UTO", "2031-02-28"},
                 .issuing_state = "UTO",
                 .issuing_place = "Puerto Esperanza",
                 .valid_from = "2026-01-15",
                 .valid_until = "2030-01-15",
                 .not_valid_for = {states, 2},
                 .legal_basis = "",
                 .signatory = "",
                 .guardian_letter = "",
                 .case_reference = "CASE-1"}};
}

static struct model_issue issue(void) {
  struct model_issue i = {
      .version = 1,
      .copy = 1,
      .supersedes = "",
      .issue_date = "2026-01-15",
      .issue_time_us = 1768495328000000,
      .authority = {"migration", "UTO", "República de Utopía", "Republic of Utopia",
                    "Ministerio del Interior", "Ministry of the Interior",
                    "Servicio Nacional de Migración", "National Migration Service",
                    "SERVICIO NACIONAL DE MIGRACIÓN", "Puerto Esperanza", "America/Panama",
                    "+000 555 0100", "verificar.utopia.example"},
      .signatory = {"x", "Mariela Quiñónez Dávila", "Directora de Documentación",
                    "Director of Documentation", "UT-DOC-01"},
      .requester = {"y", "", "", "", "case"}};
  model_number_format(MODEL_SAFE_CONDUCT, 2026, 207, i.number);
  uint8_t mac[9] = {0x3a, 0x77, 0x12, 0x90, 0xfe, 0x41, 0x08, 0xc2, 0x80};
  model_check_code_format(mac, i.check_code);
  return i;
}

static void step_record(struct bench *b, struct sv_ctx *ctx) {
  bench_must(ctx, record_write(ctx, &b->content, &b->issue, &b->salts, NULL, &b->record));
  crypto_sha256(b->record, b->issue.record_sha256);
  bench_must(ctx, mrz_letter(ctx, &b->content.letter, b->issue.number, b->mrz[0], b->mrz[1]));
}

static void step_visible(struct bench *b, struct sv_ctx *ctx) {
  struct vds_header h = {
      .issue_date = {2026, 1, 15}, .signature_date = {2026, 1, 15}, .country = "UTO"};
  (void)snprintf(h.signer, sizeof h.signer, "%s", seal_vds_signer(b->seal));
  (void)snprintf(h.cert_ref, sizeof h.cert_ref, "%s", seal_vds_reference(b->seal));
  struct vds_letter v = {
      .id = {.version = 1, .copy = 1}, .valid_from = {2026, 1, 15}, .valid_until = {2030, 1, 15}};
  memcpy(v.id.number, b->issue.number, 10);
  (void)snprintf(v.mrz, sizeof v.mrz, "%s%s", b->mrz[0], b->mrz[1]);
  memcpy(v.record_digest, b->issue.record_sha256, 16);
  struct sv_bytes part;
  bench_must(ctx, vds_letter_build(ctx, &h, &v, &part));
  bench_must(ctx,
             seal_visible(b->seal, ctx,
                          &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                          part, &b->visible));
}

static struct sv_sig_slot draw(struct bench *b, struct sv_ctx *ctx) {
  struct docs_seal seal = {1, b->visible};
  struct docs_request r = {
      .content = &b->content,
      .issue = &b->issue,
      .seals = &seal,
      .seal_count = 1,
      .record = b->record,
      .signer_lines = {"UT-DOC-07, Servicio Nacional de Migración", "PAdES, ECDSA P-256, SHA-256"},
      .signer_line_count = 2,
      .contents_room = seal_contents_room(b->seal),
      .mrz = {b->mrz[0], b->mrz[1]}};
  struct sv_sig_slot slot;
  bench_must(ctx, docs_render(b->docs, ctx, &r, &b->pdf, &slot));
  return slot;
}

static void step_draw(struct bench *b, struct sv_ctx *ctx) { (void)draw(b, ctx); }

static void step_sign(struct bench *b, struct sv_ctx *ctx) {
  struct sv_sig_slot slot = draw(b, ctx);
  bench_must(ctx, seal_pdf(b->seal, ctx,
                           &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                           (uint8_t *)(uintptr_t)b->pdf.p, b->pdf.n, &slot, NULL));
}

static void step_judge(struct bench *b, struct sv_ctx *ctx) {
  struct verify_report report;
  bench_must(ctx, verify_pdf(ctx, b->trust, NULL, sv_wall_us(), b->pdf, &report));
  if (report.verdict != VERIFY_CHECK) {
    (void)fprintf(stderr, "bench: verdict %s\n", verify_verdict_name(report.verdict));
    exit(1);
  }
}

/* Least CPU microseconds of one step over ten batches; what it makes is kept in `keep` from the last one. */
static double measure(struct bench *b, struct sv_arena *keep, int rounds,
                      void (*step)(struct bench *, struct sv_ctx *)) {
  double least = 1e18;
  struct sv_arena *mem = sv_arena_open((size_t)256 << 20);
  for (int batch = 0; batch < 10; batch++) {
    double start = bench_cpu_us();
    for (int i = 0; i < rounds; i++) {
      sv_arena_reset(mem);
      struct sv_ctx ctx = sv_ctx_over(mem);
      struct bench copy = *b;
      step(&copy, &ctx);
    }
    double each = (bench_cpu_us() - start) / rounds;
    least = each < least ? each : least;
  }
  sv_arena_close(mem);
  struct sv_ctx ctx = sv_ctx_over(keep);
  step(b, &ctx);
  return least;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    (void)fprintf(stderr, "usage: bench_letter AUTHORITY TEMPLATES ROUNDS OUT.pdf\n");
    return 2;
  }
  struct sv_arena *keep = sv_arena_open((size_t)256 << 20);
  struct sv_ctx ctx = sv_ctx_over(keep);
  struct bench b = {.content = letter(), .issue = issue()};
  char path[4][512];
  static const char *const names[] = {"document.key", "document-chain.pem", "seal.key", "seal.pem"};
  for (int i = 0; i < 4; i++) {
    (void)snprintf(path[i], sizeof path[i], "%s/%s", argv[1], names[i]);
  }
  bench_must(&ctx, seal_open_files(&ctx, path[0], path[1], path[2], path[3], &b.seal));
  (void)snprintf(path[0], sizeof path[0], "%s/trust.pem", argv[1]);
  const char *trust = path[0];
  bench_must(&ctx, verify_trust_open(&ctx, &trust, 1, &b.trust));
  bench_must(&ctx, docs_open(&ctx, argv[2], &b.docs));
  b.content.template_name = docs_template_for(b.docs, &ctx, &b.content);
  b.content.letter.legal_basis = docs_legal_basis_at(b.docs, &ctx, &b.content, 0);
  int rounds = atoi(argv[3]);
  double record = measure(&b, keep, rounds, step_record);
  double visible = measure(&b, keep, rounds, step_visible);
  double drawn = measure(&b, keep, rounds, step_draw);
  double both = measure(&b, keep, rounds, step_sign);
  double judged = measure(&b, keep, rounds, step_judge);
  (void)printf(
      "record and MRZ\t%.1f\nvisible seal\t%.1f\ndraw\t%.1f\nsign\t%.1f\nverify, "
      "offline\t%.1f\nletter, all\t%.1f\n",
      record, visible, drawn, both - drawn, judged, record + visible + both);
  FILE *f = fopen(argv[4], "wb");
  bool ok = f && fwrite(b.pdf.p, 1, b.pdf.n, f) == b.pdf.n;
  ok = f && fclose(f) == 0 && ok;
  docs_close(b.docs);
  seal_close(b.seal);
  verify_trust_close(b.trust);
  sv_arena_close(keep);
  return ok ? 0 : 1;
}
