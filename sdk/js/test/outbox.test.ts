import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryOutbox, type OutboxEntry, type Room } from '../src/index.js'
import { Conversation, settle } from './conversation.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => vi.useRealTimers())

const AT = '2026-11-22T09:00:01.000Z'
const ok = (send: { id: number }, seq: number, dup = false) => ({ type: 'ok', id: send.id, room: 'r', seq, at: AT, dup })
const no = (send: { id: number }, code: string, retry: boolean) => ({ type: 'error', id: send.id, code, message: code, retry })
const states = (room: Room) => room.pending.map(({ body, state }) => `${body} ${state}`)

async function joined(options = {}) {
  const c = new Conversation({ receipts: false, ...options })
  const room = c.veche.room('r')
  const pipe = await c.online()
  await pipe.joins('r')
  return { c, room, pipe }
}

/** Cuts the connection and joins again on the next. */
async function again(c: Conversation, more = {}) {
  c.pipes.at(-1)!.cuts()
  const pipe = await c.nextPipe()
  await pipe.welcomes(more)
  await pipe.joins('r')
  return pipe
}

describe('sending', () => {
  test('resolves after the commit; the message leaves the list as it is delivered', async () => {
    const { room, pipe } = await joined()
    const sent = room.send({ text: 'hi' }, { kind: 'note', cid: 'd1-77' })
    expect(room.pending).toMatchObject([{ cid: 'd1-77', kind: 'note', body: { text: 'hi' }, state: 'sending' }])
    const send = await pipe.hears({ type: 'send', room: 'r', cid: 'd1-77', kind: 'note', body: { text: 'hi' } })
    pipe.says(ok(send, 1))
    expect(await sent).toEqual({ seq: 1, at: new Date(AT), dup: false })
    expect(room.pending).toMatchObject([{ cid: 'd1-77', state: 'sent' }])
    pipe.message(1, { from: 'me', cid: 'd1-77' })
    expect(room.pending).toEqual([])
  })

  test.each([
    ['text', 'hi', { body: 'hi' }],
    ['null', null, { body: null }],
    ['bytes', new Uint8Array([0, 1, 2, 255]), { data: 'AAEC/w==' }],
    ['a buffer', new Uint8Array([0, 1, 2, 255]).buffer, { data: 'AAEC/w==' }],
    ['a Blob', new Blob([new Uint8Array([0, 1, 2, 255])], { type: 'image/png' }), { data: 'AAEC/w==', content: 'image/png' }],
  ])('takes %s', async (_, body, fields) => {
    vi.useRealTimers() // a Blob is read by the runtime, not by timers
    const c = new Conversation({ receipts: false })
    const room = c.veche.room('r')
    await vi.waitUntil(() => c.pipes.length === 1)
    const pipe = c.pipes[0]!
    pipe.opens()
    vi.useFakeTimers()
    await pipe.hears({ type: 'hello' })
    pipe.says({ type: 'welcome', user: { id: 'me', name: '' }, ping: 25, time: AT, limits: { frame: 1_000 } })
    await pipe.joins('r')
    void room.send(body)
    vi.useRealTimers()
    await vi.waitUntil(() => room.pending[0]?.state === 'sending')
    vi.useFakeTimers()
    await pipe.hears({ type: 'send', ...fields })
  })

  test('what is written while a Blob is read waits behind it', async () => {
    const { room, pipe } = await joined()
    let read!: (bytes: ArrayBuffer) => void
    const blob = new Blob(['x'])
    blob.arrayBuffer = () => new Promise(resolve => (read = resolve))
    void room.send(blob)
    void room.send('after')
    await pipe.hearsNothing()
    read(new ArrayBuffer(1))
    await pipe.hears({ data: 'AA==' })
    await pipe.hears({ body: 'after' })
  })

  test('what is changed after the call is sent as it was', async () => {
    const c = new Conversation()
    const room = c.veche.room('r')
    const body = { text: 'before' }
    void room.send(body)
    body.text = 'after'
    const pipe = await c.online()
    await pipe.joins('r')
    await pipe.hears({ body: { text: 'before' } })
  })

  test('what cannot be sent fails, and holds nobody up', async () => {
    const { room, pipe } = await joined()
    const cycle: any = {}
    cycle.self = cycle
    const blob = new Blob(['x'])
    blob.arrayBuffer = () => Promise.reject(new Error('the file has gone'))
    const failed = [room.send(cycle), room.send(undefined as never), room.send(blob, { cid: 'blob' })]
    for (const sent of failed) await expect(sent).rejects.toMatchObject({ code: 'bad_request' })
    void room.send('next')
    await pipe.hears({ body: 'next' })
    blob.arrayBuffer = async () => new ArrayBuffer(1)
    void room.retry('blob')
    await pipe.hears({ data: 'AA==' })
  })

  test('a Blob that is discarded while it is read is gone', async () => {
    const store = memoryOutbox()
    const { room, pipe } = await joined({ outbox: store })
    const blob = new Blob(['x'])
    let read!: (bytes: ArrayBuffer) => void
    blob.arrayBuffer = () => new Promise(resolve => (read = resolve))
    void room.send(blob, { cid: 'c' })
    room.discard('c')
    read(new ArrayBuffer(1))
    await pipe.hearsNothing()
    expect(await store.claim('r', 'me')).toEqual([])
  })

  test('the list is told once for all that changes in one go', async () => {
    const { room } = await joined()
    await settle()
    const lists: number[] = []
    room.on('pending', list => lists.push(list.length))
    for (let i = 0; i < 100; i++) void room.send(i)
    await settle()
    expect(lists).toEqual([100])
  })

  test('the same cid is the same message', async () => {
    const { room, pipe } = await joined()
    const [a, b] = [room.send('x', { cid: 'c' }), room.send('x', { cid: 'c' })]
    pipe.says(ok(await pipe.hears({ cid: 'c' }), 1))
    expect(await a).toEqual(await b)
    await pipe.hearsNothing()
  })

  test('at most 32 are on their way', async () => {
    const { room, pipe } = await joined()
    for (let i = 1; i <= 40; i++) void room.send(i)
    const first = await pipe.all()
    expect(first.map(({ body }) => body)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1))
    pipe.says(ok(first[0], 1))
    await pipe.hears({ body: 33 })
    await pipe.hearsNothing()
  })

  test('messages that come before their acknowledgements make way, too', async () => {
    const { room, pipe } = await joined()
    for (let i = 1; i <= 33; i++) void room.send(i, { cid: `c${i}` })
    await pipe.hears({ type: 'send', cid: 'c1' })
    for (let i = 1; i <= 32; i++) pipe.message(i, { from: 'me', cid: `c${i}` })
    for (let i = 2; i <= 32; i++) await pipe.hears({ type: 'send', cid: `c${i}` })
    await pipe.hears({ type: 'send', cid: 'c33' })
  })

  test('the 1,001st unsent is refused', async () => {
    const c = new Conversation()
    const [a, b] = [c.veche.room('a'), c.veche.room('b')]
    for (let i = 0; i < 500; i++) void a.send(i), void b.send(i)
    await expect(a.send('one more')).rejects.toMatchObject({ code: 'limit', retry: true })
    expect(a.pending.length).toBe(500)
  })

  test('what no frame can hold fails here, and not by a closed connection', async () => {
    const { room, pipe } = await joined()
    await expect(room.send('я'.repeat(600_000))).rejects.toMatchObject({ code: 'too_large' })
    await pipe.hearsNothing()
    expect(room.pending).toMatchObject([{ state: 'failed' }])
  })
})

