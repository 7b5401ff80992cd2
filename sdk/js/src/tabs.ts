// One connection for all tabs of an origin: the tab that holds a Web Lock leads, has the connection, and
// carries the others' objects over a BroadcastChannel. When it goes the lock falls to the next one, and all
// tabs come back as after any break. When it is frozen the others notice, and take the lock from it.
//
// Each tab stays a whole client, with its own order and its own unsent messages; only the pipe is shared.

import { Mux, type MuxHandler } from './mux.js'
import type { ClientObject, ServerObject } from './protocol.js'
import { MOVED, type Pipe, type PipeHandler, type Transport } from './transport.js'

/** How long the leading tab may take to answer another tab, in ms. It need not ask the server for that. */
const PATIENCE = 2_500

/** As much of a browser as is used. */
export interface TabsEnvironment {
  locks: { request(name: string, options: { signal?: AbortSignal; steal?: boolean }, held: () => Promise<void> | undefined): Promise<unknown> }
  channel(name: string): Pick<BroadcastChannel, 'postMessage' | 'onmessage'>
}

/** To the leading tab. */
interface Up {
  up: string
  url?: string
  object?: ClientObject
  close?: true
}

/** From the leading tab. */
interface Down {
  down: string[]
  event: 'opened' | 'here' | 'received' | 'closed'
  object?: ServerObject
  transport?: string
  code?: number
  reason?: string
}

type News = { lead: true } | { use: string | null }

/**
 * Shares the connection: `connect(url, { share: tabs() })`. All tabs must be the same user; one that is
 * another gets a connection of its own. Where there are no Web Locks (pages without TLS, other runtimes) each
 * client has its own connection, too.
 */
export function tabs(environment = browser()): (transport: Transport, key: string) => Transport {
  return (transport, key) => (environment ? new Tabs(transport, key, environment) : transport)
}

function browser(): TabsEnvironment | undefined {
  const locks = globalThis.navigator?.locks
  if (!locks || !globalThis.BroadcastChannel) return undefined
  return { locks, channel: name => new BroadcastChannel(name) }
}

class Tabs implements Transport, MuxHandler {
  readonly #transport: Transport
  readonly #key: string
  readonly #environment: TabsEnvironment
  readonly #channel: ReturnType<TabsEnvironment['channel']>
  readonly #pipes = new Map<string, TabPipe>()
  /** While this tab leads. */
  #mux: Mux | undefined
  /** Ends the leadership, or the wait for it. */
  #resign: (() => void) | undefined
  /** Each candidacy is a term; what an earlier one comes to is void. */
  #term = 0
  /** This tab is another user than the leading one. */
  #apart = false

