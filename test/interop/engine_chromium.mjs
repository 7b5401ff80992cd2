// Chromium as a client of the engine's echo, on a page of the machine itself.
// node engine_chromium.mjs URL plain|deflate|BITS

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { chromium } from 'playwright-core'

const [url, compression] = process.argv.slice(2)
const pages = createServer((_, response) => {
  response.setHeader('Content-Type', 'text/html')
  response.end('<!doctype html><title>echo</title>')
}).listen(0, '127.0.0.1')
await once(pages, 'listening')
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  timeout: 60_000,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const page = await browser.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(`http://127.0.0.1:${pages.address().port}/`)
  const { extensions, code, wrong } = await page.evaluate(converse, url)
  assert.deepEqual(wrong, [])
  assert.equal(extensions.includes('permessage-deflate'), compression !== 'plain', extensions)
  if (Number(compression)) assert.ok(extensions.includes(`client_max_window_bits=${compression}`), extensions)
  assert.equal(code, 1000)
} finally {
  await browser.close()
  pages.close()
}

// converse runs in the page: it has all kinds of messages echoed, some of them under way at once.
async function converse(url) {
  const ws = new WebSocket(url)
  ws.binaryType = 'arraybuffer'
  const heard = []
  let wake = () => {}
  ws.onmessage = e => { heard.push(e.data); wake() }
  const closed = new Promise(resolve => { ws.onclose = resolve })
  await new Promise((resolve, reject) => { ws.onopen = resolve; ws.onerror = () => reject(new Error('it does not open')) })
  const next = async () => {
    while (heard.length === 0) await new Promise(resolve => { wake = resolve; closed.then(resolve) })
    return heard.shift()
  }
  const long = 'a word and '.repeat(40_000)
  const every = Uint8Array.from({ length: 256 }, (_, i) => i)
  const said = ['вече', '', every, long.slice(0, 5000), new Uint8Array(200_000).fill(7), long, new Uint8Array(0), long.slice(0, 5000)]
  const wrong = []
  const check = (message, back) => {
    const same = typeof message === 'string' ? back === message
      : back instanceof ArrayBuffer && back.byteLength === message.length && new Uint8Array(back).every((byte, i) => byte === message[i])
    if (!same) wrong.push(`${message.length} came back as ${typeof back} of ${back.length ?? back.byteLength}`)
  }
  for (const message of said) {
    ws.send(message)
    check(message, await next())
  }
  for (const message of said) ws.send(message)
  for (const message of said) check(message, await next())
  const { extensions } = ws
  ws.close(1000)
  const { code } = await closed
  return { extensions, code, wrong }
}
