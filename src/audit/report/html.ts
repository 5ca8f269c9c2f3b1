// The report as one HTML file that needs nothing else: no script, no request, a style that its own policy names.
// What is in it is chapters/; how it looks is style.ts.

import { hash } from 'node:crypto';
import { chaptersOf } from './chapters/chapters.ts';
import { devicesOf } from './chapters/store-scope.ts';
import { verdict } from './chapters/summary.ts';
import { chartOf } from './charts/chart.ts';
import type { Block, Cell, Chart, Printing, Section, Table } from './document.ts';
import { escaped } from './markup.ts';
import type { Report } from './report.ts';
import { style } from './style.ts';
import { counted, figure, spanOf, timeText } from './words.ts';

/** The text, in parts. */
export function* htmlOf(report: Report, printing: Printing): Generator<string> {
  const [first, last] = spanOf(report.period);
  const { tone, text: words } = verdict(report, printing);
  const isBroken = tone === 'bad';
  const title = `${isBroken ? 'NOT WHOLE: ' : ''}Access report, ${first} to ${last}`;
  const sections = chaptersOf(report, printing);
  const policy = `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'none'`;
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header>
<p class="kind">Access report</p>
<h1>${first} <span>to</span> ${last}</h1>
<p class="quiet">${escaped(titleOf(report))}</p>
${isBroken ? `<p class="verdict bad"><b aria-hidden="true">${marks.bad}</b> ${escaped(words)}</p>\n` : ''}</header>
${contentsOf(sections)}
<main id="content">
`;
  for (const section of sections) yield* sectionOf(section);
  yield `</main>
<footer><p>Made by jit ${escaped(report.generator.version)} on ${timeText(printing.printedAt)} UTC. All times are UTC.</p></footer>
</body>
</html>
`;
}

function titleOf({ store, verification: { logs } }: Report): string {
  if (!store) return logs.map(({ origin }) => origin).join(', ');
  return `${counted(logs.length, 'log')} of ${counted(devicesOf(logs).size, 'device')}, from the shared store`;
}

function contentsOf(sections: readonly Section[]): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`);
  return `<nav aria-label="Sections"><ol>\n${links.join('\n')}\n</ol></nav>`;
}

function* sectionOf({ id, title, blocks }: Section): Generator<string> {
  yield `<section id="${id}" aria-labelledby="${id}-title">\n<h2 id="${id}-title">${escaped(title)}</h2>\n`;
  for (const [index, block] of blocks.entries()) yield* blockOf(block, `${id}-${index}`);
  yield '</section>\n';
}

const marks = { good: '✓', warn: '!', bad: '✗' } as const;

function cell(value: Cell): string {
  if (value === null || value === '') return '<span class="quiet">–</span>';
  if (typeof value === 'number') return figure(value);
  if (typeof value === 'string') return breakable(value);
  if ('code' in value)
    return `<code${value.code.length > longestWord ? ' class="long"' : ''}>${escaped(value.code)}</code>`;
  if ('lines' in value)
    return value.lines.map((line) => `<span class="line">${breakable(line)}</span>`).join(' ');
  if ('sections' in value) return value.sections.map((id) => `<a href="#${id}">${id}</a>`).join(', ');
  return `<span class="${value.tone}"><b aria-hidden="true">${marks[value.tone]}</b> ${escaped(value.text)}</span>`;
}

/** Longer words may be broken. */
const longestWord = 20;

/** Long names break where they have parts, and dates nowhere, so that tables fit; what is copied has no breaks. */
function breakable(words: string): string {
  return escaped(words)
    .replace(/^\d{4}-\d\d-\d\d(?= )/, '<span class="whole">$&</span>')
    .replace(/(?<![^ ])[^ <]{13,}(?![^ ])/g, (word) => word.replace(/(?<=[@/:_.-])(?=[^;])/g, '<wbr>'));
}

/** @param id unique in the file */
function* blockOf(block: Block, id: string): Generator<string> {
  switch (block.kind) {
    case 'text':
      return yield `<p>${escaped(block.text)}</p>\n`;
    case 'verdict':
      return yield `<p class="verdict ${block.tone}"><b aria-hidden="true">${marks[block.tone]}</b> ${escaped(block.text)}</p>\n`;
    case 'figures':
      return yield `<dl class="figures">\n${block.figures.map(figureOf).join('')}</dl>\n`;
    case 'facts':
      return yield facts(block.facts);
    case 'commands':
      return yield `<pre tabindex="0"><code>${block.lines.map(escaped).join('\n')}</code></pre>\n`;
    case 'preformatted': {
      const lines = block.text.trimEnd().split('\n').map(escaped).join('\n');
      return yield `<p class="label">${escaped(block.label)}</p>\n<pre tabindex="0">${lines}</pre>\n`;
    }
    case 'control':
      return yield `<article class="control" aria-labelledby="${id}">
<h3 id="${id}">${escaped(block.title)}</h3>\n<p class="standing">${cell(block.standing)}</p>
${facts(block.facts)}</article>\n`;
    case 'chart':
      return yield* figureWith(block);
    case 'table':
      return yield* table(block);
  }
}

function figureOf({
  name,
  value,
  note,
  tone,
}: Extract<Block, { kind: 'figures' }>['figures'][number]): string {
  const mark = tone === undefined ? '' : `<b aria-hidden="true">${marks[tone]}</b> `;
  return `<div${tone === undefined ? '' : ` class="${tone}"`}><dt>${escaped(name)}</dt><dd><strong>${mark}${escaped(value)}</strong> <span>${escaped(note)}</span></dd></div>\n`;
}

const facts = (all: readonly (readonly [string, Cell])[]): string =>
  `<dl class="facts">\n${all.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${cell(value)}</dd></div>\n`).join('')}</dl>\n`;

function* figureWith(chart: Chart): Generator<string> {
  yield `<figure>\n<figcaption><h3>${escaped(chart.title)}</h3><p>${escaped(chart.description)}</p></figcaption>\n`;
  yield chartOf(chart);
  yield '<details><summary>The same as a table</summary>\n';
  yield* table(chart.data);
  yield '</details>\n</figure>\n';
}

function* table({ caption, columns, rows, empty }: Table): Generator<string> {
  let isEmpty = true;
  for (const row of rows) {
    if (isEmpty) yield head(caption, columns);
    isEmpty = false;
    const cells = row.map((value, index) => {
      const numeric = columns[index]?.endsWith('#') ? ' class="n"' : '';
      return index === 0
        ? `<th scope="row"${numeric}>${cell(value)}</th>`
        : `<td${numeric}>${cell(value)}</td>`;
    });
    yield `<tr>${cells.join('')}</tr>\n`;
  }
  yield isEmpty
    ? `<p class="none"><strong>${escaped(caption)}.</strong> ${escaped(empty)}</p>\n`
    : '</tbody></table></div>\n';
}

function head(caption: string, columns: readonly string[]): string {
  const names = columns.map((name) =>
    name.endsWith('#')
      ? `<th scope="col" class="n">${escaped(name.slice(0, -1))}</th>`
      : `<th scope="col">${escaped(name)}</th>`,
  );
  return `<div class="scroll" role="group" aria-label="${escaped(caption)}" tabindex="0"><table${columns.length > 3 ? '' : ' class="narrow"'}><caption>${escaped(caption)}</caption>
<thead><tr>${names.join('')}</tr></thead><tbody>\n`;
}
