-- Where a file stands among the PAdES levels, of those that are to be above the lowest one. Audience 1: a copy itself.
CREATE TABLE levels (
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  audience INTEGER NOT NULL,
  level INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  due_us INTEGER NOT NULL, -- when it is to be raised or renewed; the greatest there is: never
  tries INTEGER NOT NULL,  -- that failed since the last step
  PRIMARY KEY (number, version, copy, audience)
) STRICT, WITHOUT ROWID;
CREATE INDEX levels_due ON levels (due_us) WHERE due_us < 9223372036854775807;

-- What was appended to a file after its signed revision, in order; step 0 went out with the document.
CREATE TABLE tails (
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  audience INTEGER NOT NULL,
  step INTEGER NOT NULL,
  level INTEGER NOT NULL, -- of the file with it
  bytes BLOB NOT NULL,
  file_sha256 BLOB NOT NULL, -- of the whole file up to its end
  time_us INTEGER NOT NULL,
  UNIQUE (number, version, copy, audience, step)
) STRICT;
