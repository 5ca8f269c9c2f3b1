// Makes text of others safe to show: what steers a terminal or reorders a line is written out instead.

// Controls (C0, DEL, C1), zero-width and bidi marks, line and paragraph separators, tags, and lone surrogates.
const unsafe =
  /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The same text on one line with nothing in it that acts on a terminal; `\x1b` becomes `\u{1b}`. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (found) => short[found] ?? `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** As {@link escapeText}, but keeps the line breaks of texts that are lines, such as SQL. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeText).join('\n');
}
