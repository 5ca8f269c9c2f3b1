// emulate's GitHub behind the gate, with an organisation, three repositories and an App that is installed on them.

import { createEmulator } from 'emulate';
import { type Gate, openGate } from '../fakes/github-gate.ts';

export interface EmulatedGithub {
  /** Behind the gate. */
  readonly url: string;
  /** Without it. */
  readonly open: string;
  readonly gate: Gate;
  readonly appId: number;
  readonly privateKey: string;
  readonly installation: number;
  close(): Promise<void>;
}

export async function startEmulatedGithub(): Promise<EmulatedGithub> {
  const [appId, installation] = [4711, 9_000];
  const permissions = { metadata: 'read', contents: 'write', issues: 'write' };
  const repos = ['web-one', 'web-two', 'api'].map((name) => ({ owner: 'acme', name, private: true }));
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      github: {
        users: [{ login: 'ada' }],
        orgs: [{ login: 'acme' }],
        repos,
        apps: [
          {
            app_id: appId,
            slug: 'jit',
            name: 'jit',
            permissions,
            installations: [{ installation_id: installation, account: 'acme', permissions }],
          },
        ],
      },
    },
  });
  const gate = await openGate(emulator.url);
  return {
    url: gate.url,
    open: emulator.url,
    gate,
    appId,
    privateKey: emulator.generatedSecrets[0]?.value ?? '',
    installation,
    async close() {
      await gate.close();
      await emulator.close();
    },
  };
}
