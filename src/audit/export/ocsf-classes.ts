// Which class and activity of OCSF each type of event is. Numbers and names: schema.ocsf.io.

import type { EventType } from '../event.ts';

/** The versions of the schema that can be asked for. */
export const ocsfVersions = ['1.8', '1.9'] as const;
export type OcsfVersion = (typeof ocsfVersions)[number];

/** The version as `metadata.version` tells it; 1.9 was not released when this was written. */
export const ocsfVersionOf: Readonly<Record<OcsfVersion, string>> = { '1.8': '1.8.0', '1.9': '1.9.0-dev' };

/** A class of events. */
export type OcsfClass =
  | 'detection_finding'
  | 'authorize_session'
  | 'entity_management'
  | 'user_access'
  | 'user_management'
  | 'application_lifecycle'
  | 'api_activity';

/** `class_uid`, class name, category name. The category is the thousands of the class. */
export const ocsfClasses: Readonly<
  Record<OcsfClass, readonly [uid: number, name: string, category: string]>
> = {
  detection_finding: [2004, 'Detection Finding', 'Findings'],
  authorize_session: [3003, 'Authorize Session', 'Identity & Access Management'],
  entity_management: [3004, 'Entity Management', 'Identity & Access Management'],
  user_access: [3005, 'User Access Management', 'Identity & Access Management'],
  user_management: [3007, 'User Management', 'Identity & Access Management'],
  application_lifecycle: [6002, 'Application Lifecycle', 'Application Activity'],
  api_activity: [6003, 'API Activity', 'Application Activity'],
};

type Place = readonly [type: OcsfClass, activity: number, name: string];

const call = {
  create: ['api_activity', 1, 'Create'],
  read: ['api_activity', 2, 'Read'],
  update: ['api_activity', 3, 'Update'],
  remove: ['api_activity', 4, 'Delete'],
} as const satisfies Record<string, Place>;
const other = (name: string): Place => ['api_activity', 99, name];
const finding: Place = ['detection_finding', 1, 'Create'];

const places: Readonly<Record<EventType, Place>> = {
  'log.open': ['entity_management', 1, 'Create'],
  'log.fork': finding,
  'log.rollback_detected': finding,
  'key.rotate': ['entity_management', 3, 'Update'],
  'sync.behind': finding,
  'sync.caught_up': other('Catch Up'),
  'command.started': ['authorize_session', 1, 'Assign Privileges'],
  'command.ended': other('End Command'),
  'anomaly.found': finding,
  'notify.failed': other('Notify'),
  'broker.start': ['application_lifecycle', 3, 'Start'],
  'broker.stop': ['application_lifecycle', 4, 'Stop'],
  'policy.load': ['entity_management', 3, 'Update'],
  'grant.requested': call.create,
  'grant.approved': call.update,
  'grant.denied': call.update,
  'grant.extension_denied': call.update,
  'grant.extended': call.update,
  'grant.ended': call.remove,
  'lease.intent': call.create,
  'lease.issued': ['user_access', 1, 'Assign Privileges'],
  'lease.handed_out': call.read,
  'lease.renewed': call.update,
  'lease.revoking': call.update,
  'lease.step': call.update,
  'lease.finding': finding,
  'lease.revoked': ['user_access', 2, 'Revoke Privileges'],
  'lease.overdue': finding,
  'reconcile.finding': finding,
  'revoke.unaudited': finding,
  'clock.step': finding,
  'process.signal_probe': finding,
  'lease.served': call.read,
  'lease.refused': call.read,
  'lease.console': call.read,
  'lease.undisclosed': finding,
  'log.damaged': finding,
  'store.rollback_detected': finding,
};

/** 1.9 deprecates "User Access Management" for "User Management". */
const laterPlaces: Partial<Record<EventType, Place>> = {
  'lease.issued': ['user_management', 16, 'Assign Roles'],
  'lease.revoked': ['user_management', 17, 'Remove Roles'],
};

/** Class, activity and its name of a type of event. */
export function ocsfPlace(type: EventType, version: OcsfVersion): Place {
  return (version === '1.9' ? laterPlaces[type] : undefined) ?? places[type];
}
