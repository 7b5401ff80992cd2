// Over a real socket, with npm's ws on both ends.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { connect, webSocket, type Veche } from '../src/index.js'
import { message, WELCOME } from './conversation.js'

let server: WebSocketServer
let url: string
const open: Veche[] = []

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise<void>(listening => server.on('listening', listening))
  url = `http://127.0.0.1:${server.address().port}/ws`
})

afterEach(async () => {
  for (const veche of open.splice(0)) veche.close()
  for (const client of server.clients) client.terminate()
  await new Promise<void>(closed => server.close(closed))
})

function client() {
  const veche = connect(url, { WebSocket })
  open.push(veche)
  return veche
}

const until = <T>(ready: () => T) => vi.waitUntil(ready, { timeout: 5_000 })

test('talks', async () => {
  const seen: unknown[] = []
  let seq = 0
  server.on('connection', (socket, { url }) => {
    seen.push([url, socket.protocol])
    socket.on('message', data => {
      const object = JSON.parse(data.toString())
      seen.push(object.type)
      const say = (object: object) => socket.send(JSON.stringify(object))
      if (object.type === 'hello') {
        socket.send('what is no object')
        socket.send(new Uint8Array([1, 2, 3]))
        say(WELCOME)
      }
      if (object.type === 'join') {
        say({ type: 'ok', id: object.id, head: seq, epoch: 'k', count: 1, received: 0, read: 0, receipts: [] })
      }
      if (object.type === 'send') {
        say({ type: 'ok', id: object.id, seq: ++seq, at: '2026-11-22T09:00:00.000Z', dup: false })
        say(message(seq, { from: 'me', cid: object.cid, body: object.body }))
      }
    })
  })
  const veche = client()
  const room = veche.room('r')
  const heard: unknown[] = []
  room.on('message', ({ body }) => heard.push(body))
  expect(await room.send('привет 😀')).toMatchObject({ seq: 1 })
  await until(() => heard.length)
  expect(heard).toEqual(['привет 😀'])
  expect(veche.transport).toBe('websocket')
  expect(seen.slice(0, 4)).toEqual([['/ws?hello=1', 'veche.v1'], 'hello', 'join', 'send'])
})

test('comes back when the socket breaks, and stops by its close code', async () => {
  const codes = [0, 4409]
  server.on('connection', socket => {
    socket.on('message', () => {
      socket.send(JSON.stringify(WELCOME))
      const code = codes.shift()
      if (code === 0) socket.terminate()
      else socket.close(code, 'replaced')
    })
  })
  const veche = client()
  const states: string[] = []
  veche.on('state', state => states.push(state))
  await until(() => veche.state === 'ended')
  expect(states).toEqual(['online', 'waiting', 'connecting', 'online', 'ended'])
})

test('a server that is not there is waited for', async () => {
  const veche = connect('http://127.0.0.1:1/ws', { WebSocket })
  open.push(veche)
  await until(() => veche.state === 'waiting')
})

test('close while connecting is quiet', async () => {
  const veche = client()
  await Promise.resolve()
  veche.close()
  expect(veche.state).toBe('ended')
})

test('a constructor that throws is a failed attempt', async () => {
  class Forbidden {
    constructor() {
      throw new Error('forbidden by the page’s policy')
    }
  }
  const veche = connect(url, { WebSocket: Forbidden as never })
  open.push(veche)
  await until(() => veche.state === 'waiting')
})

test('where there is no WebSocket there is no such transport', () => {
  vi.stubGlobal('WebSocket', undefined)
  expect(() => webSocket()).toThrow(TypeError)
})

test('the URL is found from the page', () => {
  const opened: string[] = []
  class Socket {
    constructor(url: string) {
      opened.push(url)
    }
    close() {}
  }
  vi.stubGlobal('location', { href: 'https://chat.example/rooms?x=1#top' })
  const options = { WebSocket: Socket as never }
  open.push(connect(undefined, options), connect('/other/ws?a=b', options), connect('ws://h:1/ws', options))
  return vi.waitFor(() =>
    expect(opened).toEqual(['wss://chat.example/ws?hello=1', 'wss://chat.example/other/ws?a=b&hello=1', 'ws://h:1/ws?hello=1']),
  )
})
