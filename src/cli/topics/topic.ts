// A topic of `jit help`: data, from which the terminal, docs/commands.md and the manual page are made.
// Must not: know how any of them looks.

/** A paragraph, or a table of two columns. */
export type Part =
  | string
  | { readonly rows: readonly (readonly [string, string])[]; readonly title?: string };

/** One page of help that is about no single command. */
export interface Topic {
  /** As typed after `jit help`. */
  readonly name: string;
  /** One line without full stop. */
  readonly summary: string;
  readonly title: string;
  readonly parts: readonly Part[];
}
