import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { oncePerFrame } from './frames.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('many askers, one turn a frame, none forgotten', async () => {
  let turns = 0;
  const ask = oncePerFrame(() => turns++);
  ask();
  ask();
  expect(turns).toBe(0); // the event is still being told
  await Promise.resolve();
  expect(turns).toBe(1);
  for (let i = 0; i < 100; i++) ask();
  await Promise.resolve();
  expect(turns).toBe(1);
  vi.advanceTimersByTime(16);
  expect(turns).toBe(2);
  vi.advanceTimersByTime(1_000);
  expect(turns).toBe(2);
  ask();
  await Promise.resolve();
  expect(turns).toBe(3);
});

test('asking from within a turn asks for the next', async () => {
  let turns = 0;
  const ask = oncePerFrame(() => {
    if (++turns < 3) ask();
  });
  ask();
  await Promise.resolve();
  vi.advanceTimersByTime(100);
  expect(turns).toBe(3);
});
