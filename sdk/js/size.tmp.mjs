import { gzipSync } from 'node:zlib'
import { build } from 'vite'
for (const entry of process.argv.slice(2)) for (const comments of [undefined, {annotation:false}]) {
const output = await build({ configFile: false, logLevel: 'silent', build: { write: false, target: 'es2022', lib: { entry, formats: ['es'] }, rolldownOptions: { output: { minify: true, comments } } } })
for (const o of output[0].output) console.log(entry, JSON.stringify(comments), o.fileName, o.code.length, gzipSync(o.code, { level: 9 }).length)
}
