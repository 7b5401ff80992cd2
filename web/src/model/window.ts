// The stretch of a room's log that the page holds. However long the room, it is bounded: what is read
// on one side pushes out the other, and is read again when one scrolls back.

import type { Message } from '@veche/client';

/** The most messages held and in the DOM. */
export const cap = 400;

/** How many messages are asked for at a time, and the most held of a room that is not on the screen. */
export const page = 50;

/** Window holds ascending messages, `messages.length ≤ cap`. */
export interface Window {
  readonly messages: readonly Message[];
  /** Nothing older can be had. */
  readonly start: boolean;
  /** Nothing newer is known: what is committed next belongs at the end. */
  readonly tail: boolean;
}

export const empty: Window = { messages: [], start: false, tail: true };

/**
 * live takes a message as it is committed. At the bound it pushes out the oldest page if one follows
 * the room; for someone who reads further up nothing may move, so the window comes off the tail instead.
 */
export function live(w: Window, message: Message, following: boolean, bound = cap): Window {
  if (!w.tail || message.seq <= (w.messages.at(-1)?.seq ?? 0)) return w;
  const start = w.start || message.seq === 1;
  if (w.messages.length < bound) return { ...w, start, messages: [...w.messages, message] };
  if (!following) return { ...w, tail: false };
  return { ...w, start: false, messages: [...w.messages.slice(page), message] };
}

/** older puts an earlier page in front; an empty one means the beginning was reached. */
export function older(w: Window, before: readonly Message[]): Window {
  const first = w.messages[0]?.seq ?? Infinity;
  const added = before.filter((m) => m.seq < first);
  if (added.length === 0) return { ...w, start: true };
  const all = [...added, ...w.messages];
  return { start: added[0]!.seq === 1, tail: w.tail && all.length <= cap, messages: all.slice(0, cap) };
}

/** newer puts a later page at the end; it is the tail if it reaches head, or if there was nothing more. */
export function newer(w: Window, after: readonly Message[], head: number): Window {
  const last = w.messages.at(-1)?.seq ?? 0;
  const added = after.filter((m) => m.seq > last);
  const all = [...w.messages, ...added];
  const tail = added.length === 0 || all.at(-1)!.seq >= head;
  return { start: w.start && all.length <= cap, tail, messages: all.slice(-cap) };
}

/** rest keeps the newest page for a room that goes off the screen; elsewhere than at the tail nothing. */
export function rest(w: Window): Window {
  if (!w.tail) return { messages: [], start: false, tail: false };
  return w.messages.length <= page ? w : { messages: w.messages.slice(-page), start: false, tail: true };
}

/** around makes a window of a page from the middle of the log. */
export function around(messages: readonly Message[], head: number): Window {
  return { messages, start: messages[0]?.seq === 1, tail: (messages.at(-1)?.seq ?? head) >= head };
}
