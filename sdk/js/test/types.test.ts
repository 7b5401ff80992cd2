// What the types promise, checked by tsc.

import { expectTypeOf, test } from 'vitest'
import { connect as core } from '../src/core.js'
import { connect, fallback, VecheError, webSocket, type Body, type Message, type Options, type Sent, type Transport, type Unbind, type Veche } from '../src/index.js'
import { longPoll } from '../src/longpoll.js'
import { sse } from '../src/sse.js'
import { tabs } from '../src/tabs.js'

test('connect', () => {
  expectTypeOf(connect).toBeCallableWith()
  expectTypeOf(connect).toBeCallableWith(new URL('https://chat.example/ws'), { token: async () => 't', only: 'sse', share: tabs() })
  expectTypeOf(connect).returns.toEqualTypeOf<Veche>()
  expectTypeOf<Options['token']>().toEqualTypeOf<(() => Promise<string | undefined> | string | undefined) | undefined>()
  // @ts-expect-error the core has no transport of its own
  expectTypeOf(core).toBeCallableWith('/ws', {})
})

test('rooms', () => {
  const on = (veche: Veche) => {
    const room = veche.room('r', { since: -20 })
    expectTypeOf(room.on('message', () => {})).toEqualTypeOf<Unbind>()
    expectTypeOf(room.send).returns.resolves.toEqualTypeOf<Sent>()
    expectTypeOf(room.send).toBeCallableWith(new Blob([]))
    expectTypeOf(room.send).toBeCallableWith(new ArrayBuffer(1), { content: 'image/png' })
    expectTypeOf(room.history({ limit: 1 })).toEqualTypeOf<AsyncGenerator<Message[], void, undefined>>()
    room.on('message', message => expectTypeOf(message.body).toEqualTypeOf<Body>())
    // @ts-expect-error a function is no body
    expectTypeOf(room.send).toBeCallableWith(() => {})
    // @ts-expect-error no such event
    room.on('massage', () => {})
    veche.on('transport', transport => expectTypeOf(transport).toEqualTypeOf<string | null>())
    veche.on('error', error => expectTypeOf(error).toEqualTypeOf<VecheError>())
  }
  expectTypeOf(on).parameter(0).toEqualTypeOf<Veche>()
})

test('transports', () => {
  for (const transport of [sse, longPoll]) expectTypeOf(transport).returns.toEqualTypeOf<Transport>()
  expectTypeOf(fallback).toBeCallableWith([sse(), longPoll({ fetch })])
  expectTypeOf(webSocket).returns.toEqualTypeOf<Transport>()
})
