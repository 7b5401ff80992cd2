// The choice among transports, in conversations with a server that is reached by some of them.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect, fallback, memoryOutbox, storedChoice, type Choice, type Pipe, type PipeHandler, type Transport, type Veche } from '../src/index.js'
import { BLOCKED } from '../src/transport.js'
import { FakePipe, settle, stubBrowser } from './conversation.js'

class Way implements Transport {
  readonly pipes: FakePipe[] = []
  constructor(readonly name: string, private readonly tried: string[]) {}

  open(url: string, handler: PipeHandler): Pipe {
    const pipe = Object.assign(new FakePipe(url, handler), { transport: this.name })
    this.pipes.push(pipe)
    this.tried.push(this.name)
    return pipe
  }

  get last(): FakePipe {
    return this.pipes.at(-1)!
  }
}

let tried: string[]
let websocket: Way
let sse: Way
let longpoll: Way
let veche: Veche
let remembered: string | null

const choice: Choice = { get: () => remembered, set: name => void (remembered = name) }

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  tried = []
  remembered = null
  ;[websocket, sse, longpoll] = [new Way('websocket', tried), new Way('sse', tried), new Way('longpoll', tried)]
})
afterEach(() => {
  veche.close()
  vi.useRealTimers()
})

async function start(): Promise<(string | null)[]> {
  veche = connect('ws://veche.test/ws', { transport: fallback([websocket, sse, longpoll], choice), outbox: memoryOutbox(), receipts: false })
  const told: (string | null)[] = []
  veche.on('transport', transport => told.push(transport))
  await settle()
  return told
}

/** Time passes until the next attempt. */
const later = () => vi.advanceTimersByTimeAsync(+(veche.retryAt ?? 0) - Date.now())

test('the best way first, and only that if it carries', async () => {
  const told = await start()
  await websocket.last.welcomes()
  await vi.advanceTimersByTimeAsync(20_000)
  expect(tried).toEqual(['websocket'])
  expect(told).toEqual(['websocket'])
})

test('an upgrade that is refused: the next way, at once, with the same hello', async () => {
  const told = await start()
  websocket.last.cuts()
  expect(tried).toEqual(['websocket', 'sse'])
  await sse.last.welcomes()
  expect(veche.transport).toBe('sse')
  expect(told).toEqual(['sse'])
})

test('an upgrade whose frames are swallowed: the next way after 6 s', async () => {
  await start()
  websocket.last.opens()
  const hello = await websocket.last.hears({ type: 'hello' })
  await vi.advanceTimersByTimeAsync(6_000)
  expect(websocket.last.closed).toBe(true)
  sse.last.opens()
  expect(await sse.last.hears({ type: 'hello' })).toEqual(hello)
})

test('a hello that was given up with its way comes late, and replaces the session: it is taken back', async () => {
  await start()
  websocket.last.opens()
  await vi.advanceTimersByTimeAsync(6_000)
  await sse.last.welcomes()
  sse.last.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
  await settle()
  expect(tried).toEqual(['websocket', 'sse', 'sse'])
  expect(await sse.last.welcomes()).toMatchObject({ resume: 'resume-1' })
  sse.last.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
  expect(veche.state).toBe('ended')
})

test('a stream that is kept by a proxy: the way after that', async () => {
  await start()
  websocket.last.cuts()
  sse.last.cuts(BLOCKED)
  await longpoll.last.welcomes()
  expect(tried).toEqual(['websocket', 'sse', 'longpoll'])
  expect(veche.transport).toBe('longpoll')
})

test('a server that is down is waited for, by the way it was reached before', async () => {
  await start()
  await websocket.last.welcomes()
  websocket.last.cuts()
  for (let i = 0; i < 6; i++) {
    await later()
    websocket.last.cuts()
    sse.pipes.at(-1)?.cuts() // nobody there either
  }
  expect(tried.filter(way => way === 'longpoll')).toEqual([])
  expect(tried.slice(0, 4)).toEqual(['websocket', 'websocket', 'websocket', 'websocket'])
  await later()
  expect(tried.at(-1)).toBe('websocket')
  await websocket.last.welcomes()
  expect(veche.transport).toBe('websocket')
})

test('the server itself speaks: that is no matter of the way', async () => {
  await start()
  websocket.last.opens()
  websocket.last.cuts(4403, 'forbidden')
  await settle()
  expect(veche.state).toBe('ended')
  expect(tried).toEqual(['websocket'])
})

