-- Files of notes
CREATE TABLE attachments (id INTEGER PRIMARY KEY, path TEXT NOT NULL);
