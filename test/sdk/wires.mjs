// The client's transports, on wires that a test can cut and stall.

import { connect } from 'node:http2'
import { WebSocket } from 'ws'
import { webSocket } from '../../sdk/js/dist/index.js'
import { longPoll } from '../../sdk/js/dist/longpoll.js'
import { sse } from '../../sdk/js/dist/sse.js'

/** One client's transport: `open`, and what happens to its wire. */
export function transport(way) {
  if (way === 'websocket') return socketWire(WebSocket)
  if (way === 'websocket/h2') return socketWire(StreamSocket)
  return httpWire(way === 'sse' ? sse : longPoll)
}

/** A WebSocket in a stream of HTTP/2 (RFC 8441): browsers have it, and Node only what it takes to make one. */
class StreamSocket extends WebSocket {
  constructor(url, protocol) {
    super(null, undefined, { autoPong: true }) // which is how ws makes those of a server
    this._isServer = false
    const { origin, host, pathname, search } = new URL(url)
    const session = connect(origin.replace('wss:', 'https:'), { rejectUnauthorized: false })
    const failed = error => this.emit('error', error)
    session.on('error', failed)
    session.once('remoteSettings', ({ enableConnectProtocol }) => {
      if (!enableConnectProtocol) return failed(new Error('the server does not take WebSockets over HTTP/2'))
      const stream = session.request(
        {
          ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': host, ':path': pathname + search,
          'sec-websocket-version': '13', 'sec-websocket-protocol': protocol,
        },
        { endStream: false },
      )
      stream.on('error', failed)
      stream.on('close', () => session.close())
      stream.once('response', ({ ':status': status }) => {
        if (status !== 200) return failed(new Error(`status ${status}`))
        this.setSocket(stream, Buffer.alloc(0), { maxPayload: 4 << 20 })
      })
    })
  }
}

function socketWire(Class) {
  let last
  class Socket extends Class {
    constructor(...args) {
      super(...args)
      last = this
    }
  }
  return {
    open: webSocket(Socket).open,
    cut: () => last?.terminate(),
    stall: is => (is ? last.pause() : last.resume()),
  }
}

function httpWire(make) {
  let open = Promise.resolve()
  let release
  const gated = () => new TransformStream({ transform: (chunk, out) => open.then(() => out.enqueue(chunk)) }, { highWaterMark: 1 })
  const gatedFetch = async (url, init) => {
    if (init.method !== 'POST') await open
    const response = await fetch(url, init)
    if (init.method === 'POST') return response
    await open
    return new Response(response.body.pipeThrough(gated()), response)
  }
  return {
    open: make({ fetch: gatedFetch }).open,
    cut: pipe => pipe?.close(),
    stall(is) {
      if (is) open = new Promise(resolve => (release = resolve))
      else release()
    },
  }
}
