import { expect, test } from 'vitest'
import { Cursors } from '../src/cursors.js'

test('a cursor says what a join asks for', () => {
  const c = new Cursors()
  c.join({ type: 'join', room: 'general', since: 1042, epoch: 'k3' })
  c.join({ type: 'join', room: 'dev', since: -20 })
  c.join({ type: 'join', room: 'now' })
  expect(String(c)).toBe('general:1042:k3,dev:-20,now')
})

test('names are encoded, and found again however the server encodes them', () => {
  const c = new Cursors()
  c.join({ type: 'join', room: 'а:б,%', since: 1, epoch: 'e:1' })
  expect(String(c)).toBe('%D0%B0%3A%D0%B1%2C%25:1:e%3A1')
  c.moved('а%3Aб%2C%25:7:x')
  expect(String(c)).toBe('а%3Aб%2C%25:7:x')
})

test('a room that was left stays left', () => {
  const c = new Cursors()
  c.join({ type: 'join', room: 'a', since: 1 })
  c.join({ type: 'join', room: 'b', since: 1 })
  c.leave('a')
  c.moved('a:2:x,b:2:x')
  expect(String(c)).toBe('b:2:x')
})

test('what is no Unicode, or no encoding, throws nothing', () => {
  const c = new Cursors()
  c.join({ type: 'join', room: '\ud800', since: 1 })
  c.moved('%E0%A4%A:9')
  expect(String(c)).toBe('%EF%BF%BD:1')
})
