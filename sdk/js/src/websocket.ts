// WebSocket as a transport: an object is a text message.

import { addressOf } from './address.js'
import { PROTOCOL, decode, encode } from './protocol.js'
import type { Pipe, PipeHandler, Transport } from './transport.js'
import type { WebSocketClass, WebSocketLike } from './types.js'

/** @throws TypeError where there is no WebSocket: Node before 22 has none of its own. */
export function webSocket(Socket: WebSocketClass | undefined = globalThis.WebSocket): Transport {
  if (!Socket) throw new TypeError('this runtime has no WebSocket: give one in options.WebSocket')
  return { name: 'websocket', open: (url, handler) => new SocketPipe(Socket, url, handler) }
}

class SocketPipe implements Pipe {
  transport = 'websocket'
  #socket: WebSocketLike | undefined
  #open = false

  constructor(Socket: WebSocketClass, url: string, handler: PipeHandler) {
    try {
      const address = addressOf(url, 'ws')
      address.searchParams.set('hello', '1')
      this.#socket = new Socket(address.href, PROTOCOL)
    } catch (error) {
      // A URL or a page's policy that forbids it.
      let gone = false
      this.close = () => void (gone = true)
      queueMicrotask(() => gone || handler.closed(1006, String(error)))
      return
    }
    this.#socket.onopen = () => {
      this.#open = true
      handler.opened()
    }
    this.#socket.onmessage = ({ data }) => {
      const object = typeof data === 'string' ? decode(data) : undefined
      // Only the server knows over which version of HTTP.
      if (object?.type === 'welcome') this.transport = object.transport ?? this.transport
      if (object) handler.received(object)
    }
    this.#socket.onclose = ({ code, reason }) => {
      this.#detach()
      handler.closed(code, reason)
    }
    // Says nothing that `close`, which follows, does not; but ws throws where nobody listens.
    this.#socket.onerror = () => {}
  }

  get buffered(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  send(object: Parameters<Pipe['send']>[0]): void {
    if (this.#open) this.#socket?.send(encode(object))
  }

  close(): void {
    const socket = this.#socket
    this.#detach()
    socket?.close(1000)
  }

  /** Nothing that a socket in its closing handshake has to say is ours any more. */
  #detach(): void {
    const socket = this.#socket
    if (!socket) return
    this.#socket = undefined
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => {}
  }
}
