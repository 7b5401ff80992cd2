import { expect, test } from 'vitest'
import events from '../../../wire/native/testdata/events.json' with { type: 'json' }
import requests from '../../../wire/native/testdata/requests.json' with { type: 'json' }
import { fromFields, toFields } from '../src/body.js'
import { decode, encode, type ClientObject, type Fields } from '../src/protocol.js'

const valid = requests.filter(vector => 'value' in vector)

test.each(valid)('says: $name', ({ value }) => {
  expect(JSON.parse(encode(value as unknown as ClientObject))).toEqual(value)
})

test.each(events)('hears: $name', ({ wire, value }) => {
  expect(decode(wire)).toEqual(value)
})

const messages = events.filter(({ value }) => value.type === 'message')

test.each(messages)('body both ways: $name', ({ value }) => {
  const { body, data, content } = value as Fields
  const fields = data === undefined ? { body } : { data, content }
  expect(toFields(fromFields(value as Fields)!, content)).toEqual(fields)
})

test('what is no object is nothing', () => {
  for (const text of ['', 'null', '[]', '5', '{}', '{"type":5}', '{"type":']) expect(decode(text)).toBeUndefined()
})

test('an unpaired surrogate becomes U+FFFD, wherever it is', () => {
  const object = { type: 'send', room: 'r', cid: 'c', body: { 'a\udc00': ['\ud800', 'x\ud83d'] } } as const
  const text = encode({ ...object, body: structuredClone(object.body) as any })
  expect(JSON.parse(text).body).toEqual({ 'a\ufffd': ['\ufffd', 'x\ufffd'] })
})

test('what only looks like one stays', () => {
  const body = ['\\ud800', '\\\\udc00', '😀', '"\n\t\\']
  expect(JSON.parse(encode({ type: 'send', room: 'r', cid: 'c', body })).body).toEqual(body)
})

test('bytes of any length survive', () => {
  for (const length of [0, 1, 2, 3, 8191, 8192, 8193, 65_536]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 31)
    expect(fromFields(toFields(bytes))).toEqual(bytes)
    expect(fromFields(toFields(bytes.buffer))).toEqual(bytes)
  }
})
