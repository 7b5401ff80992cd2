// Plays the contract (wire/native/testdata/contract) over one transport of the client, at the seam where its
// transports are used: node contract.mjs URL WAY SECRET 'one node'|'many nodes'

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transport } from './wires.mjs'

const [url, way, secret, nodes] = process.argv.slice(2)
const contract = new URL('../../wire/native/testdata/contract/', import.meta.url)
const PATIENCE = 60_000

/** A token of that user's, as the server makes them. */
function token(user) {
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, name: user.toUpperCase(), exp: Math.floor(Date.now() / 1000) + 3600 })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Whether an object has these fields; null: has them not. */
const has = (object, fields) =>
  Object.entries(fields).every(([key, value]) => (value === null ? object[key] == null : equal(object[key], value)))

function equal(a, b) {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}

class Peer {
  #wire = transport(way)
  #token
  #pipe
  #resume
  #lastId = 0
  #asked = new Map()
  #changed = []
  /** By room: `last`, `epoch`, and the seqs that were delivered. */
  rooms = new Map()
  /** Told and not yet seen. */
  told = []
  /** Told since the beginning. */
  everything = []
  #work = Promise.resolve()

  constructor(who) {
    this.#token = token(who.split('.')[0])
  }

  async connect() {
    await new Promise((resolve, reject) => {
      this.#pipe = this.#wire.open(url, {
        opened: resolve,
        received: object => this.#received(object),
        closed: (code, reason) => reject(new Error(`closed: ${code} ${reason}`)),
      })
    })
    await this.say({ type: 'hello', token: this.#token, resume: this.#resume })
    await Promise.all([...this.rooms].map(([room, { last, epoch }]) => this.say({ type: 'join', room, since: last, epoch })))
  }

  cut() {
    this.#wire.cut(this.#pipe)
  }

  stall(is) {
    this.#wire.stall(is)
  }

  async leave() {
    for (const room of this.rooms.keys()) await this.say({ type: 'leave', room })
    this.#pipe.close()
  }

  /** Resolves with the ok or the error. */
  async say(object) {
    const id = object.type ? ++this.#lastId : undefined
    const answer = new Promise(resolve => this.#asked.set(id, { object, resolve }))
    this.#pipe.send({ ...object, id })
    return within(answer, `an answer to ${JSON.stringify(object).slice(0, 200)}`)
  }

  async until(what, ready) {
    const deadline = Date.now() + PATIENCE
    for (let value; !(value = ready()); ) {
      await within(new Promise(resolve => this.#changed.push(resolve)), what, deadline - Date.now())
    }
    return ready
  }

  #received(object) {
    if (object.type === 'welcome') {
      assert.equal(object.transport, way)
      this.#resume = object.resume
    } else if (object.type === 'ok' || (object.type === 'error' && this.#asked.has(object.id))) this.#answered(object)
    else this.#work = this.#work.then(() => this.#tell(object))
  }

  #answered(answer) {
    const { object, resolve } = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if (answer.type === 'ok' && object.type === 'join') {
      const { seqs = [] } = this.rooms.get(object.room) ?? {}
      const { since } = object
      this.rooms.set(object.room, { last: since === undefined ? answer.head : since >= 0 ? since : undefined, epoch: answer.epoch, seqs })
    }
    if (answer.type === 'ok' && object.type === 'leave') this.rooms.delete(object.room)
    resolve(answer)
  }

  async #tell(object) {
    const room = this.rooms.get(object.room)
    if (object.type === 'gap' && room) await this.#gap(room, object)
    if (object.type === 'message' && !(room && this.#take(room, object))) return
    this.everything.push(object)
    this.told.push(object)
    this.#stir()
  }

  #take(room, { seq }) {
    room.last ??= seq - 1
    if (seq <= room.last) return false
    assert.equal(seq, room.last + 1, 'a hole that no gap told of')
    room.last = seq
    room.seqs.push(seq)
    return true
  }

  /** As a client must: what it was too slow for is in the log. */
  async #gap(room, { room: name, from, to, why }) {
    if (why !== 'lag') room.last = to
    while (why === 'lag' && (room.last ?? from - 1) < to) {
      const { messages } = await this.say({ type: 'history', room: name, after: room.last ?? from - 1, limit: 200 })
      for (const message of messages.filter(({ seq }) => seq <= to)) this.#take(room, message)
    }
  }

  #stir() {
    for (const resolve of this.#changed.splice(0)) resolve()
  }
}

function within(promise, what, ms = PATIENCE) {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), Math.max(ms, 0))))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** What a step is played by: the first of these that it has. */
const players = {
  connect: peer => peer.connect(),
  cut: peer => peer.cut(),
  leave: peer => peer.leave(),
  stall: (peer, { stall }) => peer.stall(stall),

  async say(peer, { say, fill, ok, error, seqs }) {
    const answer = await peer.say(fill ? { ...say, body: 'x'.repeat(fill) } : say)
    if (error) return assert.equal(answer.code, error)
    assert.ok(has(answer, ok), `${JSON.stringify(answer).slice(0, 500)} has not ${JSON.stringify(ok)}`)
    if (seqs) assert.deepEqual(answer.messages.map(({ seq }) => seq), range(...seqs))
  },

  async see(peer, { see }) {
    const wanted = ({ type, room }) => (see.type === 'message' ? type === 'message' && room === see.room : true)
    let found
    await peer.until(JSON.stringify(see), () => {
      found = peer.told.findIndex(object => wanted(object) && (see.type === 'message' || has(object, see)))
      return found >= 0
    })
    const [object] = peer.told.splice(found, 1)
    assert.ok(has(object, see), `${JSON.stringify(object)} is not ${JSON.stringify(see)}`)
  },

  unseen(peer, { unseen }) {
    assert.deepEqual(peer.everything.filter(object => has(object, unseen)), [])
  },

  async users(peer, { users, room }) {
    const deadline = Date.now() + PATIENCE
    for (;;) {
      const answer = await peer.say({ type: 'presence', room })
      const there = answer.users.map(({ id }) => id).sort()
      if (equal(there, users)) return
      assert.ok(Date.now() < deadline, `${there} are there, not ${users}`)
      await new Promise(resolve => setTimeout(resolve, 100)) // between two questions, not for an event
    }
  },

  async flood(peer, { flood, room, size }) {
    const window = 64
    for (let i = 0; i < flood; i += window) {
      const bodies = Array.from({ length: Math.min(window, flood - i) }, (_, n) => `${i + n} `.padEnd(size, 'x'))
      for (const answer of await Promise.all(bodies.map(body => peer.say({ type: 'send', room, body })))) assert.equal(answer.type, 'ok')
    }
  },

  async has(peer, { has: [from, to], room }) {
    const { seqs } = peer.rooms.get(room)
    await peer.until(`${room} up to ${to}`, () => seqs.at(-1) >= to)
    assert.deepEqual(seqs.filter(seq => seq >= from && seq <= to), range(from, to))
    peer.told = peer.told.filter(object => !(object.type === 'message' && object.room === room && object.seq <= to))
  },
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A step, its rooms made unique. */
function unique(step, scenario) {
  const name = room => (room.startsWith('~') || room === '' ? room : room.replace(/^(memory:)?/, `$1${scenario}-`))
  const renamed = object => (object && typeof object.room === 'string' ? { ...object, room: name(object.room) } : object)
  return renamed({ ...step, say: renamed(step.say), see: renamed(step.see), unseen: renamed(step.unseen) })
}

for (const file of readdirSync(contract).filter(file => file.endsWith('.json'))) {
  const { name, steps } = JSON.parse(readFileSync(new URL(file, contract), 'utf8'))
  // Rooms in memory are each node's own.
  if (nodes === 'many nodes' && steps.some(({ room }) => room?.startsWith('memory:'))) continue
  test(`${way}: ${name}`, async () => {
    const peers = new Map()
    for (const raw of steps) {
      const step = unique(raw, `${way}-${file}`)
      const peer = peers.get(step.who) ?? peers.set(step.who, new Peer(step.who)).get(step.who)
      const kind = Object.keys(players).find(kind => step[kind] !== undefined)
      try {
        await players[kind](peer, step)
      } catch (error) {
        error.message = `${JSON.stringify(raw)}: ${error.message}`
        throw error
      }
    }
    for (const peer of peers.values()) peer.cut()
  })
}
