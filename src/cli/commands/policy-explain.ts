// jit policy explain: what policy says about a wish, and why. Works without a broker; records nothing.

import type { ExplainReply } from '../../protocol/offline.ts';
import { hintWithConfig, withConfig } from '../config-hint.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { previewLines, verdictText } from '../preview-text.ts';
import { namedRole } from '../role-of.ts';
import { lengthText } from '../time-text.ts';
import type { World } from '../world.ts';

function print({ out, config }: World, reply: ExplainReply): void {
  out.print(verdictText(reply, out.paint));
  for (const reason of reply.reasons) out.print(`  ${escapeText(reason)}`);
  if (reply.limit) out.print(`  longest: ${lengthText(reply.limit.value)}, set by the ${reply.limit.from}`);
  if (reply.considered.length > 0) out.print('\nEntitlements in the order of the file:');
  for (const { entitlement, matched, why } of reply.considered) {
    out.print(
      `  ${matched ? out.paint.good('match') : out.paint.faint('no   ')}  ${escapeText(entitlement)}: ${escapeText(why)}`,
    );
  }
  if (reply.preview.length > 0) out.print('\nWould be granted:');
  for (const line of previewLines(reply.preview, '  ')) out.print(line);
  // What policy hints at where there is nothing else to do is this command.
  if (reply.hint !== null && !reply.hint.startsWith('jit policy explain '))
    out.hint(hintWithConfig(config, reply.hint));
}

export const policyExplain = defineCommand({
  name: 'policy explain',
  summary: 'say what policy would decide, by which rule and limit, and why',
  description: 'Needs no broker and records nothing. Exit code 0 whatever the decision is.',
  args: { target: arg.required('<target> or <target>:<role>', 'target') },
  options: {
    role: opt.name('role', 'the role, when it is not in <target>:<role>'),
    scope: opt.name('scope', 'a named scope of the role'),
    for: opt.duration('for how long', { aliases: ['duration'] }),
    reason: opt.text('text', 'the reason that would be given', { aliases: ['justification'] }),
    ticket: opt.name('ticket', 'the ticket that would be given'),
    as: opt.principal('ask as somebody else, e.g. user:alice'),
    at: opt.instant('as if it were this time'),
  },
  json: {
    principal: 'user:alice',
    target: 'prod-db',
    role: 'write',
    scope: null,
    outcome: 'allowed',
    duration_ms: 3_600_000,
    entitlement: 'developers-write',
    reasons: ['entitlement "developers-write" allows prod-db:write for up to 1h'],
    hint: null,
    limit: { value_ms: 3_600_000, from: 'entitlement' },
    considered: [
      { entitlement: 'developers-write', matched: true, why: 'who, role, scope and condition match' },
    ],
    preview: ['the rights of orders_write'],
  },
  examples: [
    {
      command: 'jit policy explain prod-db:write --for 2h',
      does: 'which rule decides, and which limit wins',
    },
    {
      command: 'jit policy explain prod-db:read --as user:bob --at 22:00',
      does: 'somebody else, at another time',
    },
  ],
  async run(world, { args, options, json }) {
    const { target, role } = namedRole(args.target, options.role);
    const offline = await world.loadOffline();
    const asked = offline.policyExplain(world.config, {
      principal: options.as,
      target,
      role,
      scope: options.scope,
      duration: options.for,
      reason: options.reason ?? (world.env.JIT_REASON || null),
      ticket: options.ticket,
      interactive: world.isTTY.stdin,
      ci: world.ci,
      at: options.at,
    });
    const reply = await asked.catch((error: unknown) => {
      throw withConfig(world, error);
    });
    if (json) world.out.json(reply);
    else print(world, reply);
    return 0;
  },
});
