-- Files of notes
-- depends: 0005-rebuild-tags
CREATE TABLE attachments (id INTEGER PRIMARY KEY, path TEXT NOT NULL);
