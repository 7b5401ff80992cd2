// A room's order: every message once, in the order of seq (docs/protocol.md, section 6). A pure machine:
// it is told what comes and asks through its host; no clock, no connection.
//
// Invariants: everything up to `last` was delivered or reported as a gap; each held seq > last + 1.

import type { GapObject, Joined, MessageObject, Page } from './protocol.js'
import { VecheError } from './errors.js'

/**
 * How many messages that came ahead of a hole are kept. Those beyond are dropped and read from the
 * log in their turn.
 */
const MAX_HELD = 1_000

/** How many of a new log's messages are read after an `epoch` gap. */
const MAX_AFRESH = 1_000

export interface SequenceHost {
  deliver(message: MessageObject): void
  missed(gap: { from: number; to: number; why: GapObject['why'] }): void
  /** Asks history for what follows `after`; answers once, with a page or why there is none. */
  read(after: number, answer: (page: Page | VecheError) => void): void
}

export class Sequence {
  readonly #host: SequenceHost
  readonly #begin: number | undefined

  /** Undefined until the first message, or the answer to the first join, says where we begin. */
  last: number | undefined
  head = 0
  /** Up to here the log is read by history, because it will not be pushed. */
  #target = 0
  #held: MessageObject[] = []
  #asking = false
  /** An answer to a question of an earlier era is void. */
  #era = 0
  /** The join has told of the new epoch already; the gap that follows says it again. */
  #anew = false

  /** @param begin - a seq, or what the first join asks for: the last so many, or undefined: only what comes. */
  constructor(host: SequenceHost, begin?: number, public epoch?: string) {
    this.#host = host
    this.#begin = begin
    if (begin! >= 0) this.last = begin
  }

  /** What the next join asks for. */
  get since(): number | undefined {
    return this.last ?? this.#begin
  }

  joined(ok: Joined): void {
    this.lost()
    this.head = ok.head
    this.#anew = this.epoch !== undefined && this.epoch !== ok.epoch
    this.epoch = ok.epoch
    if (this.#anew) this.#startOver(ok.head)
    else if (this.#begin === undefined || ok.head === 0) this.last ??= ok.head
  }

  /** The connection is gone: the next join begins after `last`. */
  lost(): void {
    this.#era++
    this.#asking = false
    this.#held = []
    this.#target = 0
  }

  push(message: MessageObject): void {
    this.head = Math.max(this.head, message.seq)
    this.last ??= message.seq - 1
    if (message.seq <= this.last + 1) {
      this.#take(message)
      this.#takeHeld()
      return
    }
    const full = this.#held.length >= MAX_HELD
    if (!full) this.#held.push(message)
    this.#fill(full ? message.seq : message.seq - 1)
  }

  gap({ from, to, why }: GapObject): void {
    if (why === 'epoch') {
      if (this.#anew) this.#anew = false
      else {
        this.epoch = undefined
        this.#startOver(to)
      }
      return
    }
    this.head = Math.max(this.head, to)
    this.last ??= from - 1
    if (why === 'trimmed' && from <= this.last + 1) {
      this.#lose(to, why)
      this.#takeHeld()
      return
    }
    this.#fill(to)
  }

  #startOver(to: number): void {
    this.lost()
    this.head = to
    this.last = Math.max(0, to - MAX_AFRESH)
    this.#host.missed({ from: 1, to: this.last, why: 'epoch' })
    this.#fill(to)
  }

  /** Reads the log up to there, if that is not under way. */
  #fill(to: number): void {
    this.#target = Math.max(this.#target, to)
    if (this.#asking || this.last === undefined || this.last >= this.#target) return
    this.#asking = true
    const [era, after] = [this.#era, this.last]
    this.#host.read(after, answer => {
      if (era !== this.#era) return
      this.#asking = false
      if (answer instanceof VecheError) this.#lose(this.#target, 'lag')
      else this.#read(answer, after)
      this.#takeHeld()
      this.#fill(0)
    })
  }

  #read(page: Page, after: number): void {
    if (this.epoch !== undefined && this.epoch !== page.epoch) {
      this.epoch = page.epoch
      this.#startOver(page.head)
      return
    }
    this.epoch = page.epoch
    this.head = Math.max(this.head, page.head)
    for (const message of page.messages) {
      this.#lose(message.seq - 1, 'trimmed')
      this.#take(message)
    }
    // The log ends before what we were promised.
    if ((page.messages.at(-1)?.seq ?? 0) <= after) this.#lose(this.#target, 'trimmed')
  }

  #take(message: MessageObject): void {
    if (message.seq !== this.last! + 1) return
    this.last = message.seq
    this.#host.deliver(message)
  }

  #takeHeld(): void {
    while (this.#held[0] && this.#held[0].seq <= this.last! + 1) this.#take(this.#held.shift()!)
  }

  /** Gives up on everything up to there. */
  #lose(to: number, why: GapObject['why']): void {
    const from = this.last! + 1
    if (to < from) return
    this.last = to
    this.#host.missed({ from, to, why })
  }
}
