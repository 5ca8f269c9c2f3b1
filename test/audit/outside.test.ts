// Our checkpoints and proofs, judged by a verifier that nobody here wrote: Go's packages for its own checksum database.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { consistencyProof, createFrontier, inclusionProof } from '../../src/audit/merkle.ts';
import { createSigner } from '../../src/audit/signer.ts';
import { formatProof } from '../../src/audit/tlog-proof.ts';
import { proveStored } from '../../src/shared-store/prove.ts';
import { newOrigin, openStore } from '../../src/store/open.ts';
import { proveEvent } from '../../src/store/prove.ts';
import { systemRandom } from '../../src/system/random.ts';
import { connectAs, moveToMonth, pushAll, startStore } from '../shared-store/support.ts';
import { step, stillClock, temporaryPath } from '../store/support.ts';

const program = path.join(import.meta.dirname, '../../.cache/peers/tlog/client');
const missing = existsSync(program) ? '' : ' (skipped: the outside verifier is not there: npm run peers)';

interface Question {
  readonly what: 'checkpoint' | 'inclusion' | 'consistency';
  readonly key: string;
  readonly note: string;
  readonly old?: string;
  readonly proof?: readonly string[];
}

/** Whether the outside verifier accepts each. */
function ask(questions: readonly Question[]): boolean[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { stdout, status, stderr } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { ok: boolean }).ok);
}

/** A file with a log of `events` events, each signed; what it signed and can prove. */
function writeLog(events: number) {
  const file = temporaryPath();
  const origin = newOrigin(systemRandom);
  const signer = createSigner(origin, systemRandom.bytes(32));
  const store = openStore({ path: file, clock: stillClock, random: systemRandom, origin, signer });
  onTestFinished(() => store.close());
  const key = signer.vkey;
  const notes: string[] = [];
  const checkpoints: Question[] = [];
  const inclusions: Question[] = [];
  const consistencies: Question[] = [];
  for (let size = 1; size <= events; size += 1) {
    if (size > 1) store.commit((tx) => tx.append(step(`step ${size}`)));
    const note = store.signedHead()?.note ?? '';
    notes.push(note);
    checkpoints.push({ what: 'checkpoint', key, note });
    for (let seq = 0; seq < size; seq += 1) {
      inclusions.push({ what: 'inclusion', key, note: proveEvent(file, `${seq}`).proof });
      const proof = store.consistency(seq + 1, size).map((hash) => Buffer.from(hash).toString('base64'));
      consistencies.push({ what: 'consistency', key, note, old: notes[seq] ?? '', proof });
    }
  }
  return [...checkpoints, ...inclusions, ...consistencies];
}

