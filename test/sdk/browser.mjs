// The script-tag build in Chromium: in two pages that share a connection, in a worker, and in a shared one.
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

/** Says and hears something in a worker of that kind; runs in a page. */
function inWorker([source, kind]) {
  const run = async port => {
    const client = veche.connect(`${origin}/ws`)
    const room = client.room('script', { since: 0 })
    const heard = []
    room.on('message', ({ seq }) => heard.push(seq))
    const { seq } = await room.send({ from: 'a worker' })
    // On a busy machine another way may have been first.
    for (const deadline = Date.now() + 60_000; (heard.length < seq || client.transport !== 'websocket') && Date.now() < deadline; ) {
      await new Promise(soon => setTimeout(soon, 20))
    }
    port.postMessage({ seq, heard, over: client.transport })
  }
  const begin = kind === 'Worker' ? 'run(self)' : 'onconnect = ({ ports: [port] }) => run(port)'
  const code = `const origin = ${JSON.stringify(location.origin)};${source};const run = ${run};${begin}`
  return new Promise((resolve, reject) => {
    const worker = new window[kind](URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
    ;(worker.port ?? worker).onmessage = ({ data }) => resolve(data)
    worker.onerror = event => reject(new Error(event.message))
  })
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

  const source = readFileSync(script, 'utf8')
  const workers = [await pages[0].evaluate(inWorker, [source, 'Worker']), await pages[1].evaluate(inWorker, [source, 'SharedWorker'])]
  assert.deepEqual([...seqs, ...workers.map(({ seq }) => seq)], [1, 2, 3, 4])
  assert.deepEqual(workers.map(({ heard }) => heard), [[1, 2, 3], [1, 2, 3, 4]])
  assert.deepEqual(workers.map(({ over }) => over), ['websocket', 'websocket'])
  for (const page of pages) {
    await page.waitForFunction(() => heard.length >= 4 && client.transport === 'websocket')
    assert.deepEqual(await page.evaluate(() => heard), [1, 2, 3, 4])
  }

  // What a page that reaches nobody leaves unsent goes out by another that is there.
  const cutOff = await open(context)
  await cutOff.evaluate(async () => {
    const nobody = { open: () => ({ transport: '', buffered: 0, send() {}, close() {} }) }
    const outbox = veche.indexedDBOutbox(`veche ${location.host}/ws`)
    const kept = new Promise(done => (window.kept = done))
    const put = outbox.put.bind(outbox)
    outbox.put = entry => put(entry).then(window.kept)
    void veche.connect('/ws', { transport: nobody, outbox }).room('script').send({ from: 'a page that is gone' })
    await kept
  })
  await cutOff.close()
  for (const page of pages) await page.waitForFunction(() => heard.length === 5)
} finally {
  await browser.close()
}
