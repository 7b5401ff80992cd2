// One of many in one room: says its share, hears everybody's, prints what it heard.
// node talk.mjs npm|node BASE native|raw ROOM NAME SHARE ALL

import { Client, rest } from './client.mjs'

const [door, room, name, share, all] = rest
const heard = []

if (door === 'raw') {
  const c = new Client(`/raw/${room}?since=0`)
  await c.opened
  for (let i = 0; i < share; i++) {
    const body = `${name}-${i}`
    c.ws.send(i % 3 === 2 ? new TextEncoder().encode(body) : body)
  }
  while (heard.length < all) {
    const body = await c.next()
    heard.push(typeof body === 'string' ? `text ${body}` : `bytes ${new TextDecoder().decode(body)}`)
  }
  await c.close()
} else {
  const c = new Client(`/ws?room=${room}&since=0`)
  await c.opened
  for (let i = 0; i < share; i++) {
    const body = `${name}-${i}`
    c.say({ type: 'send', room, cid: body, ...(i % 3 === 2 ? { data: btoa(body) } : { body }) })
  }
  while (heard.length < all) {
    const m = await c.want({ type: 'message' })
    if (m.seq !== heard.length + 1) throw new Error(`seq ${m.seq} after ${heard.length}`)
    heard.push(m.data === undefined ? `text ${m.body}` : `bytes ${atob(m.data)}`)
  }
  await c.close()
}
console.log(JSON.stringify(heard))
