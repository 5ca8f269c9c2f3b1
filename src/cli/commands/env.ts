// jit env: the variables of a new grant, in the form that a shell, a file or a pipeline takes.

import { JitError } from '../../core/errors.ts';
import type { ElevateReply, ExportKind } from '../../protocol/routes.ts';
import { appendGitConfig } from '../../shell/git-config.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { identityOptions } from '../elevate/identity.ts';
import { withKeptGrant } from '../elevate/kept.ts';
import { needTarget, pickTarget } from '../elevate/pick.ts';
import { wishOptions } from '../elevate/wanted.ts';
import { type Destination, destinationOf, writeTo } from '../env/destination.ts';
import { dotenv, gitlab, json as jsonForm } from '../env/files.ts';
import { fileEntries, maskLines } from '../env/github.ts';
import { fish, powershell, sh } from '../env/shells.ts';
import { checkVariables, type Form, type Format, formats } from '../env/variables.ts';
import { escapeText } from '../escape.ts';
import { refuseOnTerminal } from '../on-terminal.ts';
import { quotedWord } from '../quoted-word.ts';
import { reachBroker } from '../reach.ts';
import { sampleGrant } from '../samples.ts';
import type { World } from '../world.ts';

const exportKinds = ['reference', 'url', 'env'] as const satisfies readonly ExportKind[];

/** The runner's files hold values as they are; a step's child has what this process has. */
const githubForm = (world: World, output: string | null): Form => ({
  removes: false,
  isForChildren: true,
  text: ({ set }) => fileEntries(output === null ? set : { [output]: set['JIT_TOKEN'] ?? '' }, world.random),
});

function formOf(world: World, format: Format, output: string | null): Form {
  return { sh, fish, powershell, dotenv, gitlab, json: jsonForm, github: githubForm(world, output) }[format];
}

/** What a format has no word for, and what nobody hides. */
function tellLimits({ out, env }: World, format: Format, form: Form, unset: readonly string[]): void {
  const inTheWay = form.removes ? [] : unset.filter((name) => env[name]);
  if (inTheWay.length > 0) {
    out.warn(
      `format "${format}" removes nothing, and these would win over what it sets: ${inTheWay.join(', ')}`,
    );
  }
  if (format === 'gitlab') {
    out.warn(
      'GitLab hides nothing of this file, which becomes an artifact: set artifacts: access: none for the job',
    );
  }
}

/** References lead to this machine. */
function nothingToTake(format: Format): JitError {
  const why = `format "${format}" is for other machines, and nothing that is handed out is of use there`;
  return new JitError('ERR_UNSUPPORTED', why, { hint: `jit env … --format ${format} --export env` });
}

interface Telling {
  readonly format: Format;
  readonly destination: Destination;
}

/** Masks before everything else, so that nothing that follows can show a value. */
function tell(world: World, reply: ElevateReply, { format, destination }: Telling): void {
  const { out } = world;
  const output = destination.to === 'github' ? destination.output : null;
  const form = formOf(world, format, output);
  const all = form.isForChildren ? appendGitConfig(world.env, reply.env) : reply.env;
  const env = Object.fromEntries(Object.entries(all).filter((one) => !form.leavesOut?.(...one)));
  if (form.leavesOut && !reply.secrets.some((name) => name in env)) throw nothingToTake(format);
  const variables = { set: env, unset: reply.unset };
  checkVariables(format, variables);
  const text = form.text(variables);
  if (destination.to === 'stdout') out.print(text.replace(/\n$/, ''));
  else {
    if (destination.to === 'github') {
      for (const line of maskLines(reply.secrets.map((name) => env[name] ?? ''))) out.print(line);
    }
    writeTo(destination, text);
    out.note(`jit: written to ${escapeText(destination.file)}`);
  }
  tellLimits(world, format, form, reply.unset);
}

interface Flags {
  readonly format: Format | null;
  readonly export: ExportKind | null;
  readonly file: string | null;
  readonly output: string | null;
  readonly print: boolean;
}

