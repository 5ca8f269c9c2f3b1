// The action for GitHub and the template for GitLab, run as those would run them: their scripts by bash, in a bare place.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { audience, type CiPlace, createCiPlace } from '../support/ci-job.ts';
import { searchBytes } from '../support/needles.ts';
import type { Ran } from '../support/world.ts';

const docs = path.join(import.meta.dirname, '../../docs');
const read = (file: string): unknown => parse(readFileSync(path.join(docs, file), 'utf8'));

let place: CiPlace;
beforeAll(async () => {
  place = await createCiPlace();
});
afterAll(() => place.close());

async function expectClean(...all: readonly Ran[]): Promise<void> {
  for (const { stdout, stderr } of all) {
    expect(searchBytes('output', stdout + stderr, place.needles())).toEqual([]);
  }
  expect(await place.roles()).toEqual([]);
}

interface Action {
  readonly inputs: Record<string, { default?: string; required?: boolean }>;
  readonly runs: {
    readonly steps: { run: string; if?: string; shell: string; env: Record<string, string> }[];
  };
}

describe('the action for GitHub', () => {
  const action = read('examples/github-action/action.yml') as Action;

  /** Its steps, as the runner does: values come by the environment, each script is a file for bash. */
  async function steps(inputs: Record<string, string>): Promise<Ran[]> {
    const given: Readonly<Record<string, string>> = inputs;
    const value = (text: string): string =>
      text
        .replace(
          /\$\{\{ inputs\.(\w+) \}\}/g,
          (_, name: string) => given[name] ?? action.inputs[name]?.default ?? '',
        )
        .replace(/\$\{\{ github\.workspace \}\}/g, place.dir)
        .replace(/\$\{\{ runner\.temp \}\}/g, place.temp);
    const ran: Ran[] = [];
    let isFailed = false;
    for (const step of action.runs.steps) {
      if (isFailed && step.if !== 'always()') continue;
      // Nothing of an input may get into the text of a script.
      expect(step.run).not.toContain('${{');
      const env = Object.fromEntries(Object.entries(step.env).map(([name, text]) => [name, value(text)]));
      const script = `set -eo pipefail\n${step.run}`;
      const result = await place.run(script, { ...place.issuer.githubEnv, RUNNER_TEMP: place.temp, ...env });
      isFailed ||= result.code !== 0;
      ran.push(result);
    }
    return ran;
  }

  test('runs the script with access and cleans up', async () => {
    const ran = await steps({
      target: 'orders-db:read',
      reason: 'a "deploy"',
      run: "psql -XAtc 'SELECT count(*) FROM orders'",
    });
    expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, '100\n'],
      [0, 'nothing was left open\n'],
    ]);
    await expectClean(...ran);
  });

  test('passes on that the script failed, and cleans up all the same', async () => {
    const ran = await steps({ target: 'orders-db:read', reason: 'x', run: 'false; echo never' });
    expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual([
      [1, ''],
      [0, 'nothing was left open\n'],
    ]);
    await expectClean(...ran);
  });

  test('takes nothing of an input for a command', async () => {
    const ran = await steps({ target: '$(touch "$TMPDIR/owned")', reason: '`id`', run: 'true' });
    expect(ran[0]?.code).toBe(2);
    expect((await place.run('ls "$TMPDIR/owned"')).code).not.toBe(0);
  });
});

interface Pipeline {
  readonly '.jit': {
    variables: Record<string, string>;
    after_script: string[];
    id_tokens: { JIT_ID_TOKEN: { aud: string } };
  };
  readonly deploy: { script: string[] };
}

test('the template for GitLab runs its script with access and cleans up', async () => {
  const pipeline = read('examples/gitlab/jit.gitlab-ci.yml') as Pipeline;
  const { variables, after_script: after, id_tokens: tokens } = pipeline['.jit'];
  expect(tokens.JIT_ID_TOKEN.aud).toBe(audience);
  const known: Record<string, string> = {
    CI_PROJECT_DIR: place.dir,
    CI_JOB_ID: '302',
    CI_PIPELINE_ID: '574',
  };
  const expanded = Object.entries(variables).map(([name, text]) => [
    name,
    text
      // The one folder of this place that can be written.
      .replace(/^\/tmp\//, `${place.temp}/`)
      .replace(/\$(\w+)/g, (_, variable: string) => known[variable] ?? ''),
  ]);
  const env = { ...known, ...(Object.fromEntries(expanded) as Record<string, string>), GITLAB_CI: 'true' };
  const token = await place.issuer.github(audience);
  const ran = await place.run(`set -e\n${pipeline.deploy.script.join('\n')}`, {
    ...env,
    JIT_ID_TOKEN: token,
  });
  const cleaned = await place.run(after.join('\n'), env);
  expect(ran).toMatchObject({ code: 0, stdout: '100\n' });
  expect(cleaned).toMatchObject({ code: 0, stdout: 'nothing was left open\n' });
  await expectClean(ran, cleaned);
});

test('the configuration of the page is one that jit takes', async () => {
  const page = readFileSync(path.join(docs, 'ci.md'), 'utf8');
  const [, fragment = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const { kinds } = await import('../../src/broker/providers.ts');
  const { loadConfig } = await import('../../src/policy/load.ts');
  const target =
    'orders-db: { provider: postgres, host: h, database: d, user: u, password: "env:P", roles: { read: { groups: [g] } } }';
  const text = `version: 1\ntargets: { ${target} }\n${fragment}`;
  expect(loadConfig({ path: '/jit.yaml', text, kinds, readFile: () => '' }).warnings).toEqual([]);
});
