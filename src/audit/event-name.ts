// How `jit audit prove` is told which event is meant. What there is of that name is for whoever has the log.

/** A leaf hash, or a place in a log; `origin` null: of the log that goes without saying. */
export type EventName =
  | { readonly leaf: string }
  | { readonly leaf: null; readonly origin: string | null; readonly seq: number };

/** A leaf hash in hex, a sequence number, or `<log>:<sequence>`; null: it is none of them. */
export function parseEventName(text: string): EventName | null {
  if (/^[0-9a-f]{64}$/.test(text)) return { leaf: text };
  const [, origin = null, digits] = /^(?:(.+):)?(0|[1-9][0-9]{0,14})$/.exec(text) ?? [];
  return digits === undefined ? null : { leaf: null, origin, seq: Number(digits) };
}
