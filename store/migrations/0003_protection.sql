CREATE TABLE letters (
  number TEXT NOT NULL PRIMARY KEY,
  purpose INTEGER NOT NULL, -- 0: of a registry that did not keep it
  protects INTEGER NOT NULL,
  not_valid_for TEXT NOT NULL,
  route TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO letters SELECT number, 0, 1, not_valid_for, route FROM person_keys GROUP BY number;

CREATE TABLE persons (
  key BLOB NOT NULL,
  subject TEXT NOT NULL, -- number of a letter, or "holds/..."
  near INTEGER NOT NULL,
  PRIMARY KEY (key, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO persons SELECT key, number, 0 FROM person_keys;
DROP TABLE person_keys;

CREATE TABLE differences (
  subject TEXT NOT NULL,
  self BLOB NOT NULL,
  PRIMARY KEY (subject, self)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
  row INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  authority TEXT NOT NULL,
  cause INTEGER NOT NULL,
  states TEXT NOT NULL,
  confirmed INTEGER NOT NULL,
  placed_by TEXT NOT NULL,
  place_us INTEGER NOT NULL,
  document_key BLOB NOT NULL,
  name_key BLOB NOT NULL,
  self BLOB NOT NULL,
  first_by TEXT NOT NULL,
  lifted_by TEXT NOT NULL,
  lift_fact TEXT NOT NULL,
  lift_us INTEGER NOT NULL, -- 0: in force
  near_to TEXT NOT NULL,
  number TEXT NOT NULL,
  occupant_id TEXT NOT NULL,
  sealed BLOB NOT NULL,
  alarm_us INTEGER NOT NULL
) STRICT;
CREATE INDEX holds_authority ON holds (authority, row);
CREATE INDEX holds_self ON holds (self) WHERE lift_us = 0;
CREATE INDEX holds_placed ON holds (placed_by, place_us);
CREATE INDEX holds_unconfirmed ON holds (place_us) WHERE confirmed = 0 AND lift_us = 0;

CREATE TABLE facts (
  row INTEGER PRIMARY KEY,
  authority TEXT NOT NULL,
  id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  person_key BLOB NOT NULL,
  reference_mac BLOB NOT NULL,
  fact_us INTEGER NOT NULL,
  expiry_us INTEGER NOT NULL,
  language TEXT NOT NULL,
  interpreter INTEGER NOT NULL,
  hold TEXT NOT NULL,
  recorded_by TEXT NOT NULL,
  time_us INTEGER NOT NULL,
  UNIQUE (authority, id)
) STRICT;
CREATE INDEX facts_person ON facts (authority, person_key, row);
CREATE INDEX facts_reference ON facts (authority, kind, reference_mac, person_key);

CREATE TABLE flights (
  number TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  authority TEXT NOT NULL,
  states TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE flight_lines (
  number TEXT NOT NULL,
  occupant_id TEXT NOT NULL,
  self BLOB NOT NULL,
  document_key BLOB NOT NULL,
  name_key BLOB NOT NULL,
  PRIMARY KEY (number, occupant_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE flight_keys (
  key BLOB NOT NULL,
  number TEXT NOT NULL,
  occupant_id TEXT NOT NULL,
  near INTEGER NOT NULL,
  PRIMARY KEY (key, number, occupant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX flight_keys_number ON flight_keys (number);

CREATE TABLE marks (
  row INTEGER PRIMARY KEY,
  authority TEXT NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  occupant_id TEXT NOT NULL,
  mark INTEGER NOT NULL,
  mark_us INTEGER NOT NULL,
  device TEXT NOT NULL,
  actor TEXT NOT NULL,
  time_us INTEGER NOT NULL
) STRICT;
CREATE INDEX marks_number ON marks (number, row);
CREATE TABLE closings (
  number TEXT NOT NULL PRIMARY KEY,
  boarded INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_suspended ON documents (number) WHERE state = 4;
