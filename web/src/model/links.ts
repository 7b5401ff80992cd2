// Finds web addresses in plain text. It makes parts, never markup: the page renders each as a text node.

/** Part is a run of text, or an address whose href is http or https and nothing else. */
export type Part = { text: string; href?: string };

const address = /\bhttps?:\/\/[^\s<>"'`]+/giu;

/** split cuts text into parts; their texts joined are the text again. */
export function split(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(address)) {
    const shown = trim(match[0]);
    const href = parse(shown);
    if (!href) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: shown, href });
    end = match.index + shown.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

// Punctuation after an address belongs to the sentence; a closing bracket only if it was not opened inside.
function trim(url: string): string {
  for (;;) {
    const last = url.at(-1)!;
    if (/[.,:;!?…»”’*_~]/u.test(last)) url = url.slice(0, -1);
    else if (last === ')' && count(url, '(') < count(url, ')')) url = url.slice(0, -1);
    else if (last === ']' && count(url, '[') < count(url, ']')) url = url.slice(0, -1);
    else return url;
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

function parse(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}
