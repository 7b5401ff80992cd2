// The native protocol, `veche.v1`: the objects of docs/protocol.md and their text form. Bytes in, values
// out; nothing here knows a connection.

import type { Json } from './types.js'

export const PROTOCOL = 'veche.v1'

/** A body's two forms on the wire: `body`, or `data` (base64) with a `content` if it is known. */
export interface Fields {
  body?: Json | undefined
  data?: string | undefined
  content?: string | undefined
}

// What a client says (section 3). A field that is undefined is not written.

export interface Hello {
  type: 'hello'
  token?: string | undefined
  resume?: string | undefined
  name?: string | undefined
}

export interface Join {
  type: 'join'
  room: string
  since?: number | undefined
  epoch?: string | undefined
}

export interface Leave {
  type: 'leave'
  room: string
}

export interface Send extends Fields {
  type: 'send'
  room: string
  cid: string
  kind?: string | undefined
}

export interface Mark {
  type: 'receipt'
  room: string
  received: number
  read: number
}

export interface Emit extends Fields {
  type: 'signal'
  room: string
  kind: string
}

export interface HistoryQuery {
  type: 'history'
  room: string
  before?: number | undefined
  after?: number | undefined
  limit: number
}

export interface Ping {
  type: 'ping'
}

export type Request = Hello | Join | Leave | Send | HistoryQuery
export type ClientObject = (Request | Mark | Emit | Ping) & { id?: number }

// What the server says (section 4).

export interface Welcome {
  type: 'welcome'
  user: { id: string; name: string; guest?: boolean }
  resume?: string
  /** Seconds. */
  ping: number
  expires?: string
  time: string
  transport?: string
  limits: { frame: number }
}

/** Which fields are there depends on the request. */
export interface Ok {
  type: 'ok'
  id?: number
}

export interface Joined extends Ok {
  head: number
  epoch: string
  count: number
  received: number
  read: number
  receipts: { user: string; received: number; read: number }[]
}

export interface Acknowledged extends Ok {
  seq: number
  at: string
  dup: boolean
}

export interface Page extends Ok {
  messages: MessageObject[]
  first: number
  head: number
  epoch: string
}

export interface Refusal {
  type: 'error'
  id?: number
  code: string
  message: string
  retry: boolean
}

export interface MessageObject extends Fields {
  type: 'message'
  room: string
  seq: number
  from: string
  name?: string
  at: string
  cid?: string
  kind?: string
}

export interface SignalObject extends Fields {
  type: 'signal'
  room?: string
  from?: string
  name?: string
  kind: string
}

export interface ReceiptObject {
  type: 'receipt'
  room: string
  user: string
  received: number
  read: number
}

export interface PresenceObject {
  type: 'presence'
  room: string
  /** The list begins anew. */
  whole?: boolean
  joined: string[]
  names?: Record<string, string>
  left: string[]
  count: number
}

export interface GapObject {
  type: 'gap'
  room: string
  from: number
  to: number
  why: 'lag' | 'trimmed' | 'epoch'
}

export interface ByeObject {
  type: 'bye'
  code: string
  message?: string
  retry?: boolean
  after?: number
}

export interface Pong {
  type: 'pong'
  room?: undefined
}

/** What is told about one room. */
export type RoomObject = MessageObject | SignalObject | ReceiptObject | PresenceObject | GapObject
export type ServerObject = Welcome | Ok | Refusal | ByeObject | Pong | RoomObject

/**
 * Writes an object. Unpaired surrogates, which the server refuses without saying in which request
 * (section 1), become U+FFFD: JSON.stringify writes them as escapes, and nothing else as `\ud…`.
 */
export function encode(object: ClientObject): string {
  return JSON.stringify(object).replace(/\\(ud[89a-f]..|.)/g, (escape, what: string) => (what[1] === 'd' ? '\ufffd' : escape))
}

/** Reads an object; undefined for what is none. Unknown types and fields are left to be ignored. */
export function decode(text: string): ServerObject | undefined {
  try {
    const value = JSON.parse(text)
    return typeof value?.type === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
