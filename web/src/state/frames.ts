// Work that many events ask for, done once a frame.

const frame = 16;

/**
 * oncePerFrame returns a function that asks for run. It runs as soon as the event that asked has been
 * told to everybody, and then at most once a frame, however many ask.
 */
export function oncePerFrame(run: () => void): () => void {
  let resting = false;
  let asked = false;
  const turn = () => {
    asked = false;
    resting = true;
    run();
    setTimeout(() => {
      resting = false;
      if (asked) turn();
    }, frame);
  };
  return () => {
    if (asked) return;
    asked = true;
    if (!resting) queueMicrotask(turn);
  };
}