  constructor(transport: Transport, key: string, environment: TabsEnvironment) {
    this.#transport = transport
    this.#key = `${key} tabs`
    this.#environment = environment
    this.#channel = environment.channel(this.#key)
    this.#channel.onmessage = ({ data }) => this.#heard(data)
    // A page that goes into the browser's cache would keep the lock there.
    globalThis.addEventListener?.('pagehide', () => this.#rest())
    globalThis.addEventListener?.('pageshow', () => this.#pipes.size && this.#stand())
  }

  open(url: string, handler: PipeHandler): Pipe {
    if (this.#apart) return this.#transport.open(url, handler)
    const pipe = new TabPipe(this, url, handler)
    this.#pipes.set(pipe.id, pipe)
    queueMicrotask(() => pipe.ask())
    if (!this.#resign) this.#stand()
    return pipe
  }

  use(name: string | null): void {
    this.#channel.postMessage({ use: name } satisfies News)
    this.#use(name)
  }

  // What this tab's pipes want.

  up(message: Up): void {
    if (this.#mux) this.#serve(message)
    else this.#channel.postMessage(message)
  }

  forget(id: string): void {
    this.#pipes.delete(id)
  }

  buffered(): number {
    return this.#mux?.buffered ?? 0
  }

  /** The leading tab does not answer. */
  overthrow(): void {
    if (this.#mux) return
    this.#rest()
    this.#stand({ steal: true })
  }

  /** The leading tab is another user. */
  part(): void {
    this.#apart = true
  }

  // What the connection tells, while this tab leads.

  opened(ids: string[]): void {
    this.#down({ down: ids, event: 'opened' })
  }

  received(ids: string[], object: ServerObject, transport: string): void {
    this.#down({ down: ids, event: 'received', object, transport })
  }

  closed(ids: string[], code: number, reason: string): void {
    this.#down({ down: ids, event: 'closed', code, reason })
  }

  #down(message: Down): void {
    if (message.down.some(id => !this.#pipes.has(id))) this.#channel.postMessage(message)
    this.#deliver(message)
  }

  #deliver(message: Down): void {
    for (const id of message.down) this.#pipes.get(id)?.heard(message)
  }

  #heard(message: Up | Down | News): void {
    if ('up' in message) this.#serve(message)
    else if ('down' in message) this.#deliver(message)
    else if ('use' in message) this.#use(message.use)
    else this.#follow()
  }

  #serve({ up, url, object, close }: Up): void {
    const mux = this.#mux
    if (!mux) return
    if (close) return mux.detach(up)
    if (url === undefined && !mux.has(up)) return this.#down({ down: [up], event: 'closed', code: MOVED, reason: 'another tab leads' })
    if (url !== undefined || object?.type === 'ping') this.#down({ down: [up], event: 'here' })
    if (url !== undefined) mux.attach(up, url)
    if (object) mux.send(up, object)
  }

  #use(name: string | null): void {
    this.#transport.use?.(name)
    this.#mux?.close(MOVED, 'another way')
  }

  // Who leads.

  /** Leads as soon as nobody else does, or at once. */
  #stand(options: LockOptions = {}): void {
    if (this.#resign) return
    const term = ++this.#term
    const giveUp = new AbortController()
    this.#resign = () => giveUp.abort()
    // The signal of a request that steals is not allowed, nor needed.
    const wait = options.steal ? options : { ...options, signal: giveUp.signal }
    const hold = () => (term === this.#term ? this.#lead(giveUp.signal) : undefined)
    this.#environment.locks.request(this.#key, wait, hold).then(
      () => this.#fallen(term),
      () => this.#fallen(term), // it was taken away, or the browser will not have it
    )
  }

  #lead(giveUp: AbortSignal): Promise<void> {
    this.#mux = new Mux(this.#transport, this)
    this.#channel.postMessage({ lead: true } satisfies News)
    this.#follow()
    return new Promise(resolve => giveUp.addEventListener('abort', () => resolve()))
  }

  #fallen(term: number): void {
    if (term !== this.#term) return
    this.#rest()
    if (this.#pipes.size) this.#stand()
  }

  /** Neither leads nor wants to. */
  #rest(): void {
    const [mux, resign] = [this.#mux, this.#resign]
    this.#term++
    this.#mux = this.#resign = undefined
    mux?.close(MOVED, 'another tab leads')
    resign?.()
  }

  /** Another tab leads from now on, or this one does. */
  #follow(): void {
    for (const pipe of [...this.#pipes.values()]) pipe.follow()
  }
}

/** A pipe by way of the leading tab. */
class TabPipe implements Pipe {
  readonly id = crypto.getRandomValues(new Uint32Array(3)).join()
  transport = ''
  readonly #tabs: Tabs
  readonly #url: string
  readonly #handler: PipeHandler
  #opened = false
  #closed = false
  #hello: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(tabs: Tabs, url: string, handler: PipeHandler) {
    this.#tabs = tabs
    this.#url = url
    this.#handler = handler
  }

  get buffered(): number {
    return this.#tabs.buffered()
  }

  /** Asks the leading tab to be let in. */
  ask(): void {
    if (this.#closed) return
    this.#expect()
    this.#tabs.up({ up: this.id, url: this.#url })
  }

  send(object: ClientObject): void {
    if (object.type === 'hello') this.#hello ??= object.id
    if (object.type === 'ping') this.#expect()
    this.#tabs.up({ up: this.id, object })
  }

  close(): void {
    if (!this.#end()) return
    this.#tabs.up({ up: this.id, close: true })
  }

  follow(): void {
    if (this.#opened) this.#over(MOVED, 'another tab leads')
    else this.ask()
  }

  heard({ event, object, transport, code = 1006, reason = '' }: Down): void {
    clearTimeout(this.#timer)
    if (event === 'closed') this.#over(code, reason)
    else if (event === 'received') this.#received(object!, transport!)
    else if (event === 'opened' && !this.#opened) {
      this.#opened = true
      this.#handler.opened()
    }
  }

  #received(object: ServerObject, transport: string): void {
    if (object.type === 'error' && object.id === this.#hello && object.code === 'forbidden') {
      this.#tabs.part()
      this.close()
      return this.#handler.closed(MOVED, 'another user')
    }
    this.transport = transport
    this.#handler.received(object)
  }

  /** The leading tab must say something soon. */
  #expect(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tabs.overthrow(), PATIENCE * (1 + Math.random() / 4))
  }

  #over(code: number, reason: string): void {
    if (this.#end()) this.#handler.closed(code, reason)
  }

  #end(): boolean {
    if (this.#closed) return false
    this.#closed = true
    clearTimeout(this.#timer)
    this.#tabs.forget(this.id)
    return true
  }
}
