// Which vendors there are, and the provider that serves a target or a lease. Vendor code loads on first use.

import { JitError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { TargetConfig } from '../core/target.ts';
import { awsSchema, validateAws } from '../providers/aws/schema.ts';
import { commandSchema, validateCommand } from '../providers/command/schema.ts';
import { githubSchema, validateGithub } from '../providers/github/schema.ts';
import { postgresSchema, validatePostgres } from '../providers/postgres/schema.ts';
import type { Provider, ProviderKind, ProviderTools } from '../providers/provider.ts';

/** What the configuration needs to know of a vendor. */
export type ProviderSchema = Pick<ProviderKind, 'kind' | 'schema' | 'validate'>;

/** A vendor whose code is still on disk. */
interface LazyKind extends ProviderSchema {
  /** Its providers make links to a web console. */
  readonly hasConsole?: boolean;
  load(): Promise<ProviderKind>;
}

/** The vendors of this build. */
export const kinds: readonly LazyKind[] = [
  {
    kind: 'postgres',
    schema: postgresSchema,
    validate: validatePostgres,
    load: async () =>
      (await import('../providers/postgres/index.ts')).postgresKind as unknown as ProviderKind,
  },
  {
    kind: 'aws',
    schema: awsSchema,
    validate: validateAws,
    hasConsole: true,
    load: async () => (await import('../providers/aws/index.ts')).awsKind as unknown as ProviderKind,
  },
  {
    kind: 'github',
    schema: githubSchema,
    validate: validateGithub,
    load: async () => (await import('../providers/github/index.ts')).githubKind as unknown as ProviderKind,
  },
  {
    kind: 'command',
    schema: commandSchema,
    validate: validateCommand,
    load: async () => (await import('../providers/command/index.ts')).commandKind as unknown as ProviderKind,
  },
];

/** Providers, opened once per target as it is configured now. */
export interface Providers {
  forTarget(target: TargetConfig): Promise<Provider>;
  /** From the lease alone: its target may have left the configuration or point elsewhere by now. */
  forLease(lease: Lease): Promise<Provider>;
  /** True when `console` is there, without loading the vendor's code. */
  hasConsole(target: TargetConfig): boolean;
  close(): Promise<void>;
}

/** @param available usually {@link kinds}; tests bring their own */
export function createProviders(tools: ProviderTools, available: readonly LazyKind[] = kinds): Providers {
  const open = new Map<TargetConfig, Provider>();

  async function kindOf(name: string): Promise<ProviderKind> {
    const kind = available.find((candidate) => candidate.kind === name);
    if (!kind) throw new JitError('ERR_UNSUPPORTED', `this build of jit knows no provider "${name}"`);
    return kind.load();
  }

  return {
    async forTarget(target) {
      const kind = await kindOf(target.provider);
      const known = open.get(target);
      if (known) return known;
      // Every change of the configuration brings new targets of the same names.
      for (const [other, provider] of open) {
        if (other.name !== target.name) continue;
        open.delete(other);
        void provider.close().catch(() => undefined);
      }
      const provider = kind.open(target, tools);
      open.set(target, provider);
      return provider;
    },
    async forLease(lease) {
      return (await kindOf(lease.provider)).openByHandle(lease.handle, tools);
    },
    hasConsole: (target) => available.find(({ kind }) => kind === target.provider)?.hasConsole === true,
    async close() {
      await Promise.allSettled([...open.values()].map((provider) => provider.close()));
      open.clear();
    },
  };
}
