-- +goose Up
CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(6))));

CREATE TABLE room (
	id   INTEGER PRIMARY KEY CHECK (id < 1 << 27),
	name TEXT NOT NULL UNIQUE
) STRICT;

-- A message's id is room.id << 36 | seq: rooms' logs lie one after another, each in order, and no
-- index is needed to read them.
CREATE TABLE message (
	id     INTEGER PRIMARY KEY,
	at     INTEGER NOT NULL, -- UTC, milliseconds
	sender TEXT    NOT NULL,
	name   TEXT    NOT NULL,
	cid    TEXT    NOT NULL,
	kind   TEXT    NOT NULL,
	format INTEGER NOT NULL, -- 0 JSON, 1 text, 2 bytes
	type   TEXT    NOT NULL,
	body   BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_cid ON message (id >> 36, sender, cid) WHERE cid <> '';

CREATE TABLE receipt (
	room     INTEGER NOT NULL REFERENCES room (id),
	user     TEXT    NOT NULL,
	received INTEGER NOT NULL,
	read     INTEGER NOT NULL CHECK (read <= received),
	PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
