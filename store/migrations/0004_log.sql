CREATE TABLE data_keys (
  scope TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  PRIMARY KEY (scope, subject, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE pdf_parts (
  sha256 BLOB PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE copies ADD COLUMN prefix_sha256 BLOB NOT NULL DEFAULT x''; -- x'': the PDF is all in its row
CREATE INDEX copies_prefix ON copies (prefix_sha256) WHERE prefix_sha256 <> x'';

CREATE TABLE log_leaves (
  idx INTEGER PRIMARY KEY, -- from 0, without holes
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  salt BLOB NOT NULL,
  leaf BLOB NOT NULL
) STRICT;
CREATE INDEX log_leaves_subject ON log_leaves (subject, version, act);
CREATE TABLE log_nodes (
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE log_checkpoints (
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL,
  time_us INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT;

CREATE TABLE audit_chain (
  seq INTEGER PRIMARY KEY, -- of the audit row; 0: the seed
  link BLOB NOT NULL
) STRICT;
INSERT INTO audit_chain (seq, link) VALUES (0, randomblob(32));

CREATE TABLE row_digests (
  tbl TEXT NOT NULL,
  key TEXT NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
