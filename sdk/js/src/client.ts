// The client: one connection and the rooms that live on it.

import { Connection, type ConnectionHandler } from './connection.js'
import { Gate } from './deferred.js'
import { Emitter } from './emitter.js'
import { closed, VecheError } from './errors.js'
import type { RoomObject, Welcome } from './protocol.js'
import { ClientRoom, toSignal, type RoomHost } from './room.js'
import type { Transport } from './transport.js'
import type { Bye, ConnectionState, Options, OutboxStore, Room, RoomOptions, Unbind, User, Veche, VecheEvents } from './types.js'

/** The frame limit of the protocol, until a welcome says another. */
const MAX_FRAME = 1 << 20

export class Client implements Veche, ConnectionHandler, RoomHost {
  readonly #options: Options

  user: User | undefined
  maxFrame = MAX_FRAME
  readonly receipts: boolean

  readonly #emitter = new Emitter<VecheEvents>()
  readonly connection: Connection
  readonly #rooms = new Map<string, ClientRoom>()
  /** Those who wait to be online. */
  readonly #gate = new Gate()

  constructor(url: string, transport: Transport, readonly store: OutboxStore, options: Options) {
    this.#options = options
    this.receipts = options.receipts ?? true
    this.connection = new Connection(url, transport, options, this)
    this.connection.start()
  }

  get state(): ConnectionState {
    return this.connection.state
  }

  get transport(): string | null {
    return this.connection.session?.transport ?? null
  }

  get retryAt(): Date | undefined {
    return this.connection.retryAt
  }

  on<E extends keyof VecheEvents>(event: E, listener: VecheEvents[E]): Unbind {
    return this.#emitter.on(event, listener)
  }

  room(name: string, options: RoomOptions = {}): Room {
    let room = this.#rooms.get(name)
    if (!room) {
      this.#rooms.set(name, (room = new ClientRoom(name, this, options)))
      room.join()
    }
    return room
  }

  async rename(name: string): Promise<User> {
    if (this.ended) throw this.ended
    if (this.state !== 'online') await this.#gate.wait()
    await new Promise<void>((resolve, reject) =>
      this.connection.request({ type: 'hello', name }, answer => (answer instanceof VecheError ? reject(answer) : resolve())),
    )
    this.connection.name = name
    return this.user!
  }

  reconnect(): void {
    this.connection.start()
  }

  close(): void {
    this.connection.stop()
    this.store.close()
  }

  // What the connection tells.

  moved(): void {
    if (this.ended) {
      for (const room of this.#rooms.values()) room.end(this.ended)
      this.#gate.open(this.ended)
    }
    this.#emitter.emit('state', this.state)
  }

  welcomed({ user: { id, name, guest = false }, limits }: Welcome): void {
    const was = this.user
    this.maxFrame = limits.frame
    if (was?.id === id && was.name === name && was.guest === guest) return
    this.user = { id, name, guest }
    this.#emitter.emit('user', this.user)
  }

  began(): void {
    for (const room of this.#rooms.values()) room.join()
    this.#gate.open()
  }

  lost(): void {
    for (const room of this.#rooms.values()) room.lost()
  }

  received(object: RoomObject): void {
    if (object.room !== undefined) this.#rooms.get(object.room)?.received(object)
    else if (object.type === 'signal') this.#emitter.emit('signal', toSignal(object))
  }

  failed(error: VecheError): void {
    this.log('error', error)
    this.#emitter.emit('error', error)
  }

  parting(bye: Bye): void {
    this.#emitter.emit('bye', bye)
  }

  // What the rooms ask.

  get ended(): VecheError | undefined {
    return this.state === 'ended' ? closed('ended') : undefined
  }

  unsent(): number {
    let sum = 0
    for (const room of this.#rooms.values()) sum += room.unsent
    return sum
  }

  left(room: ClientRoom): void {
    this.#rooms.delete(room.name)
  }

  log(event: string, detail?: unknown): void {
    this.#options.log?.(event, detail)
  }
}
