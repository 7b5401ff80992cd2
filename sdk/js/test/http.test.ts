// Both HTTP transports, in conversations with a scripted server.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { connect, memoryOutbox, type Options, type Pipe, type Veche } from '../src/index.js'
import { longPoll } from '../src/longpoll.js'
import { sse } from '../src/sse.js'
import { message, settle, USER, WELCOME } from './conversation.js'
import { FakeDoors, type Exchange } from './doors.js'

let doors: FakeDoors
let veche: Veche

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  doors = new FakeDoors()
})
afterEach(() => {
  veche.close()
  vi.useRealTimers()
})

const JOINED = { type: 'ok', head: 0, epoch: 'k', recovered: true, count: 1, received: 0, read: 0, receipts: [] }

function start(transport: typeof sse, options: Options = {}) {
  veche = connect('ws://veche.test/ws', { transport: transport({ fetch: doors.fetch }), outbox: memoryOutbox(), receipts: false, ...options })
  const errors: string[] = []
  veche.on('error', error => errors.push(error.code))
  return errors
}

describe('Server-Sent Events', () => {
  /** Online, with a stream that has the room. */
  async function joined(options: Options = {}): Promise<{ stream: Exchange; heard: number[] }> {
    start(sse, options)
    const room = veche.room('r', { since: 0 })
    const heard: number[] = []
    room.on('message', ({ seq }) => heard.push(seq))
    const hello = (await doors.asked('events', { })).streams()
    expect(hello.query.rooms).toBeUndefined()
    hello.writes(':  \n\n')
    hello.says(WELCOME)
    const stream = (await doors.asked('events', { rooms: 'r:0', resume: 'resume-1' })).streams()
    expect(hello.aborted).toBe(true)
    stream.says({ ...WELCOME, resume: 'resume-2' })
    stream.says({ ...JOINED, room: 'r', head: 1 }, 'r:0:k')
    stream.says(message(1), 'r:1:k')
    await settle()
    expect(room.state).toBe('live')
    expect(heard).toEqual([1])
    return { stream, heard }
  }

  test('hello is a stream, joins are another, in which everything arrives', async () => {
    const { stream, heard } = await joined()
    expect(veche.state).toBe('online')
    expect(veche.transport).toBe('sse')
    stream.writes('id: r:2:k\nda')
    stream.writes(`ta: ${JSON.stringify(message(2))}\n\n`)
    await settle()
    expect(heard).toEqual([1, 2])
  })

  test('the token goes in a header, the name in the query', async () => {
    start(sse, { token: () => 'secret', name: 'Ann' })
    const hello = await doors.asked('events', { name: 'Ann' })
    expect(hello.headers).toMatchObject({ Authorization: 'Bearer secret', Accept: 'text/event-stream, application/json' })
    expect(JSON.stringify(hello.query)).not.toContain('secret')
  })

  test('a stream that ends is begun again where it was, and nobody notices', async () => {
    const { stream, heard } = await joined()
    const states: string[] = []
    veche.on('state', state => states.push(state))
    stream.ends()
    const again = (await doors.askedAfter(1, 'events', { rooms: 'r:1:k', resume: 'resume-2' })).streams()
    again.says(WELCOME)
    again.says({ ...JOINED, room: 'r', head: 2, received: 1, read: 1, receipts: [{ user: 'bob', received: 2, read: 2 }] }, 'r:1:k')
    again.says(message(2), 'r:2:k')
    await settle()
    expect(heard).toEqual([1, 2])
    expect(states).toEqual([])
    const room = veche.room('r')
    expect(room.receipts.get('bob')).toEqual({ received: 2, read: 2 })
    expect(room.own.read).toBe(1)
  })

  test('a stream that is silent for longer than the comments let it be is dead', async () => {
    const { stream } = await joined()
    await vi.advanceTimersByTimeAsync(15_000)
    stream.writes(':\n\n')
    await vi.advanceTimersByTimeAsync(15_000)
    stream.writes(':\n\n')
    await vi.advanceTimersByTimeAsync(19_999)
    ;(await doors.asked('send')).answersEach(({ id }) => ({ type: 'pong', id }) as never)
    expect(stream.aborted).toBe(false)
    expect(veche.state).toBe('online')
    await vi.advanceTimersByTimeAsync(1)
    expect(stream.aborted).toBe(true)
    await doors.askedAfter(1, 'events', { rooms: 'r:1:k' })
  })

  test('a stream whose bytes a proxy keeps is given up', async () => {
    start(sse)
    const hello = (await doors.asked('events')).streams()
    await vi.advanceTimersByTimeAsync(8_000)
    expect(hello.aborted).toBe(true)
    expect(veche.state).toBe('waiting')
  })

  test('rooms that are joined in one turn share a stream; a room that is left goes from it', async () => {
    const { stream } = await joined()
    veche.room('a')
    veche.room('b', { since: -5 })
    const more = (await doors.asked('events', { rooms: 'r:1:k,a,b:-5' })).streams()
    expect(stream.aborted).toBe(true)
    more.says({ ...JOINED, room: 'a', head: 7 }, 'r:1:k,a:7:k,b:-5')
    more.says({ type: 'error', code: 'forbidden', message: 'no', retry: false, room: 'b' })
    await settle()
    expect(veche.room('a').state).toBe('live')
    expect(veche.room('a').last).toBe(7)
    expect(veche.room('b').state).toBe('refused')
    veche.room('a').leave()
    await doors.asked('events', { rooms: 'r:1:k' })
  })

  test('where the only room is refused there is no stream, but the room is told', async () => {
    start(sse)
    const room = veche.room('secret')
    ;(await doors.asked('events')).streams().says(WELCOME)
    const refused = await doors.asked('events', { rooms: 'secret' })
    refused.answers({ type: 'error', code: 'forbidden', message: 'no', retry: false }, 403)
    await doors.asked('events', {})
    expect(room.state).toBe('refused')
    expect(veche.state).toBe('online')
  })

  test('bye is obeyed', async () => {
    const { stream } = await joined()
    stream.says({ type: 'bye', code: 'drain', message: 'going', retry: true, after: 3 })
    await settle()
    expect(stream.aborted).toBe(true)
    await doors.askedNothing()
    await doors.askedAfter(3_000, 'events', { resume: 'resume-2' })
  })

  test('a stream that was given up may come to the server after the one that followed it: its place is taken back', async () => {
    const { stream } = await joined()
    const states: string[] = []
    veche.on('state', state => states.push(state))
    stream.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
    stream.ends()
    const again = (await doors.asked('events', { rooms: 'r:1:k', resume: 'resume-2' })).streams()
    again.says({ ...WELCOME, resume: 'resume-3' })
    again.says({ ...JOINED, room: 'r', head: 1 }, 'r:1:k')
    for (let seconds = 0; seconds < 60; seconds += 15) {
      await vi.advanceTimersByTimeAsync(15_000)
      again.writes(':\n\n')
    }
    expect(states).toEqual([])
    again.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
    await settle()
    expect(veche.state).toBe('ended')
  })

  test('a refused token ends it after the second', async () => {
    let n = 0
    const errors = start(sse, { token: () => `t${++n}` })
    const expired = { type: 'error', code: 'expired', message: 'expired', retry: false }
    ;(await doors.asked('events')).answers(expired, 401)
    ;(await doors.askedAfter(500, 'events')).answers(expired, 401)
    await settle()
    expect(veche.state).toBe('ended')
    expect(errors).toEqual(['expired'])
  })

  test('a token is renewed by a new stream', async () => {
    let n = 0
    const expires = { expires: '2026-11-22T10:00:00.000Z' }
    start(sse, { token: () => `t${++n}` })
    const first = (await doors.asked('events')).streams()
    first.says({ ...WELCOME, ...expires })
    await vi.advanceTimersByTimeAsync(0)
    for (let i = 0; i < 237; i++) {
      await vi.advanceTimersByTimeAsync(15_000)
      first.writes(':\n\n')
    }
    await vi.advanceTimersByTimeAsync(15_000)
    const second = (await doors.asked('events')).streams()
    expect(second.headers.Authorization).toBe('Bearer t2')
    second.says({ ...WELCOME, expires: '2026-11-22T11:00:00.000Z' })
    await settle()
    expect(veche.state).toBe('online')
  })

  test('502 from a gateway is nobody there: back with backoff, and nothing is lost', async () => {
    const { stream, heard } = await joined()
    stream.ends()
    for (const wait of [1, 250, 500]) (await doors.askedAfter(wait, 'events', { rooms: 'r:1:k' })).fails(502)
    await settle()
    expect(veche.state).toBe('waiting')
    ;(await doors.askedAfter(500, 'events', { resume: 'resume-2' })).streams().says(WELCOME)
    const again = (await doors.asked('events', { rooms: 'r:1:k' })).streams()
    again.says({ ...JOINED, room: 'r', head: 2 }, 'r:1:k')
    again.says(message(2), 'r:2:k')
    await settle()
    expect(heard).toEqual([1, 2])
  })
})

