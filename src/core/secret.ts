// A value that must never be shown by accident. Owns: holding it. Must not: offer any useful text form.

const shown = '[secret]';

/**
 * Holds a secret so that printing, serialising or inspecting it shows `[secret]`. The value leaves
 * only through {@link Secret.reveal}, which makes every use easy to find.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it where the value is used, never to keep a copy. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown;
  }
}
