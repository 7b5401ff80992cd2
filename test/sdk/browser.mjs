// The script-tag build in Chromium: in a page, in two that share a connection, and in a worker.
// node browser.mjs PAGE SCRIPT

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const [base, script] = process.argv.slice(2)
const PATIENCE = 60_000
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'], timeout: PATIENCE })

// A page of the server's origin that has nothing of its own.
async function open(context) {
  const page = await context.newPage()
  await page.goto(`${base}healthz`)
  await page.addScriptTag({ path: script })
  return page
}

try {
  const context = await browser.newContext({ bypassCSP: true })
  context.setDefaultTimeout(PATIENCE)
  const pages = [await open(context), await open(context)]
  const seqs = []
  for (const page of pages) {
    seqs.push(
      await page.evaluate(async () => {
        window.client = veche.connect('/ws', { share: veche.tabs() })
        window.heard = []
        const room = client.room('script', { since: 0 })
        room.on('message', ({ seq }) => heard.push(seq))
        return (await room.send({ from: 'a page' })).seq
      }),
    )
  }

  const worker = await pages[0].evaluate(
    source =>
      new Promise((resolve, reject) => {
        const run = async () => {
          const client = veche.connect(`${origin}/ws`)
          const room = client.room('script', { since: 0 })
          const heard = []
          room.on('message', ({ seq }) => heard.push(seq))
          const { seq } = await room.send({ from: 'a worker' })
          // On a busy machine another way may have been first.
          for (const deadline = Date.now() + 60_000; (heard.length < seq || client.transport !== 'websocket') && Date.now() < deadline; ) {
            await new Promise(soon => setTimeout(soon, 20))
          }
          postMessage({ seq, heard, over: client.transport })
        }
        const code = `const origin = ${JSON.stringify(location.origin)};${source};(${run})()`
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = event => reject(new Error(event.message))
      }),
    readFileSync(script, 'utf8'),
  )
  assert.deepEqual([...seqs, worker.seq], [1, 2, 3])
  assert.deepEqual(worker.heard, [1, 2, 3])
  assert.equal(worker.over, 'websocket')
  for (const page of pages) {
    await page.waitForFunction(() => heard.length >= 3 && client.transport === 'websocket')
    assert.deepEqual(await page.evaluate(() => heard), [1, 2, 3])
  }
} finally {
  await browser.close()
}
