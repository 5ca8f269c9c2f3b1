import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/providers/github/access.ts';
import { matches, namesOf } from '../../../src/providers/github/patterns.ts';
import { isWithin } from '../../../src/providers/github/permissions.ts';
import { githubSchema, validateGithub } from '../../../src/providers/github/schema.ts';
import { githubTarget, readTwo } from '../../support/github-target.ts';

const target = { app_id: 4711, private_key: 'keychain:jit/github', owner: 'acme' };
const role = { repositories: ['web-*'], permissions: { contents: 'read' } };
const isTaken = (part: 'target' | 'role' | 'scope', value: object): boolean =>
  v.safeParse(v.strictObject(githubSchema[part]), value).success;

describe('a target', () => {
  it('is an App, its key and an owner', () => {
    expect(isTaken('target', target)).toBe(true);
    expect(isTaken('target', { ...target, app_id: 'Iv23liABC.d-e' })).toBe(true);
  });

  it.each([
    { app_id: 0 },
    { app_id: 'my app' },
    { private_key: '-----BEGIN RSA PRIVATE KEY-----' },
    { owner: 'acme/web' },
    { owner: '-acme' },
    { base_url: 'http://ghe.example.com' },
    { base_url: 'https://user:pass@ghe.example.com' },
    { base_url: 'https://ghe.example.com/api/v3?x=1' },
    { export: 'always' },
    { installation_id: 1.5 },
    { act_as: 'robot' },
    { client_id: 'my app' },
    { client_secret: '0123456789abcdef' },
  ])('is refused with %j', (changes) => {
    expect(isTaken('target', { ...target, ...changes })).toBe(false);
  });

  it.each([
    ['https://api.github.com', 'https://github.com'],
    ['https://api.acme.ghe.com/', 'https://acme.ghe.com'],
    ['https://ghe.example.com/api/v3', 'https://ghe.example.com'],
    ['https://ghe.example.com:8443/api/v3/', 'https://ghe.example.com:8443'],
    ['http://127.0.0.1:4001', 'http://127.0.0.1:4001'],
  ])('at %s has git at %s', (base_url, git) => {
    expect(accessOf(githubTarget(base_url)).git_url).toBe(git);
  });

  it.each([
    [{ act_as: 'user', client_id: 'Iv1', client_secret: 'keychain:jit/c' }, []],
    [{ act_as: 'user', client_id: 'Iv1' }, [/needs client_secret: without it/]],
    [{ act_as: 'user' }, [/needs client_id/, /needs client_secret/]],
    [{ client_id: 'Iv1' }, [/client_id means nothing/]],
    [{ act_as: 'app', client_secret: 'keychain:jit/c' }, [/client_secret means nothing/]],
  ])('that acts for people needs what takes their tokens back: %j', (options, problems) => {
    const told = validateGithub(githubTarget('https://api.github.com', options));
    expect(told).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });

  it('at the web site instead of the API is told so', () => {
    expect(validateGithub(githubTarget('https://github.com'))).toEqual([
      expect.stringContaining('leave it out'),
    ]);
  });
});

describe('a role', () => {
  it.each([
    { repositories: [] },
    { permissions: {} },
    { repositories: ['acme/web'] },
    { repositories: ['web one'] },
    { repositories: Array.from({ length: 501 }, (_, index) => `r${index}`) },
    { permissions: { contents: 'all' } },
    { permissions: { Contents: 'read' } },
    { repositories: undefined },
    { permissions: undefined },
  ])('is refused with %j', (changes) => {
    expect(isTaken('role', role)).toBe(true);
    expect(isTaken('role', { ...role, ...changes })).toBe(false);
  });
});

describe('a scope', () => {
  const problems = (scope: object) =>
    validateGithub(
      githubTarget(
        'https://api.github.com',
        {},
        { read: { ...role, permissions: { contents: 'write' }, scopes: { s: scope } } },
      ),
    );

  it('narrows repositories, permissions or both', () => {
    expect(problems({ repositories: ['web-one', '*-one'] })).toEqual([]);
    expect(problems({ permissions: { contents: 'read' } })).toEqual([]);
    expect(isTaken('scope', { permissions: {} })).toBe(false);
    expect(isTaken('scope', { repositories: [] })).toBe(false);
  });

  it('never widens: not by a repository, a permission or a level', () => {
    expect(problems({ repositories: ['api'] })).toEqual([expect.stringContaining('no repository "api"')]);
    expect(problems({ permissions: { issues: 'read' } })).toEqual([
      expect.stringContaining('"issues: read"'),
    ]);
    expect(problems({ permissions: { contents: 'admin' } })).toEqual([
      expect.stringContaining('"contents: admin"'),
    ]);
  });

  it('that says nothing is told that it narrows nothing', () => {
    expect(problems({})).toEqual([expect.stringContaining('narrows nothing')]);
  });
});

describe('patterns', () => {
  it.each([
    ['web-*', 'web-one', true],
    ['web-*', 'WEB-', true],
    ['web-*', 'my-web-one', false],
    ['*', 'anything.at-all', true],
    ['w?b', 'web', true],
    ['w?b', 'wb', false],
    ['a.c', 'abc', false],
    ['*-*-z', 'x-y-y-z', true],
    ['a*b*c', 'acb', false],
    ['', '', true],
  ])('%s means %s: %s', (pattern, name, wanted) => {
    expect(matches(pattern, name)).toBe(wanted);
  });

  it('of the worst kind are looked at quickly enough', () => {
    expect(matches(`${'*a'.repeat(49)}b`, 'a'.repeat(100))).toBe(false);
  });

  it('that leave only names need no list of repositories, and never mean more than both say', () => {
    expect(namesOf([['web-*'], ['web-one', 'api', 'WEB-ONE']])).toEqual(['WEB-ONE']);
    expect(namesOf([readTwo.repositories, ['*-one']])).toEqual(['web-one']);
    expect(namesOf([['web-*'], ['*-one']])).toBeNull();
  });
});

it('permissions are within others by name and level, and what is no level is within nothing', () => {
  expect(isWithin({ contents: 'read' }, { contents: 'write' })).toBe(true);
  expect(isWithin({ contents: 'admin' }, { contents: 'write' })).toBe(false);
  expect(isWithin({ issues: 'read' }, { contents: 'write' })).toBe(false);
  expect(isWithin({ contents: 'owner' }, { contents: 'owner' })).toBe(false);
  expect(isWithin({ constructor: 'read' }, {})).toBe(false);
});
