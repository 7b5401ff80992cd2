// One pipe for many clients: each says hello, joins and asks as if it had the pipe for itself.
//
// What is about a room goes to all who are in it. Who joins a room that others are in makes the pipe join it
// again, from where both have everything; what the others get twice by that they drop (docs/protocol.md,
// section 6).

import type { ClientObject, Emit, GapObject, Hello, Join, Joined, Leave, Ok, Refusal, ServerObject, SignalObject, Welcome } from './protocol.js'
import { MOVED, type Pipe, type PipeHandler, type Transport } from './transport.js'
import { Watchdog } from './watchdog.js'

/** Told to the clients of those ids, in order. */
export interface MuxHandler {
  opened(ids: string[]): void
  received(ids: string[], object: ServerObject, transport: string): void
  closed(ids: string[], code: number, reason: string): void
}

interface Member {
  /** Has been welcomed. */
  greeted: boolean
  /** Waits for the welcome that another has asked for. */
  hello?: Hello & { id?: number }
}

interface Room {
  readonly members: Set<string>
  /** Everything up to here was received; undefined before the first join was answered. */
  seq?: number
  epoch?: string
  /** The join under way, and those that wait for it. */
  joins: { member: string; join: Join & { id?: number } }[]
}

export class Mux implements PipeHandler {
  readonly #transport: Transport
  readonly #handler: MuxHandler
  readonly #members = new Map<string, Member>()
  readonly #rooms = new Map<string, Room>()
  /** Requests under way, by the id that the server knows. */
  readonly #asked = new Map<number, { member: string; object: ClientObject }>()
  #lastId = 0
  #pipe: Pipe | undefined
  #opened = false
  #greeting = false
  #token: string | undefined
  #welcome: Welcome | undefined
  readonly #watchdog = new Watchdog(
    () => this.#pipe?.send({ type: 'ping' }),
    () => this.close(1006, 'no answer'),
  )

  constructor(transport: Transport, handler: MuxHandler) {
    this.#transport = transport
    this.#handler = handler
  }

  has(id: string): boolean {
    return this.#members.has(id)
  }

  get buffered(): number {
    return this.#pipe?.buffered ?? 0
  }

  attach(id: string, url: string): void {
    if (this.#members.has(id)) return
    this.#members.set(id, { greeted: false })
    if (this.#opened) this.#handler.opened([id])
    this.#pipe ??= this.#transport.open(url, this)
  }

  detach(id: string): void {
    if (!this.#members.delete(id)) return
    for (const [name, room] of this.#rooms) {
      room.joins = room.joins.filter(({ member }, index) => index === 0 || member !== id)
      if (room.members.delete(id)) this.#vacate(name, room)
    }
    if (this.#members.size === 0) this.close(MOVED, '')
  }

  /** Lets go of the pipe; all clients are told by that code. */
  close(code: number, reason: string): void {
    const pipe = this.#pipe
    this.closed(code, reason)
    pipe?.close()
  }

  send(id: string, object: ClientObject): void {
    const member = this.#members.get(id)
    if (!member) return
    switch (object.type) {
      case 'hello':
        return this.#hello(id, member, object)
      case 'join':
        return this.#join(id, object)
      case 'leave':
        return this.#leave(id, object)
      case 'ping':
        return this.#watchdog.probe()
      case 'signal':
        this.#echo(id, object)
    }
    this.#ask(id, object)
  }

  // What the pipe tells.

  opened(): void {
    this.#opened = true
    this.#handler.opened([...this.#members.keys()])
  }

  received(object: ServerObject): void {
    this.#watchdog.heard()
    if (object.type === 'welcome') this.#welcomed(object)
    else if (object.type === 'ok' || (object.type === 'error' && object.id !== undefined)) this.#answered(object)
    else if (object.type !== 'error' && 'room' in object && object.room !== undefined) this.#told(object.room, object)
    else this.#tell([...this.#members.keys()], object)
  }

  closed(code: number, reason: string): void {
    const ids = [...this.#members.keys()]
    this.#watchdog.stop()
    this.#members.clear()
    this.#rooms.clear()
    this.#asked.clear()
    this.#pipe = this.#welcome = this.#token = undefined
    this.#opened = this.#greeting = false
    this.#handler.closed(ids, code, reason)
  }

  // Who one is.

  #hello(id: string, member: Member, hello: Hello & { id?: number }): void {
    const renews = hello.token !== undefined && hello.token !== this.#token
    if (this.#welcome && (renews || member.greeted)) this.#greet(id, hello)
    else if (this.#welcome) this.#admit(id, member, hello, this.#welcome)
    else if (this.#greeting) member.hello = hello
    else this.#greet(id, hello)
  }

  #greet(id: string, hello: Hello): void {
    this.#greeting = true
    this.#token = hello.token ?? this.#token
    this.#ask(id, hello)
  }

  #admit(id: string, member: Member, hello: Hello & { id?: number }, welcome: Welcome): void {
    member.greeted = true
    this.#tell([id], welcome)
    this.#tell([id], { type: 'ok', id: hello.id! })
  }

  #welcomed(welcome: Welcome): void {
    this.#welcome = welcome
    this.#watchdog.start((welcome.ping || 25) * 1000)
    this.#tell([...this.#members].filter(([id, { greeted }]) => greeted || this.#asks(id)).map(([id]) => id), welcome)
    for (const [id, member] of this.#members) {
      const { hello } = member
      if (this.#asks(id)) member.greeted = true
      delete member.hello
      if (hello) this.#hello(id, member, hello)
    }
  }

  /** Whether a hello of that client is under way. */
  #asks(id: string): boolean {
    return [...this.#asked.values()].some(({ member, object }) => member === id && object.type === 'hello')
  }

  // Rooms.

  #join(id: string, join: Join & { id?: number }): void {
    let room = this.#rooms.get(join.room)
    if (!room) this.#rooms.set(join.room, (room = { members: new Set(), joins: [] }))
    if (room.joins.push({ member: id, join }) === 1) this.#joinNext(room)
  }

  #joinNext(room: Room): void {
    const [next] = room.joins
    if (!next) return
    const { member, join } = next
    const { seq, epoch } = room
    if (seq === undefined) return this.#ask(member, join)
    const since = join.since === undefined ? seq : join.since < 0 ? join.since : Math.min(join.since, seq)
    this.#ask(member, { ...join, since, epoch })
  }

  #joined(id: string, ok: Joined & { room: string }): void {
    const room = this.#rooms.get(ok.room)
    const done = room?.joins.shift()
    if (!room || !done) return
    const { since = ok.head, epoch } = done.join
    const known = room.epoch
    room.seq = Math.min(room.seq ?? Infinity, since < 0 ? Math.max(0, ok.head + since) : since)
    room.epoch = ok.epoch
    room.members.add(id)
    this.#tell([id], { ...ok, id: done.join.id! })
    // The server was asked with another epoch than the client's, and so cannot tell it.
    const anew: GapObject = { type: 'gap', room: ok.room, from: 1, to: ok.head, why: 'epoch' }
    if (known === ok.epoch && epoch !== undefined && epoch !== known) this.#tell([id], anew)
    if (!this.#members.has(id)) room.members.delete(id)
    this.#vacate(ok.room, room)
    this.#joinNext(room)
  }

  #leave(id: string, { room: name, id: request }: Leave & { id?: number }): void {
    this.#tell([id], { type: 'ok', id: request! })
    const room = this.#rooms.get(name)
    if (room?.members.delete(id)) this.#vacate(name, room)
  }

  /** Nobody is in it any more, and nobody comes: nor are we. */
  #vacate(name: string, room: Room): void {
    if (room.members.size || room.joins.length) return
    this.#rooms.delete(name)
    this.#pipe?.send({ type: 'leave', room: name })
  }

  #told(name: string, object: ServerObject): void {
    const room = this.#rooms.get(name)
    if (!room) return
    if (object.type === 'message') room.seq = object.seq
    if (object.type === 'gap') room.seq = object.to
    this.#tell([...room.members], object)
  }

  /** The server tells a signal to all sessions but the one that it comes from, and that is all of ours. */
  #echo(id: string, { id: _, ...signal }: Emit & { id?: number }): void {
    const others = [...(this.#rooms.get(signal.room)?.members ?? [])].filter(other => other !== id)
    const { id: from, name } = this.#welcome!.user
    this.#tell(others, { ...signal, from, name } as SignalObject)
  }

  // Requests.

  #ask(member: string, object: ClientObject): void {
    if (object.id === undefined) return this.#pipe?.send(object)
    const id = ++this.#lastId
    this.#asked.set(id, { member, object })
    this.#pipe?.send({ ...object, id })
  }

  #answered(answer: Ok | Refusal): void {
    const asked = this.#asked.get(answer.id!)
    if (!asked) return
    this.#asked.delete(answer.id!)
    const { member, object } = asked
    if (object.type === 'join' && answer.type === 'ok') return this.#joined(member, { ...(answer as Joined), room: object.room })
    if (object.type === 'join') this.#unjoined(object.room)
    this.#tell([member], { ...answer, id: object.id! })
  }

  #unjoined(name: string): void {
    const room = this.#rooms.get(name)
    room?.joins.shift()
    if (room?.joins.length) this.#joinNext(room)
    else if (room?.members.size === 0) this.#rooms.delete(name)
  }

  #tell(ids: string[], object: ServerObject): void {
    if (ids.length) this.#handler.received(ids, object, this.#pipe?.transport ?? '')
  }
}
