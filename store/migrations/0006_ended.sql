-- Digests of rows whose key holds a keyed digest of a person are found by the rest of the key first (store/sqlite_digest.c):
-- those of one letter lie on one page, not on one each. They are made anew after every migration.
-- Documents by the day on which they ended, while they have personal data: what retention rules ask for.
CREATE INDEX documents_ended ON documents (kind, max(valid_until, issue_date)) WHERE state NOT IN (1, 2, 11) AND request <> x'';
-- A subject's keys, to forget them: the table itself is in the order of keys.
CREATE INDEX persons_subject ON persons (subject);
