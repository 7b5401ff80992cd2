// The page's one connection, and the rooms in its list.

import { connect, type ConnectionState, type User, type Veche } from '@veche/client';
import { tabs } from '@veche/client/tabs';
import { page } from '../model/window.ts';
import { myName, myRooms, way, type Way } from './prefs.svelte.ts';
import { route } from './route.svelte.ts';
import { RoomView } from './room.svelte.ts';

/** Where the server is: beside the page. */
const server = new URL('./ws', location.href);

/** The most rooms that one connection may be in (the server's bound). */
const maxRooms = 256;

class Chat {
  state = $state<ConnectionState>('connecting');
  /** The connection has failed or broken, and has not come back yet. */
  away = $state(false);
  transport = $state<string | null>(null);
  retryAt = $state.raw<Date>();
  user = $state.raw<User>();
  /** The last that the server, or the client, said against going on. */
  why = $state.raw<{ readonly code: string }>();

  /** In the order of their names. */
  rooms = $state.raw<readonly RoomView[]>([]);

  readonly unsent = $derived(this.rooms.reduce((n, room) => n + room.pending.filter(waits).length, 0));
  readonly unread = $derived(this.rooms.reduce((n, room) => n + room.unread, 0));

  readonly #veche: Veche;

  constructor() {
    const only = way.value === 'auto' ? null : way.value;
    this.#veche = connect(server, { name: myName.value || undefined, share: tabs(), only });
    this.#veche.on('state', () => this.#sync());
    this.#veche.on('user', (user) => (this.user = user));
    this.#veche.on('bye', (bye) => (this.why = bye));
    this.#veche.on('error', (error) => (this.why = error));
    this.#sync();
    myRooms.value.forEach((name) => this.#add(name));
    addEventListener('storage', () => this.#followTabs());
  }

  /** The room of that name; put into the list if it is not there. */
  room(name: string): RoomView {
    const known = this.rooms.find((room) => room.name === name);
    if (known) return known;
    const added = this.#add(name);
    myRooms.value = this.rooms.map((room) => room.name);
    return added;
  }

  leave(name: string): void {
    this.#remove(name);
    myRooms.value = this.rooms.map((room) => room.name);
  }

  /** Goes by another name; rejects if the server will not have it. */
  async rename(name: string): Promise<void> {
    await this.#veche.rename(name);
    myName.value = name;
  }

  /** Connects by that way only; `auto` leaves the choice to the client. */
  use(chosen: Way): void {
    way.value = chosen;
    this.#veche.use(chosen === 'auto' ? null : chosen);
  }

  reconnect(): void {
    this.#veche.reconnect();
  }

  #add(name: string): RoomView {
    if (this.rooms.length >= maxRooms) this.#remove(this.rooms[0]!.name);
    // The room on the screen begins with a page, the others with the message that the list shows.
    const since = name === route.named ? -page : -1;
    const room = new RoomView(this.#veche.room(name, { since }), () => this.#veche.user);
    this.rooms = [...this.rooms, room].sort((a, b) => a.name.localeCompare(b.name));
    return room;
  }

  #remove(name: string): void {
    this.rooms.find((room) => room.name === name)?.leave();
    this.rooms = this.rooms.filter((room) => room.name !== name);
  }

  // Another tab of the same person has changed the list or the name.
  #followTabs(): void {
    const wanted = new Set(myRooms.value);
    for (const { name, open } of this.rooms) if (!wanted.has(name) && !open) this.#remove(name);
    for (const name of wanted) if (!this.rooms.some((room) => room.name === name)) this.#add(name);
    if (myName.value && this.user?.guest && this.user.name !== myName.value) {
      this.#veche.rename(myName.value).catch(() => {}); // the tab that was asked shows why not
    }
  }

  #sync(): void {
    this.state = this.#veche.state;
    this.transport = this.#veche.transport;
    this.retryAt = this.#veche.retryAt;
    this.away = this.state !== 'online' && (this.away || this.state !== 'connecting');
    if (this.state === 'online') this.why = undefined;
  }
}

const waits = ({ state }: { state: string }) => state === 'queued' || state === 'sending';

export const chat = new Chat();
