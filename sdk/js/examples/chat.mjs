// Ten lines that chat: node chat.mjs [URL]. What you type is said; what is said is printed.
import { createInterface } from 'node:readline'
import { connect } from '@veche/client'

const veche = connect(process.argv[2] ?? 'ws://localhost:8080/ws', { name: 'Ann' })
const room = veche.room('general', { since: -20 })

room.on('message', ({ seq, name, body }) => console.log(`${seq} ${name || 'guest'}: ${body.text ?? body}`))
veche.on('transport', transport => console.error(transport ? `connected over ${transport}` : 'not connected'))
for await (const text of createInterface({ input: process.stdin })) await room.send({ text })
veche.close()
