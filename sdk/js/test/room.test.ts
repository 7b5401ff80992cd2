import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Message, Room } from '../src/index.js'
import { Conversation, message, settle } from './conversation.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => vi.useRealTimers())

const quiet = { receipts: false }

function seqs(room: Room): number[] {
  const heard: number[] = []
  room.on('message', ({ seq }) => void heard.push(seq))
  return heard
}

describe('joining', () => {
  test('joins when online, and again with what it has', async () => {
    const c = new Conversation(quiet)
    const room = c.veche.room('r', { since: -20 })
    expect(c.veche.room('r')).toBe(room)
    const heard = seqs(room)
    const first = await c.online()
    expect(await first.joins('r', { head: 7 })).toEqual({ type: 'join', id: 2, room: 'r', since: -20 })
    expect(room.state).toBe('live')
    first.message(6)
    first.message(7)
    first.cuts()
    expect(room.state).toBe('joining')
    const second = await c.nextPipe()
    await second.welcomes()
    expect(await second.joins('r', { head: 9 })).toMatchObject({ since: 7, epoch: 'k' })
    second.message(8)
    second.message(9)
    expect(heard).toEqual([6, 7, 8, 9])
    expect(room.head).toBe(9)
  })

  test('only what comes from now on', async () => {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const room = c.veche.room('r')
    expect(await pipe.joins('r', { head: 4 })).not.toHaveProperty('since')
    expect(room.last).toBe(4)
    expect(room.epoch).toBe('k')
  })

  test('goes on from an earlier visit', async () => {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    c.veche.room('r', { since: 4, epoch: 'old' })
    expect(await pipe.joins('r', { head: 4, epoch: 'old' })).toMatchObject({ since: 4, epoch: 'old' })
  })

  test('a message is told whole', async () => {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const heard: Message[] = []
    c.veche.room('r').on('message', message => heard.push(message))
    await pipe.joins('r')
    pipe.message(1, { name: 'Bob', cid: 'b-9', kind: 'poll', body: { text: '…' } })
    pipe.message(2, { body: undefined, data: 'AAEC/w==', content: 'image/png' })
    expect(heard).toEqual([
      {
        room: 'r',
        seq: 1,
        from: 'u',
        name: 'Bob',
        cid: 'b-9',
        kind: 'poll',
        at: new Date('2026-11-22T09:00:00Z'),
        body: { text: '…' },
      },
      {
        room: 'r',
        seq: 2,
        from: 'u',
        name: '',
        kind: '',
        at: new Date('2026-11-22T09:00:00Z'),
        body: new Uint8Array([0, 1, 2, 255]),
        content: 'image/png',
      },
    ])
  })

  test('a refusal for the moment is tried again, one for good is told', async () => {
    const c = new Conversation()
    const room = c.veche.room('r')
    const pipe = await c.online()
    const join = await pipe.hears({ type: 'join' })
    pipe.says({ type: 'error', id: join.id, code: 'busy', message: 'busy', retry: true })
    await vi.advanceTimersByTimeAsync(250)
    const again = await pipe.hears({ type: 'join' })
    pipe.says({ type: 'error', id: again.id, code: 'forbidden', message: 'no', retry: false })
    expect(room.state).toBe('refused')
    expect(room.error).toMatchObject({ code: 'forbidden', retry: false })
    expect(c.log).toEqual(['online', 'error forbidden'])
    await expect(room.history().next()).rejects.toMatchObject({ code: 'forbidden' })
    pipe.cuts()
    const next = await c.nextPipe()
    await next.welcomes()
    await next.joins('r')
    expect(room.state).toBe('live')
    expect(room.error).toBeUndefined()
  })

  test('where one may not be one may still send, or is told that one may not', async () => {
    const c = new Conversation()
    const room = c.veche.room('r')
    const early = room.send('early')
    const pipe = await c.online()
    const join = await pipe.hears({ type: 'join' })
    pipe.says({ type: 'error', id: join.id, code: 'forbidden', message: 'no', retry: false })
    const first = await pipe.hears({ type: 'send', body: 'early' })
    pipe.says({ type: 'ok', id: first.id, room: 'r', seq: 7, at: '2026-11-22T09:00:01.000Z', dup: false })
    expect(await early).toMatchObject({ seq: 7 })
    expect(room.pending).toEqual([]) // nobody will deliver it
    const late = room.send('late')
    const second = await pipe.hears({ type: 'send', body: 'late' })
    pipe.says({ type: 'error', id: second.id, code: 'forbidden', message: 'no', retry: false })
    await expect(late).rejects.toMatchObject({ code: 'forbidden' })
    expect(room.pending).toMatchObject([{ body: 'late', state: 'failed' }])
  })

  test('leaves, and what still comes is ignored', async () => {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const room = c.veche.room('r')
    const heard = seqs(room)
    await pipe.joins('r')
    room.leave()
    room.leave()
    await pipe.hears({ type: 'leave', room: 'r' })
    const again = c.veche.room('r')
    const heardAgain = seqs(again)
    pipe.message(1)
    await pipe.joins('r', { head: 1 })
    pipe.message(2)
    expect(again).not.toBe(room)
    expect(heard).toEqual([])
    expect(heardAgain).toEqual([2])
    expect(room.state).toBe('left')
    await expect(room.send('x')).rejects.toMatchObject({ code: 'closed' })
  })

  test('a listener that leaves in the middle of a page hears no more', async () => {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const room = c.veche.room('r')
    const heard = seqs(room)
    room.on('message', () => room.leave())
    await pipe.joins('r')
    pipe.message(3)
    const ask = await pipe.hears({ type: 'history', after: 0 })
    pipe.says({ type: 'ok', id: ask.id, messages: [message(1), message(2), message(3)], first: 1, head: 3, epoch: 'k' })
    expect(heard).toEqual([1])
  })

  test('a listener that throws hurts nobody else', async () => {
    const uncaught = vi.fn()
    vi.stubGlobal('queueMicrotask', (run: () => void) => {
      try {
        run()
      } catch (error) {
        uncaught(error)
      }
    })
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const room = c.veche.room('r')
    room.on('message', () => {
      throw new Error('a bug of the page')
    })
    const heard = seqs(room)
    await pipe.joins('r')
    pipe.message(1)
    pipe.message(2)
    expect(heard).toEqual([1, 2])
    expect(uncaught).toHaveBeenCalledTimes(2)
  })
})

