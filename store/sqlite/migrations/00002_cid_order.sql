-- +goose Up
-- The cid before the sender: cids that begin with the time, as our clients make them, then lie at the
-- end of their room's part of the index, side by side whoever sent them, and a commit writes a few
-- pages of it instead of one a message. See docs/design/003-cids.md.
DROP INDEX message_cid;
CREATE UNIQUE INDEX message_cid ON message (id >> 36, cid, sender) WHERE cid <> '';
