// A client of the engine's echo.
// node engine_client.mjs npm|node URL plain|deflate

import assert from 'node:assert/strict'
import { Client, rest, which } from './client.mjs'
import { converse, inFragments } from './converse.mjs'

const [compression] = rest
const c = new Client('/')
await c.opened
assert.equal(c.ws.extensions.includes('permessage-deflate'), compression === 'deflate')
await converse({
  send: message => c.ws.send(message),
  next: () => c.next(),
  fragments: which === 'npm' && (parts => inFragments(c.ws, parts)),
})
assert.equal((await c.close()).code, 1000)
