/* States of Document.State, one by one. A state that no document should be seen in is NOT_REGISTERED: the number was
 * taken and nothing of it was ever issued. */
#include "verify/state.h"

#include "base/clock.h"

enum model_kind verify_kind_of_seal(enum vds_kind kind) {
  switch (kind) {
    case VDS_LETTER:
      return MODEL_SAFE_CONDUCT;
    case VDS_MANIFEST_COVER:
    case VDS_MANIFEST_PAGE:
      return MODEL_FLIGHT_MANIFEST;
    case VDS_RECEIPT:
      return MODEL_DISBURSEMENT_RECEIPT;
    case VDS_OTHER:
      break;
  }
  return MODEL_KIND_NONE;
}

static void judge_state(struct verify_report *r, const struct verify_row *row) {
  switch (row->state) {
    case MODEL_ISSUED:
    case MODEL_CLOSED:
      break;
    case MODEL_SUSPENDED:
      r->verdict = r->verdict == VERIFY_INVALID ? VERIFY_INVALID : VERIFY_HOLD;
      break;
    case MODEL_EXPIRED:
    case MODEL_ERASED:
      verify_report_add(r, VERIFY_EXPIRED, "the registry says expired");
      break;
    case MODEL_SUPERSEDED:
      verify_report_add(r, VERIFY_SUPERSEDED, "another version or number stands in its place");
      break;
    case MODEL_REVOKED:
      verify_report_add(r, VERIFY_REVOKED, "revoked");
      break;
    case MODEL_STATE_NONE:
    case MODEL_RESERVED:
    case MODEL_PENDING_APPROVAL:
    case MODEL_REJECTED:
    case MODEL_VOID:
      verify_report_add(r, VERIFY_NOT_REGISTERED, "the registry never issued it");
      break;
  }
}

static void day_of(int64_t us, const char *zone, char ret[static 11]) {
  struct sv_date day;
  if (!zone || !zone[0] || !sv_date_in_zone(us, zone, &day)) {
    day = sv_date_of_days(us / 86400000000LL);
  }
  sv_date_format(day, ret);
}

void verify_judge_validity(struct verify_report *r, const char *from, const char *until,
                           const char *zone) {
  static const int64_t hour_us = 3600LL * 1000000;
  char first[11],
      last[11]; /* the day that it is, and where no zone is known the first and last that it is anywhere */
  day_of(r->clock_us + (zone ? 0 : 14 * hour_us), zone, last);
  day_of(r->clock_us - (zone ? 0 : 12 * hour_us), zone, first);
  if (until[0] && strcmp(first, until) > 0) {
    verify_report_add(r, VERIFY_EXPIRED, "after its last day");
  }
  if (from[0] && strcmp(last, from) < 0) {
    verify_report_add(r, VERIFY_NOT_YET_VALID, "before its first day");
  }
}

void verify_judge_row(struct verify_report *r, const struct verify_row *row, uint32_t copy) {
  r->kind = row->kind;
  r->valid_from = row->valid_from ? row->valid_from : "";
  r->valid_until = row->valid_until ? row->valid_until : "";
  r->latest_version = row->latest_version;
  judge_state(r, row);
  if (row->latest_version > row->version) {
    verify_report_add(r, VERIFY_SUPERSEDED, "a later version exists");
  }
  if (copy && copy < row->latest_copy) {
    verify_report_add(r, VERIFY_COPY_REPLACED, "a later copy exists");
  }
  verify_judge_validity(r, r->valid_from, r->valid_until, row->zone);
}

void verify_conclude(struct verify_report *r) {
  if (r->verdict == VERIFY_NONE) {
    r->verdict = VERIFY_VALID;
  }
  if (r->verdict == VERIFY_HOLD) {
    r->reason_count = 0; /* no reason is ever given */
  }
}
