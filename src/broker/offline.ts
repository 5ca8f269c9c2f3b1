// What the command line asks without a running broker. One function per question; types: protocol/offline.ts.

import type { Offline } from '../protocol/offline.ts';
import { auditExport } from './offline/audit-export.ts';
import { auditProve, auditVerifyProof } from './offline/audit-prove.ts';
import { auditReport } from './offline/audit-report.ts';
import { auditVerify } from './offline/audit-verify.ts';
import { initAws } from './offline/init-aws.ts';
import { initPostgres } from './offline/init-postgres.ts';
import { policyCheck, policyExplain, policyTest } from './offline/policy.ts';
import { secretCheck, secretRemove, secretSet } from './offline/secret.ts';
import { storeInit, storeLog, storeSql, storeVerify } from './offline/shared-store.ts';
import { storeExport } from './offline/store-export.ts';
import { storeProve } from './offline/store-prove.ts';
import { storeReport } from './offline/store-report.ts';

/** The heavy half of the command line, loaded on demand by src/cli/heavy.ts. */
export const offline: Offline = {
  policyCheck,
  policyExplain,
  policyTest,
  auditVerify,
  auditProve,
  auditVerifyProof,
  auditExport,
  auditReport,
  storeLog,
  storeVerify,
  storeExport,
  storeProve,
  storeReport,
  storeInit,
  storeSql,
  init: initPostgres,
  initAws,
  secretSet: (request) => secretSet(request),
  secretCheck: (reference) => secretCheck(reference),
  secretRemove: (reference) => secretRemove(reference),
  async openBroker(config, env) {
    const { openBroker } = await import('./in-process.ts');
    return openBroker(config, env);
  },
  async runBroker(config) {
    const { hardenProcess } = await import('../system/hardening.ts');
    const { runBrokerProcess } = await import('./run.ts');
    await runBrokerProcess(hardenProcess(), config === null ? [] : ['--config', config]);
  },
};
