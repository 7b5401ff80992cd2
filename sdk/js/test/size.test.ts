// The sizes that a page pays: bundled as an application's bundler does, minified, compressed.

import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { expect, test } from 'vitest'

/** Bundles an application of one line; sizes of its first script, and of all that it loads on demand. */
async function sizes(code: string): Promise<{ first: number; later: number }> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [{ name: 'application', resolveId: id => (id.endsWith('/application') ? id : null), load: id => (id.endsWith('/application') ? code : null) }],
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      lib: { entry: 'application', formats: ['es'] },
      rolldownOptions: { output: { minify: true, comments: { annotation: false } } },
    },
  })
  const chunks = (output as Rolldown.RolldownOutput[])[0]!.output.filter(chunk => chunk.type === 'chunk')
  const [first = 0, ...later] = chunks.map(({ code }) => gzipSync(code, { level: 9 }).length)
  return { first, later: later.reduce((sum, size) => sum + size, 0) }
}

const src = new URL('../src/', import.meta.url).pathname
const exported = (names: string, module: string) => `export { ${names} } from '${src}${module}.ts'\n`
const KB = 1000

test.each([
  ['the core', exported('connect', 'core'), 5.9 * KB, 0],
  ['the core over WebSocket, outbox in memory', exported('connect, webSocket, memoryOutbox, watch', 'core'), 6.7 * KB, 0],
  ['connect: every transport, outbox in IndexedDB', exported('connect', 'index'), 8.7 * KB, 4.5 * KB],
  ['connect, shared between tabs', exported('connect', 'index') + exported('tabs', 'tabs'), 10.7 * KB, 4.5 * KB],
])('%s', async (_, code, first, later) => {
  const size = await sizes(code)
  console.log(size)
  expect(size.first).toBeLessThanOrEqual(first)
  expect(size.later).toBeLessThanOrEqual(later)
})
