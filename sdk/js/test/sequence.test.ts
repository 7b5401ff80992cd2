import { expect, test } from 'vitest'
import vectors from '../../../wire/native/testdata/order.json' with { type: 'json' }
import { VecheError } from '../src/errors.js'
import type { GapObject, Joined, MessageObject, Page } from '../src/protocol.js'
import { Sequence } from '../src/sequence.js'
import { message } from './conversation.js'

/** A sequence whose host writes everything down. */
function recorded(begin?: number, epoch?: string) {
  const delivered: number[] = []
  const gaps: string[] = []
  const asked: number[] = []
  const questions: ((page: Page | VecheError) => void)[] = []
  const sequence = new Sequence(
    {
      deliver: ({ seq }) => void delivered.push(seq),
      missed: ({ from, to, why }) => void gaps.push(`${why} ${from}-${to}`),
      read: (after, answer) => {
        asked.push(after)
        questions.push(answer)
      },
    },
    begin,
    epoch,
  )
  return { sequence, delivered, gaps, asked, answer: (page: Page | VecheError) => questions.shift()!(page) }
}

const joined = (head: number, epoch = 'k'): Joined => ({
  type: 'ok',
  head,
  epoch,
  count: 1,
  received: 0,
  read: 0,
  receipts: [],
})

const m = (seq: number) => message(seq) as MessageObject
const gap = (from: number, to: number, why: GapObject['why']): GapObject => ({ type: 'gap', room: 'r', from, to, why })

function page(from: number, to: number, head = to, first = 1, epoch = 'k'): Page {
  const messages = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => m(from + i))
  return { type: 'ok', messages, first, head, epoch }
}

test.each(vectors)('order: $name', vector => {
  const { sequence, delivered, asked, answer } = recorded(vector.last, vector.epoch)
  for (const object of vector.receive as any[]) {
    if (object.type === 'message') sequence.push(object)
    else if (object.type === 'gap') sequence.gap(object)
    else if (object.messages) answer(object)
    else sequence.joined(object)
  }
  expect(delivered).toEqual(vector.deliver)
  expect(asked).toEqual(vector.ask.map(({ after }) => after))
  expect(sequence.last).toBe(vector.end)
})

test('the last 20 begin where the first one says', () => {
  const { sequence, delivered, asked } = recorded(-20)
  sequence.joined(joined(50))
  for (const seq of [31, 32, 33]) sequence.push(m(seq))
  expect(delivered).toEqual([31, 32, 33])
  expect(asked).toEqual([])
})

test('the last 20 of an empty room begin at once', () => {
  const { sequence } = recorded(-20)
  sequence.joined(joined(0))
  expect(sequence.last).toBe(0)
})

test('what was trimmed while we caught up is a gap, what follows is delivered', () => {
  const { sequence, delivered, gaps, answer } = recorded(4, 'k')
  sequence.joined(joined(4))
  sequence.gap(gap(5, 60, 'lag'))
  answer(page(51, 60, 60, 51))
  expect(gaps).toEqual(['trimmed 5-50'])
  expect(delivered).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 59, 60])
})

test('a log that ends before what was promised does not stop us', () => {
  const { sequence, delivered, gaps, answer } = recorded(4, 'k')
  sequence.joined(joined(4))
  sequence.push(m(9))
  answer(page(5, 4, 9, 10))
  expect(gaps).toEqual(['trimmed 5-8'])
  expect(delivered).toEqual([9])
})

test('history that is refused is a gap, and live goes on', () => {
  const { sequence, delivered, gaps, answer } = recorded(4, 'k')
  sequence.joined(joined(4))
  sequence.gap(gap(5, 8, 'lag'))
  sequence.push(m(9))
  answer(new VecheError('forbidden', 'no'))
  expect(gaps).toEqual(['lag 5-8'])
  expect(delivered).toEqual([9])
})

test('an answer to what was asked on an earlier connection is void', () => {
  const { sequence, delivered, asked, answer } = recorded(4, 'k')
  sequence.joined(joined(4))
  sequence.push(m(7))
  sequence.lost()
  sequence.joined(joined(7))
  answer(page(6, 7))
  expect(delivered).toEqual([])
  for (const seq of [5, 6, 7]) sequence.push(m(seq))
  expect(delivered).toEqual([5, 6, 7])
  expect(asked).toEqual([4])
})

test('a new log is read from its end, at most 1,000', () => {
  const { sequence, delivered, gaps, asked, answer } = recorded(4, 'k')
  sequence.joined(joined(5_000, 'q'))
  expect(gaps).toEqual(['epoch 1-4000'])
  sequence.gap(gap(1, 5_000, 'epoch'))
  answer(page(4_001, 5_000, 5_000, 1, 'q'))
  expect(asked).toEqual([4_000])
  expect(delivered.length).toBe(1_000)
  expect(gaps.length).toBe(1)
})

test('a log that changes under a live session starts over too', () => {
  const { sequence, delivered, gaps, answer } = recorded(4, 'k')
  sequence.joined(joined(4))
  sequence.gap(gap(1, 2, 'epoch'))
  answer(page(1, 2, 2, 1, 'q'))
  sequence.push(m(3))
  expect(gaps).toEqual(['epoch 1-0'])
  expect(delivered).toEqual([1, 2, 3])
  expect(sequence.epoch).toBe('q')
})

test('no more than 1,000 are held ahead of a hole; the rest is read in its turn', () => {
  const { sequence, delivered, answer } = recorded(0, 'k')
  sequence.joined(joined(0))
  for (let seq = 2; seq <= 3_000; seq++) sequence.push(m(seq))
  answer(page(1, 1, 3_000))
  expect(delivered.length).toBe(1_001)
  for (let seq = 1_002; seq <= 3_000; seq += 200) answer(page(seq, Math.min(seq + 199, 3_000), 3_000))
  expect(delivered).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1))
})

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

test.each(Array.from({ length: 200 }, (_, i) => i))('whatever happens: once, in order, complete (seed %i)', seed => {
  const chance = random(seed)
  let head = 0
  const delivered: number[] = []
  let questions: { after: number; answer: (page: Page | VecheError) => void }[] = []
  const sequence = new Sequence(
    {
      deliver: ({ seq }) => void delivered.push(seq),
      missed: ({ from, to, why }) => expect.fail(`${why} ${from}-${to}`),
      read: (after, answer) => void questions.push({ after, answer }),
    },
    0,
    'k',
  )
  let next = 1 // what the server pushes next
  const answerOne = () => {
    const question = questions.shift()
    if (question) question.answer(page(question.after + 1, Math.min(head, question.after + 1 + Math.floor(chance() * 20)), head))
  }
  const rejoin = () => {
    sequence.lost()
    questions = []
    sequence.joined(joined(head))
    next = sequence.last! + 1
  }
  rejoin()
  for (let step = 0; step < 500; step++) {
    const what = chance()
    if (what < 0.4) head += 1 + Math.floor(chance() * 5)
    else if (what < 0.75) next <= head && sequence.push(m(next++))
    else if (what < 0.8) next > 1 && sequence.push(m(1 + Math.floor(chance() * (next - 1))))
    else if (what < 0.85) next <= head && sequence.gap(gap(next, (next = head + 1) - 1, 'lag'))
    else if (what < 0.88) next < head && sequence.push(m((next = head + 1) - 1)) // a server with a bug leaves a hole
    else if (what < 0.9) rejoin()
    else answerOne()
  }
  while (next <= head) sequence.push(m(next++))
  while (questions.length) answerOne()
  expect(delivered).toEqual(Array.from({ length: head }, (_, i) => i + 1))
})
