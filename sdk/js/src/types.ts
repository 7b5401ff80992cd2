// The public API in one page: what a program that uses this package sees and holds.

import type { VecheError } from './errors.js'
import type { Transport } from './transport.js'

/** What a JSON document can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }

/** A body as it arrives: JSON, text as a string, or bytes. */
export type Body = Json | Uint8Array

/** A body as it may be given to {@link Room.send}. Bytes arrive as a `Uint8Array`. */
export type SendBody = Body | ArrayBuffer | Blob

/** Takes its listener off again. Calling it twice is harmless. */
export type Unbind = () => void

/**
 * Where the connection stands.
 * - `connecting`: an attempt is under way.
 * - `online`: the server has welcomed us.
 * - `waiting`: the last attempt failed or the connection broke; the next one starts at `retryAt`.
 * - `offline`: the same, and the browser says that there is no network; `online` will wake us.
 * - `ended`: closed by {@link Veche.close}, or by the server for good; {@link Veche.reconnect} starts again.
 */
export type ConnectionState = 'connecting' | 'online' | 'waiting' | 'offline' | 'ended'

/**
 * Where a room stands.
 * - `joining`: not in the room yet, or again (the connection is away, or the answer is awaited).
 * - `live`: joined; messages come as they are committed.
 * - `refused`: the server will not have us in it; {@link Room.error} says why. What is sent to it is for the server
 *   to take or refuse all the same.
 * - `left`: {@link Room.leave} was called; the object is of no more use.
 */
export type RoomState = 'joining' | 'live' | 'refused' | 'left'

/** Who one is. */
export interface User {
  readonly id: string
  /** Empty for a guest who chose none. */
  readonly name: string
  /** Made up on arrival, with no credential behind it. */
  readonly guest: boolean
}

/** Somebody present in a room. `name` is empty for a guest who chose none. */
export interface Person {
  readonly id: string
  readonly name: string
}

/** One durable entry of a room's log. */
export interface Message {
  readonly room: string
  /** 1, 2, 3 … without holes. */
  readonly seq: number
  /** The sender's id. */
  readonly from: string
  /** The sender's name when it was sent; may be empty. */
  readonly name: string
  /** The sender's own id of it, if it gave one. */
  readonly cid?: string | undefined
  /** When it was committed. */
  readonly at: Date
  /** What it means to the application; empty for a plain message. */
  readonly kind: string
  readonly body: Body
  /** Content type of a body of bytes, if the sender named one. */
  readonly content?: string | undefined
}

/** What lives for a moment: typing, cursors, game input. Never stored, may be dropped. */
export interface Signal {
  /** Empty when it was sent to the user rather than to a room. */
  readonly room: string
  /** Empty when the server's own application sent it. */
  readonly from: string
  readonly name: string
  readonly kind: string
  readonly body?: Body | undefined
  readonly content?: string | undefined
}

/** How far a user's clients have got, and how far the user has read: 0 ≤ read ≤ received. */
export interface Watermarks {
  readonly received: number
  readonly read: number
}

/** A change of somebody's watermarks. */
export interface Receipt extends Watermarks {
  readonly room: string
  readonly user: string
}

/** Who came and who went. Somebody in `joined` who is known already has a new name. */
export interface Presence {
  readonly room: string
  readonly joined: readonly Person[]
  readonly left: readonly Person[]
  /** How many users are present now; may be more than the server lists. */
  readonly count: number
  /** The list begins anew, `joined` is everybody (at most 200): the first after a join, and now and then. */
  readonly reset: boolean
}

/**
 * Messages from..to will not be delivered; the next one delivered is `to` + 1.
 * - `trimmed`: the log no longer has them.
 * - `epoch`: the log is another one (lost or restored). What was shown of the room is void; the last
 *   1,000 messages of the new log follow, those before (none if `to` is 0) {@link Room.history} has.
 * - `lag`: the log has them, but the server would not let us read them there.
 */
export interface Gap {
  readonly room: string
  readonly from: number
  readonly to: number
  readonly why: 'trimmed' | 'epoch' | 'lag'
}

/** The answer to a send: where the message stands in the log. */
export interface Sent {
  readonly seq: number
  readonly at: Date
  /** The server had it already, from an earlier attempt. */
  readonly dup: boolean
}

/**
 * A message of one's own that is not in the log yet, or is on its way back from there.
 * - `queued`: waits for the connection, the room, or its turn.
 * - `sending`: given to the connection, not yet acknowledged.
 * - `sent`: acknowledged; it goes from the list as the message itself is delivered.
 * - `failed`: refused for good, `error` says why; waits for {@link Room.retry} or {@link Room.discard}.
 */