describe('coming back', () => {
  test('all that was not acknowledged goes again, in order, under the same cids, before what is new', async () => {
    const { c, room, pipe } = await joined()
    const sent = ['a', 'b', 'c'].map(body => room.send(body))
    const first = await pipe.all()
    pipe.says(ok(first[0], 1))
    pipe.cuts()
    void room.send('d')
    const next = await c.nextPipe()
    await next.welcomes()
    await next.joins('r', { head: 2 })
    void room.send('e')
    const second = await next.all()
    expect(second.map(({ body }) => body)).toEqual(['b', 'c', 'd', 'e'])
    expect(second.slice(0, 2).map(({ cid }) => cid)).toEqual(first.slice(1).map(({ cid }) => cid))
    next.says(ok(second[0], 2, true))
    next.says(ok(second[1], 3))
    expect((await Promise.all(sent)).map(({ seq, dup }) => [seq, dup])).toEqual([[1, false], [2, true], [3, false]])
  })

  test('a message of our own that is delivered is its acknowledgement', async () => {
    const { c, room, pipe } = await joined()
    const sent = room.send('a', { cid: 'mine' })
    await pipe.hears({ cid: 'mine' })
    pipe.cuts()
    const next = await c.nextPipe()
    await next.welcomes()
    const join = await next.hears({ type: 'join', since: 0 })
    next.says({ type: 'ok', id: join.id, head: 1, epoch: 'k', count: 1, received: 0, read: 0, receipts: [] })
    next.message(1, { from: 'somebody else', cid: 'mine' })
    expect(room.pending.length).toBe(1)
    next.message(2, { from: 'me', cid: 'mine' })
    expect(await sent).toMatchObject({ seq: 2 })
    expect(room.pending).toEqual([])
  })

  test('what is written while offline goes out when there is a room again', async () => {
    const { c, room, pipe } = await joined()
    pipe.cuts()
    void room.send('offline')
    expect(states(room)).toEqual(['offline queued'])
    const next = await c.nextPipe()
    await next.welcomes()
    await next.joins('r')
    await next.hears({ body: 'offline' })
  })

  test('closing tells those who wait; the message stays for the next time', async () => {
    const store = memoryOutbox()
    const { c, room, pipe } = await joined({ outbox: store })
    const sent = expect(room.send('a', { cid: 'c' })).rejects.toMatchObject({ code: 'closed', retry: true })
    await pipe.hears({ cid: 'c' })
    c.veche.close()
    await sent
    await expect(room.send('late')).rejects.toMatchObject({ code: 'closed' })
    const next = await joined({ outbox: store })
    expect(states(next.room)).toEqual(['a sending'])
    await next.pipe.hears({ body: 'a', cid: 'c' })
  })
})

