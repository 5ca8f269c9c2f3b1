// jit policy test: cases in YAML against the policy. Works without a broker.

import { exitCodeOf } from '../../core/errors.ts';
import { withConfig } from '../config-hint.ts';
import { arg, defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';

export const policyTest = defineCommand({
  name: 'policy test',
  summary: 'check decisions of the policy against the cases of a file',
  description: 'Needs no broker. Exit code 1 when a case is decided otherwise than the file expects.',
  args: { file: arg.required('the cases, in YAML', 'file') },
  options: {},
  json: {
    path: 'policy-test.yaml',
    cases: [
      {
        name: 'nobody writes for a day',
        expected: 'denied',
        actual: 'denied by developers-write',
        passed: true,
        why: '1d is longer than the 1h that entitlement "developers-write" allows',
      },
    ],
  },
  examples: [{ command: 'jit policy test policy-test.yaml', does: 'every case, and why it was decided so' }],
  async run(world, { args, json }) {
    const { out } = world;
    const offline = await world.loadOffline();
    const reply = await offline.policyTest(world.config, args.file).catch((error: unknown) => {
      throw withConfig(world, error);
    });
    const failed = reply.cases.filter(({ passed }) => !passed).length;
    if (json) out.json(reply);
    else {
      for (const { name, expected, actual, passed, why } of reply.cases) {
        const mark = passed ? out.paint.good('ok    ') : out.paint.alarm('FAILED');
        const got = passed ? '' : `expected ${escapeText(expected)}, got ${escapeText(actual)}: `;
        out.print(`${mark}  ${escapeText(name)}${passed ? '' : `\n        ${got}${escapeText(why)}`}`);
      }
      out.print(`${reply.cases.length - failed} of ${reply.cases.length} as expected`);
    }
    return failed === 0 ? 0 : exitCodeOf.ERR_CHECK_FAILED;
  },
});
