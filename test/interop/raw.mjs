// The raw door as a stranger in JavaScript uses it.
// node raw.mjs npm|node BASE ROOM

import assert from 'node:assert/strict'
import { Client, rest, which } from './client.mjs'

const [room] = rest
const c = new Client(`/raw/${room}?welcome=1`)
await c.opened
const welcome = JSON.parse(await c.next())
assert.deepEqual([welcome.type, welcome.room, welcome.head], ['welcome', room, 0])

// Text stays text, binary stays binary.
c.ws.send('вече')
assert.equal(await c.next(), 'вече')
c.ws.send(new Uint8Array([0, 255, 10]))
assert.deepEqual(await c.next(), new Uint8Array([0, 255, 10]))
c.ws.send('')
assert.equal(await c.next(), '')

// Compressed: what repeats itself survives.
assert.match(c.ws.extensions, /permessage-deflate/)
const long = 'a word and '.repeat(5000)
c.ws.send(long)
assert.equal(await c.next(), long)

// In fragments, which only npm's client can send.
if (which === 'npm') {
  for (const [i, part] of ['ве', 'че', ' all', ''].entries()) c.ws.send(part, { fin: i === 3 })
  assert.equal(await c.next(), 'вече all')
}

// Replay, and leaving out one's own.
const last = new Client(`/raw/${room}?since=-1&echo=0`)
await last.opened
assert.equal(await last.next(), which === 'npm' ? 'вече all' : long)
last.ws.send('not to myself')
assert.equal(await c.next(), 'not to myself')
c.ws.send('to everybody')
assert.equal(await last.next(), 'to everybody')

// Too much for a body is told by the close code, to this one only.
last.ws.send('x'.repeat(65537))
assert.equal((await last.closed).code, 1009)
c.ws.send('still here')
assert.equal(await c.next(), 'to everybody')
assert.equal(await c.next(), 'still here')
assert.equal((await c.close()).code, 1000)
