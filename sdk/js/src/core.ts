// The client without anything that one may do without: no transport, no place to keep what is unsent, no ear for
// the browser's events.

import { Client } from './client.js'
import type { CoreOptions, Veche } from './types.js'

/** As `connect` of the whole package, with the given transport and outbox. */
export function connect(url: string | URL, options: CoreOptions): Veche {
  return new Client(String(url), options)
}

export { watch } from './environment.js'
export { VecheError } from './errors.js'
export { memoryOutbox } from './memory.js'
export { webSocket } from './websocket.js'
export type { Pipe, PipeHandler, Transport } from './transport.js'
export type * from './types.js'
