// Events by the Open Cybersecurity Schema Framework, one JSON object a line.

import { type Formatter, jsonText } from './format.ts';
import { type Gravity, type Meaning, meaningOf } from './meaning.ts';
import { type OcsfVersion, ocsfClasses, ocsfPlace, ocsfVersionOf } from './ocsf-classes.ts';
import { attestations, ocsfParts, unmapped } from './ocsf-parts.ts';

const severities: Readonly<Record<Gravity, readonly [id: number, name: string]>> = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};

/** @param version of jit, as `metadata.product` tells it */
export function ocsf(version: string, schema: OcsfVersion): Formatter {
  return {
    header: '',
    line(event) {
      const { body, leaf, seq } = event;
      const meaning = meaningOf(body);
      const [type, activity, activityName] = ocsfPlace(body.type, schema);
      const [classUid, className, category] = ocsfClasses[type];
      const [severityId, severity] = severities[meaning.gravity];
      const isLater = schema === '1.9';
      const record = {
        activity_id: activity,
        activity_name: activityName,
        category_uid: Math.floor(classUid / 1000),
        category_name: category,
        class_uid: classUid,
        class_name: className,
        type_uid: classUid * 100 + activity,
        type_name: `${className}: ${activity === 99 ? 'Other' : activityName}`,
        time: Date.parse(body.ts),
        timezone_offset: 0,
        severity_id: severityId,
        severity,
        message: meaning.title,
        ...statusOf(type === 'detection_finding', meaning),
        metadata: {
          version: ocsfVersionOf[schema],
          ...(isLater && { profiles: ['record_integrity'] }),
          product: { name: 'jit', vendor_name: 'jit', version },
          uid: leaf,
          sequence: seq,
          ...(body.grant !== undefined && { correlation_uid: body.grant }),
          event_code: body.type,
          log_name: body.origin,
          log_version: String(body.v),
          original_time: body.ts,
        },
        ...ocsfParts(type, event, meaning),
        ...(isLater && { attestation_list: attestations(event) }),
        unmapped: unmapped(event, schema),
      };
      return `${jsonText(record)}\n`;
    },
  };
}

/** Findings have a status of their own: whether somebody has looked at them. */
function statusOf(isFinding: boolean, { outcome, why, code }: Meaning) {
  const [id, name] = isFinding ? [1, 'New'] : outcome === 'success' ? [1, 'Success'] : [2, 'Failure'];
  return {
    status_id: id,
    status: name,
    ...(code !== null && { status_code: code }),
    ...(why !== null && { status_detail: why }),
  };
}
