// The XML that STS and IAM answer with, and how the fake says no.

/** What a query API answers: nested elements; a list is a sequence of `member`. */
export type Element = string | number | readonly Element[] | { readonly [name: string]: Element | undefined };

/** An answer that is an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function render(value: Element): string {
  if (typeof value !== 'object') return escapeText(String(value));
  if (Array.isArray(value)) return value.map((one) => `<member>${render(one as Element)}</member>`).join('');
  return Object.entries(value)
    .map(([name, inner]) => (inner === undefined ? '' : `<${name}>${render(inner as Element)}</${name}>`))
    .join('');
}

const namespaces: Readonly<Record<string, string>> = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
};

export function answerXml(service: string, action: string, result: Element): string {
  return `<${action}Response xmlns="${namespaces[service]}"><${action}Result>${render(result)}</${action}Result><ResponseMetadata><RequestId>fake</RequestId></ResponseMetadata></${action}Response>`;
}

export function errorXml(service: string, { status, code, message }: Refusal): string {
  const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
  return `<ErrorResponse xmlns="${namespaces[service]}"><Error>${render(error)}</Error><RequestId>fake</RequestId></ErrorResponse>`;
}
