// One line in an rc file of the user's, put there and taken away; every other byte stays as it is. Pure.
// Texts are latin1: one character a byte, so that nothing is decoded.

/** What such a line of any version looks like; the closing comment also swallows a carriage return. */
const own = /^\[ -r (.*) \] && \. \1 # jit shell-init\r?$/;

interface Line {
  readonly from: number;
  /** Behind the newline, if it has one. */
  readonly to: number;
}

function ownLines(text: string): Line[] {
  const found: Line[] = [];
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline + 1;
    if (own.test(text.slice(from, newline < 0 ? to : newline))) found.push({ from, to });
    from = to;
  }
  return found;
}

/** With the line once: in place of one that is there, else at the end, with the line ends of the text. */
export function withLine(text: string, line: string): string {
  const [first, ...more] = ownLines(text);
  if (!first) {
    const newline = text.includes('\r\n') ? '\r\n' : '\n';
    // A text without a last newline stays one.
    return text === '' || text.endsWith('\n') ? `${text}${line}${newline}` : `${text}${newline}${line}`;
  }
  const end = /\r?\n?$/.exec(text.slice(first.from, first.to))?.[0] ?? '';
  const rest = more.length === 0 ? text.slice(first.to) : withoutLine(text.slice(first.to));
  return `${text.slice(0, first.from)}${line}${end}${rest}`;
}

/** Without the newline that was put behind its last line: the one that {@link withLine} takes for such a text. */
function withoutLastNewline(text: string): string {
  const inCrlf = text.replace(/\r\n$/, '');
  return inCrlf.includes('\r\n') ? inCrlf : text.replace(/\n$/, '');
}

/** As it was before {@link withLine}. */
export function withoutLine(text: string): string {
  return ownLines(text).reduceRight((left, { from, to }) => {
    const isLastWithout = to === left.length && !left.endsWith('\n');
    const before = left.slice(0, from);
    return `${isLastWithout ? withoutLastNewline(before) : before}${left.slice(to)}`;
  }, text);
}
