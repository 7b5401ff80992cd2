// A transport that is loaded when it is first needed: most clients never need the second one.

import type { Pipe, PipeHandler, Transport } from './transport.js'

export function lazy(name: string, load: () => Promise<Transport>): Transport {
  return { name, open: (url, handler) => new LazyPipe(name, load, url, handler) }
}

class LazyPipe implements Pipe {
  #pipe: Pipe | undefined
  #closed = false

  constructor(readonly transport: string, load: () => Promise<Transport>, url: string, handler: PipeHandler) {
    load().then(
      transport => {
        if (!this.#closed) this.#pipe = transport.open(url, handler)
      },
      error => this.#closed || handler.closed(1006, String(error)),
    )
  }

  get buffered(): number {
    return this.#pipe?.buffered ?? 0
  }

  send(object: Parameters<Pipe['send']>[0]): void {
    this.#pipe?.send(object)
  }

  close(): void {
    this.#closed = true
    this.#pipe?.close()
  }
}
