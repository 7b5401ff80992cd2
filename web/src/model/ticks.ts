// The two ticks: how far a message of one's own has got.

import type { Pending, Watermarks } from '@veche/client';
import type { Entry } from './rows.ts';

/**
 * Tick grows from `queued` to `read`:
 * `sent` is committed, `received` has reached somebody else, `read` was seen by somebody else.
 */
export type Tick = 'queued' | 'sending' | 'failed' | 'sent' | 'received' | 'read';

/** tick says where one's own message stands, given how far the others have got. */
export function tick(entry: Entry, others: Watermarks): Tick {
  if (entry.seq === 0) return (entry.source as Pending).state;
  if (entry.seq <= others.read) return 'read';
  if (entry.seq <= others.received) return 'received';
  return 'sent';
}

/** others is how far the one who got furthest has got, oneself left out. */
export function others(receipts: ReadonlyMap<string, Watermarks>, me: string | undefined): Watermarks {
  let received = 0;
  let read = 0;
  for (const [user, marks] of receipts) {
    if (user === me) continue;
    received = Math.max(received, marks.received);
    read = Math.max(read, marks.read);
  }
  return { received, read };
}
