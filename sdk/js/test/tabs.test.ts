// Tabs that share a connection: several clients in a browser of our own, whose tabs close and freeze.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect, memoryOutbox, type Message, type Pipe, type PipeHandler, type Transport, type Veche } from '../src/index.js'
import { tabs, type TabsEnvironment } from '../src/tabs.js'
import { FakePipe, settle, USER, WELCOME } from './conversation.js'

/** One lock and one channel for all tabs. */
class Browser {
  private holder: { tab: Tab; lost: (error: Error) => void } | undefined
  private readonly queue: { tab: Tab; grant: () => void }[] = []
  readonly tabs: Tab[] = []

  request(tab: Tab, { steal, signal }: LockOptions, hold: () => Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        const mine = { tab, lost: reject }
        this.holder = mine
        void Promise.resolve(hold()).then(() => {
          if (this.holder !== mine) return
          this.release()
          resolve()
        })
      }
      signal?.addEventListener('abort', () => {
        const at = this.queue.findIndex(waiting => waiting.grant === grant)
        if (at < 0) return
        this.queue.splice(at, 1)
        reject(new Error('aborted'))
      })
      if (steal) this.holder?.lost(new Error('stolen'))
      if (steal || !this.holder) queueMicrotask(grant)
      else this.queue.push({ tab, grant })
    })
  }

  private release(): void {
    this.holder = undefined
    this.queue.shift()?.grant()
  }

  post(from: Tab, data: unknown): void {
    const copy = structuredClone(data)
    for (const tab of this.tabs) if (tab !== from) queueMicrotask(() => tab.hears(copy))
  }

  closed(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1)
    for (let at; (at = this.queue.findIndex(waiting => waiting.tab === tab)) >= 0; ) this.queue.splice(at, 1)
    if (this.holder?.tab === tab) this.release()
  }

  get leader(): Tab | undefined {
    return this.holder?.tab
  }
}

class Tab {
  readonly veche: Veche
  readonly heard: number[] = []
  readonly states: string[] = []
  private dead = false
  private frozen: unknown[] | undefined
  private readonly channel = { onmessage: null as ((event: MessageEvent) => void) | null, postMessage: (data: unknown) => this.dead || browser.post(this, data) }

  constructor(options: { token?: () => string } = {}) {
    browser.tabs.push(this)
    const environment: TabsEnvironment = {
      locks: { request: (_: string, options: LockOptions, hold: () => Promise<void>) => browser.request(this, options, hold) } as never,
      channel: () => this.channel as never,
    }
    this.veche = connect('ws://veche.test/ws', { transport: new Wire(this), share: tabs(environment), outbox: memoryOutbox(), receipts: false, ...options })
    this.veche.on('state', state => this.states.push(state))
  }

  room(since = 0) {
    const room = this.veche.room('r', { since })
    room.on('message', ({ seq }: Message) => this.heard.push(seq))
    return room
  }

  hears(data: unknown): void {
    if (this.dead) return
    if (this.frozen) this.frozen.push(data)
    else this.channel.onmessage?.({ data } as MessageEvent)
  }

  freeze(): void {
    this.frozen = []
  }

  thaw(): void {
    const missed = this.frozen ?? []
    this.frozen = undefined
    for (const data of missed) this.hears(data)
  }

  /** No last words. */
  die(): void {
    this.dead = true
    for (const pipe of pipes) if (pipe.tab === this) pipe.closed = true
    browser.closed(this)
  }
}

class Wire implements Transport {
  readonly name = 'websocket'
  constructor(private readonly tab: Tab) {}
  open(url: string, handler: PipeHandler): Pipe {
    const pipe = Object.assign(new FakePipe(url, handler), { transport: 'websocket', tab: this.tab })
    pipes.push(pipe)
    return pipe
  }
}

let browser: Browser
let pipes: (FakePipe & { tab: Tab })[]
const open = () => pipes.filter(pipe => !pipe.closed)

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  browser = new Browser()
  pipes = []
})
afterEach(() => {
  for (const tab of browser.tabs) tab.veche.close()
  vi.useRealTimers()
})