export interface Pending {
  readonly cid: string
  readonly kind: string
  readonly body: SendBody
  readonly content?: string | undefined
  /** When it was written, by the clock of this machine. */
  readonly at: Date
  readonly state: 'queued' | 'sending' | 'sent' | 'failed'
  readonly error?: VecheError | undefined
}

/** The server's last words on a connection. */
export interface Bye {
  readonly code: string
  readonly message: string
  /** Whether coming back makes sense. */
  readonly retry: boolean
  /** Seconds to wait before. */
  readonly after: number
}

export interface Options {
  /**
   * Gives the credential, a JWT. Asked on every connect, when the server says `expired`, and shortly
   * before the token's own `exp`. Without it, or where it gives undefined, the cookie or a guest is used.
   */
  token?: (() => Promise<string | undefined> | string | undefined) | undefined
  /** The name a guest goes by; at most 64 bytes. */
  name?: string | undefined
  /** Where unsent messages are kept. Default: IndexedDB where there is one, else memory. */
  outbox?: OutboxStore | undefined
  /** Tell the room by itself what was received. Default: true. */
  receipts?: boolean | undefined
  /** The WebSocket class. Default: the global one, which Node has from version 22 on. */
  WebSocket?: WebSocketClass | undefined
  /** The fetch function of the HTTP transports. Default: the global one. */
  fetch?: typeof fetch | undefined
  /** What tells when to wake up. Default: the events of browsers, and the clock, which jumps when a machine has slept. */
  watch?: Watch | undefined
  /** What carries the connection. Default: WebSocket, else Server-Sent Events, else long-polling. */
  transport?: Transport | undefined
  /** Begin with that transport only, as {@link Veche.use} does later. Default: null, the client chooses. */
  only?: string | null | undefined
  /** Lets several clients have one connection: `tabs()`. Default: each has its own. */
  share?: ((transport: Transport, key: string) => Transport) | undefined
  /** Debug log; `console.debug` will do. Never given a token or a body. */
  log?: ((event: string, detail?: unknown) => void) | undefined
}

/**
 * Calls `wake` when the network or the program may have come back to life, and `lost` when the network is known to
 * be gone. Returns what ends it. `wake` is cheap: a connection that stands is asked whether it is alive, one that is
 * waited for is tried at once.
 */
export type Watch = (wake: () => void, lost: () => void) => () => void

/** What the core must be given. It has no `watch` either, unless it is given one. */
export interface CoreOptions extends Options {
  transport: Transport
  outbox: OutboxStore
}

