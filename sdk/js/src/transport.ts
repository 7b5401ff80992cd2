// The seam between the client and what carries its objects. WebSocket is one transport; a choice
// among several, or a connection shared between tabs, is another that wraps them.

import type { ClientObject, ServerObject } from './protocol.js'

/** Opens pipes. It holds no state of a connection: that is the pipe's. */
export interface Transport {
  /** What its pipes are called; where there is a choice it is chosen by this. */
  readonly name?: string
  /**
   * Starts to open a pipe to the server at that URL, as the program gave it, and returns at once. It never throws: what fails is told by `closed`.
   * The handler is not called before open has returned.
   */
  open(url: string, handler: PipeHandler): Pipe
  /** For a transport that has a choice: the next pipes go that way only; null leaves the choice to it. */
  use?(name: string | null): void
}

/**
 * A two-way pipe of whole objects, in order both ways. It carries objects rather than text so that a
 * transport made of requests can read from them what it needs (a room's cursor, an answer's id).
 */
export interface Pipe {
  /** What carries it, for people: `websocket`, `websocket/h2`, `sse`, `longpoll`. Final when `welcome` is received. */
  readonly transport: string
  /**
   * Sends an object. Before `opened` and after `closed` it is dropped. Never throws. A `ping` before
   * `hello` asks whether the way gets through: whatever the server says to it, it does. The pipe is of no
   * other use then.
   */
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
  /** It is gone. At most once, last. `code` is the WebSocket close code, 1006, {@link BLOCKED} or {@link MOVED}. */
  closed(code: number, reason: string): void
}

/** Close code of a pipe that something between here and the server does not let through. */
export const BLOCKED = 4000

/** Close code of a pipe that has a better one after it: open that at once. */
export const MOVED = 4001
