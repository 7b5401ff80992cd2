// A room as the application holds it: joins and joins again, and ties together the order of its messages,
// its outbox, one's watermarks, and who is there.

import { Backoff } from './backoff.js'
import { fromFields, toFields } from './body.js'
import type { Answer } from './connection.js'
import { Gate } from './deferred.js'
import { Emitter } from './emitter.js'
import { closed, VecheError } from './errors.js'
import { Outbox, type OutboxHost, type OutboxRoom } from './outbox.js'
import type {
  GapObject,
  HistoryQuery,
  Joined,
  MessageObject,
  Page,
  PresenceObject,
  ReceiptObject,
  Request,
  RoomObject,
  SignalObject,
} from './protocol.js'
import { Sequence, type SequenceHost } from './sequence.js'
import type {
  Body,
  HistoryOptions,
  Message,
  Pending,
  Person,
  Room,
  RoomEvents,
  RoomOptions,
  RoomState,
  SendBody,
  SendOptions,
  Sent,
  Signal,
  Unbind,
  Watermarks,
} from './types.js'
import { exceeds, higher, NOTHING, OwnMarks } from './watermarks.js'

/** Messages that one answer may bring when a hole is filled. */
const FILL = 200

/** Bytes waiting to leave above which signals are dropped: a late one is worth nothing. */
const MAX_BUFFERED = 65_536

/** What a room needs of the client it belongs to. */
export interface RoomHost extends OutboxHost {
  /** Why nothing can be asked any more. */
  readonly ended: VecheError | undefined
  left(room: ClientRoom): void
  failed(error: VecheError): void
}

export class ClientRoom implements Room, SequenceHost, OutboxRoom {
  readonly #host: RoomHost

  state: RoomState = 'joining'
  error: VecheError | undefined
  count = 0
  readonly presence = new Map<string, Person>()
  readonly receipts = new Map<string, Watermarks>()

  readonly #emitter = new Emitter<RoomEvents>()
  readonly #sequence: Sequence
  readonly #outbox: Outbox
  readonly #marks: OwnMarks
  #listing = false
  /** Those who wait for the room to be live. */
  readonly #gate = new Gate()

  constructor(readonly name: string, host: RoomHost, { since, epoch }: RoomOptions) {
    this.#host = host
    this.#sequence = new Sequence(this, since, epoch)
    this.#outbox = new Outbox(this, host)
    this.#marks = new OwnMarks(marks => host.session?.send({ type: 'receipt', room: name, ...marks }))
  }

  get head(): number {
    return this.#sequence.head
  }

  get last(): number | undefined {
    return this.#sequence.last
  }

  get epoch(): string | undefined {
    return this.#sequence.epoch
  }

  get own(): Watermarks {
    return this.#marks.own
  }

  get pending(): readonly Pending[] {
    return this.#outbox.pending
  }

  get unsent(): number {
    return this.#outbox.size
  }

  on<E extends keyof RoomEvents>(event: E, listener: RoomEvents[E]): Unbind {
    return this.#emitter.on(event, listener)
  }

  send(body: SendBody, options: SendOptions = {}): Promise<Sent> {
    return this.#over ? Promise.reject(this.#over) : this.#outbox.add(body, options)
  }

  retry(cid: string): Promise<Sent> {
    return this.#over ? Promise.reject(this.#over) : this.#outbox.retry(cid)
  }

  discard(cid: string): void {
    this.#outbox.discard(cid)
  }