test('a better way is tried beside the lesser one, and taken when it gets through, with nothing lost', async () => {
  const told = await start()
  const room = veche.room('r', { since: 0 })
  const heard: number[] = []
  room.on('message', ({ seq }) => heard.push(seq))
  websocket.last.cuts()
  await sse.last.welcomes()
  await sse.last.joins('r', { head: 1 })
  sse.last.message(1)
  void room.send('mine')
  await sse.last.hears({ type: 'send' })

  await vi.advanceTimersByTimeAsync(3_750) // 5 s, less a random part
  expect(tried).toEqual(['websocket', 'sse', 'websocket'])
  websocket.last.opens()
  await websocket.last.hears({ type: 'ping' })
  sse.last.message(2)
  websocket.last.says({ type: 'error', code: 'bad_request', message: 'hello first', retry: false })
  expect(sse.last.closed).toBe(true)
  await vi.advanceTimersByTimeAsync(0)

  expect(tried).toEqual(['websocket', 'sse', 'websocket', 'websocket'])
  const hello = await websocket.last.welcomes()
  expect(hello.resume).toBe('resume-1')
  const join = await websocket.last.joins('r', { head: 3 })
  expect(join).toMatchObject({ since: 2, epoch: 'k' })
  expect(await websocket.last.hears({ type: 'send', body: 'mine' })).toBeTruthy()
  websocket.last.message(2)
  websocket.last.message(3)
  expect(heard).toEqual([1, 2, 3])
  expect(told).toEqual(['sse', null, 'websocket'])
})

test('tried in vain, it is tried seldom and seldomer, and the lesser way is remembered', async () => {
  await start()
  websocket.last.cuts()
  await sse.last.welcomes()
  expect(remembered).toBeNull()
  for (const wait of [3_750, 45_000, 450_000, 450_000]) {
    const count = websocket.pipes.length
    for (let left = wait - 1; left > 0; left -= 20_000) {
      await vi.advanceTimersByTimeAsync(Math.min(left, 20_000))
      sse.last.says({ type: 'pong' })
    }
    expect(websocket.pipes.length).toBe(count)
    await vi.advanceTimersByTimeAsync(1)
    expect(websocket.pipes.length).toBe(count + 1)
    websocket.last.cuts()
    expect(remembered).toBe('sse')
  }
  expect(sse.pipes.length).toBe(1)
})

test('what was remembered is where it begins', async () => {
  remembered = 'longpoll'
  await start()
  expect(tried).toEqual(['longpoll'])
  await longpoll.last.welcomes()
  // All better ones are tried, the best first.
  await vi.advanceTimersByTimeAsync(3_750)
  websocket.last.cuts()
  sse.last.opens()
  sse.last.says({ type: 'welcome' })
  await vi.advanceTimersByTimeAsync(0)
  await sse.last.welcomes()
  expect(veche.transport).toBe('sse')
})

test('what was remembered is forgotten when it does not carry', async () => {
  remembered = 'sse'
  await start()
  sse.last.cuts()
  await later()
  await websocket.last.welcomes()
  expect(tried).toEqual(['sse', 'websocket'])
  expect(remembered).toBeNull()
})

test('another network: better ways are tried at once', async () => {
  const { fire } = stubBrowser()
  await start()
  websocket.last.cuts()
  await sse.last.welcomes()
  await vi.advanceTimersByTimeAsync(3_750)
  websocket.last.cuts()
  fire('online')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(tried).toEqual(['websocket', 'sse', 'websocket', 'websocket'])
})

test('one may force a way, and let go of it again', async () => {
  await start()
  await websocket.last.welcomes()
  veche.use('longpoll')
  await settle()
  expect(websocket.last.closed).toBe(true)
  await longpoll.last.welcomes()
  expect(veche.transport).toBe('longpoll')
  longpoll.last.cuts()
  await later()
  expect(tried).toEqual(['websocket', 'longpoll', 'longpoll'])
  await longpoll.last.welcomes()
  veche.use(null)
  await settle()
  expect(tried.at(-1)).toBe('websocket')
})

test('a choice is kept for an hour, where there is a place for it', () => {
  const items = new Map<string, string>()
  const storage = { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value), removeItem: (key: string) => void items.delete(key) } as unknown as Storage
  const kept = storedChoice('k', storage)
  expect(kept.get()).toBeNull()
  kept.set('sse')
  expect(storedChoice('k', storage).get()).toBe('sse')
  vi.setSystemTime(Date.now() + 3_600_000)
  expect(kept.get()).toBeNull()
  kept.set(null)
  expect(items.size).toBe(0)
  const closed = storedChoice('k', new Proxy({} as Storage, { get: () => { throw new Error('denied') } }))
  closed.set('sse')
  expect(closed.get()).toBeNull()
})
