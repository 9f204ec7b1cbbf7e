-- The keys that ever signed, by the digest of their certificate (of notes: of their public key).
CREATE TABLE key_lives (
  sha256 TEXT NOT NULL PRIMARY KEY, -- hexadecimal
  purpose TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,       -- when another one took its place; 0: it signs
  compromised_us INTEGER NOT NULL  -- since when it may have been in other hands; 0: never
) STRICT, WITHOUT ROWID;
-- Those that are only in the audit so far.
INSERT INTO key_lives SELECT number, reason, min(time_us), 0, 0 FROM audit WHERE act = 'key' GROUP BY number, reason;
