-- Which version of bowline brought the journal to which schema. Every later schema keeps this
-- table as it is: an older version reads it to say which version is needed.
CREATE TABLE writer(
  schema INTEGER PRIMARY KEY,
  version TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
