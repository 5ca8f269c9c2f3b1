import { expect, test } from 'vitest';
import { checkpointText, parseCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { signNote } from '../../src/audit/note.ts';
import { createSigner } from '../../src/audit/signer.ts';

const head = { origin: 'jit.0123456789abcdef', size: 20_852_163, root: '0a'.repeat(32) };
const signer = createSigner(head.origin, Buffer.alloc(32, 7));
const root = Buffer.alloc(32, 0x0a).toString('base64');

test('a checkpoint is three lines and comes back as it was signed', () => {
  expect(checkpointText(head)).toBe(`jit.0123456789abcdef\n20852163\n${root}\n`);
  expect(parseCheckpoint(signCheckpoint(head, [signer]))).toMatchObject(head);
  expect(parseCheckpoint(signCheckpoint({ ...head, size: 0 }, [signer]))?.size).toBe(0);
});

test('the example of the C2SP text is read', () => {
  const text = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
  expect(parseCheckpoint(text)).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
});

test('other texts are no checkpoints, even when they are signed', () => {
  for (const text of [
    'o\n1\n',
    `o\n01\n${root}\n`,
    `o\n-1\n${root}\n`,
    `o\n1.5\n${root}\n`,
    `o\n9999999999999999\n${root}\n`,
    `\n1\n${root}\n`,
    `o\n1\n${root.slice(4)}\n`,
    `o\n1\n${root}\nextension\n`,
    `o\n1\n${root}\n\n`,
    `o\n1\n${root.replace('=', '')}\n`,
  ]) {
    expect([text, parseCheckpoint(signNote(text, [signer]))]).toEqual([text, null]);
  }
});
