/* Counters, gauges and histograms of one process, as Prometheus reads them (text format 0.0.4). Fixed tables, so no label
 * can grow without bound. Counting is atomic and never blocks; every function of it accepts NULL for "nobody counts". */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/ctx.h"

struct sv_metrics;
struct sv_metrics_method;

/* Caller: sv_metrics_close, which accepts NULL. Fails: NO_MEMORY. */
sv_status sv_metrics_open(struct sv_ctx *ctx, struct sv_metrics **ret_metrics);
void sv_metrics_close(struct sv_metrics *metrics);

/* --- calls: grpc_server_started_total, grpc_server_handled_total, grpc_server_handling_seconds --- */
/* path: "/package.Service/Method", borrowed until close. At the start, before other threads count. NULL when memory is
 * out. */
struct sv_metrics_method *sv_metrics_method(struct sv_metrics *metrics, const char *path);
void sv_metrics_started(struct sv_metrics_method *method);
void sv_metrics_handled(struct sv_metrics_method *method, enum sv_code code, uint64_t took_ns);

/* --- salvo_documents_issued_total{kind,outcome} --- */
enum sv_issue_kind {
  SV_ISSUE_SAFE_CONDUCT,
  SV_ISSUE_FLIGHT_MANIFEST,
  SV_ISSUE_DISBURSEMENT_RECEIPT,
  SV_ISSUE_KINDS
};
enum sv_issue_outcome {
  SV_OUTCOME_ISSUED,
  SV_OUTCOME_REPEATED, /* the stored bytes, once more */
  SV_OUTCOME_PENDING,
  SV_OUTCOME_REFUSED,
  SV_OUTCOME_FAILED,
  SV_OUTCOMES
};
void sv_metrics_issued(struct sv_metrics *metrics, enum sv_issue_kind kind,
                       enum sv_issue_outcome outcome);

/* --- salvo_sign_seconds, salvo_render_seconds, salvo_commit_seconds --- */
enum sv_timing { SV_TIME_SIGN, SV_TIME_RENDER, SV_TIME_COMMIT, SV_TIMINGS };
void sv_metrics_time(struct sv_metrics *metrics, enum sv_timing timing, uint64_t took_ns);

/* --- gauges; those that nobody has set are not told --- */
enum sv_gauge {
  SV_GAUGE_QUEUE_DEPTH,
  SV_GAUGE_RESERVED_DOCUMENTS,
  SV_GAUGE_SIGNER_UP,
  SV_GAUGE_KEY_NOT_AFTER_S, /* of the wall clock */
  SV_GAUGE_LOG_TREE_SIZE,
  SV_GAUGE_BELOW_LEVEL, /* documents that are below the PAdES level that is wanted */
  SV_GAUGES
};
void sv_metrics_set(struct sv_metrics *metrics, enum sv_gauge gauge, int64_t value);

/* Appends all of it, and process_* of this moment. Reads /proc/self: microseconds. Any thread. */
void sv_metrics_write(struct sv_metrics *metrics, struct sv_buf *out);