/** Three tabs in the room, over the first one's connection. */
async function three(): Promise<[Tab, Tab, Tab, FakePipe]> {
  const a = new Tab()
  a.room()
  await settle()
  const pipe = pipes[0]!
  await pipe.welcomes()
  await pipe.joins('r', { head: 1 })
  pipe.message(1)
  const [b, c] = [new Tab(), new Tab()]
  b.room()
  c.room(-1)
  await settle()
  expect(await pipe.joins('r', { head: 1 })).toMatchObject({ since: 0, epoch: 'k' })
  pipe.message(1)
  expect(await pipe.joins('r', { head: 1 })).toMatchObject({ since: -1, epoch: 'k' })
  pipe.message(1)
  await settle()
  return [a, b, c, pipe]
}

test('one connection; each tab has every message, once and in order', async () => {
  const [a, b, c, pipe] = await three()
  pipe.message(2)
  pipe.message(3)
  await settle()
  expect(pipes.length).toBe(1)
  for (const tab of [a, b, c]) {
    expect(tab.heard).toEqual([1, 2, 3])
    expect(tab.veche.state).toBe('online')
    expect(tab.veche.transport).toBe('websocket')
    expect(tab.veche.user).toMatchObject(USER)
  }
})

test('an answer goes to who asked, under the id that it gave', async () => {
  const [a, b, , pipe] = await three()
  const sent = [a.veche.room('r').send('from a'), b.veche.room('r').send('from b')]
  const [one, two] = [await pipe.hears({ type: 'send', body: 'from a' }), await pipe.hears({ type: 'send', body: 'from b' })]
  expect(one.id).not.toBe(two.id)
  pipe.says({ type: 'ok', id: two.id, seq: 3, at: WELCOME.time, dup: false })
  pipe.says({ type: 'ok', id: one.id, seq: 2, at: WELCOME.time, dup: false })
  expect((await Promise.all(sent)).map(({ seq }) => seq)).toEqual([2, 3])
})

test('a signal reaches the other tabs too', async () => {
  const [a, b, c, pipe] = await three()
  const got: string[] = []
  for (const [name, tab] of Object.entries({ a, b, c })) tab.veche.room('r').on('signal', ({ from, kind }) => got.push(`${name} ${from} ${kind}`))
  b.veche.room('r').signal('typing')
  await pipe.hears({ type: 'signal', kind: 'typing' })
  expect(got.sort()).toEqual(['a me typing', 'c me typing'])
})

test('the room is left when the last tab has left it', async () => {
  const [a, b, c, pipe] = await three()
  a.veche.room('r').leave()
  b.veche.room('r').leave()
  await pipe.hearsNothing()
  pipe.message(2)
  await settle()
  expect([a.heard, b.heard, c.heard]).toEqual([[1], [1], [1, 2]])
  c.veche.room('r').leave()
  await pipe.hears({ type: 'leave', room: 'r' })
})

test('the leading tab closes: another one leads, and nobody loses or doubles anything', async () => {
  const [a, b, c, pipe] = await three()
  const sent = c.veche.room('r').send('on its way')
  await pipe.hears({ type: 'send' })
  a.die()
  await vi.advanceTimersByTimeAsync(0)
  expect(open().length).toBe(1)
  const next = open()[0]!
  expect(next.tab).toBe(b)
  const hello = await next.welcomes()
  expect(hello.resume).toBe('resume-1')
  await next.joins('r', { head: 3 })
  next.message(2)
  next.message(3)
  await next.joins('r', { head: 3 })
  next.message(2)
  next.message(3)
  await settle()
  expect(b.heard).toEqual([1, 2, 3])
  expect(c.heard).toEqual([1, 2, 3])
  const again = await next.hears({ type: 'send', body: 'on its way' })
  next.says({ type: 'ok', id: again.id, seq: 3, at: WELCOME.time, dup: true })
  expect(await sent).toMatchObject({ seq: 3, dup: true })
})

