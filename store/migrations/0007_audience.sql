-- Copies of a manifest for an audience: its digest is what verification knows it by, its bytes are sealed like every copy's.
CREATE TABLE audience_copies (
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  audience INTEGER NOT NULL,
  pdf BLOB NOT NULL,
  pdf_sha256 BLOB NOT NULL,
  actor TEXT NOT NULL, -- who asked for it first
  time_us INTEGER NOT NULL,
  UNIQUE (number, version, audience)
) STRICT;
CREATE INDEX audience_copies_pdf ON audience_copies (pdf_sha256);
