// What fits beside what. The same widths stand in the components' styles.

import { MediaQuery } from 'svelte/reactivity';

/** A phone: the list of rooms or the room. */
export const narrow = new MediaQuery('max-width: 719px');

/** Room for the people beside the room. */
export const wide = new MediaQuery('min-width: 1080px');
