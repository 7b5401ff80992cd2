// The seam between the client and what carries its objects. WebSocket is one transport; a choice
// among several, or a connection shared between tabs, is another that wraps them.

import type { ClientObject, ServerObject } from './protocol.js'

/** Opens pipes. It holds no state of a connection: that is the pipe's. */
export interface Transport {
  /**
   * Starts to open a pipe and returns at once. It never throws: what fails is told by `closed`.
   * The handler is not called before open has returned.
   */
  open(url: string, handler: PipeHandler): Pipe
}

/**
 * A two-way pipe of whole objects, in order both ways. It carries objects rather than text so that a
 * transport made of requests can read from them what it needs (a room's cursor, an answer's id).
 */
export interface Pipe {
  /** What carries it, for people: `websocket`. */
  readonly transport: string
  /** Sends an object. Before `opened` and after `closed` it is dropped. Never throws. */
  send(object: ClientObject): void
  /** Bytes that were sent and have not left yet. */
  readonly buffered: number
  /** Ends it; no call of the handler follows. */
  close(): void
}

/** Whoever opened the pipe. */
export interface PipeHandler {
  /** It can be sent to. At most once, first. */
  opened(): void
  received(object: ServerObject): void
  /** It is gone. At most once, last. `code` is the WebSocket close code, or 1006. */
  closed(code: number, reason: string): void
}
