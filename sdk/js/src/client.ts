// The client: one connection and the rooms that live on it.

import { Connection } from './connection.js'
import { Gate } from './deferred.js'
import { Emitter } from './emitter.js'
import { closed, VecheError } from './errors.js'
import type { Pong, RoomObject, Welcome } from './protocol.js'
import { ClientRoom, toSignal, type RoomHost } from './room.js'
import type { Bye, CoreOptions, Room, RoomOptions, Unbind, User, Veche, VecheEvents } from './types.js'

export class Client extends Connection implements Veche, RoomHost {
  user: User | undefined
  transport: string | null = null
  /** From the welcome on; nothing is sent before. */
  maxFrame = 0

  readonly #emitter = new Emitter<VecheEvents>()
  readonly #rooms = new Map<string, ClientRoom>()
  /** Those who wait to be online. */
  readonly #gate = new Gate()

  constructor(url: string, options: CoreOptions) {
    super(url, options)
    options.outbox.watch?.(() => this.#rooms.forEach(room => room.claim()))
    this.reconnect()
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
      this.request({ type: 'hello', name }, answer => (answer instanceof VecheError ? reject(answer) : resolve())),
    )
    this.name = name
    return this.user!
  }

  use(name: string | null): void {
    this.options.transport.use?.(name)
    this.reconnect()
  }

  override close(): void {
    super.close()
    this.options.outbox.close()
  }

  // What the connection tells.

  moved(): void {
    if (this.ended) {
      for (const room of this.#rooms.values()) room.end(this.ended)
      this.#gate.open(this.ended)
    }
    const was = this.transport
    this.transport = this.session?.transport ?? null
    this.#emitter.emit('state', this.state)
    if (this.transport !== was) this.#emitter.emit('transport', this.transport)
  }

  welcomed({ user: { id, name, guest = false }, limits }: Welcome): void {
    const was = JSON.stringify(this.user)
    this.maxFrame = limits.frame
    this.user = { id, name, guest }
    if (JSON.stringify(this.user) !== was) this.#emitter.emit('user', this.user)
  }

  began(): void {
    for (const room of this.#rooms.values()) room.join()
    this.#gate.open()
  }

  lost(): void {
    for (const room of this.#rooms.values()) room.lost()
  }

  told(object: RoomObject | Pong): void {
    if (object.room !== undefined) this.#rooms.get(object.room)?.received(object)
    else if (object.type === 'signal') this.#emitter.emit('signal', toSignal(object))
  }

  failed(error: VecheError): void {
    this.options.log?.('error', error)
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
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.unsent, 0)
  }

  left(room: ClientRoom): void {
    this.#rooms.delete(room.name)
  }
}