describe('refusals', () => {
  test('for good: failed, until retry or discard', async () => {
    const { room, pipe } = await joined()
    const a = expect(room.send('a', { cid: 'a' })).rejects.toMatchObject({ code: 'forbidden', retry: false })
    const b = room.send('b')
    const [sendA, sendB] = await pipe.all()
    pipe.says(no(sendA, 'forbidden', false))
    pipe.says(ok(sendB, 1))
    await a
    await b
    expect(room.pending).toMatchObject([{ state: 'failed', error: { code: 'forbidden' } }, { state: 'sent' }])
    const retried = room.retry('a')
    pipe.says(ok(await pipe.hears({ cid: 'a' }), 2))
    expect(await retried).toMatchObject({ seq: 2 })
    await expect(room.retry('unknown')).rejects.toMatchObject({ code: 'bad_request' })
  })

  test('discard gives up; a late answer changes nothing', async () => {
    const { room, pipe } = await joined()
    const a = expect(room.send('a', { cid: 'a' })).rejects.toMatchObject({ code: 'discarded' })
    const send = await pipe.hears({ cid: 'a' })
    room.discard('a')
    room.discard('a')
    await a
    pipe.says(ok(send, 1))
    expect(room.pending).toEqual([])
  })

  test('for the moment: the rest of the line waits, and keeps its order', async () => {
    const { room, pipe } = await joined()
    for (const body of ['a', 'b', 'c']) void room.send(body)
    const [a, b, c] = await pipe.all()
    pipe.says(ok(a, 1))
    pipe.says(no(b, 'busy', true))
    pipe.says(no(c, 'busy', true))
    void room.send('d')
    await pipe.hearsNothing()
    await vi.advanceTimersByTimeAsync(250)
    expect((await pipe.all()).map(({ body }) => body)).toEqual(['b', 'c', 'd'])
    expect(states(room)).toEqual(['a sent', 'b sending', 'c sending', 'd sending'])
  })
})

describe('the store', () => {
  const left = (cid: string, at: number, user?: string): OutboxEntry => ({ room: 'r', cid, user, at, kind: '', body: cid })

  test('what an earlier page left goes first', async () => {
    const store = memoryOutbox()
    await store.put(left('two', 2, 'me'))
    await store.put(left('one', 1, 'me'))
    await store.put(left('hers', 0, 'she'))
    await store.put({ ...left('elsewhere', 0, 'me'), room: 'other' })
    const c = new Conversation({ outbox: store })
    const room = c.veche.room('r')
    void room.send('new')
    const pipe = await c.online()
    await pipe.joins('r')
    expect((await pipe.all()).map(({ body }) => body)).toEqual(['one', 'two', 'new'])
    expect(room.pending.length).toBe(3)
  })

  test('keeps a message from the call to the acknowledgement', async () => {
    const store = memoryOutbox()
    const { room, pipe } = await joined({ outbox: store })
    void room.send('a', { cid: 'c' })
    expect(await store.claim('r', 'me')).toMatchObject([{ room: 'r', cid: 'c', user: 'me', body: 'a' }])
    pipe.says(ok(await pipe.hears({ cid: 'c' }), 1))
    expect(await store.claim('r', 'me')).toEqual([])
  })

  test('one that fails loses nothing while the page lives', async () => {
    const broken = () => Promise.reject(new Error('private window'))
    const log = vi.fn()
    const { c, room, pipe } = await joined({ outbox: { claim: broken, put: broken, delete: broken, close() {} }, log })
    void room.send('a')
    await pipe.hears({ body: 'a' })
    const next = await again(c)
    await next.hears({ body: 'a' })
    expect(log).toHaveBeenCalledWith('outbox', expect.any(Error))
  })

  test('nothing is sent as somebody else', async () => {
    const { c, room, pipe } = await joined()
    const sent = expect(room.send('mine', { cid: 'c' })).rejects.toMatchObject({ code: 'forbidden' })
    await pipe.hears({ cid: 'c' })
    const next = await again(c, { user: { id: 'other', name: '' } })
    await next.hearsNothing()
    await sent
    expect(states(room)).toEqual(['mine failed'])
    void room.retry('c') // now it is the other user's will
    await next.hears({ cid: 'c' })
  })

  test('leaving a room keeps what is unsent for the next visit', async () => {
    const { c, room, pipe } = await joined()
    pipe.cuts()
    void room.send('later')
    room.leave()
    const next = await c.nextPipe()
    await next.welcomes()
    const again = c.veche.room('r')
    await next.joins('r')
    await settle()
    expect(states(again)).toEqual(['later sending'])
  })
})
