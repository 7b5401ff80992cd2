// A server, npm's ws, for the engine's client, which it starts.
// node engine_server.mjs serve plain|deflate|BITS COMMAND ARGS...

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { WebSocketServer } from 'ws'
import { converse, inFragments } from './converse.mjs'

const [, compression, command, ...args] = process.argv.slice(2)
const bits = Number(compression) // of both windows
const perMessageDeflate = bits ? { serverMaxWindowBits: bits, clientMaxWindowBits: bits, threshold: 0 } : compression === 'deflate'
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate })
await once(server, 'listening')
const client = spawn(command, ['--client', `ws://127.0.0.1:${server.address().port}/`, ...args], { stdio: 'inherit' })
const ended = once(client, 'exit')
const [ws] = await once(server, 'connection')
assert.equal(ws.extensions.includes('permessage-deflate'), compression !== 'plain')
const heard = on(ws, 'message')
await converse({
  send: message => ws.send(message),
  next: async () => {
    const [data, binary] = (await heard.next()).value
    return binary ? new Uint8Array(data) : data.toString()
  },
  fragments: parts => inFragments(ws, parts),
})
ws.close(1000)
assert.equal((await once(ws, 'close'))[0], 1000)
server.close()
assert.deepEqual(await ended, [0, null])
