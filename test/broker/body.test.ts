import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request } from '../support/broker.ts';
import { type Doorway, openDoorway } from '../support/doorway.ts';
import { format } from '../support/raw-http.ts';
import { expectRefused, planted } from '../support/refusal.ts';

let world: Doorway;
beforeAll(async () => {
  world = await openDoorway();
});
afterAll(() => world.close());

describe('a body that is not what the schema says is refused', () => {
  const whole = request({ session: null, keep: true });
  const changed = (changes: object): string => JSON.stringify({ ...whole, ...changes });
  const replaced = (text: string): string => JSON.stringify(whole).replace('"duration":60000', text);

  test.each<[string, string | Buffer]>([
    ['no body', ''],
    ['white space', ' '],
    ['no JSON', `{"target": ${planted}}`],
    ['half of it', JSON.stringify(whole).slice(0, -1)],
    ['two of it', JSON.stringify(whole).repeat(2)],
    ['NaN', replaced('"duration":NaN')],
    ['a comment', `/* ${planted} */ ${JSON.stringify(whole)}`],
    ['invalid UTF-8', Buffer.from(changed({ reason: 'caf\xe9 \xff' }), 'latin1')],
    ['an overlong NUL', Buffer.from(changed({ reason: '\xc0\x80' }), 'latin1')],
    ['a field twice', replaced('"duration":60000,"duration":1')],
    ['a field twice, once escaped', replaced('"duration":60000,"\\u0064uration":1')],
    [
      'a long field twice',
      replaced(`"duration":"${'\\"'.repeat(60_000)}${'x'.repeat(80_000)}","duration":60000`),
    ],
    ['a field twice further in', JSON.stringify(request()).replace('"pid":', '"pid":1,"pid":')],
    ['an opening bracket 100,000 times', '['.repeat(100_000)],
  ])('%s is no request', async (_name, body) => {
    await expectRefused(world, await world.post('elevate', body), 'ERR_PROTOCOL');
  });

  test.each<[string, string]>([
    ['null', 'null'],
    ['a text', JSON.stringify(planted)],
    ['a list', '[]'],
    ['lists, 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects, 30,000 deep', `${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`],
    ['depth inside of a field', replaced(`"duration":${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
    ['nothing in it', '{}'],
    ['a field too few', JSON.stringify({ ...whole, keep: undefined })],
    ['an unknown field', changed({ [planted]: 1 })],
    ['__proto__', replaced('"duration":60000,"__proto__":{"keep":true}')],
    ['constructor', replaced('"duration":60000,"constructor":{"prototype":{}}')],
    ['toString', replaced('"duration":60000,"toString":1')],
    ['an unknown field further in', changed({ session: { pid: 1, startTime: '1', uid: 0 } })],
    ['2^53+1', replaced('"duration":9007199254740993')],
    ['infinity', replaced('"duration":1e999')],
    ['less than nothing', changed({ duration: -1 })],
    ['nothing', changed({ duration: 0 })],
    ['a part of a millisecond', changed({ duration: 0.5 })],
    ['longer than a year', changed({ duration: 1e12 })],
    ['a number as text', changed({ duration: '60000' })],
    ['a truth as a number', changed({ keep: 1 })],
    ['a target of no letters', changed({ target: '' })],
    ['a target of 201 letters', changed({ target: 'x'.repeat(201) })],
    ['a reason of 4,001 letters', changed({ reason: planted.padEnd(4_001, '.') })],
    ['half a character', replaced('"duration":60000').replace('a test', '\\ud800')],
    ['another export', changed({ export: planted })],
    ['process 0', changed({ session: { pid: 0, startTime: '1' } })],
  ])('%s is told by its place', async (_name, body) => {
    await expectRefused(world, await world.post('elevate', body), 'ERR_USAGE');
  });

  test.each(['stop', 'revoke', 'extend', 'wait', 'audit', 'doctor', 'preview'])(
    '%s takes no list',
    async (verb) => {
      await expectRefused(world, await world.post(verb, '[]'), 'ERR_USAGE');
      expect(world.ended).toEqual([]);
    },
  );

  test('a body of more than 256 KiB is refused by its length before it is read, and while it streams', async () => {
    const large = changed({ reason: planted.repeat(16_000) });
    await expectRefused(world, await world.post('elevate', large), 'ERR_PROTOCOL');
    const announced = format('POST', '/v1/elevate', '', { 'content-length': String(2 ** 30) });
    await expectRefused(world, await world.send(announced), 'ERR_PROTOCOL');
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const streamed = format('POST', '/v1/elevate', '', { 'transfer-encoding': 'chunked' });
    await expectRefused(
      world,
      await world.send(streamed, ...Array(5).fill(chunk), '0\r\n\r\n'),
      'ERR_PROTOCOL',
    );
    // Without an end: nobody listens for ever.
    expect((await world.send(streamed, ...Array(100).fill(chunk))).status).not.toBe(200);
    expect((await world.status()).status).toBe(200);
  });
});