/** As much of the WebSocket class as is used. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocketLike

/** As much of a WebSocket as is used. */
export interface WebSocketLike {
  readonly bufferedAmount: number
  onopen: ((event: any) => void) | null
  onmessage: ((event: any) => void) | null
  onclose: ((event: any) => void) | null
  onerror: ((event: any) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

export interface VecheEvents {
  state: (state: ConnectionState) => void
  /** Who we are has become known, or has changed. */
  user: (user: User) => void
  /** A signal to the user, not to a room. */
  signal: (signal: Signal) => void
  /** What no call of yours will report: a refused token, a token function that threw, a refused join. */
  error: (error: VecheError) => void
  bye: (bye: Bye) => void
  /** Something else carries the connection now; null: nothing does. */
  transport: (transport: string | null) => void
}

export interface RoomEvents {
  /** In the order of seq, each once. */
  message: (message: Message) => void
  signal: (signal: Signal) => void
  receipt: (receipt: Receipt) => void
  presence: (presence: Presence) => void
  gap: (gap: Gap) => void
  state: (state: RoomState) => void
  /** The list of unsent messages has changed; told once for all changes of a turn of the event loop. */
  pending: (pending: readonly Pending[]) => void
}

/** A connection to a server, which comes back by itself. Made by `connect`. */
export interface Veche {
  readonly state: ConnectionState
  /** What carries the connection now: `websocket`, `websocket/h2`, `sse`, `longpoll`; null while there is none. */
  readonly transport: string | null
  /** Known from the first welcome on. */
  readonly user: User | undefined
  /** When the next attempt starts, in `waiting` and `offline`. */
  readonly retryAt: Date | undefined

  on<E extends keyof VecheEvents>(event: E, listener: VecheEvents[E]): Unbind

  /** The room of that name: joins it, and joins it again after each reconnect. The same object for the same name. */
  room(name: string, options?: RoomOptions): Room

  /** Goes by another name from now on. Rejects if the server refuses it. */
  rename(name: string): Promise<User>

  /**
   * Connects anew over that transport only (`websocket`, `sse`, `longpoll`); null, or a name that is none of them,
   * leaves the choice to the client again. Nothing is lost by it.
   */
  use(transport: string | null): void

  /** Drops the connection, if any, and connects again now. */
  reconnect(): void

  /** Ends it. Unsent messages stay in the outbox for the next time. */
  close(): void
}

export interface RoomOptions {
  /**
   * Which messages to begin with: those with a seq above it; -20 for the last 20; without it only
   * what comes from now on. Counts only in the call that makes the room.
   */
  since?: number | undefined
  /** The log's epoch that `since` belongs to, if kept from an earlier visit ({@link Room.epoch}). */
  epoch?: string | undefined
}

export interface SendOptions {
  /** What it means to the application; at most 64 bytes. */
  kind?: string | undefined
  /** The message's own id, unique among one's messages in the room; at most 128 bytes. Default: a random one. */
  cid?: string | undefined
  /** Content type of a body of bytes. Default: the Blob's own. */
  content?: string | undefined
}

export interface HistoryOptions {
  /** Walk back from here: the newest page below it comes first. Default: the end of the log. */
  before?: number | undefined
  /** Walk forward from here: the oldest page above it comes first. Not together with `before`. */
  after?: number | undefined
  /** Messages in a page. Default: 50. */
  limit?: number | undefined
}

export interface Room {
  readonly name: string
  readonly state: RoomState
  /** Why the server refused the room. */
  readonly error: VecheError | undefined
  /** The highest seq known to be in the log. */
  readonly head: number
  /** The seq of the last message delivered; undefined before the first join. */
  readonly last: number | undefined
  /** Changes only if the log was lost or restored. */
  readonly epoch: string | undefined
  /** Who is present, by user id. Stays as it was while the connection is away; at most some 200. */
  readonly presence: ReadonlyMap<string, Person>
  /** How many users are present; may be more than `presence` lists. */
  readonly count: number
  /** Everyone's watermarks, by user id. */
  readonly receipts: ReadonlyMap<string, Watermarks>
  /** One's own watermarks. */
  readonly own: Watermarks
  /** Messages of one's own that are not delivered yet, oldest first. */
  readonly pending: readonly Pending[]

  on<E extends keyof RoomEvents>(event: E, listener: RoomEvents[E]): Unbind

  /**
   * Sends a message. Resolves after its commit, however many connections that takes; an attempt that
   * was made twice counts once, because it keeps its cid. Rejects with a {@link VecheError} when the
   * server refuses it for good; it then stays in {@link Room.pending} as `failed`. Rejects with `limit`
   * when 1,000 are unsent already.
   */
  send(body: SendBody, options?: SendOptions): Promise<Sent>
  /** Tries a failed message again, with the same cid. */
  retry(cid: string): Promise<Sent>
  /** Gives an unsent message up. One that is on its way may still arrive. */
  discard(cid: string): void

  /** Signals to those who are in the room now. Dropped while the room is not live. */
  signal(kind: string, body?: Body): void
  /** Raises one's watermarks; told to the server at most once a second. Lower values change nothing. */
  receipt(marks: Partial<Watermarks>): void

  /**
   * Walks through the log, a page at a time; messages within a page always ascend. Waits while the
   * room is not live. Ends at the end of the log.
   *
   *     for await (const page of room.history({ before: oldest, limit: 50 })) { … ; break }
   */
  history(options?: HistoryOptions): AsyncGenerator<Message[], void, undefined>

  /** Goes out of the room. What is unsent stays in the outbox for the next visit. */
  leave(): void
}

/** An unsent message as it is kept. Plain data: structured clone and JSON both carry it. */
export interface OutboxEntry {
  readonly room: string
  readonly cid: string
  /** Who wrote it; it is never sent as somebody else. */
  readonly user: string | undefined
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: string
  /** JSON or text. */
  readonly body?: Json | undefined
  /** Bytes, in base64. */
  readonly data?: string | undefined
  readonly content?: string | undefined
}

/** Keeps unsent messages. May fail: what cannot be kept is still sent, from memory. */
export interface OutboxStore {
  /**
   * Takes over what this user left unsent in a room, on pages that were closed or reloaded as well,
   * but not what another living page is about to send. Oldest first, by `at`. What has no user yet is
   * anybody's.
   */
  claim(room: string, user: string): Promise<OutboxEntry[]>
  /** Optional: calls `left` whenever something may have been left behind; rooms then claim again. */
  watch?(left: () => void): void
  put(entry: OutboxEntry): Promise<void>
  delete(room: string, cid: string): Promise<void>
  close(): void
}
