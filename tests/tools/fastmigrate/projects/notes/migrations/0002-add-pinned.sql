-- Notes can be pinned
ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
