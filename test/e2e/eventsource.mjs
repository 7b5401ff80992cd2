// A plain EventSource, without a client of ours.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, patience, server } from './browser.mjs'

const { BASE, FRIEND, STRANGER } = process.env

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

async function send(room, ...bodies) {
  const objects = bodies.map(body => ({ type: 'send', room, body }))
  const response = await fetch(`${BASE}send`, { method: 'POST', body: JSON.stringify(objects) })
  const answers = await response.json()
  assert.deepEqual(answers.map(({ type }) => type), bodies.map(() => 'ok'))
}

// A page with an EventSource, and what it has heard.
class Listener {
  static async at(origin, query, options = {}) {
    const listener = new Listener()
    listener.page = await browser.newPage()
    await listener.page.goto(origin)
    await listener.page.evaluate(([url, options]) => {
      window.heard = []
      window.opened = window.errors = 0
      window.source = new EventSource(url, options)
      source.onopen = () => opened++
      source.onerror = () => errors++
      source.onmessage = ({ data, lastEventId }) => heard.push({ ...JSON.parse(data), lastEventId })
    }, [`${BASE}events?${query}`, options])
    return listener
  }

  // until waits until that is so on the page, and returns it.
  async until(what, argument) { return (await this.page.waitForFunction(what, argument, { timeout: patience })).jsonValue() }

  async hears(count) {
    await this.until(count => heard.filter(({ type }) => type === 'message').length >= count, count)
    return this.page.evaluate(() => heard.filter(({ type }) => type === 'message').map(({ room, seq, body }) => ({ room, seq, body })))
  }

  leave() { return this.page.close() }
}

test('it resumes several rooms by their cursors, through kills and drains', async () => {
  const odd = 'a,b:% ж'
  const cursors = `plain:0,${encodeURIComponent(odd)}:0`
  await send('plain', 'one')
  const ann = await Listener.at(BASE, `rooms=${encodeURIComponent(cursors)}`)
  await ann.hears(1)
  await send(odd, 'line one\nline two\r\n\ndata: no\nid: 7', '\ufeffafter a mark')
  await ann.hears(3)
  await server('kill')
  await server('restart')
  await send('plain', { two: ['\n'] })
  await ann.hears(4)
  await server('stop')
  await server('restart')
  await send(odd, 'three')
  await send('plain', 'four')
  const heard = await ann.hears(6)
  const of = name => heard.filter(({ room }) => room === name).map(({ seq, body }) => [seq, body])
  assert.deepEqual(of('plain'), [[1, 'one'], [2, { two: ['\n'] }], [3, 'four']])
  assert.deepEqual(of(odd), [[1, 'line one\nline two\r\n\ndata: no\nid: 7'], [2, '\ufeffafter a mark'], [3, 'three']])
  const { opened, last, bye } = await ann.page.evaluate(() => ({
    opened, last: heard.at(-1).lastEventId, bye: heard.find(({ type }) => type === 'bye'),
  }))
  assert.ok(opened >= 3, `${opened} streams`)
  assert.match(last, /^plain:3:\w+,a%2Cb%3A%25%20%D0%B6:3:\w+$/)
  assert.equal(bye.code, 'drain')
  await ann.leave()
})

test('what is refused ends it', async () => {
  for (const query of ['room=', 'room=r&since=x', 'room=~somebody', 'room=r&resume=nonsense']) {
    const ann = await Listener.at(BASE, query)
    await ann.until(() => source.readyState === EventSource.CLOSED)
    assert.equal(await ann.page.evaluate(() => opened), 0, query)
    await ann.leave()
  }
})

test('pages of other origins', async () => {
  const friend = await Listener.at(FRIEND, 'room=shared&since=0', { withCredentials: true })
  await send('shared', 'hello')
  assert.deepEqual(await friend.hears(1), [{ room: 'shared', seq: 1, body: 'hello' }])
  // A request with a header and JSON asks first.
  const answer = await friend.page.evaluate(async base => {
    const response = await fetch(`${base}send`, {
      method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{"type":"ping"}',
    })
    return response.json()
  }, BASE)
  assert.deepEqual(answer, { type: 'pong' })
  await friend.leave()

  const stranger = await Listener.at(STRANGER, 'room=shared&since=0')
  await stranger.until(() => source.readyState === EventSource.CLOSED)
  assert.deepEqual(await stranger.page.evaluate(() => heard), [])
  await stranger.leave()
})
