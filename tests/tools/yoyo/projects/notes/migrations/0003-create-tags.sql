-- Tags of notes
-- depends: 0002-add-pinned
CREATE TABLE tags (note INTEGER NOT NULL REFERENCES notes(id), name TEXT NOT NULL);
