// How the page is built: one script, one stylesheet, names by content, nothing inline.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [svelte()],
  resolve: {
    alias: [
      { find: /^@veche\/client$/, replacement: here('../sdk/js/src/index.ts') },
      { find: /^@veche\/client\/(.+)$/, replacement: here('../sdk/js/src/$1.ts') },
    ],
  },
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the Content-Security-Policy knows no inline script or style
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` beside `go run ./cmd/veche`.
    proxy: { '^/(ws|events|poll|send)\\b': { target: 'http://localhost:8080', ws: true } },
    fs: { allow: [here('.'), here('../sdk/js')] },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
});
