// `jit policy check | explain | test`: the policy asked without a broker, from the same file by the same code.

import { JitError } from '../../core/errors.ts';
import { currentPrincipal } from '../../identity/os-user.ts';
import { runCases } from '../../policy/cases.ts';
import { createPolicy, type LoadedPolicy } from '../../policy/decide.ts';
import type {
  ExplainReply,
  ExplainRequest,
  PolicyCheckReply,
  PolicyTestReply,
} from '../../protocol/offline.ts';
import { systemClock } from '../../system/clock.ts';
import { readTrustedFile } from '../../system/files.ts';
import { createKeychain } from '../../system/keychain.ts';
import { resolvePaths } from '../../system/paths.ts';
import { systemRandom } from '../../system/random.ts';
import { createSecretResolver } from '../../system/secret-reference.ts';
import { previewLines } from '../preview-lines.ts';
import { createProviders, kinds } from '../providers.ts';
import { readConfig } from '../read-config.ts';
import { policyRequest, resolveNames } from '../wish.ts';

/** Checks the whole of the configuration. @throws JitError `ERR_CONFIG` */
export async function policyCheck(config: string | null): Promise<PolicyCheckReply> {
  const { policy, path } = await load(config);
  const { targets, entitlements } = policy.config;
  return { path, targets: targets.size, entitlements: entitlements.length, warnings: policy.warnings };
}

/** Decides a request that nobody makes, and says how every entitlement fared. @throws JitError `ERR_CONFIG`, `ERR_UNKNOWN_NAME` */
export async function policyExplain(config: string | null, request: ExplainRequest): Promise<ExplainReply> {
  const { policy } = await load(config);
  const resolved = resolveNames(policy.config, request);
  const principal = request.principal ?? currentPrincipal();
  const now = request.at ?? systemClock.now();
  const asked = policyRequest(principal, resolved, { ...request, parent: null }, now);
  const { decision, considered } = policy.explain(asked);
  const duration = decision.outcome === 'denied' ? null : decision.duration;
  return {
    principal,
    target: asked.target,
    role: asked.role,
    scope: asked.scope,
    outcome: decision.outcome,
    duration,
    entitlement: decision.entitlement,
    reasons: decision.reasons,
    hint: decision.hint,
    limit: decision.limit,
    considered,
    preview:
      duration === null
        ? []
        : await preview(resolved, { ...asked, ticket: decision.ticket ?? asked.ticket }, duration),
  };
}

/** Runs the cases of a file. @throws JitError `ERR_CONFIG` for either file */
export async function policyTest(config: string | null, cases: string): Promise<PolicyTestReply> {
  const { policy } = await load(config);
  let text: Buffer;
  try {
    text = readTrustedFile(cases, 1024 * 1024);
  } catch (cause) {
    if (cause instanceof JitError) throw new JitError('ERR_USAGE', cause.message, { cause });
    throw new JitError('ERR_USAGE', `the cases "${cases}" cannot be read`, {
      hint: 'jit policy test --help',
      cause,
    });
  }
  return { path: cases, cases: runCases(policy, { path: cases, text }, systemClock.now()) };
}

async function load(config: string | null): Promise<{ policy: LoadedPolicy; path: string }> {
  const path = resolvePaths(process.env, { config }).configFile;
  return { policy: await createPolicy(readConfig(path, kinds)), path };
}

async function preview(
  resolved: ReturnType<typeof resolveNames>,
  asked: ReturnType<typeof policyRequest>,
  duration: number,
): Promise<readonly string[]> {
  const providers = createProviders({
    clock: systemClock,
    random: systemRandom,
    origin: 'jit.explain',
    resolveSecret: createSecretResolver({ env: process.env, keychain: createKeychain() }),
  });
  const provider = await providers.forTarget(resolved.target);
  try {
    return previewLines(provider, { ...asked, deadline: asked.now + duration });
  } finally {
    await providers.close();
  }
}