describe('long-polling', () => {
  async function joined(): Promise<{ poll: Exchange; heard: number[] }> {
    start(longPoll)
    const room = veche.room('r', { since: 0 })
    const heard: number[] = []
    room.on('message', ({ seq }) => heard.push(seq))
    const hello = await doors.asked('poll', { wait: '0' })
    hello.answers({ rooms: '', at: 'p.1', events: [WELCOME] })
    const poll = await doors.asked('poll', { rooms: 'r:0', wait: '0', at: 'p.1', resume: 'resume-1' })
    poll.answers({ rooms: 'r:1:k', at: 'p.2', events: [{ ...JOINED, room: 'r', head: 1 }, message(1)] })
    await settle()
    expect(heard).toEqual([1])
    return { poll: await doors.asked('poll', { rooms: 'r:1:k', wait: '15', at: 'p.2' }), heard }
  }

  test('an answer is acknowledged by the next poll', async () => {
    const { poll, heard } = await joined()
    expect(veche.transport).toBe('longpoll')
    poll.answers({ rooms: 'r:3:k', at: 'p.3', events: [message(2), message(3)] })
    await doors.asked('poll', { rooms: 'r:3:k', at: 'p.3' })
    expect(heard).toEqual([1, 2, 3])
  })

  test('a room that is joined once more begins a session, which alone says where one is', async () => {
    const { heard } = await joined()
    veche.reconnect()
    const hello = await doors.asked('poll', { wait: '0' })
    hello.answers({ rooms: '', at: 'q.1', events: [WELCOME] })
    const first = await doors.asked('poll', { rooms: 'r:1:k', at: 'q.1', wait: '0' })
    first.answers({ rooms: 'r:1:k', at: 'q.2', events: [{ ...JOINED, room: 'r', head: 1 }] })
    await doors.asked('poll', { at: 'q.2' })
    const pipe = (veche as unknown as { session: Pipe }).session
    pipe.send({ type: 'join', id: 99, room: 'r', since: 0 })
    const again = await doors.asked('poll', { rooms: 'r:0', wait: '0' })
    expect(again.query.at).toBeUndefined()
    again.answers({ rooms: 'r:1:k', at: 's.1', events: [WELCOME, { ...JOINED, room: 'r', head: 1 }, message(1)] })
    await settle()
    expect(heard).toEqual([1])
  })

  test('an answer that got lost is asked for again', async () => {
    const { poll, heard } = await joined()
    poll.cut()
    const again = await doors.askedAfter(1, 'poll', { rooms: 'r:1:k', at: 'p.2' })
    again.answers({ rooms: 'r:2:k', at: 'q.1', events: [WELCOME, { ...JOINED, room: 'r', head: 2 }, message(2)] })
    await settle()
    expect(heard).toEqual([1, 2])
    expect(veche.state).toBe('online')
  })

  test('an answer that does not come in time is given up', async () => {
    const { poll } = await joined()
    await vi.advanceTimersByTimeAsync(24_999)
    const pings = await doors.asked('send')
    pings.answersEach(({ id }) => ({ type: 'pong', id }) as never)
    expect(poll.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(poll.aborted).toBe(true)
    await doors.askedAfter(1, 'poll', { rooms: 'r:1:k' })
  })

  test('answers are life enough: no pings while they come', async () => {
    let { poll } = await joined()
    for (let n = 3; n < 8; n++) {
      await vi.advanceTimersByTimeAsync(15_000)
      poll.answers({ rooms: 'r:1:k', at: `p.${n}`, events: [] })
      poll = await doors.asked('poll', { at: `p.${n}` })
    }
    await doors.askedNothing()
  })
})

describe('what the client says', () => {
  async function online(): Promise<Exchange> {
    start(sse)
    veche.room('r', { since: 0 })
    ;(await doors.asked('events')).streams().says(WELCOME)
    const stream = (await doors.asked('events')).streams()
    stream.says({ ...JOINED, room: 'r' }, 'r:0:k')
    await settle()
    return stream
  }

  test('in batches, one request under way, in order', async () => {
    await online()
    const room = veche.room('r')
    const sent = [room.send('a'), room.send('b')]
    const first = await doors.asked('send', { resume: 'resume-1' })
    expect(first.body.map(({ body }: any) => body)).toEqual(['a', 'b'])
    sent.push(room.send('c'))
    await doors.askedNothing()
    let seq = 0
    first.answersEach(() => ({ seq: ++seq, at: WELCOME.time, dup: false }))
    const second = await doors.asked('send')
    expect(second.body.map(({ body }: any) => body)).toEqual(['c'])
    second.answersEach(() => ({ seq: ++seq, at: WELCOME.time, dup: false }))
    expect((await Promise.all(sent)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  test('a failed request is repeated, with its cids and without its signals', async () => {
    await online()
    const room = veche.room('r')
    const sent = room.send('a')
    room.signal('typing')
    const first = await doors.asked('send')
    expect(first.body.map(({ type }: any) => type)).toEqual(['send', 'signal'])
    first.fails(504)
    const again = await doors.askedAfter(250, 'send')
    expect(again.body).toEqual([first.body[0]])
    again.answersEach(() => ({ seq: 1, at: WELCOME.time, dup: true }))
    expect(await sent).toMatchObject({ seq: 1, dup: true })
  })

  test('a request without an answer is given up and repeated', async () => {
    const stream = await online()
    const sent = veche.room('r').send('a')
    const first = await doors.asked('send')
    await vi.advanceTimersByTimeAsync(14_000)
    stream.writes(':\n\n')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(first.aborted).toBe(true)
    ;(await doors.askedAfter(250, 'send')).answersEach(() => ({ seq: 1, at: WELCOME.time, dup: false }))
    expect((await sent).seq).toBe(1)
  })

  test('when nothing goes through any more the connection is', async () => {
    const stream = await online()
    const sent = veche.room('r').send('a')
    for (const wait of [0, 250, 500, 1_000, 2_000]) (await doors.askedAfter(wait, 'send')).cut()
    await settle()
    expect(stream.aborted).toBe(true)
    expect(veche.state).toBe('waiting')
    // … and what was unsent goes out on the next one.
    ;(await doors.askedAfter(500, 'events')).streams().says(WELCOME)
    ;(await doors.asked('events')).streams().says({ ...JOINED, room: 'r' }, 'r:0:k')
    ;(await doors.asked('send')).answersEach(() => ({ seq: 1, at: WELCOME.time, dup: true }))
    expect((await sent).seq).toBe(1)
  })

  test('what the server refuses is told to who asked', async () => {
    await online()
    const sent = veche.room('r').send('a')
    const error = { type: 'error', code: 'forbidden', message: 'no', retry: false }
    const { body } = Object.assign(await doors.asked('send').then(ask => (ask.answers([{ ...error, id: ask.body[0].id }]), ask)))
    expect(body).toHaveLength(1)
    await expect(sent).rejects.toMatchObject({ code: 'forbidden' })
    expect(veche.state).toBe('online')
  })

  test('a token that has expired meanwhile: a new one, once', async () => {
    await online()
    void veche.room('r').send('a')
    ;(await doors.asked('send')).answers({ type: 'error', code: 'expired', message: 'expired', retry: false }, 401)
    await settle()
    expect(veche.state).toBe('waiting')
    await doors.askedAfter(500, 'events')
  })

  test('rename is said by a new stream', async () => {
    await online()
    const renamed = veche.rename('Bob')
    const stream = (await doors.asked('events', { name: 'Bob', rooms: 'r:0:k' })).streams()
    stream.says({ ...WELCOME, user: { ...USER, name: 'Bob' } })
    expect(await renamed).toMatchObject({ name: 'Bob' })
  })
})
