// Chromium's WebSocket over TLS: it opens, talks, closes, and tells over which protocol its page came.

import assert from 'node:assert/strict'
import { launch, patience, settled } from './browser.mjs'

const base = process.env.BASE

const browser = await launch()
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  await page.goto(base)
  const talk = await page.evaluate(async () => {
    const [navigation] = performance.getEntriesByType('navigation')
    const url = new URL('/raw/http2?welcome=1', location.href)
    url.protocol = 'wss:'
    const socket = new WebSocket(url, ['chat'])
    const heard = []
    const closed = new Promise(resolve => { socket.onclose = event => resolve([event.code, event.wasClean]) })
    socket.onmessage = event => {
      heard.push(event.data)
      if (heard.length === 1) socket.send('вече '.repeat(2000))
      if (heard.length === 2) socket.close(1000, 'done')
    }
    const [code, wasClean] = await closed
    return { page: navigation.nextHopProtocol, protocol: socket.protocol, extensions: socket.extensions, heard, code, wasClean }
  })
  assert.equal(talk.page, 'h2', 'the page itself comes over HTTP/2')
  assert.equal(JSON.parse(talk.heard[0]).type, 'welcome')
  assert.equal(talk.heard[1], 'вече '.repeat(2000))
  assert.equal(talk.protocol, 'chat')
  assert.match(talk.extensions, /permessage-deflate/)
  assert.deepEqual([talk.code, talk.wasClean], [1000, true])

  // Streams share the connection too: a browser has no more than six of HTTP/1.1 to one origin.
  const streams = await page.evaluate(() => Promise.all(Array.from({ length: 10 }, async () => {
    const source = new EventSource('/events?room=http2')
    const first = await new Promise(resolve => { source.onmessage = resolve })
    return JSON.parse(first.data).type
  })))
  assert.deepEqual(streams, Array(10).fill('welcome'))

  // The page says what carries it.
  const carrier = page.getByRole('navigation').getByRole('status').locator('.carrier')
  const shown = await settled(() => carrier.textContent(), text => text === process.env.SHOWN)
  assert.equal(shown, process.env.SHOWN)
} finally {
  await browser.close()
}
