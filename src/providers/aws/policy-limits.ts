// The limits of session policies, and what may be put into their variables. Pure.

/** STS API reference, AssumeRole: inline policy and managed ARNs together, in characters. */
export const longestSessionPolicy = 2048;

/** Length of the Deny that ends a session at its deadline, comma included; tested against the real one. */
export const timeBoxLength = 127;

/** What a scope's statements may refer to as `${jit.name}`; IAM's own `${aws:name}` are left alone. */
export const variables = ['principal', 'lease', 'grant', 'ticket'] as const;
export type Variable = (typeof variables)[number];

interface SessionPolicy {
  readonly statements?: readonly object[] | undefined;
  readonly managed_policies?: readonly string[] | undefined;
}

/** Sentences about what STS would refuse anyway, said when the config is loaded. */
export function sessionPolicyProblems(where: string, policy: SessionPolicy): string[] {
  const problems: string[] = [];
  const text = JSON.stringify(policy.statements ?? []);
  for (const [, name] of text.matchAll(/\$\{jit\.([^}]*)\}/g)) {
    if (!variables.includes(name as Variable)) {
      problems.push(
        `${where} uses "\${jit.${name}}": known are ${variables.map((one) => `jit.${one}`).join(', ')}`,
      );
    }
  }
  for (const one of policy.statements ?? []) {
    const keys = Object.keys(one);
    if (keys.includes('Action') === keys.includes('NotAction'))
      problems.push(`${where}: a statement needs one of Action and NotAction`);
    if (keys.includes('Resource') === keys.includes('NotResource')) {
      problems.push(`${where}: a statement needs one of Resource and NotResource`);
    }
  }
  const size =
    '{"Version":"2012-10-17","Statement":}'.length +
    text.length +
    timeBoxLength +
    (policy.managed_policies ?? []).join('').length;
  if (size > longestSessionPolicy) {
    problems.push(
      `${where}: the session policy has ${size} characters with its time limit; AWS takes ${longestSessionPolicy}`,
    );
  }
  return problems;
}
