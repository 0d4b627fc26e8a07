-- An `AUTOINCREMENT`-free integer key is the row number itself; we choose it, so it has no
-- gaps. The triggers guard against a slip in later code; the chain shows every other change.
CREATE TABLE event(
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX event_by_key ON event(key, n);
CREATE INDEX event_by_kind ON event(kind, n);
CREATE TABLE effect(
  sequence INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  called_by_event INTEGER NOT NULL,
  done_at_event INTEGER
) STRICT;
CREATE INDEX effect_pending ON effect(sequence) WHERE done_at_event IS NULL;
CREATE TABLE epoch(
  number INTEGER PRIMARY KEY,
  holder TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER event_never_changes BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events never change'); END;
CREATE TRIGGER event_never_goes BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events never go'); END;
CREATE TRIGGER effect_never_goes BEFORE DELETE ON effect
BEGIN SELECT RAISE(ABORT, 'effects never go'); END;
