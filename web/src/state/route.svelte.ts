// Which room the address names: `#general`. Without one, a phone shows the list of rooms.

import { fromHash, toHash } from '../model/roomname.ts';

class Route {
  /** The room in the address, if there is one. */
  named = $state(fromHash(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.named = fromHash(location.hash)));
  }

  /** Goes to a room, with a step back to where one was. */
  to(room: string): void {
    location.hash = toHash(room);
  }

  /** Goes to a room in place of where one was. */
  replace(room: string): void {
    history.replaceState(null, '', toHash(room));
    this.named = room;
  }

  toList(): void {
    location.hash = '';
  }
}

export const route = new Route();
