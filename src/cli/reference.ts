// docs/commands.md, derived from the registry. Written by the repository's generate script.

import { type Command, commonOptions, type OptionSpec } from './define-command.ts';
import { filled, flagOf, ownOptions, summaryOf, usageOf } from './help.ts';
import { registry } from './registry.ts';
import { topics } from './topics/all.ts';
import type { Topic } from './topics/topic.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

function optionTable(specs: Readonly<Record<string, OptionSpec>>): string[] {
  const rows = Object.entries(specs).map(
    ([key, spec]) => `| \`${flagOf(key, spec).replaceAll('|', '\\|')}\` | ${cell(summaryOf(spec))} |`,
  );
  return rows.length ? ['', '| option | |', '|---|---|', ...rows] : [];
}

function argumentTable(command: Command): string[] {
  const rows = Object.entries(command.args).map(([name, spec]) => `| \`${name}\` | ${cell(spec.summary)} |`);
  return rows.length ? ['', '| argument | |', '|---|---|', ...rows] : [];
}

function commandSection(command: Command): string[] {
  return [
    '',
    `## jit ${command.name}`,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    '',
    '```',
    usageOf(command),
    '```',
    ...(command.description ? ['', command.description] : []),
    ...argumentTable(command),
    ...optionTable(ownOptions(command)),
    '',
    'Examples:',
    '',
    '```sh',
    ...command.examples.flatMap(({ command: line, does }) => [`# ${does}`, line]),
    '```',
    ...(command.json
      ? [
          '',
          '`--json` prints:',
          '',
          '```json',
          JSON.stringify({ schema: 1, ...command.json }, null, 2),
          '```',
        ]
      : []),
  ];
}

function topicSection({ name, title, parts }: Topic): string[] {
  const shown = parts.flatMap((part) => {
    if (typeof part === 'string') return ['', ...filled(part, longestLine)];
    const head = part.title === undefined ? [] : ['', `${part.title}:`];
    return [
      ...head,
      '',
      '| | |',
      '|---|---|',
      ...part.rows.map(([term, said]) => `| ${code(term)} | ${cell(said)} |`),
    ];
  });
  return ['', `## ${title}`, '', `\`jit help ${name}\``, ...shown];
}

const longestLine = 120;

/** The whole page, with a newline at its end. */
export function renderCommandsReference(): string {
  return [
    '# Commands',
    '',
    'Written by `npm run generate` from the commands themselves; `jit help <command>` shows the same.',
    '',
    'The result goes to stdout, everything else to stderr. With `--json` the names are snake_case, points in time are',
    'RFC 3339 in UTC and lengths of time milliseconds (`…_ms`); new fields may be added, none is changed. A failure',
    'with `--json` is `{"error":{"code":"ERR_…","message":"…","hint":"…"}}` on stderr, and stdout is empty.',
    '',
    'Durations are written `30m`, `1h30m`, `90s`, `2d` or `PT1H30M`; a number without a unit is refused.',
    ...registry.flatMap(commandSection),
    '',
    '## Options of every command',
    ...optionTable(commonOptions),
    ...topics.flatMap(topicSection),
    '',
  ].join('\n');
}
