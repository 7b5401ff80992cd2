// A connection that comes back: connecting, hello, liveness, answers, renewal, and what to do when it
// ends. It knows nothing of rooms.

import { Backoff } from './backoff.js'
import { fateOfCode, fateOfWords, isOwn, type Fate } from './closing.js'
import { isOffline } from './environment.js'
import { closed, VecheError } from './errors.js'
import type { ByeObject, Ok, Pong, Refusal, Request, RoomObject, ServerObject, Welcome } from './protocol.js'
import { Timer } from './timer.js'
import type { Pipe, PipeHandler } from './transport.js'
import type { Bye, ConnectionState, CoreOptions } from './types.js'
import { Watchdog } from './watchdog.js'

/** From the start of an attempt, token function included, to the welcome, in ms. */
const CONNECT_TIMEOUT = 20_000

/** A connection that lasted so many ms was a good one: the backoff starts over. */
const STABLE = 10_000

/** A token is renewed so many ms before it ends, or a quarter of its life before if that is less. */
const RENEW_BEFORE = 30_000

/** The longest that setTimeout can wait; anything longer would fire at once. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** Called exactly once. The error is `closed` when the connection ended first; what happened is open then. */
export type Answer = (answer: Ok | VecheError) => void

/** What it tells is told to whoever extends it. */
export abstract class Connection implements PipeHandler {
  readonly #url: string

  state: ConnectionState = 'ended'
  retryAt: Date | undefined