describe('holes', () => {
  test('are read from the log; a refusal for the moment is asked again', async () => {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const room = c.veche.room('r')
    const heard = seqs(room)
    await pipe.joins('r', { head: 4 })
    pipe.says({ type: 'gap', room: 'r', from: 5, to: 6, why: 'lag' })
    pipe.message(7)
    const ask = await pipe.hears({ type: 'history', room: 'r', after: 4 })
    pipe.says({ type: 'error', id: ask.id, code: 'unavailable', message: 'later', retry: true })
    await vi.advanceTimersByTimeAsync(250)
    const again = await pipe.hears({ type: 'history', room: 'r', after: 4 })
    pipe.says({ type: 'ok', id: again.id, messages: [message(5), message(6)], first: 1, head: 7, epoch: 'k' })
    expect(heard).toEqual([5, 6, 7])
  })

  test('that the connection cuts off come with the next one', async () => {
    const c = new Conversation(quiet)
    const first = await c.online()
    const room = c.veche.room('r')
    const heard = seqs(room)
    await first.joins('r', { head: 4 })
    first.message(7)
    await first.hears({ type: 'history', after: 4 })
    first.cuts()
    const second = await c.nextPipe()
    await second.welcomes()
    expect(await second.joins('r', { head: 7 })).toMatchObject({ since: 4 })
    for (const seq of [5, 6, 7]) second.message(seq)
    await second.hearsNothing()
    expect(heard).toEqual([5, 6, 7])
  })

  test('another log voids what was known of the room', async () => {
    const c = new Conversation()
    const first = await c.online()
    const room = c.veche.room('r', { since: 4, epoch: 'k' })
    const gaps: unknown[] = []
    room.on('gap', gap => gaps.push(gap))
    await first.joins('r', { head: 4, received: 4, read: 4, receipts: [{ user: 'u', received: 4, read: 4 }] })
    first.cuts()
    const second = await c.nextPipe()
    await second.welcomes()
    await second.joins('r', { head: 0, epoch: 'q' })
    expect(gaps).toEqual([{ room: 'r', from: 1, to: 0, why: 'epoch' }])
    expect([room.last, room.epoch, room.own, room.receipts.size]).toEqual([0, 'q', { received: 0, read: 0 }, 0])
  })
})

