// Says a share of messages and hears twice as many: node talk.mjs URL NAME MIX SEED SHARE

import { connect, entry } from './client.mjs'

const [url, name, mix, seed, share] = process.argv.slice(2)

// The same every time, and impatient: a backoff is at most 1 % of what it may be.
let state = Number(seed)
Math.random = () => {
  state = (state * 1103515245 + 12345) % 2 ** 31
  return state / 2 ** 31 / 100
}

const ways = ['websocket', 'sse', 'longpoll']
const only = mix === 'auto' ? null : mix === 'changing' ? ways[seed % 3] : mix
const veche = connect(url, { name, only })
const carried = {}
const reads = []
veche.on('transport', way => way && (carried[way] = (carried[way] ?? 0) + 1))

const room = veche.room('hostile', { since: 0 })
room.on('gap', gap => fail(`a gap: ${JSON.stringify(gap)}`))
const heardAll = new Promise(done => {
  room.on('message', message => {
    reads.push(entry(message))
    if (reads.length === 2 * share) done()
  })
})

// A few under way at a time, as fast as they are acknowledged.
const sends = []
for (let i = 0; i < share; ) {
  if (mix === 'changing' && i % 100 === 0) veche.use(i % 400 === 300 ? null : ways[(Number(seed) + i / 100) % 3])
  const group = Array.from({ length: 10 }, () => `${name}-${i++}`)
  const sent = await Promise.all(group.map((body, n) => room.send(body, { cid: `${name}-${i - 10 + n}` })))
  sends.push(...sent.map(({ seq }, n) => ({ CID: group[n], Body: group[n], Seq: seq })))
}
await heardAll
for (const send of sends) send.Sender = veche.user.id
console.log(JSON.stringify({ Sends: sends, Reads: reads, Carried: carried }))
veche.close()

function fail(why) {
  console.error(why)
  process.exit(1)
}
