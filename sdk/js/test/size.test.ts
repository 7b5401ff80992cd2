// The size that a page pays: bundled, minified, compressed.

import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { expect, test } from 'vitest'

async function gzipped(entry: string): Promise<number> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
  lib: { entry, formats: ['es'] },
      rolldownOptions: { output: { minify: true } },
    },
  })
  const { code } = (output as Rolldown.RolldownOutput[])[0]!.output[0]
  return gzipSync(code, { level: 9 }).length
}

test('the core is at most 6 KB', async () => {
  expect(await gzipped('src/client.ts')).toBeLessThanOrEqual(6 * 1024)
})

test('with WebSocket and IndexedDB it is at most 8 KB', async () => {
  expect(await gzipped('src/index.ts')).toBeLessThanOrEqual(8 * 1024)
})
