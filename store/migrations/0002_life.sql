ALTER TABLE documents ADD COLUMN approvals_needed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN draft_until_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN version_reason INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN gone TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN closing INTEGER NOT NULL DEFAULT 0;
CREATE INDEX documents_draft ON documents (draft_until_us) WHERE state = 2;

ALTER TABLE copies ADD COLUMN status_index INTEGER NOT NULL DEFAULT -1; -- -1: the document's own
CREATE UNIQUE INDEX copies_status ON copies (status_index) WHERE status_index >= 0;

CREATE TABLE acts (
  authority TEXT NOT NULL,
  request_id TEXT NOT NULL,
  input_mac BLOB NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  detail INTEGER NOT NULL,
  PRIMARY KEY (authority, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  question INTEGER NOT NULL,
  officer TEXT NOT NULL,
  reason INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  PRIMARY KEY (number, version, question, officer)
) STRICT, WITHOUT ROWID;

CREATE TABLE prints (
  row INTEGER PRIMARY KEY,
  authority TEXT NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  stock_number TEXT NOT NULL,
  spoiled INTEGER NOT NULL,
  actor TEXT NOT NULL,
  time_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX prints_stock ON prints (authority, stock_number) WHERE stock_number <> '';
CREATE INDEX prints_document ON prints (number, version, copy);

CREATE TABLE events (
  event INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL,
  authority TEXT NOT NULL,
  kind INTEGER NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  occupant_id TEXT NOT NULL,
  time_us INTEGER NOT NULL
) STRICT;
CREATE TABLE event_series (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last INTEGER NOT NULL,  -- the newest event that was numbered
  purged INTEGER NOT NULL -- events up to here are gone
) STRICT;
INSERT INTO event_series (one, last, purged) VALUES (1, 0, 0);

CREATE TABLE amendments (
  authority TEXT NOT NULL,
  id TEXT NOT NULL,
  amendment INTEGER NOT NULL,
  change_minor INTEGER NOT NULL,
  obligated_minor INTEGER NOT NULL,
  period_end TEXT NOT NULL,
  actor TEXT NOT NULL,
  time_us INTEGER NOT NULL,
  record BLOB NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (authority, id, amendment)
) STRICT, WITHOUT ROWID;