describe('receipts', () => {
  test('what was received is told at once, then at most once a second', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    const room = c.veche.room('r')
    await pipe.joins('r')
    for (const seq of [1, 2, 3]) pipe.message(seq)
    await pipe.hears({ type: 'receipt', room: 'r', received: 1, read: 0 })
    await pipe.hearsNothing()
    room.receipt({ read: 2 })
    await vi.advanceTimersByTimeAsync(1_000)
    await pipe.hears({ type: 'receipt', received: 3, read: 2 })
    await vi.advanceTimersByTimeAsync(1_000)
    await pipe.hearsNothing()
    expect(room.own).toEqual({ received: 3, read: 2 })
  })

  test('only grow, and not above head', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    const room = c.veche.room('r')
    await pipe.joins('r', { head: 9, received: 8, read: 5 })
    room.receipt({ read: 4, received: 7 })
    await pipe.hearsNothing()
    room.receipt({ read: 1_000 })
    await pipe.hears({ type: 'receipt', received: 9, read: 9 })
  })

  test('one that was lost is told again after the join', async () => {
    const c = new Conversation()
    const first = await c.online()
    const room = c.veche.room('r')
    await first.joins('r', { head: 9 })
    room.receipt({ read: 9 })
    first.cuts()
    const second = await c.nextPipe()
    await second.welcomes()
    await second.joins('r', { head: 9, received: 9, read: 3 })
    await second.hears({ type: 'receipt', received: 9, read: 9 })
    await second.hearsNothing()
  })

  test("others' are kept at their highest, one's own from elsewhere counts", async () => {
    const c = new Conversation()
    const pipe = await c.online()
    const room = c.veche.room('r')
    const heard: unknown[] = []
    room.on('receipt', ({ user, received, read }) => heard.push([user, received, read]))
    await pipe.joins('r', { head: 9, receipts: [{ user: 'u', received: 4, read: 2 }] })
    pipe.says({ type: 'receipt', room: 'r', user: 'u', received: 5, read: 2 })
    pipe.says({ type: 'receipt', room: 'r', user: 'u', received: 3, read: 1 })
    pipe.says({ type: 'receipt', room: 'r', user: 'me', received: 9, read: 8 })
    expect(room.receipts.get('u')).toEqual({ received: 5, read: 2 })
    expect(room.own).toEqual({ received: 9, read: 8 })
    expect(heard).toEqual([['u', 5, 2], ['me', 9, 8]])
    await pipe.hearsNothing()
  })
})

