import { expect, test } from 'vitest';
import type { Message, Pending } from '@veche/client';
import { committed, unsent } from './rows.ts';
import { others, tick } from './ticks.ts';

const message: Message = { room: 'r', seq: 7, from: 'me', name: '', at: new Date(0), kind: '', body: 'x' };
const pending = (state: Pending['state']): Pending => ({ cid: 'c', kind: '', body: 'x', at: new Date(0), state });

test.each([
  [{ received: 0, read: 0 }, 'sent'],
  [{ received: 6, read: 6 }, 'sent'],
  [{ received: 7, read: 6 }, 'received'],
  [{ received: 9, read: 7 }, 'read'],
] as const)('a committed message at %o is %s', (marks, want) => {
  expect(tick(committed(message, 'me'), marks)).toBe(want);
});

test.each(['queued', 'sending', 'sent', 'failed'] as const)('an unsent message is %s', (state) => {
  expect(tick(unsent(pending(state), 'me', ''), { received: 99, read: 99 })).toBe(state);
});

test('one does not count for oneself', () => {
  const receipts = new Map([
    ['me', { received: 9, read: 9 }],
    ['a', { received: 8, read: 2 }],
    ['b', { received: 5, read: 4 }],
  ]);
  expect(others(receipts, 'me')).toEqual({ received: 8, read: 4 });
  expect(others(new Map(), 'me')).toEqual({ received: 0, read: 0 });
});
