// The client's transports, on wires that a test can cut and stall.

import { WebSocket } from 'ws'
import { webSocket } from '../../sdk/js/dist/index.js'
import { longPoll } from '../../sdk/js/dist/longpoll.js'
import { sse } from '../../sdk/js/dist/sse.js'

/** One client's transport: `open`, and what happens to its wire. */
export function transport(way) {
  return way === 'websocket' ? socketWire() : httpWire(way === 'sse' ? sse : longPoll)
}

function socketWire() {
  let last
  class Socket extends WebSocket {
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
