// Says and hears something over each transport in turn, without losing the place: node ways.mjs [URL]
import { connect } from '@veche/client'

const veche = connect(process.argv[2] ?? 'ws://localhost:8080/ws', { name: 'Ways' })
const room = veche.room('ways', { since: 0 })
const seqs = []
room.on('message', ({ seq }) => seqs.push(seq))

for (const way of ['sse', 'longpoll', ...(globalThis.WebSocket ? ['websocket'] : []), null]) {
  veche.use(way)
  const { seq } = await room.send({ over: way ?? 'whatever gets through' })
  console.log(`${seq} over ${veche.transport}`)
}
while (seqs.length < room.head) await new Promise(heard => room.on('message', heard))
console.log(seqs.every((seq, i) => seq === i + 1) ? 'each once, in order' : `not in order: ${seqs}`)
veche.close()
