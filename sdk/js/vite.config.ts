// The script-tag build: everything in one file, as the global `veche`.
import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    target: 'es2022',
    emptyOutDir: false,
    lib: { entry: 'src/script.ts', formats: ['iife'], name: 'veche', fileName: () => 'veche.js' },
  },
})
