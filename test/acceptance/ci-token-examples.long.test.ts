// The action, the workflow and the template of docs/examples that ask for a token, run as GitHub and GitLab would run them:
// their scripts by bash, in a bare place, with a `gh` that asks the fake of GitHub.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type FakeGithub, startFakeGithub } from '../fakes/github/server.ts';
import { privateKey } from '../fakes/github/state.ts';
import { asked, createGithubPlace, type TokenServer } from '../support/ci-github.ts';
import { audience, type JobPlace } from '../support/ci-job.ts';
import { searchBytes, searchFolder } from '../support/needles.ts';
import type { Ran } from '../support/world.ts';

const examples = path.join(import.meta.dirname, '../../docs/examples');
const read = (file: string): unknown => parse(readFileSync(path.join(examples, file), 'utf8'));

let github: FakeGithub;
let place: JobPlace;
beforeAll(async () => {
  github = await startFakeGithub();
  const { account, url } = github;
  account.install('acme');
  for (const name of ['web-one', 'web-two', 'api']) account.addRepository('acme', name);
  const tokens = () => account.tokens.map(({ token }) => token);
  const server: TokenServer = { url, appId: account.appId, privateKey, tokens };
  place = await createGithubPlace(server);
  const gh = path.join(place.dir, 'bin', 'gh');
  writeFileSync(gh, `#!/bin/sh\n${asked(server, '$GH_TOKEN', '/$2')}\n`);
  chmodSync(gh, 0o755);
});
afterAll(async () => {
  await place.close();
  await github.close();
});

function expectOver(...all: readonly Ran[]): void {
  expect(github.account.live()).toEqual([]);
  for (const { stdout, stderr } of all)
    expect(searchBytes('output', stdout + stderr, place.needles())).toEqual([]);
  expect(searchFolder(place.temp, place.needles())).toEqual([]);
}

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly id?: string;
  readonly env?: Record<string, string>;
  readonly with?: Record<string, string>;
}

/** The job of the workflow, as the runner runs it; `change` makes it another one. */
async function runWorkflow(change: (step: Step) => Step = (step) => step): Promise<Ran[]> {
  const action = read('github-token/action.yml') as {
    inputs: Record<string, { default?: string }>;
    outputs: { token: { value: string } };
    runs: { steps: Step[] };
  };
  const { jobs } = read('github-token/workflow.yml') as {
    jobs: { report: { steps: Step[]; env: Record<string, string>; permissions: Record<string, string> } };
  };
  expect(jobs.report.permissions['id-token']).toBe('write');
  const known: Record<string, string> = { 'github.workspace': place.dir, 'runner.temp': place.temp };
  const ran: Ran[] = [];
  let isFailed = false;
  const file = path.join(place.temp, 'output');

  async function step(one: Step, prefix: string): Promise<void> {
    const { run = '', env = {}, id } = change(one);
    if (isFailed && one.if !== 'always()') return;
    expect(run).not.toContain('${{');
    writeFileSync(file, '');
    chmodSync(file, 0o666);
    const result = await place.run(`set -eo pipefail\n${run}`, {
      ...place.issuer.githubEnv,
      ...{ RUNNER_TEMP: place.temp, GITHUB_OUTPUT: file },
      ...expanded({ ...jobs.report.env, ...env }),
    });
    for (const [, name, , value] of readFileSync(file, 'utf8').matchAll(/^(\w+)<<(\w+)\n(.*)\n\2$/gm)) {
      known[`steps.${prefix}${id}.outputs.${name}`] = String(value);
    }
    writeFileSync(file, '');
    // The runner hides what it was told to, and does not show the telling.
    const masks = [...result.stdout.matchAll(/^::add-mask::(.*)\n/gm)].map(([, value]) => String(value));
    const hide = (text: string): string => masks.reduce((all, one) => all.replaceAll(one, '***'), text);
    ran.push({ ...result, stdout: hide(result.stdout), stderr: hide(result.stderr) });
    isFailed ||= result.code !== 0;
  }
  const expanded = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([name, text]) => [
        name,
        text.replace(/\$\{\{ ([\w.]+) \}\}/g, (_, key: string) => known[key] ?? ''),
      ]),
    );

  for (const one of jobs.report.steps) {
    if (one.uses?.startsWith('./')) {
      for (const [name, { default: usual = '' }] of Object.entries(action.inputs)) {
        known[`inputs.${name}`] = one.with?.[name] ?? usual;
      }
      for (const inner of action.runs.steps) await step(inner, '');
      const value = expanded({ value: action.outputs.token.value })['value'] ?? '';
      known[`steps.${one.id}.outputs.token`] = value;
    } else if (one.run !== undefined) await step(one, '');
  }
  return ran;
}

test('the workflow has its token in the step that names it, and in no other place', async () => {
  const ran = await runWorkflow();
  expect(ran.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(ran.map(({ stdout }) => stdout)).toEqual([
    '::add-mask::***\n',
    '200\n',
    expect.stringMatching(/^revoked g\w+ \(deploy-repos:read\)\n$/),
  ]);
  expectOver(...ran);
});

test('the workflow whose step fails gives the token back all the same', async () => {
  const ran = await runWorkflow((step) => (step.run?.startsWith('gh ') ? { ...step, run: 'false' } : step));
  expect(ran.map(({ code }) => code)).toEqual([0, 1, 0]);
  expectOver(...ran);
});

test('the workflow of a fork is denied, and has nothing to give back', async () => {
  place.issuer.next = { repository_id: '999' };
  const ran = await runWorkflow().finally(() => {
    place.issuer.next = {};
  });
  expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual([
    [3, ''],
    [0, 'nothing was left open\n'],
  ]);
  expectOver(...ran);
});

test('the job of the template for GitLab uses its token, and its last step takes it back', async () => {
  const pipeline = read('gitlab/jit.gitlab-ci.yml') as {
    '.jit': { variables: Record<string, string>; after_script: string[] };
    report: { script: string[] };
  };
  const { variables, after_script: after } = pipeline['.jit'];
  const known: Record<string, string> = {
    ...{ CI: 'true', GITLAB_CI: 'true', CI_SERVER_HOST: 'gitlab.example.com' },
    ...{ CI_PROJECT_DIR: place.dir, CI_JOB_ID: '303', CI_PIPELINE_ID: '574' },
  };
  for (const [name, text] of Object.entries(variables)) {
    // The one folder of this place that can be written.
    const here = text.replace(/^\/tmp\//, `${place.temp}/`);
    known[name] = here.replace(/\$(\w+)/g, (_, variable: string) => known[variable] ?? '');
  }
  const script = `set -e\n${pipeline.report.script.join('\n')}`;
  const ran = await place.run(script, { ...known, JIT_ID_TOKEN: await place.issuer.github(audience) });
  expect(ran).toMatchObject({ code: 0, stdout: '200\n' });
  expect(github.account.live()).toHaveLength(1);
  const cleaned = await place.run(after.join('\n'), known);
  expect(cleaned).toMatchObject({ code: 0, stdout: expect.stringMatching(/^revoked g\w+/) });
  expectOver(ran, cleaned);
});
