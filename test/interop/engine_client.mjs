// A client of the engine's echo.
// node engine_client.mjs npm|node URL plain|deflate|BITS

import assert from 'node:assert/strict'
import { Client, rest, which } from './client.mjs'
import { converse, inFragments } from './converse.mjs'

const [compression] = rest
const bits = Number(compression) || undefined // of both windows, which npm's ws can limit
const c = bits && which === 'npm'
  ? new Client('/', [], { perMessageDeflate: { serverMaxWindowBits: bits, clientMaxWindowBits: bits, threshold: 0 } })
  : new Client('/')
await c.opened
assert.equal(c.ws.extensions.includes('permessage-deflate'), compression !== 'plain')
if (bits) assert.ok(c.ws.extensions.includes(`client_max_window_bits=${bits}`) || which === 'npm', c.ws.extensions)
await converse({
  send: message => c.ws.send(message),
  next: () => c.next(),
  fragments: which === 'npm' && (parts => inFragments(c.ws, parts)),
})
assert.equal((await c.close()).code, 1000)
