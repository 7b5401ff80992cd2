// A choice among transports, best first, made by evidence.
//
// - A way that was refused, or brought no welcome in time, may be blocked: the next one is tried at once. If
//   that one brings no welcome either because there is nobody (no network, 502–504), nothing was proven: a
//   server that is down is waited for by the way it was reached before.
// - A way that has carried is not left for its first two failures.
// - While a lesser way carries, better ones are tried beside it, seldom and seldomer, and at once when the
//   network is another. When one gets through, the connection moves there as after any break: rooms go on by
//   their cursors, unsent messages by their cids.
// - A lesser way is remembered once a better one was tried in vain beside it.

import type { Choice } from './choice.js'
import { isOwn } from './closing.js'
import type { ClientObject, Hello, ServerObject } from './protocol.js'
import { BLOCKED, MOVED, type Pipe, type PipeHandler, type Transport } from './transport.js'
import type { Options } from './types.js'

/** From opening a pipe to its welcome, in ms, if there is another way left. */
const PATIENCE = 6_000

/** Failures in a row after which a way that has carried is doubted. */
const TRUST = 3

/** When a better way is first tried, in ms; then each time so many times later, up to the last. */
const [FIRST_PROBE, SLOWER, LAST_PROBE] = [5_000, 12, 600_000]

/** After a change of the network, in ms. */
const NEW_NETWORK = 1_000

/** @param transports - best first; each has a name. */
export function fallback(transports: readonly Transport[], choice?: Choice, log?: Options['log']): Transport {
  return new Fallback(transports, choice, log)
}

class Fallback implements Transport {
  forced: number | undefined
  /** Where the next pipe begins. */
  start: number
  /** Failures in a row of the way that has carried; Infinity if none has. */
  failures = Infinity
  /** Attempts in vain to get back up. */
  probes = 0

  constructor(
    readonly transports: readonly Transport[],
    readonly choice: Choice | undefined,
    readonly log: Options['log'],
  ) {
    this.start = Math.max(0, this.#find(choice?.get()))
  }

  open(url: string, handler: PipeHandler): Pipe {
    return new Climber(this, url, handler)
  }

  use(name: string | null): void {
    const found = this.#find(name)
    this.forced = found < 0 ? undefined : found
    this.start = 0
    this.failures = Infinity
    this.probes = 0
  }

  #find(name: string | null | undefined): number {
    return this.transports.findIndex(transport => transport.name === name)
  }

  /** That way has brought a welcome. */
  carried(way: number): void {
    if (way === 0) {
      this.probes = 0
      this.choice?.set(null)
    }
    this.start = way
    this.failures = 0
  }

  /** Nothing better than that way gets through. */
  confirmed(way: number): void {
    this.probes++
    this.choice?.set(this.transports[way]!.name ?? null)
  }

  /** The way after one that has brought no welcome; undefined: none, come back later. */
  after(way: number, code: number): number | undefined {
    if (this.forced !== undefined) return undefined
    const doubted = ++this.failures >= TRUST
    if (way + 1 < this.transports.length && (code === BLOCKED || (way === 0 && doubted))) return way + 1
    if (doubted) this.start = 0 // perhaps it is the best one that is left
    return undefined
  }
}

/** One pipe for the client, and the pipes that are tried for it. */
class Climber implements Pipe {
  readonly #ways: Fallback
  readonly #url: string
  readonly #handler: PipeHandler

  #way: number
  #pipe: Pipe | undefined
  /** The client's last hello; said again on each way until there is a welcome. */
  #hello: (Hello & { id?: number }) | undefined
  #opened = false
  /** When a way was given up that the hello had gone. */
  #gaveUpAt = 0
  /** The server itself has spoken: the way is as it is. */
  #settled = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #probe: Pipe | undefined
  readonly #hurry = () => void (this.#settled && this.#probeIn(NEW_NETWORK))