test('a tab that follows closes: nothing happens', async () => {
  const [a, b, c, pipe] = await three()
  c.die()
  await settle()
  pipe.message(2)
  await settle()
  expect([a.heard, b.heard]).toEqual([[1, 2], [1, 2]])
  expect(pipes.length).toBe(1)
  expect(pipe.closed).toBe(false)
})

test('the leading tab is frozen: the one that notices takes over, and the frozen one follows when it thaws', async () => {
  const [a, b] = await three()
  a.freeze()
  await vi.advanceTimersByTimeAsync(25_000) // b asks whether the connection lives
  await vi.advanceTimersByTimeAsync(3_000)
  await settle()
  const next = open().at(-1)!
  expect(next.tab).not.toBe(a)
  expect(browser.leader).not.toBe(a)
  await next.welcomes()
  await next.joins('r', { head: 1 })
  await next.joins('r', { head: 1 })
  a.thaw()
  await vi.advanceTimersByTimeAsync(1_000)
  await next.joins('r', { head: 2 })
  next.message(2)
  await settle()
  expect(open()).toEqual([next])
  expect(a.heard).toEqual([1, 2])
  expect(b.heard).toEqual([1, 2])
})

test('the connection breaks: all tabs come back over one', async () => {
  const [a, b, c, pipe] = await three()
  pipe.cuts()
  await settle()
  expect([a, b, c].map(({ veche }) => veche.state)).toEqual(['waiting', 'waiting', 'waiting'])
  await vi.advanceTimersByTimeAsync(250)
  expect(open().length).toBe(1)
  const next = open()[0]!
  await next.welcomes()
  for (let n = 0; n < 3; n++) await next.joins('r', { head: 1 })
  expect([a, b, c].map(({ veche }) => veche.state)).toEqual(['online', 'online', 'online'])
})

test('a connection that is dead without knowing it is dropped for all', async () => {
  const [a, b, , pipe] = await three()
  await vi.advanceTimersByTimeAsync(35_000)
  expect(pipe.closed).toBe(true)
  expect([a, b].map(({ veche }) => veche.state)).not.toContain('online')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(open().length).toBe(1)
})

test('another user has a connection of its own', async () => {
  await three()
  const other = new Tab({ token: () => 'of another' })
  await settle()
  const hello = await pipes[0]!.hears({ type: 'hello', token: 'of another' })
  pipes[0]!.says({ type: 'error', id: hello.id, code: 'forbidden', message: 'another user', retry: false })
  await vi.advanceTimersByTimeAsync(0)
  expect(pipes.length).toBe(2)
  await pipes[1]!.welcomes({ user: { id: 'other', name: 'Other' } })
  expect(other.veche.user!.id).toBe('other')
  expect(other.states).toContain('online')
})

test('another epoch than the one that a tab kept is told to that tab alone', async () => {
  const [a, , , pipe] = await three()
  const d = new Tab()
  const gaps: string[] = []
  a.veche.room('r').on('gap', ({ why }) => gaps.push(`a ${why}`))
  d.veche.room('r', { since: 40, epoch: 'old' }).on('gap', ({ why, to }) => gaps.push(`d ${why} ${to}`))
  await settle()
  expect(await pipe.joins('r', { head: 1 })).toMatchObject({ since: 1, epoch: 'k' })
  await settle()
  expect(gaps).toEqual(['d epoch 0'])
  // … and an epoch that is another for all is told to all.
  pipe.says({ type: 'gap', room: 'r', from: 1, to: 0, why: 'epoch' })
  await settle()
  expect(gaps).toEqual(['d epoch 0', 'a epoch', 'd epoch 0'])
})

test('where there are no locks each has its own', () => {
  const transport = new Wire(undefined as never)
  expect(tabs(undefined)(transport, 'k')).toBe(transport)
})
