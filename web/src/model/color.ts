// An author's colour: the same for one id everywhere, one of twelve hues that keep their distance.

/** The number of author hues; app.css defines `--author-0` … `--author-11`, AA on either background. */
export const hues = 12;

/** hue maps an id to 0 ≤ n < hues (FNV-1a, so that near ids fall far apart). */
export function hue(id: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) {
    h ^= id.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 15;
  return (h >>> 0) % hues;
}

/** initial returns what stands on an author's tile: the first letter or digit of the name. */
export function initial(name: string): string {
  const [first] = name.match(/[\p{L}\p{N}]/u) ?? name.match(/./su) ?? ['?'];
  return first.toLocaleUpperCase();
}
