// JSON as two programs can agree on it: one value, UTF-8, no key twice, not deep. Anything else is refused in words.

const deepest = 32;

/** What was read, or why it is not to be trusted. The words hold nothing of the text. */
export type Read =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string };

/** Reads what a program printed. RFC 8259; names within an object have to be unique (section 4). */
export function readStrictJson(bytes: Buffer): Read {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, why: 'it is not UTF-8' };
  }
  if (text.trim() === '') return { ok: false, why: 'it is empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, why: 'it is not JSON' };
  }
  const problem = structureProblem(text);
  return problem === null ? { ok: true, value } : { ok: false, why: problem };
}

/** Depth and doubled keys, which the parser takes without a word. Only for text that it took: other text could cost minutes. */
function structureProblem(text: string): string | null {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/gs)) {
    if (token === '{' || token === '[') {
      open.push(new Set());
      if (open.length > deepest) return `it is nested more than ${deepest} deep`;
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token.endsWith(':')) {
      const keys = open.at(-1);
      // A key may be spelled with escapes.
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      if (keys?.has(key)) return 'a key appears twice in an object';
      keys?.add(key);
    }
  }
  return null;
}
