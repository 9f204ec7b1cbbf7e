-- Passengers of a closed manifest that a receipt bills.
CREATE TABLE bills (
  manifest TEXT NOT NULL,
  receipt TEXT NOT NULL,
  passengers INTEGER NOT NULL,
  PRIMARY KEY (manifest, receipt)
) STRICT, WITHOUT ROWID;