  signal(kind: string, body?: Body): void {
    if (this.state !== 'live' || this.#host.session!.buffered > MAX_BUFFERED) return
    this.#host.session!.send({ type: 'signal', room: this.name, kind, ...(body !== undefined && toFields(body)) })
  }

  receipt({ received = 0, read = 0 }: Partial<Watermarks>): void {
    this.#marks.raise({ received: Math.min(received, this.head), read: Math.min(read, this.head) })
  }

  async *history({ before, after, limit = 50 }: HistoryOptions = {}): AsyncGenerator<Message[], void, undefined> {
    while (before === undefined || before > 1) {
      const page = await this.#page({ type: 'history', room: this.name, before, after, limit })
      const [first, last] = [page.messages[0], page.messages.at(-1)]
      if (!first || !last) return
      yield page.messages.map(toMessage)
      if (after !== undefined ? last.seq >= page.head : first.seq <= page.first) return
      if (after !== undefined) after = last.seq
      else before = first.seq
    }
  }

  leave(): void {
    if (!this.#here()) return
    this.#host.request({ type: 'leave', room: this.name }, () => {})
    this.#rest()
    this.#move('left')
    this.end(this.#over!)
    this.#host.left(this)
  }

  /** There is a new session: join. */
  join(): void {
    const { since, epoch } = this.#sequence
    const join: Request = { type: 'join', room: this.name, since, epoch }
    this.#insist(join, answer => (answer instanceof VecheError ? this.#refused(answer) : this.#joined(answer as Joined)))
  }

  /** Takes what was left unsent, and sends. */
  claim(): void {
    if (this.state === 'live' || this.state === 'refused') void this.#outbox.open(this.#host.user!.id)
  }

  /** The session is gone. */
  lost(): void {
    this.#rest()
    this.error = undefined
    this.#move('joining')
  }

  /** Nothing goes on until somebody says so: those who wait are told. */
  end(error: VecheError): void {
    this.#outbox.end(error)
    this.#gate.open(error)
  }

  received(object: RoomObject): void {
    if (this.state !== 'live') return
    switch (object.type) {
      case 'message':
        return this.#sequence.push(object)
      case 'gap':
        return this.#sequence.gap(object)
      case 'presence':
        return this.#attended(object)
      case 'receipt':
        return this.#marked(object)
      case 'signal':
        return this.#emitter.emit('signal', toSignal(object))
    }
  }

  #joined(ok: Joined): void {
    if (!this.#here()) return
    this.count = ok.count
    this.#sequence.joined(ok)
    if (!this.#here()) return // a listener left when it heard of the gap
    for (const { user, ...marks } of ok.receipts) this.#raise(user, marks)
    this.#marks.joined(ok)
    this.#answered('live')
  }

  #refused(error: VecheError): void {
    if (!this.#here() || error.code === 'closed') return
    this.error = error
    this.#answered('refused')
    this.#host.failed(error)
  }

  /** In either state what is unsent goes out: one who may not join may be allowed to send; if not, that is told. */
  #answered(state: RoomState): void {
    this.#gate.open(this.error)
    this.#move(state)
    this.claim()
  }

  #rest(): void {
    this.#sequence.lost()
    this.#outbox.lost()
    this.#marks.lost()
  }

  #here(): boolean {
    return this.state !== 'left'
  }

  // What the outbox and the sequence ask and tell.

  /** What is refused to us is not delivered. */
  get delivered(): number {
    return this.error ? Infinity : this.last ?? 0
  }

  /** Tells of the list, once for all that changes in one go. */
  listed(): void {
    if (this.#listing) return
    this.#listing = true
    queueMicrotask(() => {
      this.#listing = false
      this.#emitter.emit('pending', this.pending)
    })
  }

  #move(state: RoomState): void {
    if (state === this.state || !this.#here()) return
    this.state = state
    this.#emitter.emit('state', state)
  }

  deliver(object: MessageObject): void {
    if (!this.#here()) return // a listener left in the middle of a page
    const message = toMessage(object)
    const { seq, at, cid } = message
    if (cid && message.from === this.#host.user?.id) this.#outbox.delivered(cid, { seq, at, dup: false })
    this.#outbox.settle(seq)
    this.#emitter.emit('message', message)
    if (this.#host.options.receipts !== false) this.#marks.raise({ received: seq })
  }

  missed(gap: Omit<GapObject, 'type' | 'room'>): void {
    if (!this.#here()) return
    if (gap.why === 'epoch') {
      this.receipts.clear()
      this.#marks.reset()
    }
    this.#outbox.settle(gap.why === 'epoch' ? Infinity : gap.to)
    this.#emitter.emit('gap', { room: this.name, ...gap })
  }

  read(after: number, answer: (page: Page | VecheError) => void): void {
    this.#insist({ type: 'history', room: this.name, after, limit: FILL }, answer as Answer)
  }

  /** Asks until there is an answer for good; `closed` if the session ends first. */
  #insist(object: Request, answer: Answer, backoff = new Backoff()): void {
    const { session } = this.#host
    const again = () => {
      if (this.#here() && session === this.#host.session) this.#insist(object, answer, backoff)
      else answer(closed())
    }
    this.#host.request(object, result => {
      if (result instanceof VecheError && result.retry && result.code !== 'closed') setTimeout(again, backoff.next())
      else answer(result)
    })
  }

  #attended({ whole: reset = false, joined, left, names = {}, count }: PresenceObject): void {
    if (reset) this.presence.clear()
    const named = (id: string) => ({ id, name: Object.hasOwn(names, id) ? names[id]! : '' })
    const gone = left.map(id => this.presence.get(id) ?? named(id))
    const come = joined.map(named)
    for (const { id } of gone) this.presence.delete(id)
    for (const person of come) this.presence.set(person.id, person)
    this.count = count
    this.#emitter.emit('presence', { room: this.name, joined: come, left: gone, count, reset })
  }

  #marked({ type: _, ...receipt }: ReceiptObject): void {
    const { user, room, ...marks } = receipt
    if (user === this.#host.user?.id ? this.#marks.heard(marks) : this.#raise(user, marks)) this.#emitter.emit('receipt', receipt)
  }

  #raise(user: string, marks: Watermarks): boolean {
    const was = this.receipts.get(user) ?? NOTHING
    this.receipts.set(user, higher(was, marks))
    return exceeds(marks, was)
  }

  async #page(query: HistoryQuery): Promise<Page> {
    for (;;) {
      await this.#live()
      const answer = await new Promise<Parameters<Answer>[0]>(resolve => this.#insist(query, resolve))
      if (!(answer instanceof VecheError)) return answer as Page
      if (answer.code !== 'closed') throw answer
    }
  }

  async #live(): Promise<void> {
    const error = this.#over ?? this.error
    if (error) throw error
    if (this.state !== 'live') await this.#gate.wait()
  }

  /** Why nothing can be asked here any more. */
  get #over(): VecheError | undefined {
    return this.#here() ? this.#host.ended : closed('left the room')
  }
}

/** What a message or a signal says, without what only the wire needs. */
function opened<T extends MessageObject | SignalObject>({ type: _, data, body, ...rest }: T) {
  return { name: '', ...rest, body: fromFields({ body, data }) }
}

function toMessage(object: MessageObject): Message {
  return { kind: '', ...opened(object), at: new Date(object.at) } as Message
}

export function toSignal(object: SignalObject): Signal {
  return { room: '', from: '', ...opened(object) }
}