function typedFlags({ print, ...values }: Flags, json: boolean): string[] {
  const { format, export: kind, file, output } = values;
  const given = Object.entries({ format, export: kind, file, output }).flatMap(([name, value]) =>
    value === null ? [] : [`--${name}`, quotedWord(value)],
  );
  return [...given, ...(print ? ['--print'] : []), ...(json ? ['--json'] : [])];
}

export const env = defineCommand({
  name: 'env',
  summary: 'print the variables of a grant for a shell, a file or a pipeline',
  description: [
    'Gets a grant like "elevate --keep", and prints what a child of it would have in its environment: by reference where',
    'the target allows it, secrets with --export. It is kept until its deadline; "jit revoke" with the id that stderr says',
    'ends it. On a terminal nothing is printed without --print. The formats:',
    'sh: eval "$(jit env … --format sh)"; fish: jit env … --format fish | source; powershell: jit env … --format powershell |',
    'Out-String | Invoke-Expression. These remove as well what would win over it.',
    'dotenv: NAME=value, in single quotes where needed; values with single quotes, backslashes, $ or line breaks are refused.',
    'github: hides secrets (::add-mask::), then writes to the file of GITHUB_ENV for the steps that follow; with --output the',
    'token of a target that has one becomes that output of the step, in the file of GITHUB_OUTPUT.',
    'gitlab: a dotenv report in --file, for the jobs that follow. json: one object, name to value.',
  ].join('\n'),
  args: { target: arg.optional('<target> or <target>:<role>; asked for on a terminal', 'target') },
  options: {
    ...wishOptions,
    ...identityOptions,
    format: opt.choice('format', formats, 'sh when not given'),
    export: opt.choice(
      'kind',
      exportKinds,
      'put secrets into the variables: env (keys) or url (with the password)',
    ),
    file: opt.text('file', 'write there, readable by you alone, instead of printing'),
    output: opt.name('name', 'with --format github: the token becomes this output of the step'),
    print: opt.flag('print although the output is a terminal'),
    yes: opt.flag('do not ask for the name of a target of high risk', { short: 'y' }),
  },
  json: {
    grant: { ...sampleGrant, keep: true },
    env: { GH_TOKEN: 'ghs_…' },
    unset: [],
    secrets: ['GH_TOKEN'],
    notes: [],
  },
  examples: [
    { command: 'jit env prod-db:read --for 10m --format sh > access.sh', does: 'for a shell to source' },
    {
      command: 'jit env deploy-repos:read --export env --format github --reason "nightly report"',
      does: 'in a step of GitHub Actions: GH_TOKEN for the steps that follow',
    },
  ],
  async run(world, { args, options, json }) {
    const given = args.target;
    needTarget(world, given, 'env');
    const { output } = options;
    if (json && (options.format ?? options.file ?? output) !== null) {
      throw new JitError('ERR_USAGE', 'option "--json" is the whole answer: it goes with no other format', {
        hint: 'jit env … --format json prints the variables alone',
      });
    }
    if (output !== null && options.export !== null) {
      throw new JitError('ERR_USAGE', 'option "--output" is the token already: it goes without "--export"');
    }
    const format = options.format ?? 'sh';
    const destination = json ? ({ to: 'stdout' } as const) : destinationOf(world, format, options);
    const again = ['jit env', ...(given === null ? [] : [given]), '--print'].join(' ');
    if (destination.to !== 'file') refuseOnTerminal(world, options.print, 'these may be secrets', again);
    const client = await reachBroker(world, { stays: true });
    const target = await pickTarget(world, client, given, { command: 'env', role: options.role });
    const kind = output === null ? (options.export ?? 'reference') : 'token';
    await withKeptGrant(world, client, target, options, {
      command: 'env',
      export: kind,
      typed: typedFlags(options, json),
      quiet: json,
      use(reply) {
        const { shell: _, ...shown } = reply;
        if (json) world.out.json(shown);
        else tell(world, reply, { format, destination });
      },
    });
    return 0;
  },
});
