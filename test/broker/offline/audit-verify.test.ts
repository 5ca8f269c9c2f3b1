// A log file verified as the command asks for it: with heads that somebody has kept.

import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseCheckpoint } from '../../../src/audit/checkpoint.ts';
import { createSigner } from '../../../src/audit/signer.ts';
import { auditProve, auditVerifyProof } from '../../../src/broker/offline/audit-prove.ts';
import { auditVerify } from '../../../src/broker/offline/audit-verify.ts';
import { fileHeadKeeper } from '../../../src/store/head-keeper.ts';
import { newOrigin, openStore } from '../../../src/store/open.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { step, stillClock, temporaryPath } from '../../store/support.ts';

/** A signed log of `count` commits, a copy of it from before the last one, and the file of its newest head. */
function keptLog(count: number): { file: string; older: string; head: string; note: string } {
  const file = temporaryPath();
  const folder = path.join(path.dirname(file), 'heads');
  const origin = newOrigin(systemRandom);
  const signer = createSigner(origin, systemRandom.bytes(32));
  const heads = fileHeadKeeper(folder);
  const older = `${file}.older`;
  for (let index = 0; index < count; index += 1) {
    if (index === count - 1) copyFileSync(file, older);
    const store = openStore({ path: file, clock: stillClock, random: systemRandom, origin, signer, heads });
    store.commit((tx) => tx.append(step(`s${index}`)));
    store.close();
  }
  return { file, older, head: path.join(folder, `${origin}.head`), note: heads.known()[0] ?? '' };
}

const verify = (file: string, head: string) => auditVerify({ file, keys: [], heads: [head] });

test('a copy of the file that the broker keeps its heads in is a head, whichever of its places is the newer one', async () => {
  for (const count of [2, 3]) {
    const { file, older, head } = keptLog(count);
    const elsewhere = `${file}.head`;
    copyFileSync(head, elsewhere);
    expect(await verify(file, elsewhere)).toMatchObject({ valid: true, heads: 1 });
    expect(await verify(older, elsewhere)).toMatchObject({
      valid: false,
      problem: { what: expect.stringContaining('does not lead to the head') },
    });
  }
});

test('a signed head on its own is one, and one with a line feed too many is the same', async () => {
  const { file, note } = keptLog(2);
  for (const text of [note, `${note}\n`]) {
    const elsewhere = `${file}.note`;
    writeFileSync(elsewhere, text);
    expect(await verify(file, elsewhere)).toMatchObject({ valid: true, heads: 1 });
  }
});

test('a proof without a key says where the key comes from', async () => {
  const { file } = keptLog(2);
  const output = `${file}.tlog-proof`;
  await auditProve({ event: '0', file, output });
  const checked = auditVerifyProof({ file: output, keys: [], event: null });
  await expect(checked).rejects.toMatchObject({
    code: 'ERR_USAGE',
    hint: expect.stringMatching(/--key.*jit audit verify .*machine of the log/),
  });
});

test('a file without a head is told as that, and what to give instead', async () => {
  const { file } = keptLog(1 + 1);
  writeFileSync(`${file}.txt`, 'no head');
  await expect(verify(file, `${file}.txt`)).rejects.toMatchObject({
    code: 'ERR_USAGE',
    hint: expect.stringContaining('heads'),
  });
});

test('in a copy a fork excuses a lost head only by a key that was given; what is lost is never said to be led to', async () => {
  const { older, note } = keptLog(3);
  const known = parseCheckpoint(note);
  if (!known) throw new Error('no head');
  const { origin, size, root } = known;
  const store = openStore({ path: older, clock: stillClock, random: systemRandom });
  store.distrust('file', { origin, size, root });
  const next = createSigner(store.nextOrigin, systemRandom.bytes(32));
  store.fork('a disk', next);
  store.close();
  const head = `${older}.head`;
  writeFileSync(head, note);
  expect(await verify(older, head)).toMatchObject({
    valid: false,
    heads: 0,
    excused: 0,
    problem: { what: expect.stringContaining('says that it was lost: give its key') },
  });
  expect(await auditVerify({ file: older, keys: [next.vkey], heads: [head] })).toMatchObject({
    valid: true,
    heads: 0,
    excused: 1,
  });
});
