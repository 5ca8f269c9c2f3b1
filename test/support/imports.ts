// Reads which modules a source file names. Must not: judge them.

/** One import, re-export or dynamic import of a file. */
export interface Import {
  readonly name: string;
  /** Erased by the compiler: only types cross. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}(,])\/\/[^\n]*/g, '$1');

/** The code of a file without comments, quoted text and regular expressions blanked: what it does, not what it says. */
export function codeOf(text: string): string {
  return withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

/** Every module that `text` names, in order. */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?from\s*)?['"]([^'"]+)['"]/gm)) {
    const names = /\{([\s\S]*)\}/.exec(match[2] ?? '')?.[1]?.split(',') ?? [];
    const named = names.map((name) => name.trim()).filter((name) => name !== '');
    const onlyTypes = named.length > 0 && named.every((name) => name.startsWith('type '));
    found.push({ name: match[3] ?? '', typeOnly: match[1] !== undefined || onlyTypes, dynamic: false });
  }
  for (const match of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ name: match[2] ?? '', typeOnly: match[1] !== undefined, dynamic: true });
  }
  return found;
}