/** Every checkpoint, inclusion and consistency of a log of up to `events` events that is in memory alone. */
function imagineLog(events: number): Question[] {
  const origin = newOrigin(systemRandom);
  const signer = createSigner(origin, systemRandom.bytes(32));
  const nodes = new Map<string, Uint8Array>();
  const node = (level: number, index: number) => nodes.get(`${level}/${index}`) as Uint8Array;
  const frontier = createFrontier(0, undefined, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
  const key = signer.vkey;
  const notes: string[] = [];
  const questions: Question[] = [];
  const bodies = Array.from({ length: events }, (_, seq) => Buffer.from(`event ${seq}`));
  for (let size = 1; size <= events; size += 1) {
    const leaf = Buffer.from(leafHash(bodies[size - 1] as Buffer), 'hex');
    nodes.set(`0/${size - 1}`, leaf);
    frontier.append(leaf);
    const checkpoint = signCheckpoint({ origin, size, root: frontier.root().toString('hex') }, [signer]);
    notes.push(checkpoint);
    questions.push({ what: 'checkpoint', key, note: checkpoint });
    for (let seq = 0; seq < size; seq += 1) {
      const inclusion = {
        extra: bodies[seq] ?? null,
        index: seq,
        path: inclusionProof(node, seq, size),
        checkpoint,
      };
      questions.push({ what: 'inclusion', key, note: formatProof(inclusion) });
      const proof = consistencyProof(node, seq + 1, size).map((hash) => hash.toString('base64'));
      questions.push({ what: 'consistency', key, note: checkpoint, old: notes[seq] ?? '', proof });
    }
  }
  return questions;
}

/** Proofs from a shared store of every event of a log, and once its beginning is retired of what is left. */
async function storeLog(events: number, retired: number): Promise<Question[]> {
  const origin = newOrigin(systemRandom);
  const signer = createSigner(origin, systemRandom.bytes(32));
  const store = openStore({ path: temporaryPath(), clock: stillClock, random: systemRandom, origin, signer });
  onTestFinished(() => store.close());
  while (store.head().size < events) store.commit((tx) => tx.append(step(`step ${store.head().size}`)));
  const server = await startStore();
  onTestFinished(() => server.stop());
  await pushAll(server, store);
  const prove = (from: number): Promise<Question[]> =>
    connectAs(server, 'auditor', async (connection) => {
      const questions: Question[] = [];
      for (let seq = from; seq < events; seq += 1) {
        const { proof } = await proveStored(connection, `${seq}`);
        questions.push({ what: 'inclusion', key: signer.vkey, note: proof });
      }
      return questions;
    });
  const whole = await prove(0);
  const admin = await server.connect();
  await moveToMonth(admin, origin, 0, retired, '2024-01');
  await admin.query("SELECT jit.detach_before('2024-02-01')");
  await admin.end();
  // Of those that are gone the last has left enough.
  return [...whole, ...(await prove(retired - 1))];
}

/** The same text with one letter or digit of base64 or of a number changed for another, wherever `at` says. */
function changed(text: string, at: number): string {
  const places = [...text.matchAll(/[A-Za-z0-9](?=[^=\n]*[A-Za-z0-9+/]{2})/g)].map(({ index }) => index);
  const place = places[at % places.length] ?? 0;
  const other = text[place] === 'Q' ? 'R' : 'Q';
  return text.slice(0, place) + other + text.slice(place + 1);
}

function tampered(question: Question, at: number): Question {
  const { proof = [], old } = question;
  const parts = 1 + (old === undefined ? 0 : 1) + proof.length;
  const part = at % parts;
  const place = Math.floor(at / parts);
  if (part === 0) return { ...question, note: changed(question.note, place) };
  if (part === 1 && old !== undefined) return { ...question, old: changed(old, place) };
  const step = part - 2;
  return { ...question, proof: proof.map((hash, index) => (index === step ? changed(hash, place) : hash)) };
}

describe.skipIf(missing !== '')(`the outside verifier${missing}`, () => {
  test.each([
    ['a file of 16 events', () => writeLog(16), 16 + 16 * 17],
    ['every size up to 130 events', () => imagineLog(130), 130 + 130 * 131],
    ['a shared store, whole and with 21 of 40 events retired', () => storeLog(40, 21), 40 + 20],
  ])(
    'accepts every checkpoint and proof of %s, and refuses each once it was tampered with',
    async (what, log, count) => {
      const questions = await log();
      const accepted = ask(questions).filter(Boolean).length;
      const seeds = fc.sample(fc.nat(), questions.length);
      const bad = questions.map((question, index) => tampered(question, seeds[index] ?? 0));
      const refused = ask(bad).filter((ok) => !ok).length;
      const name = questions[0]?.key.split('+')[0] ?? '';
      const stranger = createSigner(name, systemRandom.bytes(32)).vkey;
      const foreign = ask(questions.map((question) => ({ ...question, key: stranger }))).filter(
        (ok) => !ok,
      ).length;

      const all = questions.length;
      process.stdout.write(
        `outside verifier, ${what}: ${accepted} of ${all} honest accepted, ${refused} of ${all} tampered refused, ` +
          `${foreign} of ${all} with another key refused\n`,
      );
      expect([accepted, refused, foreign]).toEqual([all, all, all]);
      expect(all).toBe(count);
    },
  );
});
