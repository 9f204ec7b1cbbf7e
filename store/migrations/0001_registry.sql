CREATE TABLE series (
  kind INTEGER NOT NULL,
  year INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (kind, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
  row INTEGER PRIMARY KEY,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  authority TEXT NOT NULL,
  kind INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  input_mac BLOB NOT NULL,
  state INTEGER NOT NULL,
  state_reason INTEGER NOT NULL,
  supersedes TEXT NOT NULL,
  superseded_by TEXT NOT NULL,
  template TEXT NOT NULL,
  languages TEXT NOT NULL,
  issue_date TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_until TEXT NOT NULL,
  issue_time_us INTEGER NOT NULL,
  issued_by TEXT NOT NULL,
  request BLOB NOT NULL,
  salt BLOB NOT NULL,
  secret BLOB NOT NULL,
  content_sha256 BLOB NOT NULL,
  record_sha256 BLOB NOT NULL,
  record BLOB NOT NULL,
  signer_certificate_sha256 BLOB NOT NULL,
  seal_certificate TEXT NOT NULL,
  status_list TEXT NOT NULL,
  status_index INTEGER NOT NULL,
  case_key BLOB,
  lease_until_us INTEGER NOT NULL,
  obligation TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  obligated_minor INTEGER NOT NULL,
  paid_before_minor INTEGER NOT NULL,
  amendment INTEGER NOT NULL,
  UNIQUE (number, version)
) STRICT;
CREATE UNIQUE INDEX documents_request ON documents (authority, request_id) WHERE state <> 10;
CREATE INDEX documents_case ON documents (authority, case_key, row) WHERE case_key IS NOT NULL;
CREATE INDEX documents_lease ON documents (lease_until_us) WHERE state = 1;
CREATE UNIQUE INDEX documents_status ON documents (status_list, status_index);

CREATE TABLE copies (
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  pdf BLOB NOT NULL,
  pdf_sha256 BLOB NOT NULL,
  reason INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  UNIQUE (number, version, copy)
) STRICT;
CREATE INDEX copies_pdf ON copies (pdf_sha256);

CREATE TABLE seals (
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  page INTEGER NOT NULL,
  seal BLOB NOT NULL,
  PRIMARY KEY (number, version, copy, page)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_keys (
  key BLOB NOT NULL,
  number TEXT NOT NULL,
  not_valid_for TEXT NOT NULL,
  route TEXT NOT NULL,
  PRIMARY KEY (key, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE obligations (
  authority TEXT NOT NULL,
  id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  input_mac BLOB NOT NULL,
  award_number TEXT NOT NULL,
  awarding_agency TEXT NOT NULL,
  recipient_name TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  obligated_minor INTEGER NOT NULL CHECK (obligated_minor >= 0),
  disbursed_minor INTEGER NOT NULL CHECK (disbursed_minor <= obligated_minor),
  period_start TEXT NOT NULL,
  period_end TEXT NOT NULL,
  amendment INTEGER NOT NULL,
  receipts INTEGER NOT NULL,
  closed INTEGER NOT NULL, -- sequence of the receipt that closed it; 0: open
  PRIMARY KEY (authority, id),
  UNIQUE (authority, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
