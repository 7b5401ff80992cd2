// Long-polling as a transport, with POST for the other direction: a request that the server answers when
// there is something to say, and then the next one. Gets through whatever lets HTTP through.

import { Doors, Failure, type HTTPOptions } from './doors.js'
import { httpTransport, type Ask, type Link, type LinkHandler } from './http.js'
import type { ServerObject } from './protocol.js'
import type { Transport } from './transport.js'

/** How long the server shall wait for something to say, in seconds. With the slack no more than a heartbeat. */
const WAIT = 15

/** How much longer the answer may take, in ms. */
const SLACK = 10_000

/** The answer to a poll. */
interface Answer {
  rooms: string
  at: string
  events: ServerObject[]
}

export function longPoll(options: HTTPOptions = {}): Transport {
  return httpTransport('longpoll', options, doors => new PollLink(doors))
}

class PollLink implements Link {
  readonly #doors: Doors
  #poll = new AbortController()
  /** The session and its last answer, as the server calls them. */
  #at = ''

  constructor(doors: Doors) {
    this.#doors = doors
  }

  open(ask: Ask, handler: LinkHandler): void {
    this.#poll = new AbortController()
    void this.#run(ask, handler, this.#poll.signal)
  }

  close(): void {
    this.#poll.abort()
  }

  async #run(ask: Ask, handler: LinkHandler, signal: AbortSignal): Promise<void> {
    if (ask.anew) this.#at = ''
    try {
      for (let wait = ask.hasty ? 0 : WAIT; !signal.aborted; wait = WAIT) {
        const { rooms, at, events } = await this.#ask(ask, wait)
        if (signal.aborted) return
        this.#at = at
        ask.cursors.moved(rooms)
        handler.alive()
        for (const object of events) if (!signal.aborted) handler.received(object)
        await null // what they made the client join begins a poll of its own
      }
    } catch (error) {
      if (!signal.aborted) handler.failed(error instanceof Failure ? error : new Failure(1006, String(error)))
    }
  }

  async #ask({ credentials, cursors }: Ask, wait: number): Promise<Answer> {
    const { signal } = this.#poll
    const timely = new AbortController()
    const abort = () => timely.abort()
    const timer = setTimeout(abort, wait * 1000 + SLACK)
    signal.addEventListener('abort', abort)
    try {
      const query = { rooms: cursors.toString(), wait: String(wait), at: this.#at }
      const response = await this.#doors.ask('poll', credentials, query, { signal: timely.signal }, 'application/json')
      const answer = (await response.json()) as Answer
      if (!Array.isArray(answer.events) || typeof answer.at !== 'string') throw new Failure(1006, 'no events')
      return answer
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }
}
