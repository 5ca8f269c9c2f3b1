// Controls of frameworks: what was counted, how to count again, what it cannot show.

import { type Block, bad, type Cell, good, type Section, text } from '../document.ts';
import type { Control, Report } from '../report.ts';
import { figure } from '../words.ts';

const standings: Readonly<Record<Control['standing'], Cell>> = {
  holds: good('no exception'),
  exceptions: bad('exceptions'),
  shown: 'shown',
};

export function controls({ controls: all }: Report): Section {
  return {
    id: 'controls',
    title: 'Controls',
    blocks: [
      text(
        'What this log says about controls that auditors test. "No exception" is about what was counted here; whether a control is met is for the auditor to say. Each command prints the count again from a copy of the log.',
      ),
      {
        kind: 'table',
        caption: 'Controls at a glance',
        columns: ['Framework', 'Control', 'What it asks', 'Outcome'],
        rows: all.map(({ framework, id, title, standing }) => [framework, id, title, standings[standing]]),
        empty: '',
      },
      ...all.map(blockOf),
    ],
  };
}

function blockOf({
  framework,
  id,
  title,
  query,
  command,
  counted,
  result,
  standing,
  evidence,
  limits,
}: Control): Block {
  return {
    kind: 'control',
    title: `${framework} ${id}: ${title}`,
    standing: standings[standing],
    facts: [
      ['Counted', query],
      ['Result', result],
      ['Command', { code: command }],
      ['It prints', figure(counted)],
      ['Evidence', { sections: evidence }],
      ['Cannot show', limits],
    ],
  };
}
