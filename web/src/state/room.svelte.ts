// One room as the page sees it: what of its log is held, who is there, what is new.

import type { Message, Pending, Person, Room, RoomState, User, VecheError, Watermarks } from '@veche/client';
import { others } from '../model/ticks.ts';
import * as win from '../model/window.ts';
import { attention } from './attention.svelte.ts';
import { oncePerFrame } from './frames.ts';
import { Typing } from './typing.svelte.ts';

/** How many messages that one has read stand above those that are new. */
const context = 10;

/** Arrival is a message as it is delivered; late if the log already went on behind it. */
interface Arrival {
  readonly message: Message;
  readonly late: boolean;
}

/** RoomView follows a room of the client. `read ≤ head`; the window holds a stretch that ends at head while it is at the tail. */
export class RoomView {
  readonly name: string;
  readonly typing = new Typing();

  window = $state.raw(win.empty);
  state = $state<RoomState>('joining');
  error = $state.raw<VecheError>();
  head = $state(0);
  read = $state(0);
  pending = $state.raw<readonly Pending[]>([]);
  people = $state.raw<readonly Person[]>([]);
  count = $state(0);
  others = $state.raw<Watermarks>({ received: 0, read: 0 });
  /** The newest message, for the list of rooms. */
  latest = $state.raw<Message>();
  /** What was in the log when one entered has arrived. */
  ready = $state(false);
  /** The "new" line stands above this seq; 0: no line. */
  newFrom = $state(0);
  /** A page of the log is on its way. */
  loading = $state(false);
  /** What is written and not sent. */
  draft = $state('');

  /** What was in the log when one first came: it never counted as unread. */
  baseline = $state(0);

  /** How many messages one has not read. */
  readonly unread = $derived(this.ready ? Math.max(0, this.head - Math.max(this.read, this.baseline)) : 0);

  /** The room is open and scrolled to its end. Set by the timeline. */
  following = true;
  /** The room is the one on the screen. */
  open = false;

  /** The page of the log that is on its way, or the last one that was. */
  #page: Promise<void> = Promise.resolve();
  /** Delivered since the last sync. */
  #arrived: Arrival[] = [];
  readonly #changed = oncePerFrame(() => this.#sync());
  readonly #room: Room;
  readonly #me: () => User | undefined;

  constructor(room: Room, me: () => User | undefined) {
    this.name = room.name;
    this.#room = room;
    this.#me = me;
    room.on('message', (message) => {
      this.#arrived.push({ message, late: message.seq < room.head });
      this.#changed();
    });
    room.on('state', (state) => {
      if (state === 'live' && !this.ready && room.own.received === 0) this.baseline = room.head;
      if (state !== 'live') this.typing.clear();
      this.#changed();
    });
    room.on('receipt', this.#changed);
    room.on('presence', ({ left }) => {
      for (const person of left) this.typing.ended(person.id);
      this.#changed();
    });
    room.on('pending', this.#changed);
    room.on('gap', ({ why }) => {
      if (why === 'epoch') this.#forget();
      this.#changed();
    });
    room.on('signal', ({ from, name, kind }) => {
      if (kind === 'typing' && from !== this.#me()?.id) this.typing.began({ id: from, name });
    });
    this.#sync();
  }

  /** The room comes onto the screen: to what is new, else to the end. */
  async enter(): Promise<void> {
    this.open = true;
    this.newFrom = this.read > 0 && this.unread > 0 ? this.read + 1 : 0;
    const held = this.window.messages[0]?.seq ?? Infinity;
    if (this.newFrom > 0 && this.newFrom < held) {
      await this.#load({ after: Math.max(0, this.newFrom - context) }, win.around);
    } else {
      await this.toLatest();
      if (this.window.messages.length < win.page) await this.older();
    }
  }

  exit(): void {
    this.open = false;
    this.newFrom = 0;
    this.following = true;
    this.window = win.rest(this.window);
  }

  /** Loads the page before what is held. */
  async older(): Promise<void> {
    const first = this.window.messages[0]?.seq;
    if (this.window.start || first === undefined) return;
    await this.#load({ before: first }, (messages) => win.older(this.window, messages));
  }

  /** Loads the page after what is held. */
  async newer(): Promise<void> {
    const last = this.window.messages.at(-1)?.seq;
    if (this.window.tail || last === undefined) return;
    await this.#load({ after: last }, (messages, head) => win.newer(this.window, messages, head));
  }

  /** Goes back to the end of the log. */
  async toLatest(): Promise<void> {
    await this.#page;
    if (this.window.tail) return;
    await this.#load({}, win.around);
  }

  /** Everything up to seq was on the screen. */
  seen(seq: number): void {
    if (!this.ready || !attention.here || seq <= this.read) return;
    this.#room.receipt({ read: seq });
    this.read = seq;
  }

  /** Sends a text. What becomes of it is told by `pending`. */
  send(text: string): void {
    this.newFrom = 0;
    this.typing.sent();
    this.#room.send({ text }).catch(failed);
  }

  retry(cid: string): void {
    this.#room.retry(cid).catch(failed);
  }

  discard(cid: string): void {
    this.#room.discard(cid);
  }

  /** One is typing. */
  typed(): void {
    if (this.typing.due()) this.#room.signal('typing');
  }

  leave(): void {
    this.#room.leave();
  }

  // One page at a time; away from the server none.
  #load(where: { before?: number; after?: number }, put: (page: Message[], head: number) => win.Window): Promise<void> {
    if (!this.loading && this.state === 'live') {
      this.loading = true;
      this.#page = this.#fetch(where, put).finally(() => (this.loading = false));
    }
    return this.#page;
  }

  async #fetch(where: { before?: number; after?: number }, put: (page: Message[], head: number) => win.Window) {
    try {
      const { value } = await this.#room.history({ ...where, limit: win.page }).next();
      this.window = put(value ?? [], this.#room.head);
    } catch {
      // The room was left, or the server would not: scrolling asks again.
    }
  }

  #take({ message, late }: Arrival): void {
    const mine = message.from === this.#me()?.id;
    this.typing.ended(message.from);
    this.latest = message;
    this.window = win.live(this.window, message, this.following, this.open ? win.cap : win.page);
    if (mine && message.seq === this.read + 1) this.#room.receipt({ read: message.seq });
    else if (!mine && (late || !attention.here) && this.#missed()) this.newFrom = message.seq;
  }

  // What comes to the open room while nobody looks, or came while the connection was away, is new from its first.
  #missed(): boolean {
    return this.ready && this.open && this.newFrom <= this.read;
  }

  #sync(): void {
    for (const arrival of this.#arrived.splice(0)) this.#take(arrival);
    const room = this.#room;
    const me = this.#me()?.id;
    this.state = room.state;
    this.error = room.error;
    this.head = room.head;
    this.read = room.own.read;
    this.pending = room.pending;
    this.count = room.count;
    this.people = [...room.presence.values()];
    this.others = others(room.receipts, me);
    if (room.state === 'live' && (room.last ?? 0) >= room.head) this.ready = true;
  }

  // The log is another one.
  #forget(): void {
    this.#arrived = [];
    this.window = win.empty;
    this.latest = undefined;
    this.newFrom = 0;
    this.baseline = 0;
  }
}

// A refused message stays in the list as failed, with its error: nothing more is to be done here.
function failed(): void {}
