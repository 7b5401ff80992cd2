// The client of Veche. Enter by `connect`; docs are on the types, examples in the README.

import { storedChoice } from './choice.js'
import { connect as connectOver } from './core.js'
import { watch } from './environment.js'
import { fallback } from './fallback.js'
import { indexedDBOutbox } from './indexeddb.js'
import { lazy } from './lazy.js'
import { memoryOutbox } from './memory.js'
import type { Transport } from './transport.js'
import type { Options, Veche } from './types.js'
import { webSocket } from './websocket.js'

/**
 * Connects to a server, and keeps connected. The URL may be ws, wss, http or https, absolute or relative to
 * the page; by default it is this origin's `/ws`.
 *
 * By default it goes over WebSocket, and where that does not get through over Server-Sent Events or
 * long-polling, which are loaded when they are needed.
 *
 * @throws TypeError for a URL that is none.
 */
export function connect(url: string | URL = '/ws', options: Options = {}): Veche {
  const { host, pathname } = new URL(url, globalThis.location?.href)
  const key = `veche ${host}${pathname}`
  const transport = options.transport ?? everyWay(key, options)
  if (options.only) transport.use?.(options.only)
  return connectOver(url, {
    ...options,
    watch: options.watch ?? watch,
    transport: options.share?.(transport, key) ?? transport,
    outbox: options.outbox ?? (globalThis.indexedDB ? indexedDBOutbox(key) : memoryOutbox()),
  })
}

function everyWay(key: string, { fetch, WebSocket = globalThis.WebSocket, log }: Options): Transport {
  const ways = [
    lazy('sse', async () => (await import('./sse.js')).sse({ fetch })),
    lazy('longpoll', async () => (await import('./longpoll.js')).longPoll({ fetch })),
  ]
  return fallback(WebSocket ? [webSocket(WebSocket), ...ways] : ways, storedChoice(`${key} way`), log)
}

export { storedChoice, type Choice, type ChoiceStorage } from './choice.js'
export { watch } from './environment.js'
export { VecheError } from './errors.js'
export { fallback } from './fallback.js'
export { indexedDBOutbox } from './indexeddb.js'
export { lazy } from './lazy.js'
export { memoryOutbox } from './memory.js'
export type { ClientObject, ServerObject } from './protocol.js'
export type { Pipe, PipeHandler, Transport } from './transport.js'
export type * from './types.js'
export { webSocket } from './websocket.js'
