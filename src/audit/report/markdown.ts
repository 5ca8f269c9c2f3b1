// The report as Markdown (CommonMark with tables), for a repository or a ticket. Charts are tables here.

import { chaptersOf } from './chapters/chapters.ts';
import { type Block, type Cell, type Printing, type Table, visible } from './document.ts';
import type { Report } from './report.ts';
import { figure, spanOf } from './words.ts';

/** The text, in parts. */
export function* markdownOf(report: Report, printing: Printing): Generator<string> {
  const [first, last] = spanOf(report.period);
  yield `# Access report, ${first} to ${last}\n`;
  for (const { id, title, blocks } of chaptersOf(report, printing)) {
    yield `\n<a id="${id}"></a>\n\n## ${escaped(title)}\n`;
    for (const block of blocks) yield* blockOf(block);
  }
}

/** Text of others, with nothing in it that Markdown, or the HTML in it, would take for its own. */
function escaped(words: string): string {
  return visible(words).replace(
    /[\\`*_{}[\]<>()#+!|~&]|:(?=\/\/)|(?<=\bwww)\.|(?<!\w)@/gi,
    (found) => `\\${found}`,
  );
}

/** In code nothing can be escaped but the fence itself. */
function code(words: string): string {
  const shown = visible(words).replaceAll('|', '\\|');
  const fence = '`'.repeat(1 + longestRun(shown));
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return shown === '' ? '' : `${fence}${pad}${shown}${pad}${fence}`;
}

/** How many backticks follow each other at most. */
const longestRun = (words: string): number =>
  Math.max(0, ...(words.match(/`+/g) ?? []).map(({ length }) => length));

const marks = { good: '✓', warn: '!', bad: '✗' } as const;

function cell(value: Cell): string {
  if (value === null || value === '') return '–';
  if (typeof value === 'number') return figure(value);
  if (typeof value === 'string') return escaped(value);
  if ('code' in value) return code(value.code);
  if ('lines' in value) return escaped(value.lines.join(', '));
  if ('sections' in value) return value.sections.map((id) => `[${id}](#${id})`).join(', ');
  return `${marks[value.tone]} ${escaped(value.text)}`;
}

function* blockOf(block: Block): Generator<string> {
  switch (block.kind) {
    case 'text':
      return yield `\n${escaped(block.text)}\n`;
    case 'verdict':
      return yield `\n**${marks[block.tone]} ${escaped(block.text)}**\n`;
    case 'figures':
      yield '\n';
      for (const { name, value, note } of block.figures) {
        yield `- ${escaped(name)}: **${escaped(value)}** ${escaped(note)}\n`;
      }
      return;
    case 'facts':
      return yield facts(block.facts);
    case 'commands':
      return yield fenced(block.lines.join('\n'), 'sh');
    case 'preformatted':
      return yield `\n${escaped(block.label)}:\n${fenced(block.text)}`;
    case 'control':
      return yield `\n### ${escaped(block.title)}\n\n${cell(block.standing)}\n${facts(block.facts)}`;
    case 'chart':
      yield `\n### ${escaped(block.title)}\n\n${escaped(block.description)}\n`;
      return yield* table(block.data);
    case 'table':
      return yield* table(block);
  }
}

const facts = (all: readonly (readonly [string, Cell])[]): string =>
  `\n${all.map(([name, value]) => `- ${escaped(name)}: ${cell(value)}\n`).join('')}`;

function fenced(words: string, language = ''): string {
  const shown = words.split('\n').map(visible).join('\n').trimEnd();
  const fence = '`'.repeat(Math.max(4, 1 + longestRun(shown)));
  return `\n${fence}${language}\n${shown}\n${fence}\n`;
}

function* table({ caption, columns, rows, empty }: Table): Generator<string> {
  yield `\n**${escaped(caption)}**\n`;
  let isEmpty = true;
  for (const row of rows) {
    if (isEmpty) yield `\n${head(columns)}`;
    isEmpty = false;
    yield `| ${row.map(cell).join(' | ')} |\n`;
  }
  if (isEmpty) yield `\n${escaped(empty)}\n`;
}

function head(columns: readonly string[]): string {
  const names = columns.map((name) => escaped(name.replace(/#$/, '')));
  const rule = columns.map((name) => (name.endsWith('#') ? '--:' : '---'));
  return `| ${names.join(' | ')} |\n| ${rule.join(' | ')} |\n`;
}
