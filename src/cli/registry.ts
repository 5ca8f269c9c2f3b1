// All commands, in the order that help shows them. Completions, help and docs/commands.md derive from this list.

import { auditExport } from './commands/audit-export.ts';
import { auditFork } from './commands/audit-fork.ts';
import { auditLog } from './commands/audit-log.ts';
import { auditProve } from './commands/audit-prove.ts';
import { auditReport } from './commands/audit-report.ts';
import { auditRotate } from './commands/audit-rotate.ts';
import { auditSync } from './commands/audit-sync.ts';
import { auditTail } from './commands/audit-tail.ts';
import { auditVerify } from './commands/audit-verify.ts';
import { auditVerifyProof } from './commands/audit-verify-proof.ts';
import { brokerRun } from './commands/broker-run.ts';
import { brokerStart } from './commands/broker-start.ts';
import { brokerStatus } from './commands/broker-status.ts';
import { brokerStop } from './commands/broker-stop.ts';
import { ciCleanup } from './commands/ci-cleanup.ts';
import { completion } from './commands/completion.ts';
import { consoleCommand } from './commands/console.ts';
import { credentialAws } from './commands/credential-aws.ts';
import { credentialGit } from './commands/credential-git.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { drop } from './commands/drop.ts';
import { elevate } from './commands/elevate.ts';
import { env } from './commands/env.ts';
import { extend } from './commands/extend.ts';
import { help } from './commands/help.ts';
import { init } from './commands/init.ts';
import { initAws } from './commands/init-aws.ts';
import { initPostgres } from './commands/init-postgres.ts';
import { policyCheck } from './commands/policy-check.ts';
import { policyExplain } from './commands/policy-explain.ts';
import { policyTest } from './commands/policy-test.ts';
import { revoke } from './commands/revoke.ts';
import { secretCheck } from './commands/secret-check.ts';
import { secretRemove } from './commands/secret-remove.ts';
import { secretSet } from './commands/secret-set.ts';
import { shellInit } from './commands/shell-init.ts';
import { status } from './commands/status.ts';
import { storeInit } from './commands/store-init.ts';
import { targets } from './commands/targets.ts';
import { token } from './commands/token.ts';
import { use } from './commands/use.ts';
import { watch } from './commands/watch.ts';
import type { Command } from './define-command.ts';

/** Every command of jit. */
export const registry: readonly Command[] = [
  elevate,
  use,
  drop,
  status,
  watch,
  targets,
  revoke,
  extend,
  token,
  env,
  consoleCommand,
  credentialAws,
  credentialGit,
  ciCleanup,
  policyCheck,
  policyExplain,
  policyTest,
  auditLog,
  auditTail,
  auditVerify,
  auditProve,
  auditVerifyProof,
  auditExport,
  auditReport,
  auditSync,
  auditRotate,
  auditFork,
  doctor,
  init,
  initPostgres,
  initAws,
  storeInit,
  secretSet,
  secretCheck,
  secretRemove,
  demo,
  shellInit,
  completion,
  brokerStart,
  brokerStop,
  brokerStatus,
  brokerRun,
  help,
];
