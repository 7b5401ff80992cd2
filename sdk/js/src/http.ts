// A pipe made of requests: what the client says goes by POST (posts.ts), what the server says comes down a
// link (sse.ts, longpoll.ts), which says who one is and which rooms one is in by its URL. So `hello`, `join`
// and `leave` are not sent: they begin the link anew, and what it then says once more is kept from the client.

import { Backoff } from './backoff.js'
import { isOwn } from './closing.js'
import { Cursors } from './cursors.js'
import { Doors, Failure, type Credentials, type HTTPOptions } from './doors.js'
import { Posts, type PostsHost } from './posts.js'
import type { ClientObject, Joined, ReceiptObject, Refusal, ServerObject, Welcome } from './protocol.js'
import type { Pipe, PipeHandler, Transport } from './transport.js'

/** Failures of the link in a row after which the way is given up. */
const MAX_FAILURES = 3

/** What a link asks for, as it stands at the time of asking. */
export interface Ask {
  readonly credentials: Credentials
  readonly cursors: Cursors
  /** Somebody waits for what is said when a session begins: the welcome, or the answer to a join of a room that we are in. */
  readonly anew: boolean
  /** Somebody waits for an answer, so what there is to say must not. */
  readonly hasty: boolean
}

/** Who opened a link. Nothing is called after its close. */
export interface LinkHandler {
  /** Something came, whatever it is. */
  alive(): void
  received(object: ServerObject): void
  failed(failure: Failure): void
}

/** Server to client. */
export interface Link {
  /** Begins, or begins anew. */
  open(ask: Ask, handler: LinkHandler): void
  close(): void
}

export function httpTransport(name: string, options: HTTPOptions, link: (doors: Doors) => Link): Transport {
  return {
    name,
    open(url, handler) {
      const doors = new Doors(url, options)
      return new HTTPPipe(name, doors, link(doors), handler)
    },
  }
}

class HTTPPipe implements Pipe, PostsHost, Ask {
  readonly #handler: PipeHandler
  readonly #posts: Posts
  readonly #link: Link
  readonly cursors = new Cursors()

  credentials: Credentials = {}
  /** The id of the hello that is not answered; undefined if there is none. */
  #hello: number | undefined
  #user: string | undefined
  /** Joins that are not answered, by room; `again` if we were in it. */
  readonly #joins = new Map<string, { id: number; again: boolean }>()
  #opening = false
  /** The link has not ended by itself. */
  #linked = false
  /** When a link was given up for another. */
  #gaveUpAt = 0
  #closed = false
  #failures = 0
  readonly #backoff = new Backoff()
  #again: ReturnType<typeof setTimeout> | undefined

