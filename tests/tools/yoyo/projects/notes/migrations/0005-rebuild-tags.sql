-- Tags go with their note
-- depends: 0004-tag-notes
CREATE TABLE new_tags (
    note INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE,
    name TEXT NOT NULL
);
INSERT INTO new_tags SELECT note, name FROM tags;
DROP TABLE tags;
ALTER TABLE new_tags RENAME TO tags;
