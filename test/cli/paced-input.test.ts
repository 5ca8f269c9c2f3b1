import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { paceInput } from '../../src/cli/paced-input.ts';
import { until } from '../support/until.ts';

function pacing() {
  const input = new PassThrough();
  const paced = paceInput(input);
  const pieces: string[] = [];
  paced.stream.on('data', (piece: Buffer) => pieces.push(piece.toString('latin1')));
  const text = () => Buffer.from(pieces.join(''), 'latin1').toString('utf8');
  return { input, paced, pieces, text };
}

describe('paceInput', () => {
  it('hands over Enter by itself, and a turn later', async () => {
    const { input, pieces } = pacing();
    input.write('prd\rls\n');
    await until(() => expect(pieces).toEqual(['prd', '\r', 'ls', '\n']));
  });

  it('changes no key: arrows stay whole, letters of several bytes too, however they arrive', async () => {
    const { input, pieces, text } = pacing();
    const [first = 0, ...rest] = Buffer.from('ä');
    input.write('\u001b[B');
    input.write(Buffer.from([first]));
    input.write(Buffer.from(rest));
    input.write('€\r');
    await until(() => expect(text()).toBe('\u001b[Bä€\r'));
    expect(pieces[0]).toBe('\u001b[B');
  });

  it('lets go at the end: what was typed ahead answers nothing', async () => {
    const { input, paced, pieces } = pacing();
    input.write('a\ry\r');
    paced.end();
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    expect(pieces).toEqual(['a']);
    expect(input.listenerCount('data')).toBe(0);
    expect(input.isPaused()).toBe(true);
  });

  it('ends with what it reads', async () => {
    const { input, paced } = pacing();
    const ended = new Promise((resolve) => paced.stream.once('end', resolve));
    input.end();
    await ended;
  });
});
