// Stories of tabs and networks: what carries the page, and that nothing is lost when that changes.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { agree, launch, Person, server, settled } from './browser.mjs'

const { REFUSING, SWALLOWING, SOCKETS } = process.env

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

// oneSocket waits until one WebSocket is open to the server. While a tab takes over there may be two for a moment.
async function oneSocket() {
  const open = await settled(async () => Number(await (await fetch(SOCKETS)).text()), open => open === 1)
  assert.equal(open, 1, 'one WebSocket for all tabs')
}

test('three tabs have one socket; the leading tab closes, and nothing is lost, doubled or out of order', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const tabs = []
  for (let n = 0; n < 3; n++) {
    tabs.push(await ann.open('tabs'))
    await tabs[n].isCarriedBy('WebSocket')
  }
  await oneSocket()

  const [first, second, third] = tabs
  await first.say('from the first')
  await second.say('from the second')
  await third.say('from the third')
  for (const tab of tabs) await tab.sees('from the first', 'from the second', 'from the third')
  await oneSocket()

  // What is on its way when the leading tab closes arrives, once.
  await Promise.all([second.say('on the way 1', 'on the way 2'), first.page.close()])
  await third.say('afterwards')
  const log = await agree([second, third], [
    'afterwards', 'from the first', 'from the second', 'from the third', 'on the way 1', 'on the way 2',
  ])
  for (const tab of [second, third]) await tab.isCarriedBy('WebSocket')
  await oneSocket()
  const late = await ann.open('tabs')
  await late.hears(log)
  await ann.leave()
})

test('the leading tab is frozen in the background: another takes over, and it follows when it is back', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const first = await ann.open('frozen')
  await first.isOnline()
  const second = await ann.open('frozen', { prepare: page => page.clock.install() })
  await second.isOnline()
  const b = await bob.open('frozen')
  await b.isOnline()
  await first.lifecycle('frozen')
  await b.say('is anybody there?')
  await second.page.clock.runFor(30_000) // its next question to the leading tab is never answered
  await second.page.clock.resume()
  await second.sees('is anybody there?')
  await second.say('I am')
  await b.sees('I am')
  await first.lifecycle('active')
  await first.sees('is anybody there?', 'I am')
  await first.say('so am I')
  await b.sees('so am I')
  for (const tab of [first, second, b]) await tab.hears(['is anybody there?', 'I am', 'so am I'])
  await Promise.all([ann.leave(), bob.leave()])
})

test('in the background and back', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const [a, b] = [await ann.open('background'), await bob.open('background')]
  await a.say('before')
  await b.sees('before')
  await a.lifecycle('frozen')
  await b.say('while you slept 1', 'while you slept 2')
  await a.lifecycle('active')
  await a.sees('while you slept 1', 'while you slept 2')
  await a.say('I am back')
  await b.sees('I am back')
  for (const tab of [a, b]) await tab.hears(['before', 'while you slept 1', 'while you slept 2', 'I am back'])
  await Promise.all([ann.leave(), bob.leave()])
})

test('a laptop sleeps, and its connection is dead without knowing it', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const a = await ann.open('sleep', { prepare: page => page.clock.install() })
  await a.isOnline()
  await a.say('good night')
  await a.ticks('good night', 'Sent')
  await server('freeze')
  await a.page.clock.fastForward(3_600_000)
  await a.page.clock.runFor(5_000) // the clock is looked at
  await a.page.clock.runFor(11_000) // and nobody answers
  await a.isNotOnline()
  await a.say('good morning')
  await server('thaw')
  await a.page.clock.resume()
  await a.comesBack()
  await a.ticks('good morning', 'Sent')
  await a.hears(['good night', 'good morning'])
  await ann.leave()
})

test('the server restarts: the page waits, and comes back by the same way', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const a = await ann.open('restart')
  await a.isCarriedBy('WebSocket')
  await server('kill')
  await a.isNotOnline()
  await a.say('into the dark')
  await server('restart')
  await a.comesBack()
  await a.isCarriedBy('WebSocket')
  await a.ticks('into the dark', 'Sent')
  await ann.leave()
})

test('what a closed tab left unsent another one sends, once', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const [stays, goes, b] = [await ann.open('left'), await ann.open('left'), await bob.open('left')]
  await Promise.all([stays, goes, b].map(tab => tab.isOnline()))
  await server('kill')
  await Promise.all([stays, goes].map(tab => tab.isNotOnline()))
  await stays.say('from who stays')
  await goes.say('from who goes')
  await goes.ticks('from who goes', 'Waiting for the connection')
  await goes.keeps('from who goes')
  await goes.page.close()
  await server('restart')
  await Promise.all([stays, b].map(tab => tab.comesBack()))
  await agree([stays, b], ['from who stays', 'from who goes'])
  await Promise.all([ann.leave(), bob.leave()])
})

test('one may choose what carries it, and the choice stays', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const [a, there, b] = [await ann.open('choice'), await ann.open('choice'), await bob.open('choice')]
  const said = []
  for (const [way, called] of [['sse', 'SSE'], ['longpoll', 'Long polling'], ['websocket', 'WebSocket'], ['auto', 'WebSocket'], ['sse', 'SSE']]) {
    await a.use(way)
    await Promise.all([a.isCarriedBy(called), there.isCarriedBy(called)])
    await a.say(`by ${way} ${said.length}`)
    await b.say(`to ${way} ${said.length}`)
    said.push(`by ${way} ${said.length}`, `to ${way} ${said.length}`)
    await agree([a, there, b], said)
    if (said.length < 8) await a.picture(`carried-by-${way}-light`)
  }
  await a.page.reload()
  await a.isCarriedBy('SSE')
  await Promise.all([ann.leave(), bob.leave()])
})

test('a network without WebSockets, that keeps streams: long polling', async () => {
  const ann = await Person.arrive(browser, 'Анна', { locale: 'ru-RU', viewport: { width: 390, height: 780 }, colorScheme: 'dark' })
  const bob = await Person.arrive(browser, 'Bob')
  const a = await ann.open('refusing', { at: REFUSING })
  const b = await bob.open('refusing')
  await a.page.getByRole('status').filter({ hasText: 'Long polling' }).waitFor()
  await a.say('по длинному опросу')
  await b.sees('по длинному опросу')
  await b.say('слышу')
  await a.sees('слышу')
  await a.picture('carried-by-longpoll-phone-dark')
  await a.page.getByRole('button', { name: 'К списку комнат' }).click()
  await a.isCarriedBy('Long polling')
  await a.picture('carried-by-longpoll-phone-dark-list')
  await Promise.all([ann.leave(), bob.leave()])
})

test('a proxy that accepts a WebSocket and swallows what it carries: Server-Sent Events', async () => {
  const ann = await Person.arrive(browser, 'Ann', { colorScheme: 'dark' })
  const bob = await Person.arrive(browser, 'Bob')
  const a = await ann.open('swallowing', { at: SWALLOWING })
  const b = await bob.open('swallowing')
  await a.isCarriedBy('SSE')
  await a.say('through')
  await b.sees('through')
  await b.say('and back')
  await a.sees('and back')
  await a.picture('carried-by-sse-dark')
  await Promise.all([ann.leave(), bob.leave()])
})
