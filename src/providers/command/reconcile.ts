// Compares what the list program tells with the leases that the broker knows, both ways.

import type { Json } from '../../core/json.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Reconciled } from '../provider.ts';
import { type Context, callProgram, failureOf } from './call.ts';
import type { CommandHandle } from './handle.ts';
import { type Listed, listAnswer, listedOf } from './messages.ts';
import { prefixOf } from './names.ts';

/** After this long past its end a thing is taken back by whoever sees it: its own broker does not come back. */
const abandoned: Milliseconds = 3_600_000;

/** Everything on the target that has a name of jit's. @throws JitError when the program does not tell */
export async function listTarget(
  context: Context,
  options: Readonly<Record<string, Json>>,
): Promise<Listed[]> {
  const { access, tools } = context;
  const request = {
    version: 1,
    action: 'list',
    target: access.target,
    prefix: prefixOf(tools.origin),
    options,
  };
  const called = await callProgram(context, 'list', request, listAnswer, [request.prefix]);
  if (called.outcome === 'answered') return listedOf(called.answer);
  throw failureOf(called, context, 'list', { code: 'ERR_TARGET_UNREACHABLE' });
}

/** @param options `with:` of the target: what no lease knows has no role */
export async function reconcileTarget(
  context: Context,
  options: Readonly<Record<string, Json>>,
  known: readonly CommandHandle[],
): Promise<Reconciled<CommandHandle>> {
  const { access, tools } = context;
  const listed = await listTarget(context, options);
  const now = tools.clock.now();
  const isOurs = ({ name, endsAt }: Listed): boolean =>
    name.startsWith(prefixOf(tools.origin)) || (endsAt !== null && now > endsAt + abandoned);
  const names = new Set(listed.map(({ name }) => name));
  const knownNames = new Set(known.map(({ name }) => name));
  const unknown = listed
    .filter((item) => !knownNames.has(item.name) && isOurs(item))
    .map(({ name, lease, endsAt }) => {
      const end = endsAt ?? now;
      const handle: CommandHandle = {
        access,
        name,
        options,
        deadline: end,
        ends_by: endsAt,
        expires_at: end,
        told: null,
      };
      return { handle, where: name, detail: `${name} of lease ${lease}` };
    });
  const missing = known.filter(
    ({ access: own, name, expires_at }) =>
      own.target === access.target && expires_at !== null && !names.has(name),
  );
  return { unknown, missing };
}
