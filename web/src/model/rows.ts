// Lays messages out: day lines, the line above what is new, gaps in the log, and authors' groups.

import type { Message, Pending } from '@veche/client';
import { dayKey } from './days.ts';

/** Entry is what is shown as one message, committed or not. */
export interface Entry {
  /** The same before and after the commit, so that the element stays. */
  readonly key: string;
  readonly mine: boolean;
  readonly from: string;
  readonly name: string;
  readonly at: Date;
  readonly source: Message | Pending;
  /** Its place in the log; 0 until it has one. */
  readonly seq: number;
}

export type Row =
  | { kind: 'day'; key: string; at: Date }
  | { kind: 'new'; key: string }
  | { kind: 'gap'; key: string; count: number }
  | { kind: 'message'; key: string; entry: Entry; first: boolean; last: boolean };

/** Messages of one author that are closer than this stand together. */
const together = 5 * 60_000;

const entries = new WeakMap<Message, Entry>();

/** committed wraps a message of the log, each once. */
export function committed(message: Message, me: string | undefined): Entry {
  const mine = message.from === me;
  let entry = entries.get(message);
  if (!entry || entry.mine !== mine) {
    const { from, name, at, seq, cid } = message;
    entry = { key: mine && cid ? `c${cid}` : `s${seq}`, mine, from, name, at, seq, source: message };
    entries.set(message, entry);
  }
  return entry;
}

/** unsent wraps a message that is not in the log yet. */
export function unsent(pending: Pending, me: string, name: string): Entry {
  return { key: `c${pending.cid}`, mine: true, from: me, name, at: pending.at, seq: 0, source: pending };
}

/** rows lays out ascending entries; `newFrom` is the first seq above which the "new" line stands, 0 for none. */
export function rows(entries: readonly Entry[], newFrom: number): Row[] {
  const out: Row[] = [];
  let above: Entry | undefined;
  let open: Extract<Row, { kind: 'message' }> | undefined;
  const line = (row: Row) => {
    open = undefined;
    out.push(row);
  };
  for (const entry of entries) {
    if (above?.seq && entry.seq > above.seq + 1) {
      line({ kind: 'gap', key: `gap ${entry.seq}`, count: entry.seq - above.seq - 1 });
    }
    if (!above || dayKey(above.at) !== dayKey(entry.at)) line({ kind: 'day', key: `day ${entry.key}`, at: entry.at });
    if (newFrom > 0 && entry.seq >= newFrom && (!above || above.seq < newFrom)) line({ kind: 'new', key: 'new' });
    const joins = open && open.entry.from === entry.from && +entry.at - +open.entry.at < together;
    if (joins) open!.last = false;
    open = { kind: 'message', key: entry.key, entry, first: !joins, last: true };
    out.push(open);
    above = entry;
  }
  return out;
}
