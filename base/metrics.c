/* Every number is an atomic of its own; a reader may see one call between its parts, never half a number. */
#include "base/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* Upper bounds in microseconds; the last bucket has none. */
static const uint64_t bounds_us[] = {100,    500,    1000,   5000,    10000,   25000,   50000,
                                     100000, 250000, 500000, 1000000, 2500000, 10000000};
enum { BOUNDS = sizeof bounds_us / sizeof bounds_us[0], CODES = 17 };

struct histogram {
  atomic_uint_least64_t bucket[BOUNDS + 1];
  atomic_uint_least64_t sum_us;
};

struct sv_metrics_method {
  const char *path;
  atomic_uint_least64_t started;
  atomic_uint_least64_t handled[CODES];
  struct histogram handling;
  struct sv_metrics_method *next;
};

struct gauge {
  atomic_bool set;
  atomic_int_least64_t value;
};

struct sv_metrics {
  struct sv_metrics_method *methods;
  atomic_uint_least64_t issued[SV_ISSUE_KINDS][SV_OUTCOMES];
  struct histogram timings[SV_TIMINGS];
  struct gauge gauges[SV_GAUGES];
  int64_t start_us;
};

static const char *const kind_names[SV_ISSUE_KINDS] = {"safe_conduct", "flight_manifest",
                                                       "disbursement_receipt"};
static const char *const outcome_names[SV_OUTCOMES] = {"issued", "repeated", "pending", "refused",
                                                       "failed"};
static const char *const timing_names[SV_TIMINGS] = {"salvo_sign_seconds", "salvo_render_seconds",
                                                     "salvo_commit_seconds"};
static const char *const gauge_names[SV_GAUGES] = {
    "salvo_queue_depth",   "salvo_reserved_documents",
    "salvo_signer_up",     "salvo_key_not_after_timestamp_seconds",
    "salvo_log_tree_size", "salvo_documents_below_level"};
static const char *const code_names[CODES] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

