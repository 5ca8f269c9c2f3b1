// What `jit doctor` says of an AWS target: who the broker is there, whether the clocks agree, whether
// it may make sessions of each role, what it may take back.

import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { hasCode, toJitError } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Check } from '../provider.ts';
import { baseKeys } from './base.ts';
import type { Context } from './context.ts';
import { pruneDenied } from './deny-session.ts';
import { denyPolicyName } from './names.ts';
import { isChained, isDirect } from './plan.ts';
import { repeat } from './repeat.ts';
import { roleOptions } from './schema.ts';
import { principalOf, setupText } from './setup.ts';
import { tryRole } from './trial.ts';

/** Never throws for a target that is down. */
export async function checkTarget(context: Context, target: TargetConfig): Promise<Check[]> {
  const roles = [...target.roles.values()].map(({ name, options }) => ({ name, ...roleOptions(options) }));
  const { arn, checks } = isDirect(context.access) ? { arn: null, checks: [] } : await checkIdentity(context);
  const isLoggedIn = checks.every((one) => one.status !== 'failed');
  const remedy = setupText(target, arn && principalOf(arn));
  for (const role of roles) {
    const name = `role ${role.name}`;
    if (isLoggedIn) {
      const made = async (): Promise<string> =>
        `a session can be made: ${await tryRole(context, target, role)}, as CloudTrail shows; it could do nothing, and its keys were thrown away`;
      // Also when all is well: whoever asks for the remedy sees what was set up.
      checks.push({ ...(await attempt(`${name}: assuming it`, made)), remedy });
    }
    if (isChained(context.access, role.chain)) {
      checks.push({
        name,
        status: 'ok',
        detail: 'reached through another role: AWS ends each session after 1h',
      });
    }
    if (!role.session_tags || isDirect(context.access)) {
      const detail =
        'sessions carry no lease tag: the trust policy cannot require one, so others may make sessions too';
      checks.push({ name, status: 'warning', detail });
    }
    if (role.revoke === 'deny-session' && isLoggedIn) {
      const place = {
        role_arn: role.role_arn,
        policy_name: denyPolicyName(context.tools.origin),
        revoke_role: role.revoke_role ?? null,
      };
      // Nothing but a change would show it, and a check changes nothing that it need not.
      const detail =
        'the broker may read the policy of denied sessions; that it may change it shows when a session is taken back';
      const tried = await attempt(`${name}: taking back`, async () => {
        await pruneDenied(context, place);
        return detail;
      });
      checks.push(tried.status === 'failed' ? { ...tried, remedy } : tried);
    }
    if (role.revoke === 'none') {
      const detail = 'sessions cannot be withdrawn before their deadline (revoke: deny-session would)';
      checks.push({ name: `${name}: taking back`, status: 'warning', detail });
    }
  }
  return checks;
}

/** Who the broker is, as AWS names it; null when it does not say. */
async function checkIdentity(context: Context): Promise<{ arn: string | null; checks: Check[] }> {
  const { access, clients, tools, signal } = context;
  try {
    const keys = await baseKeys(context);
    const client = clients.sts(keys);
    const asking = { access, what: 'say who the broker is', ...tools, signal };
    const who = await repeat(asking, (abortSignal) =>
      client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    const checks: Check[] = [
      { name: 'credentials', status: 'ok', detail: `${who.Arn}` },
      checkClock(client.config.systemClockOffset),
    ];
    return { arn: who.Arn ?? null, checks };
  } catch (thrown) {
    return { arn: null, checks: [failed('credentials', thrown)] };
  }
}

/** @param ahead by how much AWS's clock is ahead of this one; negative when it is behind */
function checkClock(ahead: Milliseconds): Check {
  const name = 'clock of AWS';
  const seconds = Math.round(Math.abs(ahead) / 1000);
  if (seconds <= 30) return { name, status: 'ok', detail: 'agrees with this machine' };
  const detail = `${seconds} seconds ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  return { name, status: seconds <= 300 ? 'warning' : 'failed', detail };
}

/** @param work answers the detail */
async function attempt(name: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, status: 'ok', detail: await work() };
  } catch (thrown) {
    return failed(name, thrown);
  }
}

function failed(name: string, thrown: unknown): Check {
  const { message, hint } = toJitError(thrown);
  // It names this command.
  if (hasCode(thrown, 'ERR_TARGET_REFUSED')) return { name, status: 'failed', detail: message };
  return { name, status: 'failed', detail: message, ...(hint === undefined ? {} : { advice: hint }) };
}