  constructor(readonly transport: string, doors: Doors, link: Link, handler: PipeHandler) {
    this.#handler = handler
    this.#link = link
    this.#posts = new Posts(doors, this)
    queueMicrotask(() => this.#closed || handler.opened())
  }

  get buffered(): number {
    return this.#posts.buffered
  }

  get anew(): boolean {
    return this.#user === undefined || this.#hello !== undefined || [...this.#joins.values()].some(({ again }) => again)
  }

  get hasty(): boolean {
    return this.anew || this.#joins.size > 0
  }

  send(object: ClientObject): void {
    switch (object.type) {
      case 'hello':
        this.#hello = object.id
        this.credentials = { ...this.credentials, ...defined(object) }
        return this.#open()
      case 'join':
        this.#joins.set(object.room, { id: object.id!, again: this.cursors.has(object.room) })
        this.cursors.join(object)
        return this.#open()
      case 'leave':
        this.cursors.leave(object.room)
        this.#joins.delete(object.room)
        this.#open()
        queueMicrotask(() => this.answered({ type: 'ok', id: object.id! }))
        return
      case 'ping':
        return this.#user ? this.#posts.push(object) : this.#open()
      default:
        this.#posts.push(object)
    }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#again)
    this.#posts.close()
    this.#link.close()
  }

  // What the posts tell.

  answered(object: ServerObject): void {
    if (!this.#closed) this.#handler.received(object)
  }

  failed(failure: Failure): void {
    this.close()
    this.#handler.closed(failure.code, failure.message)
  }

  // The link.

  /** Once for all that is joined and left in one turn. */
  #open(): void {
    if (this.#opening) return
    this.#opening = true
    clearTimeout(this.#again)
    queueMicrotask(() => {
      this.#opening = false
      if (this.#closed) return
      if (this.#linked) this.#gaveUpAt = Date.now()
      this.#linked = true
      this.#link.close()
      this.#link.open(this, {
        alive: () => this.answered({ type: 'pong' }),
        received: object => this.#received(object),
        failed: failure => this.#broken(failure),
      })
    })
  }

  #received(object: ServerObject): void {
    this.#failures = 0
    this.#backoff.reset()
    if (object.type === 'welcome') this.#welcomed(object)
    else if (object.type === 'ok') this.#joined(object as Joined & { room: string })
    else if (object.type === 'bye' && isOwn(object.code, this.#gaveUpAt)) this.#regain()
    else if (object.type === 'error') this.#refused(object as Refusal & { room?: string })
    else this.answered(object)
  }

  #welcomed(welcome: Welcome): void {
    this.#user = welcome.user.id
    this.credentials = { ...this.credentials, ...(welcome.resume && { resume: welcome.resume }) }
    const id = this.#hello
    this.#hello = undefined
    this.answered(welcome)
    if (id !== undefined) this.answered({ type: 'ok', id })
  }

  #joined(ok: Joined & { room: string }): void {
    const { room } = ok
    const join = this.#joins.get(room)
    if (join) {
      this.#joins.delete(room)
      return this.answered({ ...ok, id: join.id })
    }
    // The link has begun anew: of what the client knows already only the watermarks may have grown meanwhile.
    const marks = [...ok.receipts, { user: this.#user!, received: ok.received, read: ok.read }]
    for (const mark of marks) this.answered({ type: 'receipt', room, ...mark } as ReceiptObject)
  }

  #refused(refusal: Refusal & { room?: string }): void {
    const { room } = refusal
    if (room === undefined || !this.cursors.has(room)) return this.#complain(refusal)
    const join = this.#joins.get(room)
    if (join) {
      this.#joins.delete(room)
      this.cursors.leave(room)
      return this.answered({ ...refusal, id: join.id })
    }
    // We were in that room and are not any more: the client must ask anew to learn why.
    this.failed(new Failure(1006, refusal.code))
  }

  /** Where all rooms are refused at once there is no link. */
  #unjoined(refusal: Refusal): void {
    const joins = [...this.#joins]
    this.#joins.clear()
    for (const [room] of joins) this.cursors.leave(room)
    this.#open()
    for (const [, { id }] of joins) this.answered({ ...refusal, id })
  }

  /** An error that is about no room: that of the hello, if one is unanswered. */
  #complain(refusal: Refusal): void {
    const id = this.#hello
    this.#hello = undefined
    this.answered(id === undefined ? refusal : { ...refusal, id })
  }

  /** Takes back the place that a link which was given up has taken. */
  #regain(): void {
    this.#linked = false
    this.#link.close()
    this.#open()
  }

  #broken(failure: Failure): void {
    const { code, refusal } = failure
    this.#linked = false
    if (refusal && this.#hello !== undefined) return this.#complain(refusal)
    if (refusal && this.#joins.size && code !== 4401) return this.#unjoined(refusal)
    if (this.#user === undefined || code !== 1006 || ++this.#failures > MAX_FAILURES) return this.failed(failure)
    this.#again = setTimeout(() => this.#open(), this.#failures > 1 ? this.#backoff.next() : 0)
  }
}

/** The hello's own words, without what it leaves out. */
function defined({ token, resume, name }: Credentials): Credentials {
  return Object.fromEntries(Object.entries({ token, resume, name }).filter(([, value]) => value !== undefined))
}
