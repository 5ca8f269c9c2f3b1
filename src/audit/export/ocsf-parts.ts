// The objects that OCSF events are made of: who, what, where, by which rule.

import type { Json } from '../../core/json.ts';
import type { EventBody } from '../event.ts';
import type { ExportEvent } from './format.ts';
import { type Meaning, textOf } from './meaning.ts';
import type { OcsfClass, OcsfVersion } from './ocsf-classes.ts';

type Fields = Readonly<Record<string, Json>>;

/** What is the class's own, beside what all events have. */
export function ocsfParts(type: OcsfClass, event: ExportEvent, meaning: Meaning): Fields {
  const { body } = event;
  switch (type) {
    case 'user_access':
      return { actor: actor(body), user: user(body), privileges: [privilege(event)], ...resources(body) };
    case 'user_management':
      return { actor: actor(body), user: user(body), iam_roles: [role(event)], ...resources(body) };
    case 'authorize_session':
      return { actor: actor(body), user: user(body), privileges: [privilege(event)], session: session(body) };
    case 'entity_management':
      return { actor: { app_name: 'jit' }, entity: entity(body) };
    case 'application_lifecycle':
      return { app: { name: 'jit', vendor_name: 'jit', uid: body.origin } };
    case 'api_activity':
      return {
        actor: actor(body),
        api: { operation: body.type, service: { name: 'jit' }, request: { uid: body.grant ?? event.leaf } },
        src_endpoint: { uid: body.origin, name: 'jit broker' },
        ...resources(body),
      };
    case 'detection_finding':
      return finding(event, meaning);
  }
}

/** For 1.9: the place of the event in the chain of its log. The fingerprint is that of the bytes that jit stored. */
export function attestations({ body, leaf, seq }: ExportEvent): Json {
  const sha256 = (value: string) => ({ algorithm: 'SHA-256', algorithm_id: 3, value });
  return [
    {
      uid: leaf,
      authority_uid: body.origin,
      chain_uid: body.origin,
      fingerprint: sha256(leaf),
      ...(seq > 0 && { prev_event: { uid: body.prev, fingerprint: sha256(body.prev) } }),
    },
  ];
}

function user({ principal }: EventBody): Fields {
  if (principal === undefined) return { name: 'unknown', type: 'Unknown', type_id: 0 };
  const kind = principal.split(':', 1)[0];
  const name = principal.slice(principal.indexOf(':') + 1);
  const type =
    kind === 'job' || kind === 'agent' ? { type: 'Service', type_id: 4 } : { type: 'User', type_id: 1 };
  return { uid: principal, name, ...type };
}

function actor(body: EventBody): Fields {
  const decided = decision(body);
  return {
    app_name: 'jit',
    ...(body.principal !== undefined && { user: user(body) }),
    ...(body.grant !== undefined && { session: session(body) }),
    ...(decided && { authorizations: [decided] }),
  };
}

function session(body: EventBody): Fields {
  const end = textOf(body, 'deadline') ?? textOf(body, 'expires');
  return {
    ...(body.grant !== undefined && { uid: body.grant }),
    ...(body.type === 'command.started' && { created_time: Date.parse(body.ts) }),
    ...(end !== null && { expiration_time: Date.parse(end) }),
  };
}

/** Which rule of the policy decided, and how. */
function decision(body: EventBody): Fields | null {
  const policy = textOf(body, 'policy');
  if (policy === null) return null;
  const name = textOf(body, 'entitlement');
  const isDenied = body.type === 'grant.denied' || body.type === 'grant.extension_denied';
  return {
    decision: isDenied ? 'denied' : 'allowed',
    policy: { uid: policy, ...(name !== null && { name }) },
  };
}

function privilege({ body, asked }: ExportEvent): string {
  const scope = asked?.scope ? ` (${asked.scope})` : '';
  return `${body.target ?? 'unknown'}:${asked?.role ?? 'unknown'}${scope}`;
}

function role(event: ExportEvent): Fields {
  return { uid: privilege(event), name: event.asked?.role ?? 'unknown' };
}

function resources({ target, lease }: EventBody): Fields {
  if (target === undefined) return {};
  const credential = { uid: lease ?? '', type: 'credential', role: 'Related', role_id: 4 };
  const resource = { uid: target, name: target, type: 'target', role: 'Target', role_id: 1 };
  return { resources: lease === undefined ? [resource] : [resource, credential] };
}

function entity(body: EventBody): Fields {
  if (body.type === 'policy.load') {
    const uid = textOf(body, 'digest') ?? '';
    return { uid, name: textOf(body, 'path') ?? '', type: 'Policy', type_id: 5 };
  }
  const key = textOf(body, 'vkey');
  if (body.type === 'key.rotate') return { uid: key ?? '', name: 'signing key', type: 'key', type_id: 99 };
  return { uid: body.origin, name: 'audit log', type: 'log', type_id: 99 };
}

function finding(event: ExportEvent, { title, why, gravity }: Meaning): Fields {
  const { body, leaf } = event;
  const rule = textOf(body, 'rule') ?? textOf(body, 'kind') ?? body.type;
  return {
    finding_info: {
      uid: leaf,
      title,
      ...(why !== null && { desc: why }),
      types: [rule],
      created_time: Date.parse(body.ts),
      analytic: { name: rule, type: 'Rule', type_id: 1 },
    },
    is_alert: gravity === 'high' || gravity === 'critical',
    ...(body.principal !== undefined && { evidences: [{ user: user(body) }] }),
    ...resources(body),
  };
}

/** The user to whom a version without the profile has no place for the chain: there it goes into `unmapped`. */
export function unmapped({ body, leaf }: ExportEvent, version: OcsfVersion): Fields {
  const { origin, seq, prev, boot, mono_ms, lease, data } = body;
  const chain = version === '1.8' ? { leaf, prev } : {};
  return { jit: { origin, seq, ...chain, boot, mono_ms, ...(lease !== undefined && { lease }), data } };
}