describe('presence and signals', () => {
  test('a snapshot, then changes', async () => {
    const c = new Conversation()
    const first = await c.online()
    const room = c.veche.room('r')
    const heard: unknown[] = []
    room.on('presence', ({ joined, left, count, reset }) => heard.push([joined, left, count, reset]))
    await first.joins('r', { count: 2 })
    expect(room.count).toBe(2)
    first.says({ type: 'presence', room: 'r', whole: true, joined: ['u', 'constructor'], names: { u: 'Bob' }, left: [], count: 2 })
    first.says({ type: 'presence', room: 'r', joined: [], left: ['u'], count: 1 })
    const [bob, other] = [{ id: 'u', name: 'Bob' }, { id: 'constructor', name: '' }]
    expect(heard).toEqual([[[bob, other], [], 2, true], [[], [bob], 1, false]])
    expect([...room.presence.keys()]).toEqual(['constructor'])
    first.cuts()
    expect(room.presence.size).toBe(1)
    const second = await c.nextPipe()
    await second.welcomes()
    await second.joins('r')
    second.says({ type: 'presence', room: 'r', whole: true, joined: ['me'], names: {}, left: [], count: 1 })
    expect([...room.presence.keys()]).toEqual(['me'])
  })

  test('signals go both ways while the room is live', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    const room = c.veche.room('r')
    const heard: unknown[] = []
    room.on('signal', signal => heard.push(signal))
    room.signal('lost')
    await pipe.joins('r')
    room.signal('typing')
    await pipe.hears({ type: 'signal', room: 'r', kind: 'typing' })
    room.signal('cursor', { x: 1 })
    await pipe.hears({ kind: 'cursor', body: { x: 1 } })
    pipe.buffered = 100_000
    room.signal('cursor', { x: 2 })
    await pipe.hearsNothing()
    pipe.says({ type: 'signal', room: 'r', from: 'u', name: 'Bob', kind: 'typing' })
    expect(heard).toEqual([{ room: 'r', from: 'u', name: 'Bob', kind: 'typing' }])
  })
})

describe('history', () => {
  async function room() {
    const c = new Conversation(quiet)
    const pipe = await c.online()
    const room = c.veche.room('r')
    await pipe.joins('r', { head: 5 })
    return { c, pipe, room }
  }

  test('walks back to the beginning, the newest page first', async () => {
    const { pipe, room: r } = await room()
    const walk = r.history({ limit: 2 })
    const pages: number[][] = []
    const answers = [[4, 5], [2, 3], [1]]
    for (const page of answers) {
      const next = walk.next()
      const ask = await pipe.hears({ type: 'history', room: 'r', limit: 2 })
      expect(ask.before).toBe(pages.at(-1)?.[0])
      pipe.says({ type: 'ok', id: ask.id, messages: page.map(seq => message(seq)), first: 1, head: 5, epoch: 'k' })
      pages.push((await next).value!.map(({ seq }) => seq))
    }
    expect(pages).toEqual(answers)
    expect((await walk.next()).done).toBe(true)
    await pipe.hearsNothing()
  })

  test('walks forward to the end', async () => {
    const { pipe, room: r } = await room()
    const walk = r.history({ after: 3 })
    const next = walk.next()
    const ask = await pipe.hears({ type: 'history', after: 3, limit: 50 })
    pipe.says({ type: 'ok', id: ask.id, messages: [message(4), message(5)], first: 1, head: 5, epoch: 'k' })
    expect((await next).value!.length).toBe(2)
    expect((await walk.next()).done).toBe(true)
  })

  test('asks again on the next connection', async () => {
    const { c, pipe, room: r } = await room()
    const next = r.history({ before: 3 }).next()
    await pipe.hears({ type: 'history', before: 3 })
    pipe.cuts()
    const second = await c.nextPipe()
    await second.welcomes()
    await second.joins('r', { head: 5 })
    const ask = await second.hears({ type: 'history', before: 3 })
    second.says({ type: 'ok', id: ask.id, messages: [message(1), message(2)], first: 1, head: 5, epoch: 'k' })
    expect((await next).value!.length).toBe(2)
  })

  test('throws what the server refuses', async () => {
    const { pipe, room: r } = await room()
    const next = expect(r.history().next()).rejects.toMatchObject({ code: 'forbidden' })
    const ask = await pipe.hears({ type: 'history' })
    pipe.says({ type: 'error', id: ask.id, code: 'forbidden', message: 'no', retry: false })
    await next
  })

  test('does not wait for a client that was closed', async () => {
    const c = new Conversation()
    const waiting = expect(c.veche.room('r').history().next()).rejects.toMatchObject({ code: 'closed', retry: true })
    await settle()
    c.veche.close()
    await waiting
  })
})
