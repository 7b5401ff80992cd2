// What a client says over HTTP: gathered into batches, one request under way at a time, so that their order
// is the order in which they were said. A request that fails is repeated: a send has its cid, and the others
// say the same twice; only signals, which would be heard twice, are dropped then.
//
// What waits is bounded by the client above: 32 sends of a room, a receipt a second of a room, and signals only
// while little waits.

import { Backoff } from './backoff.js'
import { Failure, type Credentials, type Doors } from './doors.js'
import { encode, type ClientObject, type ServerObject } from './protocol.js'

/** Objects in a request, as many as the server takes. */
const MAX_OBJECTS = 256

/** Characters in a request, so that it arrives in time on a slow line. One object may have more: the server takes 1 MiB. */
const MAX_CHARACTERS = 64 << 10

/** How long an answer may take, in ms. */
const PATIENCE = 15_000

/** Failures in a row after which the way is given up. */
const MAX_FAILURES = 4

export interface PostsHost {
  readonly credentials: Credentials
  answered(object: ServerObject): void
  failed(failure: Failure): void
}

interface Item {
  object: ClientObject
  text: string
}

export class Posts {
  readonly #doors: Doors
  readonly #host: PostsHost
  #items: Item[] = []
  #busy = false
  #failures = 0
  readonly #backoff = new Backoff()
  /** The request under way. */
  #request = new AbortController()
  #closed = false

  constructor(doors: Doors, host: PostsHost) {
    this.#doors = doors
    this.#host = host
  }

  /** Characters that have not arrived yet. */
  get buffered(): number {
    return this.#items.reduce((sum, { text }) => sum + text.length, 0)
  }

  push(object: ClientObject): void {
    this.#items.push({ object, text: encode(object) })
    if (!this.#busy) void this.#work()
  }

  close(): void {
    this.#closed = true
    this.#request.abort()
  }

  async #work(): Promise<void> {
    this.#busy = true
    await null // what is said in the same turn goes together
    while (this.#items.length && !this.#closed) await this.#post(this.#batch())
    this.#busy = false
  }

  #batch(): Item[] {
    let size = 0
    const fits = ({ text }: Item, index: number) => index < MAX_OBJECTS && (size += text.length) <= MAX_CHARACTERS
    const end = this.#items.findIndex((item, index) => !fits(item, index))
    return end < 0 ? [...this.#items] : this.#items.slice(0, Math.max(end, 1))
  }

  async #post(batch: Item[]): Promise<void> {
    try {
      const answers = await this.#ask(batch)
      this.#items.splice(0, batch.length)
      this.#failures = 0
      this.#backoff.reset()
      for (const answer of answers) if (!this.#closed) this.#host.answered(answer)
    } catch (error) {
      if (!this.#closed) await this.#failed(batch, error instanceof Failure ? error : new Failure(1006, String(error)))
    }
  }

  async #ask(batch: Item[]): Promise<ServerObject[]> {
    const { signal } = (this.#request = new AbortController())
    const timer = setTimeout(() => this.#request.abort(), PATIENCE)
    const body = `[${batch.map(({ text }) => text).join()}]`
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body, signal }
    try {
      const response = await this.#doors.ask('send', this.#host.credentials, {}, init, 'application/json')
      const answers = (await response.json()) as ServerObject[]
      if (!Array.isArray(answers) || answers.length !== batch.length) throw new Failure(1006, 'no answers')
      return answers
    } finally {
      clearTimeout(timer)
    }
  }

  async #failed(batch: Item[], failure: Failure): Promise<void> {
    const { code, refusal } = failure
    if (refusal && !refusal.retry && code === 1006) {
      // This request is wrong, all others may be right.
      this.#items.splice(0, batch.length)
      for (const { object } of batch) this.#host.answered({ ...refusal, ...(object.id !== undefined && { id: object.id }) })
    } else if (code !== 1006 || ++this.#failures > MAX_FAILURES) {
      this.#host.failed(failure)
    } else {
      this.#items = this.#items.filter(({ object }) => object.type !== 'signal')
      await new Promise(resolve => setTimeout(resolve, this.#backoff.next()))
    }
  }
}
