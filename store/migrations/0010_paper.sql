-- What a page was drawn with: its paper (A4 before there was a choice), and the digest of the template's files; empty until a
-- document is issued, and on what was issued before it was kept.
ALTER TABLE documents ADD COLUMN paper INTEGER NOT NULL DEFAULT 1;
ALTER TABLE documents ADD COLUMN template_sha256 BLOB NOT NULL DEFAULT x'';
