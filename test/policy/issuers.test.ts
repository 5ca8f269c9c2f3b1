import { expect, test } from 'vitest';
import { kinds } from '../../src/broker/providers.ts';
import { loadConfig } from '../../src/policy/load.ts';

function load(
  job: string,
  issuer = 'kind: github, issuer: "https://token.actions.githubusercontent.com", audience: jit',
) {
  const text = `
version: 1
targets: {}
entitlements: []
issuers:
  one: { ${issuer}, jobs: { deploy: { ${job} } } }
`;
  return loadConfig({ path: '/jit.yaml', text, kinds, readFile: () => '' });
}

function problem(job: string, issuer?: string): string {
  try {
    load(job, issuer);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return '';
}

const ids = 'repository_id: "1", repository_owner_id: "2"';

test('a job of GitHub is known by ids, by where it runs, and by events that no outsider causes', () => {
  const issuer = load(`${ids}, environment: production`).issuers.get('one');
  expect(issuer).toMatchObject({ kind: 'github', audience: 'jit', maxAge: 300_000, jwksFile: null });
  expect(Object.fromEntries(issuer?.jobs[0]?.claims ?? [])).toEqual({
    repository_id: ['1'],
    repository_owner_id: ['2'],
    environment: ['production'],
    event_name: ['push', 'workflow_dispatch', 'schedule'],
  });
});

test('a job of GitLab runs on protected branches unless told otherwise', () => {
  const gitlab = 'kind: gitlab, issuer: "https://gitlab.example.com", audience: jit';
  const claims = (job: string) =>
    Object.fromEntries(load(job, gitlab).issuers.get('one')?.jobs[0]?.claims ?? []);
  const usual = 'project_id: "20", namespace_id: "72", ref: main';
  expect(claims(usual)).toMatchObject({ project_id: ['20'], ref_protected: ['true'], ref: ['main'] });
  expect(claims(`${usual}, protected: false`)).not.toHaveProperty('ref_protected');
});

test('a ref of GitLab is a branch unless told otherwise: a tag may have the same name', () => {
  const gitlab = 'kind: gitlab, issuer: "https://gitlab.example.com", audience: jit';
  const claims = (job: string) =>
    Object.fromEntries(
      load(`project_id: "20", namespace_id: "72", ${job}`, gitlab).issuers.get('one')?.jobs[0]?.claims ?? [],
    );
  expect(claims('ref: main')).toMatchObject({ ref_type: ['branch'] });
  expect(claims('ref: v1, ref_type: tag')).toMatchObject({ ref: ['v1'], ref_type: ['tag'] });
  expect(claims('environment: production')).not.toHaveProperty('ref_type');
});

test.each([
  ['without the id of the repository', 'repository_owner_id: "2", ref: x', 'missing key "repository_id"'],
  ['without the id of its owner', 'repository_id: "1", ref: x', 'missing key "repository_owner_id"'],
  ['with an id that is a number', 'repository_id: 1, repository_owner_id: "2", ref: x', 'a number in quotes'],
  [
    'with a name in place of an id',
    'repository_id: acme/web, repository_owner_id: "2", ref: x',
    'a number in quotes',
  ],
  ['that every branch could be', ids, 'at least one of environment, ref, workflow'],
  ['with a pattern', `${ids}, ref: "refs/heads/*"`, 'the whole value'],
  ['of pull requests', `${ids}, ref: x, event: [pull_request_target]`, 'an event that no outsider can cause'],
  [
    'of what follows a pull request',
    `${ids}, ref: x, event: [workflow_run]`,
    'an event that no outsider can cause',
  ],
  ['with a key of GitLab', `${ids}, ref: x, project_id: "3"`, 'unknown key "project_id"'],
])('a job %s is refused', (_what, job, why) => {
  expect(problem(job)).toContain(why);
});

test.each([
  'http://example.com',
  'https://a@example.com',
  'https://example.com/?x',
  'ftp://example.com',
  'example.com',
])('the URL of an issuer cannot be %s', (url) => {
  expect(problem(`${ids}, ref: x`, `kind: github, issuer: "${url}", audience: jit`)).toContain(
    'a URL with https',
  );
});

test('neither an issuer nor a job is there twice, and a job that no issuer has is told', () => {
  const one = `kind: github, issuer: "https://example.com", audience: jit, jobs: { deploy: { ${ids}, ref: x } }`;
  const text = `
version: 1
targets: {}
groups: { ci: ["job:deploi"] }
entitlements: []
issuers: { one: { ${one} }, two: { ${one} } }
`;
  const read = (changed: string) =>
    loadConfig({ path: '/jit.yaml', text: changed, kinds, readFile: () => '' });
  expect(() => read(text)).toThrow(/a second issuer with this URL[\s\S]*a second job "deploy"/);
  expect(read(text.replace(/, two: .*\} \}/, ' }')).warnings).toContain(
    'no issuer has the job "job:deploi": nobody is it',
  );
});
