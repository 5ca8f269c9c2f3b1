// What `jit doctor` says of a target of programs: whether they can be run and trusted, and what the target does not do by itself.

import { toJitError } from '../../core/errors.ts';
import { isSecretReference } from '../../core/secret-reference.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Check } from '../provider.ts';
import type { Action, Context } from './call.ts';
import { findProgram } from './program.ts';
import { listTarget } from './reconcile.ts';
import { settingsOf, targetOptions } from './schema.ts';

const actions: readonly Action[] = ['issue', 'revoke', 'confirm', 'list'];

/** Runs only `list`, which changes nothing. Never throws for a target that is down. */
export async function checkTarget(context: Context, target: TargetConfig): Promise<Check[]> {
  const { access } = context;
  const checks = actions.flatMap((action) => (access[action] === null ? [] : programCheck(context, action)));
  checks.push(...(await secretChecks(context)));
  if (!targetOptions(target).ends_by_itself) {
    const detail = 'the target ends nothing by itself: while the broker is away, access goes on';
    checks.push({ name: 'end', status: 'warning', detail });
  }
  if (access.confirm === null) {
    const detail = 'no confirm program: what revoke says is taken for it';
    checks.push({ name: 'confirm program', status: 'warning', detail });
  }
  if (access.list === null) {
    const detail = 'no list program: what is made after its revocation, or by a lost broker, is not found';
    checks.push({ name: 'list program', status: 'warning', detail });
  } else if (checks.every(({ status }) => status !== 'failed')) {
    checks.push(await listCheck(context, target));
  }
  return checks;
}

function programCheck({ access }: Context, action: Action): Check {
  const name = `${action} program`;
  const found = findProgram(access[action] ?? []);
  if (found.problem === null) return { name, status: 'ok', detail: found.path };
  const { problem, remedy } = found;
  return { name, status: 'failed', detail: problem, ...(remedy === undefined ? {} : { remedy }) };
}

async function secretChecks({ access, tools }: Context): Promise<Check[]> {
  const references = Object.entries(access.env).filter(([, value]) => isSecretReference(value));
  return Promise.all(
    references.map(async ([variable, reference]): Promise<Check> => {
      const name = `env ${variable}`;
      try {
        await tools.resolveSecret(reference);
        return { name, status: 'ok', detail: 'the secret can be read' };
      } catch (thrown) {
        return failed(name, thrown);
      }
    }),
  );
}

async function listCheck(context: Context, target: TargetConfig): Promise<Check> {
  const name = 'target';
  try {
    const { length } = await listTarget(context, settingsOf(target.options));
    return { name, status: 'ok', detail: `the list program answers: ${length} of jit's there now` };
  } catch (thrown) {
    return failed(name, thrown);
  }
}

function failed(name: string, thrown: unknown): Check {
  const { message, hint } = toJitError(thrown);
  return { name, status: 'failed', detail: message, ...(hint === undefined ? {} : { advice: hint }) };
}
