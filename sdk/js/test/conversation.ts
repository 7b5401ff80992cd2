// A scripted server: tests are conversations with it, line by line.

import { expect, vi } from 'vitest'
import { connect, type Options, type Pipe, type PipeHandler, type ServerObject, type Transport, type Veche } from '../src/index.js'
import type { ClientObject } from '../src/protocol.js'

export const USER = { id: 'me', name: 'Me' }

/** Lets promises that are ready go on; no time passes. */
export const settle = () => vi.advanceTimersByTimeAsync(0)

/** One connection, seen from the server. */
export class FakePipe implements Pipe {
  readonly transport = 'fake'
  buffered = 0
  closed = false
  private heard: ClientObject[] = []

  constructor(
    readonly url: string,
    private readonly handler: PipeHandler,
  ) {}

  send(object: ClientObject): void {
    this.heard.push(JSON.parse(JSON.stringify(object)))
  }

  close(): void {
    this.closed = true
  }

  /** The next thing the client has said. */
  async hears(like: Record<string, unknown>): Promise<any> {
    await settle()
    const next = this.heard.shift()
    expect(next, `nothing said; expected ${JSON.stringify(like)}`).toBeDefined()
    expect(next).toMatchObject(like)
    return next
  }

  async hearsNothing(): Promise<void> {
    await settle()
    expect(this.heard).toEqual([])
  }

  /** All that the client has said meanwhile. */
  async all(): Promise<any[]> {
    await settle()
    return this.heard.splice(0)
  }

  says(object: Record<string, unknown>): void {
    expect(this.closed, 'the client has gone').toBe(false)
    this.handler.received(JSON.parse(JSON.stringify(object)) as ServerObject)
  }

  opens(): void {
    this.handler.opened()
  }

  cuts(code = 1006, reason = ''): void {
    this.closed = true
    this.handler.closed(code, reason)
  }

  /** The whole greeting. */
  async welcomes(more: Record<string, unknown> = {}): Promise<any> {
    this.opens()
    const hello = await this.hears({ type: 'hello' })
    this.says({ ...WELCOME, ...more })
    this.says({ type: 'ok', id: hello.id })
    return hello
  }

  /** Answers the join that comes next. */
  async joins(room: string, more: Record<string, unknown> = {}): Promise<any> {
    const join = await this.hears({ type: 'join', room })
    this.says({ type: 'ok', id: join.id, room, ...JOINED, ...more })
    await settle()
    return join
  }

  message(seq: number, more: Record<string, unknown> = {}): void {
    this.says(message(seq, more))
  }
}

export const WELCOME = {
  type: 'welcome',
  version: 1,
  session: 's',
  user: USER,
  resume: 'resume-1',
  ping: 25,
  time: '2026-11-22T09:00:00.000Z',
  limits: { frame: 1048576, body: 65536, rooms: 256, history: 200 },
}

const JOINED = { head: 0, epoch: 'k', recovered: false, count: 1, received: 0, read: 0, receipts: [] }

export function message(seq: number, more: Record<string, unknown> = {}) {
  return { type: 'message', room: 'r', seq, from: 'u', at: '2026-11-22T09:00:00.000Z', body: `m${seq}`, ...more }
}

/** The server, and the client that talks to it. */
export class Conversation implements Transport {
  readonly veche: Veche
  readonly pipes: FakePipe[] = []
  readonly log: string[] = []

  constructor(options: Options = {}) {
    this.veche = connect('ws://veche.test/ws', { transport: this, ...options })
    this.veche.on('state', state => this.log.push(state))
    this.veche.on('error', error => this.log.push(`error ${error.code}`))
    this.veche.on('bye', bye => this.log.push(`bye ${bye.code}`))
  }

  open(url: string, handler: PipeHandler): Pipe {
    const pipe = new FakePipe(url, handler)
    this.pipes.push(pipe)
    return pipe
  }

  /** The connection that has been opened last. */
  async pipe(): Promise<FakePipe> {
    await settle()
    return this.pipes.at(-1)!
  }

  /** The next connection, which opens when the time for it has come. */
  async nextPipe(): Promise<FakePipe> {
    const count = this.pipes.length
    await settle()
    if (this.pipes.length === count) await vi.advanceTimersByTimeAsync(+(this.veche.retryAt ?? 0) - Date.now())
    expect(this.pipes.length, 'the client did not come back').toBe(count + 1)
    return this.pipes[count]!
  }

  /** Connects and is welcomed. */
  async online(more: Record<string, unknown> = {}): Promise<FakePipe> {
    const pipe = await this.pipe()
    await pipe.welcomes(more)
    return pipe
  }
}

/** A browser's window, as far as the client looks at one. */
export function stubBrowser() {
  const window = new EventTarget()
  const document = { hidden: false }
  const navigator = { onLine: true }
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('document', document)
  vi.stubGlobal('navigator', navigator)
  return { window, document, navigator, fire: (event: string) => void window.dispatchEvent(new Event(event)) }
}
