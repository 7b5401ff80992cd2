// Prints the room's log: node log.mjs URL

import { connect, entry } from './client.mjs'

const veche = connect(process.argv[2], { receipts: false })
const log = []
for await (const page of veche.room('hostile').history({ after: 0, limit: 200 })) log.push(...page.map(entry))
console.log(JSON.stringify({ Log: log }))
veche.close()
