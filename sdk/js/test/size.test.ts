// The size that a page pays: bundled, minified, compressed.

import { build, type Rolldown } from 'vite'
import { expect, test } from 'vitest'

const LIMIT = 6 * 1024

async function bundle(entry: string): Promise<number> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, target: 'es2022', lib: { entry, formats: ['iife'], name: 'veche' } },
  })
  const { code } = (output as Rolldown.RolldownOutput[])[0]!.output[0]
  const gzipped = new Blob([code]).stream().pipeThrough(new CompressionStream('gzip'))
  const n= (await new Response(gzipped).arrayBuffer()).byteLength; console.log(code.length, n); return n
}

test('all of it is at most 6 KB', async () => {
  expect(await bundle('src/index.ts')).toBeLessThanOrEqual(LIMIT)
})
