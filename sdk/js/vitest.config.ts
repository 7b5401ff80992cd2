import { defineConfig } from 'vitest/config'

/** A test may take that many ms on a machine that has much else to do: what it waits for is an event, not this. */
const patience = 60_000

export default defineConfig({ test: { include: ['test/*.test.ts'], unstubGlobals: true, restoreMocks: true, testTimeout: patience, hookTimeout: patience } })