  constructor(ways: Fallback, url: string, handler: PipeHandler) {
    this.#ways = ways
    this.#url = url
    this.#handler = handler
    this.#way = ways.forced ?? ways.start
    this.#open()
    globalThis.addEventListener?.('online', this.#hurry)
  }

  get transport(): string {
    return this.#pipe?.transport ?? ''
  }

  get buffered(): number {
    return this.#pipe?.buffered ?? 0
  }

  send(object: ClientObject): void {
    if (object.type === 'hello') this.#hello = object
    this.#pipe?.send(object)
  }

  close(): void {
    clearTimeout(this.#timer)
    globalThis.removeEventListener?.('online', this.#hurry)
    this.#probe?.close()
    this.#pipe?.close()
    this.#pipe = undefined
  }

  #open(): void {
    this.#timer = setTimeout(() => this.#failed(BLOCKED, 'no welcome'), PATIENCE)
    this.#pipe = this.#ways.transports[this.#way]!.open(this.#url, {
      opened: () => this.#greet(),
      received: object => this.#received(object),
      closed: (code, reason) => this.#closed(code, reason),
    })
  }

  #greet(): void {
    if (this.#hello) this.#pipe?.send(this.#hello)
    if (this.#opened) return
    this.#opened = true
    this.#handler.opened()
  }

  #received(object: ServerObject): void {
    if (!this.#settled && object.type !== 'pong') this.#settle(object)
    if (object.type === 'bye' && isOwn(object.code, this.#gaveUpAt)) return this.#end(MOVED, 'taken back')
    this.#handler.received(object)
  }

  #settle({ type }: ServerObject): void {
    this.#settled = true
    clearTimeout(this.#timer)
    if (type !== 'welcome') return
    this.#ways.carried(this.#way)
    const { probes, forced } = this.#ways
    if (this.#way === 0 || forced !== undefined) return
    this.#probeIn(Math.min(FIRST_PROBE * SLOWER ** probes, LAST_PROBE) * (1 - Math.random() / 2))
  }

  #closed(code: number, reason: string): void {
    // Codes from 4400 on are the server's own.
    if (this.#settled || code >= 4400) this.#end(code, reason)
    else this.#failed(code, reason)
  }

  #failed(code: number, reason: string): void {
    clearTimeout(this.#timer)
    this.#ways.log?.('no way', { transport: this.#ways.transports[this.#way]!.name, code, reason })
    const next = this.#ways.after(this.#way, code)
    if (next === undefined) return this.#end(code, reason)
    if (this.#opened) this.#gaveUpAt = Date.now()
    this.#pipe?.close()
    this.#way = next
    this.#open()
  }

  #end(code: number, reason: string): void {
    this.close()
    this.#handler.closed(code, reason)
  }

  #probeIn(ms: number): void {
    if (this.#way === 0 || this.#ways.forced !== undefined) return
    clearTimeout(this.#timer)
    this.#probe?.close()
    this.#timer = setTimeout(() => this.#try(0), ms)
  }

  /** Tries the ways that are better than this one, the best first. */
  #try(way: number): void {
    if (way === this.#way) {
      this.#ways.confirmed(way)
      this.#probeIn(Math.min(FIRST_PROBE * SLOWER ** this.#ways.probes, LAST_PROBE) * (1 - Math.random() / 2))
      return
    }
    const { name } = this.#ways.transports[way]!
    // A session of its own for a moment: with its resume it would take this one's place.
    const token = this.#hello?.token
    const done = (through: boolean) => {
      this.#ways.log?.('probe', { transport: name, through })
      clearTimeout(this.#timer)
      this.#probe?.close()
      this.#probe = undefined
      if (!through) return this.#try(way + 1)
      this.#ways.start = way
      this.#end(MOVED, 'a better way')
    }
    this.#timer = setTimeout(() => done(false), PATIENCE)
    const probe = this.#ways.transports[way]!.open(this.#url, {
      opened: () => probe.send(token ? { type: 'hello', token } : { type: 'ping' }),
      received: ({ type }) => type !== 'pong' && done(true),
      closed: () => done(false),
    })
    this.#probe = probe
  }
}
