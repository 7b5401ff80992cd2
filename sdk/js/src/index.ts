// The client of Veche. Enter by `connect`; docs are on the types, examples in the README.

import { Client } from './client.js'
import { indexedDBOutbox } from './indexeddb.js'
import { memoryOutbox } from './memory.js'
import type { Options, Veche } from './types.js'
import { webSocket } from './websocket.js'

/**
 * Connects to a server, and keeps connected. The URL may be ws, wss, http or https, absolute or relative to
 * the page; by default it is this origin's `/ws`.
 *
 * @throws TypeError for a URL that is none, and where there is no WebSocket.
 */
export function connect(url: string | URL = '/ws', options: Options = {}): Veche {
  const target = new URL(url, globalThis.location?.href)
  target.protocol = target.protocol.replace('http', 'ws')
  const key = target.host + target.pathname
  target.searchParams.set('hello', '1')
  target.hash = ''
  return new Client(
    target.href,
    options.transport ?? webSocket(options.WebSocket),
    options.outbox ?? (globalThis.indexedDB ? indexedDBOutbox(`veche ${key}`) : memoryOutbox()),
    options,
  )
}

export { VecheError } from './errors.js'
export { indexedDBOutbox } from './indexeddb.js'
export { memoryOutbox } from './memory.js'
export { webSocket } from './websocket.js'
export type { ClientObject, ServerObject } from './protocol.js'
export type { Pipe, PipeHandler, Transport } from './transport.js'
export type * from './types.js'
