/* salvo: asks salvod, or judges alone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"

static const char usage[] =
    "usage: salvo [OPTIONS] COMMAND\n"
    "\n"
    "  issue REQUEST.json -o OUT.pdf      issue a document (protobuf JSON; - is standard input)\n"
    "  batch FILE.jsonl|FILE.csv [--out DIR]   many; again after a break: the same numbers\n"
    "  verify FILE.pdf                    judge a document with the server's registry\n"
    "  verify --trust TRUST.pem [--tsa-trust TSA.pem] FILE.pdf   without a server: its status "
    "stays unknown\n"
    "  trust -o FILE --trust-key VKEY          the list of whose seals count, for a device\n"
    "  bundle -o FILE --trust-key VKEY --log-key VKEY [--list A]     what became of each paper\n"
    "  verify --offline SEAL|PICTURE|FILE.pdf --trust-key VKEY --trust-list FILE --bundle FILE\n"
    "        [--mrz FILE] [--printed-mrz FILE] [--device FILE] [--fresh-hours N] [--at TIME]\n"
    "  get NUMBER [--version N]           what the registry says of a document\n"
    "  list [--kind KIND] [--state STATE] [--case REFERENCE] [--page-size N] [--page-token T]\n"
    "  watch [--kind KIND] [--after EVENT]     what becomes of documents, as it happens, a line "
    "each\n"
    "  download NUMBER -o OUT.pdf [--version N] [--copy N] [--record | --draft | "
    "--paxlst |\n        --for GATE|OPERATOR|DESTINATION]\n"
    "  template check DIR                 read templates and try each in each pair of languages\n"
    "  template preview DIR NAME [--lang L] [--lang2 L] [--paper a4|letter] -o OUT.pdf     a "
    "watermarked specimen\n"
    "  manifest import FILE.edi > REQUEST.json    of a passenger list message (PAXLST)\n"
    "  approve NUMBER --digest HEX [--version N] [-o OUT.pdf]   the second officer's yes\n"
    "  reject NUMBER --reason REASON [--version N]                and his no\n"
    "  reissue NUMBER --reason DAMAGED|MISPRINT -o OUT.pdf        a new copy of a letter\n"
    "  revoke NUMBER --reason REASON\n"
    "  augment NUMBER... [--level B-T|B-LT|B-LTA] [--renew] | --due   raise documents, renew their "
    "proofs\n"
    "  key list | compromised SHA256 --since TIME      the keys that sign and signed here\n"
    "  obligation create REQUEST.json | amend REQUEST.json | get NAME | list\n"
    "  hold place REQUEST.json | lift REQUEST.json | get NAME | list\n"
    "  hold watch [--after EVENT]         alarms as they come, a line each\n"
    "  fact record FILE.json | FILE.jsonl (one a line)\n"
    "  board check NUMBER --mrz FILE | --occupant ID        may this person board now?\n"
    "  board mark NUMBER OCCUPANT MARK --version N --device ID\n"
    "  board replay QUEUE.jsonl           marks made off line; sent again they change nothing\n"
    "  board close NUMBER --version N --boarded HEADS [-o OUT.pdf]\n"
    "\n"
    "  log checkpoint [-o FILE] | proof KEPT-CHECKPOINT | check PROOF   (with --log-key FILE)\n"
    "\n"
    "  audit [--log-key FILE] [--journal FILE]   recompute a registry, name what was touched\n"
    "  admin backup FILE | restore FILE | migrate | erase NUMBER | export YEAR DIR |\n"
    "        rewrap NEW-MASTER-KEY-FILE\n"
    "      both with --registry FILE --key-file FILE --master-key-file FILE, without a server\n"
    "\n"
    "  --server HOST:PORT  --ca FILE  --cert FILE  --key FILE\n"
    "  --profile FILE      the same four, as  server = \"...\";  (default: $SALVO_PROFILE)\n"
    "  --json              answers as JSON\n"
    "  --lang LANG         of verdicts: es, en, fr, ht, pt (verify; --language as well)\n"
    "\n"
    "exit codes: 0 valid or done, 1 invalid or refused, 2 usage, 3 unreachable, 4 check, 5 not "
    "ours or unreadable\n";

struct command {
  const char *name;
  int (*run)(struct salvo *, struct arguments);
};

static const struct command commands[] = {
    {"trust", command_trust},       {"bundle", command_bundle},
    {"audit", command_audit},       {"admin", command_admin},
    {"issue", command_issue},       {"batch", command_batch},
    {"verify", command_verify},     {"get", command_get},
    {"list", command_list},         {"watch", command_watch},
    {"download", command_download}, {"obligation", command_obligation},
    {"hold", command_hold},         {"fact", command_fact},
    {"board", command_board},       {"manifest", command_manifest},
    {"log", command_log},           {"approve", command_approve},
    {"reject", command_reject},     {"reissue", command_reissue},
    {"revoke", command_revoke},     {"augment", command_augment},
    {"template", command_template}, {"key", command_key},
};

int usage_fault(const char *what) {
  (void)fprintf(stderr, "salvo: %s\nTry: salvo --help\n", what);
  return EXIT_USAGE;
}

const char *argument_take(struct arguments *a, const char *name) {
  for (int i = 0; i + 1 < a->count; i++) {
    if (strcmp(a->v[i], name) == 0) {
      const char *value = a->v[i + 1];
      memmove(&a->v[i], &a->v[i + 2], (size_t)(a->count - i - 2) * sizeof a->v[0]);
      a->count -= 2;
      return value;
    }
  }
  return NULL;
}

static bool flag_take(struct arguments *a, const char *name) {
  for (int i = 0; i < a->count; i++) {
    if (strcmp(a->v[i], name) == 0) {
      memmove(&a->v[i], &a->v[i + 1], (size_t)(a->count - i - 1) * sizeof a->v[0]);
      a->count--;
      return true;
    }
  }
  return false;
}

static int run(struct salvo *s, struct arguments a) {
  s->server = argument_take(&a, "--server");
  s->ca = argument_take(&a, "--ca");
  s->cert = argument_take(&a, "--cert");
  s->key = argument_take(&a, "--key");
  s->json = flag_take(&a, "--json");
  int read = profile_read(s, argument_take(&a, "--profile"));
  if (read != EXIT_DONE) {
    return read;
  }
  if (a.count == 0) {
    (void)fputs(usage, stderr);
    return EXIT_USAGE;
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(commands[i].name, a.v[0]) == 0) {
      return commands[i].run(s, (struct arguments){a.count - 1, a.v + 1});
    }
  }
  return usage_fault("no such command");
}

int main(int argc, char **argv) {
  (void)signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      (void)fputs(usage, stdout);
      return EXIT_DONE;
    }
  }
  struct sv_arena *mem = sv_arena_open((size_t)512 * 1024 * 1024);
  if (!mem) {
    return EXIT_REFUSED;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct salvo s = {.ctx = &ctx};
  int code = run(&s, (struct arguments){argc - 1, argv + 1});
  rpc_client_close(s.client);
  sv_arena_close(mem);
  return code;
}
