-- +goose Up
-- Values that gateways keep for a while: hub.Keeper.
CREATE TABLE kept (
	key   TEXT    PRIMARY KEY,
	value BLOB    NOT NULL,
	until INTEGER NOT NULL -- UTC, milliseconds
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_until ON kept (until);
