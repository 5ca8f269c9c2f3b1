// The IAM side of the fake: inline policies of roles, within their quota.

import { readPolicy, sizeOf } from './policy.ts';
import type { Account, Identity, Role } from './state.ts';
import { type Element, Refusal } from './xml.ts';

/** Sum of a role's inline policies, without blanks. */
const inlineQuota = 10_240;

export function callIam(
  action: string,
  account: Account,
  caller: Identity,
  params: URLSearchParams,
): Element {
  const name = params.get('RoleName') ?? '';
  account.authorise(caller, `iam:${action}`, `arn:aws:iam::${account.id}:role/${name}`);
  const role = account.roles.get(name);
  if (!role) throw new Refusal(404, 'NoSuchEntity', `The role with name ${name} cannot be found.`);
  const policyName = params.get('PolicyName') ?? '';
  switch (action) {
    case 'GetRole':
      return {
        Role: {
          Path: '/',
          RoleName: role.name,
          RoleId: role.id,
          Arn: role.arn,
          CreateDate: '2026-01-01T00:00:00Z',
          AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(role.trust)),
          MaxSessionDuration: role.maxSession,
        },
      };
    case 'ListRolePolicies':
      return { PolicyNames: [...role.inline.keys()], IsTruncated: 'false' };
    case 'GetRolePolicy':
      return {
        RoleName: role.name,
        PolicyName: policyName,
        PolicyDocument: encodeURIComponent(policyOf(role, policyName).document),
      };
    case 'PutRolePolicy':
      put(role, policyName, params.get('PolicyDocument') ?? '');
      account.settle(role);
      return {};
    case 'DeleteRolePolicy':
      policyOf(role, policyName);
      role.inline.delete(policyName);
      account.settle(role);
      return {};
    default:
      throw new Refusal(400, 'InvalidAction', `Could not find operation ${action}`);
  }
}

function policyOf(role: Role, name: string): { document: string } {
  const found = role.inline.get(name);
  if (found) return found;
  throw new Refusal(404, 'NoSuchEntity', `The role policy with name ${name} cannot be found.`);
}

function put(role: Role, name: string, document: string): void {
  if (!/^[\w+=,.@-]{1,128}$/.test(name)) throw new Refusal(400, 'ValidationError', 'policyName');
  const policy = readPolicy(document);
  if (!policy) throw new Refusal(400, 'MalformedPolicyDocument', 'Syntax errors in policy.');
  const others = [...role.inline].filter(([key]) => key !== name);
  const total = others.reduce((sum, [, one]) => sum + sizeOf(one.document), sizeOf(document));
  if (total > inlineQuota) {
    throw new Refusal(
      409,
      'LimitExceeded',
      `Maximum policy size of ${inlineQuota} bytes exceeded for role ${role.name}`,
    );
  }
  role.inline.set(name, { document, policy });
}
