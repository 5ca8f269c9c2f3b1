// A tiny provider kind, a config to start from, and short ways to load and ask.

import * as v from 'valibot';
import type { PolicyRequest } from '../../src/policy/config.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import { type LoadedConfig, type LoadKind, loadConfig } from '../../src/policy/load.ts';
import { secretReference } from '../../src/policy/schema.ts';

/** A kind of provider that knows a host, a port and a password. */
export const boxKind: LoadKind = {
  kind: 'box',
  schema: {
    target: {
      host: v.string(),
      port: v.optional(v.pipe(v.number(), v.integer(), v.maxValue(65_535)), 1),
      password: v.optional(secretReference()),
      nickname: v.optional(
        v.pipe(
          v.string(),
          v.check(
            (text) => text !== 'forbidden-nick',
            (issue) => `the nickname ${issue.input} is taken`,
          ),
        ),
      ),
    },
    role: { rights: v.array(v.string()) },
    scope: { only: v.string() },
  },
  validate: (target) =>
    (target.options as { host: string }).host === 'nowhere' ? ['the host cannot be reached'] : [],
};

/** What every test config starts with: lines 1 to 19. */
export const base = `version: 1
targets:
  prod-db:
    provider: box
    host: db.example.com
    risk: high
    max_duration: 4h
    roles:
      read: { rights: [select] }
      write:
        rights: [select, update]
        scopes:
          eu: { only: eu }
          us: { only: us }
  staging-db: { provider: box, host: s, roles: { read: { rights: [select] }, admin: { rights: [all] } } }
groups:
  developers: [user:alice, user:bob]
  leads: [user:carol, group:owners]
  owners: [user:dora]
`;

/** Loads a text; `files` are what `policies:` may name. */
export function load(text: string | Uint8Array, files: Readonly<Record<string, string>> = {}): LoadedConfig {
  return loadConfig({
    path: 'jit.yaml',
    text,
    kinds: [boxKind],
    readFile(path) {
      const found = files[path];
      if (found === undefined) throw new Error('planted');
      return found;
    },
    whyUnread: (thrown) => (thrown instanceof TypeError ? null : 'it is not there'),
  });
}

/** A policy of {@link base} and these entitlements (YAML list items, not indented). */
export function policyOf(entitlements: string, files: Readonly<Record<string, string>> = {}) {
  const policies = Object.keys(files).length > 0 ? `policies: [${Object.keys(files).join(', ')}]\n` : '';
  return createPolicy(load(`${base}${policies}entitlements:\n${entitlements}\n`, files));
}

/** Tuesday, 2026-01-06, 10:00 UTC. */
export const tuesdayTen = Date.UTC(2026, 0, 6, 10);

/** A request of alice for reading, with changes. */
export function ask(changes: Partial<PolicyRequest> = {}): PolicyRequest {
  return {
    principal: 'user:alice',
    target: 'prod-db',
    role: 'read',
    scope: null,
    duration: null,
    reason: null,
    ticket: null,
    interactive: true,
    ci: false,
    now: tuesdayTen,
    ...changes,
  };
}