static void add(atomic_uint_least64_t *n, uint64_t more) {
  (void)atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

static uint64_t value_of(atomic_uint_least64_t *n) {
  return atomic_load_explicit(n, memory_order_relaxed);
}

static void histogram_add(struct histogram *h, uint64_t took_ns) {
  uint64_t us = took_ns / 1000;
  size_t i = 0;
  while (i < BOUNDS && us > bounds_us[i]) {
    i++;
  }
  add(&h->bucket[i], 1);
  add(&h->sum_us, us);
}

sv_status sv_metrics_open(struct sv_ctx *ctx, struct sv_metrics **ret_metrics) {
  struct sv_metrics *m = calloc(1, sizeof *m);
  if (!m) {
    return SV_FAIL(ctx, NO_MEMORY, "metrics");
  }
  m->start_us = sv_wall_us();
  *ret_metrics = m;
  return SV_DONE;
}

void sv_metrics_close(struct sv_metrics *m) {
  while (m && m->methods) {
    struct sv_metrics_method *method = m->methods;
    m->methods = method->next;
    free(method);
  }
  free(m);
}

struct sv_metrics_method *sv_metrics_method(struct sv_metrics *m, const char *path) {
  struct sv_metrics_method *method = m ? calloc(1, sizeof *method) : NULL;
  if (method) {
    method->path = path;
    method->next = m->methods;
    m->methods = method;
  }
  return method;
}

void sv_metrics_started(struct sv_metrics_method *method) {
  if (method) {
    add(&method->started, 1);
  }
}

void sv_metrics_handled(struct sv_metrics_method *method, enum sv_code code, uint64_t took_ns) {
  if (method) {
    SV_ASSERT((int)code >= 0 && (int)code < CODES);
    add(&method->handled[code], 1);
    histogram_add(&method->handling, took_ns);
  }
}

void sv_metrics_issued(struct sv_metrics *m, enum sv_issue_kind kind,
                       enum sv_issue_outcome outcome) {
  SV_ASSERT((int)kind >= 0 && kind < SV_ISSUE_KINDS && (int)outcome >= 0 && outcome < SV_OUTCOMES);
  if (m) {
    add(&m->issued[kind][outcome], 1);
  }
}

void sv_metrics_time(struct sv_metrics *m, enum sv_timing timing, uint64_t took_ns) {
  SV_ASSERT((int)timing >= 0 && timing < SV_TIMINGS);
  if (m) {
    histogram_add(&m->timings[timing], took_ns);
  }
}

void sv_metrics_set(struct sv_metrics *m, enum sv_gauge gauge, int64_t value) {
  SV_ASSERT((int)gauge >= 0 && gauge < SV_GAUGES);
  if (m) {
    atomic_store(&m->gauges[gauge].value, value);
    atomic_store(&m->gauges[gauge].set, true);
  }
}

/* --- the text --- */

static void type_put(struct sv_buf *out, const char *name, const char *type) {
  sv_buf_printf(out, "# TYPE %s %s\n", name, type);
}

/* labels: "" or "a=\"b\"," */
static void histogram_put(struct sv_buf *out, const char *name, const char *labels,
                          struct histogram *h) {
  uint64_t count = 0;
  for (size_t i = 0; i <= BOUNDS; i++) {
    count += value_of(&h->bucket[i]);
    if (i < BOUNDS) {
      sv_buf_printf(out, "%s_bucket{%sle=\"%g\"} %" PRIu64 "\n", name, labels,
                    (double)bounds_us[i] / 1e6, count);
    } else {
      sv_buf_printf(out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, count);
    }
  }
  size_t n = strlen(labels);
  const char *open = n > 0 ? "{" : "", *close = n > 0 ? "}" : "";
  int shown = n > 0 ? (int)n - 1 : 0;
  sv_buf_printf(out, "%s_sum%s%.*s%s %.6f\n", name, open, shown, labels, close,
                (double)value_of(&h->sum_us) / 1e6);
  sv_buf_printf(out, "%s_count%s%.*s%s %" PRIu64 "\n", name, open, shown, labels, close, count);
}

/* grpc_service="...",grpc_method="...", */
static void labels_of(const struct sv_metrics_method *method, char labels[static 256]) {
  const char *service = method->path + 1;
  const char *slash = strchr(service, '/');
  int service_n = slash ? (int)(slash - service) : 0;
  (void)snprintf(labels, 256, "grpc_service=\"%.*s\",grpc_method=\"%s\",", service_n, service,
                 slash ? slash + 1 : "");
}

static void methods_put(struct sv_metrics *m, struct sv_buf *out) {
  char labels[256];
  type_put(out, "grpc_server_started_total", "counter");
  for (struct sv_metrics_method *x = m->methods; x; x = x->next) {
    labels_of(x, labels);
    sv_buf_printf(out, "grpc_server_started_total{%.*s} %" PRIu64 "\n", (int)strlen(labels) - 1,
                  labels, value_of(&x->started));
  }
  type_put(out, "grpc_server_handled_total", "counter");
  for (struct sv_metrics_method *x = m->methods; x; x = x->next) {
    labels_of(x, labels);
    for (size_t code = 0; code < CODES; code++) {
      uint64_t n = value_of(&x->handled[code]);
      if (n > 0 || code == SV_CODE_OK) {
        sv_buf_printf(out, "grpc_server_handled_total{%sgrpc_code=\"%s\"} %" PRIu64 "\n", labels,
                      code_names[code], n);
      }
    }
  }
  type_put(out, "grpc_server_handling_seconds", "histogram");
  for (struct sv_metrics_method *x = m->methods; x; x = x->next) {
    labels_of(x, labels);
    histogram_put(out, "grpc_server_handling_seconds", labels, &x->handling);
  }
}

static void own_put(struct sv_metrics *m, struct sv_buf *out) {
  type_put(out, "salvo_documents_issued_total", "counter");
  for (size_t k = 0; k < SV_ISSUE_KINDS; k++) {
    for (size_t o = 0; o < SV_OUTCOMES; o++) {
      sv_buf_printf(out, "salvo_documents_issued_total{kind=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
                    kind_names[k], outcome_names[o], value_of(&m->issued[k][o]));
    }
  }
  for (size_t i = 0; i < SV_TIMINGS; i++) {
    type_put(out, timing_names[i], "histogram");
    histogram_put(out, timing_names[i], "", &m->timings[i]);
  }
  for (size_t i = 0; i < SV_GAUGES; i++) {
    if (atomic_load(&m->gauges[i].set)) {
      type_put(out, gauge_names[i], "gauge");
      sv_buf_printf(out, "%s %" PRId64 "\n", gauge_names[i], atomic_load(&m->gauges[i].value));
    }
  }
}

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  if (f && fscanf(f, "%ld %ld", &size, &resident) != 2) {
    resident = 0;
  }
  if (f) {
    (void)fclose(f);
  }
  return resident;
}

static int open_descriptors(void) {
  DIR *dir = opendir("/proc/self/fd");
  int n = dir ? -3 : 0; /* ".", "..", and the folder itself */
  while (dir && readdir(dir)) {
    n++;
  }
  if (dir) {
    (void)closedir(dir);
  }
  return n;
}

static void process_put(const struct sv_metrics *m, struct sv_buf *out) {
  struct rusage use;
  struct rlimit files = {0};
  double cpu_s = 0;
  if (getrusage(RUSAGE_SELF, &use) == 0) {
    cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
  }
  (void)getrlimit(RLIMIT_NOFILE, &files);
  type_put(out, "process_cpu_seconds_total", "counter");
  sv_buf_printf(out, "process_cpu_seconds_total %.6f\n", cpu_s);
  type_put(out, "process_resident_memory_bytes", "gauge");
  sv_buf_printf(out, "process_resident_memory_bytes %lld\n",
                (long long)resident_pages() * sysconf(_SC_PAGESIZE));
  type_put(out, "process_open_fds", "gauge");
  sv_buf_printf(out, "process_open_fds %d\n", open_descriptors());
  type_put(out, "process_max_fds", "gauge");
  sv_buf_printf(out, "process_max_fds %llu\n", (unsigned long long)files.rlim_cur);
  type_put(out, "salvo_log_lines_dropped_total", "counter");
  sv_buf_printf(out, "salvo_log_lines_dropped_total %" PRIu64 "\n", sv_log_dropped());
  type_put(out, "process_start_time_seconds", "gauge");
  sv_buf_printf(out, "process_start_time_seconds %.3f\n", (double)m->start_us / 1e6);
}

void sv_metrics_write(struct sv_metrics *m, struct sv_buf *out) {
  methods_put(m, out);
  own_put(m, out);
  process_put(m, out);
}
