import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatVkey,
  parseNote,
  parseVkey,
  signersOf,
  signNote,
  type VerifierKey,
} from '../../src/audit/note.ts';
import { createSigner, seedBytes } from '../../src/audit/signer.ts';

const key = (vkey: string): VerifierKey => {
  const found = parseVkey(vkey);
  if (!found) throw new Error('malformed');
  return found;
};

/** The example of c2sp.org/signed-note. */
const example = {
  vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note: `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`,
};

/** The example of Go's package golang.org/x/mod/sumdb/note, whose private key is public. */
const peter = {
  seed: Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1),
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};

const signer = (name: string, byte = 1) => createSigner(name, Buffer.alloc(32, byte));

test('the example of the C2SP text verifies, and with one letter changed it does not', () => {
  const note = parseNote(example.note);
  expect(note?.text).toBe('This is an example message.\n');
  expect(note && signersOf(note, [key(example.vkey)])).toMatchObject([
    { name: 'example.com/foo', id: '530d903a' },
  ]);
  const changed = parseNote(example.note.replace('an example', 'no example'));
  expect(changed && signersOf(changed, [key(example.vkey)])).toBeNull();
});

test('the example of the Go package is signed as Go signs it, byte for byte', () => {
  const made = createSigner('PeterNeumann', peter.seed);
  expect(made.vkey).toBe(peter.vkey);
  expect(signNote(peter.text, [made])).toBe(`${peter.text}\n${peter.line}`);
});

test('unknown keys are ignored, a known one that is wrong spoils the note, several may sign', () => {
  const [one, two] = [signer('a.example', 1), signer('a.example', 2)];
  const note = signNote('text\n', [one, two]);
  const parsed = parseNote(note);
  if (!parsed) throw new Error('malformed');
  const vkeys = (keys: readonly VerifierKey[] | null) => keys?.map(({ vkey }) => vkey) ?? null;
  expect(vkeys(signersOf(parsed, [key(one.vkey)]))).toEqual([one.vkey]);
  expect(vkeys(signersOf(parsed, [key(two.vkey), key(one.vkey)]))).toEqual([one.vkey, two.vkey]);
  expect(vkeys(signersOf(parsed, [key(signer('b.example', 1).vkey)]))).toEqual([]);
  const mixed = { ...parsed, text: 'text2\n' };
  expect(signersOf(mixed, [key(two.vkey)])).toBeNull();
  // The same name and id with another key behind them: known, and wrong.
  const forged = { ...key(one.vkey), key: key(two.vkey).key };
  expect(signersOf(parsed, [forged])).toBeNull();
});

test('malformed notes are refused', () => {
  const good = signNote('text\n', [signer('a.example')]);
  expect(parseNote(good)).not.toBeNull();
  const line = good.slice('text\n\n'.length);
  for (const bad of [
    '',
    'text\n',
    'text\n\n',
    good.slice(0, -1),
    good.replace('— ', '- '),
    good.replace('— ', '—'),
    good.replace('a.example', 'a example'),
    good.replace('a.example', 'a+example'),
    good.replace('a.example', 'a\u2003example'),
    good.replace('text', 'te\txt'),
    good.replace('text', 'te\r\nxt'),
    good.replace('text', 'te\ud800xt'),
    good.replace('=\n', '\n'),
    good.replace('=\n', ' =\n'),
    `${good}\n`,
    `${good}more\n`,
    'text\n\n— a.example AAAA\n',
    `text\n\n${line.repeat(65)}`,
    `${'t'.repeat(100_000)}\n\n${line}`,
  ]) {
    expect([bad.slice(0, 200), parseNote(bad)]).toEqual([bad.slice(0, 200), null]);
  }
  expect(parseNote(`text\n\n${line.repeat(16)}`)?.signatures).toHaveLength(16);
  // The last empty line separates; those before belong to the text.
  expect(parseNote(`a\n\nb\n\n${line}`)?.text).toBe('a\n\nb\n');
});

test('a text that no note can hold is not signed', () => {
  for (const text of ['no newline', '', 'bell\u0007\n', '\ud800\n']) {
    expect(() => signNote(text, [signer('a.example')])).toThrow(TypeError);
  }
});

test('a key is read back as it was written, and refused in any other spelling', () => {
  const { vkey } = signer('jit.0123456789abcdef/2');
  expect(key(vkey)).toMatchObject({ name: 'jit.0123456789abcdef/2', vkey });
  for (const bad of [
    '',
    vkey.slice(0, -1),
    `${vkey} `,
    `${vkey}\n`,
    vkey.replace('/2', '/3'),
    vkey.replace('+A', '+B'),
    vkey.replace('jit', 'j t'),
    vkey.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase().replace(/[0-9]/g, 'A')),
    formatVkey('a', Buffer.alloc(31)),
    'a++AQ==',
  ]) {
    expect([bad, parseVkey(bad)]).toEqual([bad, null]);
  }
});

test('any text that is signed verifies with its key alone, and no bit of it can change', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(texts, fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(), (lines, seed, at) => {
      const text = `${lines.join('\n')}\n`;
      const made = createSigner('log.example', seed);
      const note = signNote(text, [made]);
      const parsed = parseNote(note);
      if (!parsed) throw new Error('malformed');
      expect(parsed.text).toBe(text);
      expect(signersOf(parsed, [key(made.vkey)])).toHaveLength(1);
      const bytes = Buffer.from(note);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      const changed = parseNote(bytes.toString('utf8'));
      if (changed) expect(signersOf(changed, [key(made.vkey)])?.length ?? 0).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test('a seed of another length makes no key', () => {
  expect(() => createSigner('a', Buffer.alloc(seedBytes - 1))).toThrow(TypeError);
});
