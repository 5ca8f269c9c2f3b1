// Controls of frameworks: what was counted, how to count again, what it cannot show.

import { type Block, bad, type Cell, good, type Section, text, warn } from '../document.ts';
import type { Control, Report } from '../report.ts';
import { counted } from '../words.ts';

function standingOf({ standing, exceptions }: Control): Cell {
  if (standing === 'shown') return 'for the auditor to judge';
  if (standing === 'unknown') return bad('unknown: the log is not whole');
  return standing === 'holds' ? good('no exception') : warn(counted(exceptions, 'exception'));
}

export function controls({ controls: all, store }: Report): Section {
  const [these, copy] = store
    ? ['these logs say', 'the shared store']
    : ['this log says', 'a copy of the log'];
  return {
    id: 'controls',
    title: 'Controls',
    blocks: [
      text(
        `What ${these} about controls that auditors test. "No exception" is about what was counted here; whether a control is met is for the auditor to say. Each command prints the count again from ${copy}.`,
      ),
      {
        kind: 'table',
        caption: 'Controls at a glance',
        columns: ['Framework', 'Control', 'What it asks', 'Outcome'],
        rows: all.map((control) => [control.framework, control.id, control.title, standingOf(control)]),
        empty: '',
      },
      ...all.map(blockOf),
    ],
  };
}

function blockOf(control: Control): Block {
  const { framework, id, title, query, command, result, evidence, limits } = control;
  return {
    kind: 'control',
    title: `${framework} ${id}: ${title}`,
    standing: standingOf(control),
    facts: [
      ['Counted', query],
      ['Result', result],
      ['Command', { code: command }],
      ['It prints', String(control.counted)],
      ['Evidence', { sections: evidence }],
      ['Cannot show', limits],
    ],
  };
}
