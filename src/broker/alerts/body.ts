// An alert as others read it: JSON, a message for Slack and what is like it, a line. Pure.

import type { Alert } from '../../core/alert.ts';

/** As a webhook of format `json` and a command are given it. */
export function jsonOf(alert: Alert): Readonly<Record<string, unknown>> {
  return { version: 1, ...alert, at: new Date(alert.at).toISOString() };
}

/** One line: `jit: high: …`. */
export function lineOf({ severity, text }: Alert): string {
  return `jit: ${severity}: ${text}`;
}

/** Slack takes 3,000 characters in a section, and 150 in a header. */
const longest = 2_500;

/** Mattermost calls everybody by these, also where no markup is. */
const calls = /@(?=(?:channel|here|all|everyone)\b)/gi;
/** Comes between the sign and the name, so that nobody is called. */
const apart = '@\u200b';

/** Without what Slack reads as markup, and without mentions of everybody. */
function forSlack(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('`', 'ˋ')
    .replace(calls, apart);
}

/** `verbatim`: no links are made of names and addresses that the text only holds. */
const markup = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

/** The body of an incoming webhook: `text` for notifications and for those who know no blocks. */
export function slackBodyOf(alert: Alert): Readonly<Record<string, unknown>> {
  const facts = [
    ['rule', alert.rule],
    ['principal', alert.principal],
    ['target', alert.target],
    ['grant', alert.grant],
    ['event', alert.event],
  ].flatMap(([name, value]) => (value ? [`${name} ${forSlack(value)}`] : []));
  const seconds = Math.floor(alert.at / 1000);
  const when = `<!date^${seconds}^{date_short_pretty} {time_secs}|${new Date(alert.at).toISOString()}>`;
  return {
    text: forSlack(lineOf(alert)),
    blocks: [
      {
        type: 'section',
        text: markup(`*jit: ${alert.severity}*\n${forSlack(alert.text)}\n\`${forSlack(alert.see)}\``),
      },
      { type: 'context', elements: [markup([when, ...facts].join(' · '))] },
    ],
  };
}