  #pipe: Pipe | undefined
  protected name: string | undefined
  #token: string | undefined
  #resume: string | undefined
  /** Each attempt and each end is a round; what an earlier one still has under way is void. */
  #round = 0
  #welcomedAt = 0
  /** The last attempt's credential was refused. */
  #refused = false
  /** When an attempt was given up that may have said hello. */
  #gaveUpAt = 0
  /** The server has said how long to wait; nothing shortens it. */
  #bidden = false
  #lastId = 0
  readonly #answers = new Map<number, Answer>()
  readonly #backoff = new Backoff()
  readonly #watchdog = new Watchdog(
    () => this.session?.send({ type: 'ping' }),
    () => this.#broken('no answer'),
  )
  readonly #timer = new Timer()
  readonly #renewal = new Timer()
  #unwatch: (() => void) | undefined

  constructor(url: string, readonly options: CoreOptions) {
    this.#url = url
    this.name = options.name
  }

  /** The state is another. */
  protected abstract moved(): void
  protected abstract welcomed(welcome: Welcome): void
  /** After the first welcome of a connection: a new session, in no room. */
  protected abstract began(): void
  /** The session that `began` told of is gone. */
  protected abstract lost(): void
  protected abstract told(object: RoomObject | Pong): void
  abstract failed(error: VecheError): void
  protected abstract parting(bye: Bye): void

  /** The pipe, once it was welcomed. */
  get session(): Pipe | undefined {
    return this.#welcomedAt ? this.#pipe : undefined
  }

  /** Connects now, whatever there was before. */
  reconnect(): void {
    this.#unwatch ??= this.options.watch?.(
      () => this.#wake(),
      () => void (this.#pipe && this.#broken('no network')),
    )
    this.#refused = false
    if (this.#drop()) void this.#attempt()
  }

  /** Ends it for good, until the next reconnect. */
  close(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    if (this.#drop()) this.#move('ended')
  }

  /** Asks something. While there is no session the answer is `closed`, at once. */
  request(object: Request, answer: Answer): void {
    if (!this.session) return answer(closed())
    const id = ++this.#lastId
    this.#answers.set(id, answer)
    this.session.send({ ...object, id })
  }

  opened(): void {
    this.#pipe!.send({ type: 'hello', id: ++this.#lastId, token: this.#token, resume: this.#resume, name: this.name })
  }

  received(object: ServerObject): void {
    this.#watchdog.heard()
    switch (object.type) {
      case 'welcome':
        return this.#greeted(object)
      case 'ok':
        return this.#answer(object.id, object)
      case 'error':
        return this.#refuse(object)
      case 'bye':
        return this.#bye(object)
      default:
        if (this.#welcomedAt) this.told(object)
    }
  }

  closed(code: number, reason: string): void {
    this.#part(fateOfCode(code, this.#welcomedAt > 0), closed(`${code} ${reason}`))
  }

  async #attempt(): Promise<void> {
    const round = ++this.#round
    this.retryAt = undefined
    this.#timer.start(CONNECT_TIMEOUT, () => this.#broken('no answer'))
    this.#move('connecting')
    const token = await this.#ask()
    if (round !== this.#round) return
    if (token instanceof VecheError) this.#part(undefined, token)
    else {
      this.#token = token
      this.#pipe = this.options.transport.open(this.#url, this)
    }
  }

  #greeted(welcome: Welcome): void {
    const first = !this.#welcomedAt
    const round = this.#round
    this.#timer.stop()
    this.#welcomedAt ||= Date.now()
    this.#refused = false
    this.#resume = welcome.resume
    this.#watchdog.start((welcome.ping || 25) * 1000)
    this.#renewBefore(welcome)
    this.welcomed(welcome)
    if (!first || round !== this.#round) return
    this.#move('online')
    if (round === this.#round) this.began()
  }

  #renewBefore({ expires, time }: Welcome): void {
    this.#renewal.stop()
    if (!expires || !this.options.token) return
    const life = Date.parse(expires) - Date.parse(time) // by the server's clock: ours may be wrong
    const wait = Math.max(1000, life - Math.min(RENEW_BEFORE, life / 4))
    this.#renewal.start(Math.min(wait, MAX_TIMEOUT), () => void this.#renew())
  }

  /** Renews in place. If that fails the session will expire, and the next one asks for a token anew. */
  async #renew(): Promise<void> {
    const round = this.#round
    const token = await this.#ask()
    if (round !== this.#round || !token) return
    if (token instanceof VecheError) this.failed(token)
    else this.request({ type: 'hello', token }, answer => answer instanceof VecheError && this.failed(answer))
  }

  async #ask(): Promise<string | undefined | VecheError> {
    try {
      return await this.options.token?.()
    } catch (cause) {
      return new VecheError('token', 'no token', true, { cause })
    }
  }

  #answer(id: number | undefined, answer: Ok | VecheError): void {
    const waiting = this.#answers.get(id!)
    this.#answers.delete(id!)
    waiting?.(answer)
  }

  #refuse({ id, code, message, retry }: Refusal): void {
    const error = new VecheError(code, message, retry)
    // Without id: our hello did not come in time.
    if (!this.#welcomedAt) this.#part(code === 'bad_request' && !id ? undefined : fateOfWords(error), error)
    else if (this.#answers.has(id!)) this.#answer(id, error)
    else this.failed(error)
  }

  #bye(bye: ByeObject): void {
    const round = this.#round
    const { code, message = '', retry = false, after = 0 } = bye
    if (isOwn(code, this.#gaveUpAt)) return this.#broken(code)
    this.parting({ code, message, retry, after })
    if (round === this.#round) this.#part(fateOfWords(bye), new VecheError(code, message, retry))
  }

  #broken(why: string): void {
    this.#part(undefined, closed(why))
  }

  /** The connection, or the attempt, is over: what now? */
  #part(fate: Fate, error: VecheError): void {
    this.options.log?.('parted', error)
    if (fate === 'credential') {
      fate = this.#refused ? 'stop' : undefined
      this.#refused = true
      this.#resume = undefined
    }
    if (!this.#drop()) return
    if (fate === 'stop') this.close()
    else this.#wait(fate)
    if (fate === 'stop' || error.code === 'token') this.failed(error)
  }

  #wait(after?: number): void {
    const delay = after ?? this.#backoff.next()
    this.#bidden = after !== undefined
    this.retryAt = new Date(Date.now() + delay)
    this.#timer.start(delay, () => void this.#attempt())
    this.#move(isOffline() ? 'offline' : 'waiting')
  }

  /** Things may be better now, or the page was asleep. */
  #wake(): void {
    if (this.state === 'online') this.#watchdog.probe()
    else if (this.retryAt && !this.#bidden) void this.#attempt()
  }

  /** Lets go of what there is. False if somebody who was told of it has already gone on to something else. */
  #drop(): boolean {
    const round = ++this.#round
    const session = this.#welcomedAt
    const pipe = this.#pipe
    this.#timer.stop()
    this.#renewal.stop()
    this.#watchdog.stop()
    this.retryAt = undefined
    this.#pipe = undefined
    this.#welcomedAt = 0
    if (pipe && !session) this.#gaveUpAt = Date.now()
    pipe?.close()
    if (session && Date.now() - session >= STABLE) this.#backoff.reset()
    if (session) this.lost()
    for (const id of this.#answers.keys()) this.#answer(id, closed())
    return round === this.#round
  }

  #move(state: ConnectionState): void {
    if (state === this.state) return
    this.state = state
    this.options.log?.(state)
    this.moved()
  }
}
