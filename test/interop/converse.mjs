// What is said to the engine's echo, whoever is client and whoever is server.

import assert from 'node:assert/strict'

const every = Uint8Array.from({ length: 256 }, (_, i) => i)
const long = 'a word and '.repeat(40_000)

// converse has all kinds of messages echoed. fragments is missing where they cannot be sent.
export async function converse({ send, next, fragments }) {
  for (const message of ['вече', '', every, long.slice(0, 5000), new Uint8Array(200_000).fill(7), long, new Uint8Array(0)]) {
    send(message)
    assert.deepEqual(await next(), message)
  }
  if (!fragments) return
  fragments(['ве', 'че', ' all', ''])
  assert.equal(await next(), 'вече all')
  fragments([long, '', long])
  assert.equal(await next(), long + long)
  fragments([every, every])
  assert.deepEqual(await next(), new Uint8Array([...every, ...every]))
}

// inFragments sends parts as one message, with npm's ws, and a ping between.
export function inFragments(ws, parts) {
  for (const [i, part] of parts.entries()) {
    ws.send(part, { fin: i === parts.length - 1 })
    ws.ping('between')
  }
}
