// A target of programs whose ground truth is a folder, and a provider on it: what tests of the command provider start from.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { TargetConfig } from '../../src/core/target.ts';
import { type CommandHandle, commandKind } from '../../src/providers/command/index.ts';
import type { Issued, PlanRequest, Provider, ProviderTools } from '../../src/providers/provider.ts';
import { systemClock } from '../../src/system/clock.ts';
import { randomId, systemRandom } from '../../src/system/random.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const program = path.join(import.meta.dirname, '../providers/command/children/program.ts');

/** How the fixture is run: `program` and arguments. */
export const programLine: readonly string[] = [process.execPath, program];

/** What the config keeps behind `env:PROGRAM_TOKEN`. */
export const programToken = 'planted-token-of-the-program';

/** What the fixture makes up as a password. */
export const madeSecret = 'made-up-Password7Kq2Zx';

export interface CommandWorld {
  readonly ledger: string;
  readonly target: TargetConfig;
  readonly tools: ProviderTools;
  readonly provider: Provider<CommandHandle>;
  /** Names of what really exists. */
  live(): string[];
  /** What the programs do wrong from now on; null: nothing. */
  setFault(action: 'issue' | 'revoke' | 'confirm' | 'list', fault: string): void;
  request(changes?: Partial<PlanRequest>): PlanRequest;
  /** Plans and issues. @param fault as the fixture knows them */
  issue(fault?: string): Promise<Issued<CommandHandle>>;
  /** The handle of the last `issue`, as it was on disk before. */
  planned(): CommandHandle;
}

/** Names of what exists by a ledger. */
export const liveIn = (ledger: string): string[] => readdirSync(path.join(ledger, 'live'));

/** @param options of the target, over those of a complete one */
export function commandWorld(options: Record<string, unknown> = {}): CommandWorld {
  const ledger = temporaryFolder();
  mkdirSync(path.join(ledger, 'live'));
  const target: TargetConfig = {
    name: 'box',
    provider: 'command',
    description: null,
    risk: 'medium',
    maxDuration: null,
    onEnd: 'lock',
    options: {
      issue: programLine,
      revoke: programLine,
      confirm: programLine,
      list: programLine,
      timeout: '25s',
      env: { PROGRAM_TOKEN: 'env:PROGRAM_TOKEN', LEDGER: ledger },
      with: { ledger, shared: 'target' },
      ...options,
    },
    roles: new Map([
      [
        'use',
        {
          name: 'use',
          description: null,
          options: { with: { shared: 'role', level: 1 } },
          scopes: new Map([
            ['narrow', { name: 'narrow', description: null, options: { with: { level: 0 } } }],
          ]),
        },
      ],
    ]),
  };
  const tools: ProviderTools = {
    clock: systemClock,
    random: systemRandom,
    origin: 'jit.0000000000test00',
    async resolveSecret(reference) {
      if (reference === 'env:PROGRAM_TOKEN') return new Secret(programToken);
      throw new JitError('ERR_SECRET_UNAVAILABLE', 'there is none');
    },
  };
  const provider = commandKind.open(target, tools);
  let last: CommandHandle | undefined;
  const request: CommandWorld['request'] = (changes = {}) => ({
    lease: `l${randomId(systemRandom, 15)}`,
    grant: `g${randomId(systemRandom, 11)}`,
    principal: 'user:alice',
    reason: "a $(touch /tmp/x) '; reason\n",
    ticket: null,
    role: 'use',
    scope: null,
    now: systemClock.now(),
    deadline: systemClock.now() + 600_000,
    ...changes,
  });
  const setFault: CommandWorld['setFault'] = (action, fault) => {
    writeFileSync(path.join(ledger, `${action}-fault`), fault);
  };
  return {
    ledger,
    target,
    tools,
    provider,
    live: () => liveIn(ledger),
    setFault,
    request,
    issue(fault) {
      if (fault !== undefined) setFault('issue', fault);
      const wanted = request();
      last = provider.plan(wanted).handle;
      return provider.issue(last, wanted, AbortSignal.timeout(20_000));
    },
    planned() {
      if (last === undefined) throw new Error('nothing was issued');
      return last;
    },
  };
}
