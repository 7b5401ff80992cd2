import { expect, test } from 'vitest'
import { EventStream, type StreamEvent } from '../src/eventstream.js'

function events(...pieces: string[]): StreamEvent[] {
  const all: StreamEvent[] = []
  const stream = new EventStream(event => all.push(event))
  for (const piece of pieces) stream.push(piece)
  return all
}

test('data and the id that stands with it, or stood before', () => {
  expect(events('id: a:1\ndata: {}\n\ndata: x\n\n')).toEqual([{ id: 'a:1', data: '{}' }, { id: 'a:1', data: 'x' }])
})

test('comments, other fields and empty events are nothing', () => {
  expect(events(':\n\n: beat\nretry: 5\n\nevent: x\n\ndata\n\n')).toEqual([{ id: '', data: '' }])
})

test('the ends of lines, all three, wherever a piece ends', () => {
  const text = 'data: a\r\ndata: b\r\r\ndata:c\n\nid: 1\r\n\r\n: x\ndata: d\n\n'
  const whole = events(text)
  expect(whole).toEqual([{ id: '', data: 'a\nb' }, { id: '', data: 'c' }, { id: '1', data: 'd' }])
  for (let cut = 1; cut < text.length; cut++) expect(events(text.slice(0, cut), text.slice(cut))).toEqual(whole)
})

test('one space after the colon is no part of the value', () => {
  expect(events('data:  a\n\ndata:a: b\n\n').map(({ data }) => data)).toEqual([' a', 'a: b'])
})

test('a line without end is given up', () => {
  expect(() => events('data: ', 'x'.repeat(5 << 20))).toThrow(RangeError)
})
