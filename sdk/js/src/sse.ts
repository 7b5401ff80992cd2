// Server-Sent Events as a transport, with POST for the other direction. It reads the stream by fetch rather
// than by EventSource: so it can say a token in a header, runs where there is no EventSource, and sees the
// comments that keep the stream open.

import { Doors, Failure, type HTTPOptions } from './doors.js'
import { EventStream } from './eventstream.js'
import { httpTransport, type Ask, type Link, type LinkHandler } from './http.js'
import { decode } from './protocol.js'
import { BLOCKED, type Transport } from './transport.js'

/** How long the stream may take to begin, in ms. The server says 2 KiB at once; what keeps them is a proxy that buffers. */
const BEGIN = 8_000

/** How long it may be silent then, in ms; the server says something every 15 s. */
const SILENCE = 20_000

export function sse(options: HTTPOptions = {}): Transport {
  return httpTransport('sse', options, doors => new StreamLink(doors))
}

class StreamLink implements Link {
  readonly #doors: Doors
  #stream = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(doors: Doors) {
    this.#doors = doors
  }

  open(ask: Ask, handler: LinkHandler): void {
    this.#stream = new AbortController()
    void this.#run(ask, handler, this.#stream.signal)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#stream.abort()
  }

  async #run({ credentials, cursors }: Ask, handler: LinkHandler, signal: AbortSignal): Promise<void> {
    const fail = (failure: Failure) => {
      if (signal.aborted) return
      this.close()
      handler.failed(failure)
    }
    const within = (ms: number, failure: Failure) => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => fail(failure), ms)
    }
    const events = new EventStream(({ id, data }) => {
      const object = decode(data)
      if (!object || signal.aborted) return
      if (id) cursors.moved(id)
      handler.received(object)
    })
    try {
      within(BEGIN, new Failure(BLOCKED, 'the stream does not begin'))
      const rooms = cursors.toString()
      const init = { headers: { Accept: 'text/event-stream, application/json' }, signal } // the latter says what is refused
      const response = await this.#doors.ask('events', credentials, { rooms }, init, 'text/event-stream')
      for await (const text of read(response)) {
        if (signal.aborted) return
        within(SILENCE, new Failure(1006, 'the stream is silent'))
        handler.alive()
        events.push(text)
      }
      fail(new Failure(1006, 'the stream has ended'))
    } catch (error) {
      fail(error instanceof Failure ? error : new Failure(1006, String(error)))
    }
  }
}

/** Not by `for await` on the body: Safari's has no iterator. */
async function* read(response: Response): AsyncGenerator<string> {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}
