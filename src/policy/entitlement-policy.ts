// One entitlement as the text of one Cedar policy. Names reach Cedar as values of its JSON form, never as
// pieces of text, so that no name can become policy.

import type { Expr, PolicyJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import { JitError } from '../core/errors.ts';
import type { Cedar } from './cedar.ts';
import type { Entitlement } from './config.ts';
import { groupEntity, principalEntity, roleEntity } from './entities.ts';
import { groupOf, splitRole } from './names.ts';
import { whenClause } from './when.ts';

type Variable = 'principal' | 'resource' | 'context';

const attribute = (of: Variable, attr: string): Expr => ({ '.': { left: { Var: of }, attr } });

/** Halves instead of a chain: Cedar's reader recurses over the depth of an expression. */
function anyOf(expressions: readonly Expr[]): Expr {
  const [only] = expressions;
  if (only === undefined) return { Value: false };
  if (expressions.length === 1) return only;
  const middle = expressions.length >> 1;
  return {
    '||': { left: anyOf(expressions.slice(0, middle)), right: anyOf(expressions.slice(middle)) },
  };
}

/** `variable in [entities]`, one set per type, since a set of Cedar holds one type. */
function within(variable: Variable, entities: readonly TypeAndId[]): Expr {
  const byType = Map.groupBy(entities, ({ type }) => type);
  return anyOf(
    [...byType.values()].map((same) => ({
      in: {
        left: { Var: variable },
        right: { Set: same.map((entity) => ({ Value: { __entity: entity } })) },
      },
    })),
  );
}

function like(attr: string, pattern: string): Expr {
  const elements = pattern
    .split('*')
    .flatMap((literal, index) => [
      ...(index > 0 ? ['Wildcard' as const] : []),
      ...(literal === '' ? [] : [{ Literal: literal }]),
    ]);
  return { like: { left: attribute('resource', attr), pattern: elements } };
}

function conditionsOf({ who, roles, scopes }: Entitlement): Expr[] {
  const conditions: Expr[] = [];
  if (!who.includes('everyone')) {
    const members = who.map((member) => {
      const group = groupOf(member);
      return group === null ? principalEntity(member) : groupEntity(group);
    });
    conditions.push(within('principal', members));
  }
  const parted = roles.map(splitRole);
  const exact = parted.filter(({ target, role }) => !`${target}${role}`.includes('*'));
  const wild = parted.filter((one) => !exact.includes(one));
  conditions.push(
    anyOf([
      ...(exact.length > 0
        ? [
            within(
              'resource',
              exact.map(({ target, role }) => roleEntity(target, role)),
            ),
          ]
        : []),
      ...wild.map(({ target, role }) => ({
        '&&': { left: like('target', target), right: like('role', role) },
      })),
    ]),
  );
  if (scopes !== null) {
    conditions.push({
      contains: {
        left: { Set: scopes.map((scope) => ({ Value: scope })) },
        right: attribute('context', 'scope'),
      },
    });
  }
  return conditions;
}

/**
 * The text of the permit policy of an entitlement.
 * @throws JitError `ERR_INTERNAL` when Cedar does not read back exactly one permit with the conditions meant.
 */
export function entitlementPolicy(cedar: Cedar, entitlement: Entitlement): string {
  const conditions = conditionsOf(entitlement).map((body) => ({ kind: 'when' as const, body }));
  const head: PolicyJson = {
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: '==', entity: { type: 'Action', id: 'request' } },
    resource: { op: 'All' },
    conditions,
    annotations: { id: entitlement.name },
  };
  const written = cedar.policyToText(head);
  const text =
    written.type === 'failure' || entitlement.when === null
      ? written
      : { text: written.text.replace(/;\s*$/, '') + whenClause(entitlement.when) };
  const read = 'text' in text ? cedar.policyToJson(text.text) : undefined;
  const expected = conditions.length + (entitlement.when === null ? 0 : 1);
  if (!('text' in text) || read?.type !== 'success' || read.json.conditions.length !== expected) {
    throw new JitError('ERR_INTERNAL', `entitlement "${entitlement.name}" could not be turned into a policy`);
  }
  return text.text;
}
