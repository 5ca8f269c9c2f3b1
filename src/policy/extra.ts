// The .cedar files of a config: checks them whole, splits them, names each policy by its @id or file and line.
// Only what forbids is kept: nothing in these files can grant.

import { type Cedar, type CedarFault, validateText } from './cedar.ts';
import { type Problem, positionIn } from './problem.ts';

/** A policy that forbids, and the name under which it is reported. */
export interface Forbid {
  readonly name: string;
  readonly text: string;
}

/** What the files hold. */
export interface ExtraPolicies {
  readonly forbids: readonly Forbid[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Reads the files in their order. */
export function readExtraPolicies(
  cedar: Cedar,
  files: readonly { readonly path: string; readonly text: string }[],
): ExtraPolicies {
  const forbids: Forbid[] = [];
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const seen = new Set<string>();

  for (const { path, text } of files) {
    const report = ({ message, offset }: CedarFault) =>
      problems.push({ path, ...positionIn(text, offset), message });
    const { faults, warnings: oddities } = validateText(cedar, text);
    for (const fault of faults) report(fault);
    if (faults.length > 0) continue;
    for (const { message, offset } of oddities) {
      warnings.push(`${path}:${positionIn(text, offset).line}: ${message}`);
    }
    const parts = cedar.policySetTextToParts(text);
    if (parts.type === 'failure') continue;
    const used = new Set<number>();
    for (const policy of parts.policies) {
      let offset = text.indexOf(policy);
      while (used.has(offset) && offset >= 0) offset = text.indexOf(policy, offset + 1);
      used.add(offset);
      const answer = cedar.policyToJson(policy);
      if (answer.type === 'failure') {
        report({ message: 'not valid Cedar', offset });
        continue;
      }
      const name = answer.json.annotations?.['id'] ?? `${path}:${positionIn(text, offset).line}`;
      if (seen.has(name)) report({ message: `a second policy with @id("${name}")`, offset });
      seen.add(name);
      if (answer.json.effect === 'forbid') forbids.push({ name, text: policy });
      else warnings.push(`"${name}" in ${path} permits: only entitlements grant, it has no effect`);
    }
  }
  return { forbids, problems, warnings };
}
