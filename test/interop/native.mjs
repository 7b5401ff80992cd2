// The native protocol as a stranger in JavaScript uses it.
// node native.mjs npm|node BASE ROOM

import assert from 'node:assert/strict'
import { Client, rest } from './client.mjs'

const [room] = rest
const ann = new Client('/ws', ['veche.v1'])
await ann.opened
assert.equal(ann.ws.protocol, 'veche.v1')
const welcome = await ann.want({ type: 'welcome' })
assert.ok(welcome.user.guest)

// Join, send, the acknowledgement before one's own message.
ann.say({ type: 'join', id: 1, room })
const joined = await ann.want({ type: 'ok', id: 1 })
assert.equal(joined.head, 0)
ann.say({ type: 'send', id: 2, room, cid: 'a', body: { text: 'first' } })
const sent = await ann.want({ type: 'ok', id: 2 })
assert.deepEqual([sent.seq, sent.dup], [1, false])
assert.deepEqual((await ann.want({ type: 'message' })).body, { text: 'first' })

// A retry is answered by the first one's seq.
ann.say({ type: 'send', id: 'again', room, cid: 'a', body: { text: 'first' } })
const again = await ann.want({ type: 'ok', id: 'again' })
assert.deepEqual([again.seq, again.dup, again.at], [1, true, sent.at])

// Another user replays, then is live; they see each other's receipts and signals.
const bob = new Client(`/ws?room=${room}&since=-10`)
await bob.opened
assert.equal((await bob.want({ type: 'message' })).seq, 1)
bob.say({ type: 'receipt', room, received: 1, read: 1 })
const receipt = await ann.want({ type: 'receipt' })
assert.deepEqual([receipt.received, receipt.read], [1, 1])
ann.say({ type: 'signal', room, kind: 'typing' })
assert.equal((await bob.want({ type: 'signal' })).from, welcome.user.id)

// Ann's connection breaks; she comes back as the same user and gets what she missed, once.
await ann.close()
bob.say({ type: 'send', room, body: 'second' })
bob.say({ type: 'send', id: 'third', room, data: btoa('\x00\xff'), content: 'image/png' })
await bob.want({ type: 'ok', id: 'third' })
const back = new Client('/ws?hello=1')
await back.opened
back.say({ type: 'hello', id: 'h', resume: welcome.resume })
assert.equal((await back.want({ type: 'welcome' })).user.id, welcome.user.id)
back.say({ type: 'join', id: 3, room, since: 1, epoch: joined.epoch })
assert.equal((await back.want({ type: 'ok', id: 3 })).recovered, true)
const second = await back.want({ type: 'message' })
assert.deepEqual([second.seq, second.body], [2, 'second'])
const third = await back.want({ type: 'message' })
assert.deepEqual([third.seq, third.data, third.content], [3, btoa('\x00\xff'), 'image/png'])

// History, and a refusal that says why.
back.say({ type: 'history', id: 4, room, before: 3, limit: 1 })
const page = await back.want({ type: 'ok', id: 4 })
assert.deepEqual(page.messages.map(m => m.seq), [2])
back.say({ type: 'receipt', id: 5, room: 'elsewhere', read: 1 })
assert.equal((await back.want({ type: 'error', id: 5 })).code, 'not_joined')

const closes = await Promise.all([back.close(), bob.close()])
assert.deepEqual(closes.map(c => c.code), [1000, 1000])
