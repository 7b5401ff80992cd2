// Whether somebody is looking: only what was looked at counts as read.

const looking = () => document.visibilityState === 'visible' && document.hasFocus();

class Attention {
  /** The page is visible and has the focus. */
  here = $state(looking());

  constructor() {
    const update = () => (this.here = looking());
    addEventListener('focus', update);
    addEventListener('blur', update);
    document.addEventListener('visibilitychange', update);
  }
}

export const attention = new Attention();
