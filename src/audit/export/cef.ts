// ArcSight's Common Event Format, one line an event. After "Implementing ArcSight Common Event Format", version 26.

import type { ExportEvent, Formatter } from './format.ts';
import { calmed, clipped } from './format.ts';
import { fieldsOf, type Gravity, meaningOf, textOf } from './meaning.ts';

/** 0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high. */
const severities: Readonly<Record<Gravity, number>> = { info: 2, low: 3, medium: 5, high: 8, critical: 10 };

/** A field of the header: backslash and pipe are escaped, line breaks are not allowed. */
function headerField(text: string): string {
  return calmed(text)
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\|]/g, '\\$&');
}

/** A value of an extension: backslash, equals sign and line breaks are escaped. */
function extension(text: string): string {
  return calmed(text).replace(/[\\=]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/** Keys of the dictionary of CEF with the most characters that each takes. */
function fields({
  body,
  leaf,
  asked,
}: ExportEvent): [key: string, value: string | null | undefined, most: number][] {
  const { outcome, why, code } = meaningOf(body);
  const lasts = lifeOf(body);
  return [
    ['rt', String(Date.parse(body.ts)), 20],
    ['externalId', body.seq, 40],
    ['deviceExternalId', body.origin, 255],
    ['suser', body.principal, 1023],
    ['duser', body.lease === undefined ? null : body.principal, 1023],
    ['destinationServiceName', body.target, 1023],
    ['outcome', outcome, 63],
    ['reason', code ?? why, 1023],
    ['msg', why, 1023],
    ...custom('cs1', 'grant', body.grant),
    ...custom('cs2', 'leafHash', leaf),
    ...custom('cs3', 'role', asked?.role),
    ...custom('cs4', 'lease', body.lease),
    ...custom('cs5', 'scope', asked?.scope),
    ...custom('cs6', 'policyRule', textOf(body, 'entitlement') ?? textOf(body, 'rule')),
    ...custom('cn1', 'ttl', lasts),
  ];
}

/** A custom field and its label; none where there is no value. */
function custom(key: string, label: string, value: string | null | undefined): ReturnType<typeof fields> {
  return value === null || value === undefined
    ? []
    : [
        [`${key}Label`, label, 1023],
        [key, value, 4000],
      ];
}

/** How long access lasts by this event, in whole seconds. */
function lifeOf(body: ExportEvent['body']): string | null {
  const { duration_ms: duration } = fieldsOf(body);
  const end = textOf(body, 'deadline') ?? textOf(body, 'expires');
  const lasts =
    typeof duration === 'number' ? duration : end === null ? null : Date.parse(end) - Date.parse(body.ts);
  return lasts === null ? null : String(Math.round(lasts / 1000));
}

/** @param version of jit, as the header tells it */
export function cef(version: string): Formatter {
  return {
    header: '',
    line(event) {
      const { title, gravity } = meaningOf(event.body);
      const head = ['CEF:0', 'jit', 'jit', version, event.body.type, title].map(headerField);
      const told = fields(event).flatMap(([key, value, most]) =>
        value === null || value === undefined || value === ''
          ? []
          : [`${key}=${extension(clipped(value, most))}`],
      );
      return `${head.join('|')}|${severities[gravity]}|${told.join(' ')}\n`;
    },
  };
}
