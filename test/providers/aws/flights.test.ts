import { describe, expect, it, vi } from 'vitest';
import { createFlights } from '../../../src/providers/aws/flights.ts';
import { FakeClock } from '../../fakes/clock.ts';

const minute = 60_000;

function setUp() {
  const clock = new FakeClock();
  const flights = createFlights<string>(clock);
  let count = 0;
  const make = vi.fn(async () => {
    count += 1;
    return { value: `value ${count}`, expiresAt: clock.now() + 60 * minute };
  });
  return { clock, flights, make };
}

describe('flights', () => {
  it('makes one value for many who ask at once, and another for another key', async () => {
    const { flights, make } = setUp();
    const all = await Promise.all([flights.get('a', make), flights.get('a', make), flights.get('b', make)]);
    expect(all).toEqual(['value 1', 'value 1', 'value 2']);
  });

  it('keeps a value until five minutes before its end', async () => {
    const { clock, flights, make } = setUp();
    await flights.get('a', make);
    clock.advance(55 * minute - 1);
    expect(await flights.get('a', make)).toBe('value 1');
    clock.advance(1);
    expect(flights.peek('a')).toBeNull();
    expect(await flights.get('a', make)).toBe('value 2');
  });

  it('tells a failure to all who wait, and tries again for whoever comes after', async () => {
    const { flights } = setUp();
    const make = vi.fn(() => Promise.reject(new Error('no')));
    const get = () => flights.get('a', make).catch((thrown: unknown) => thrown);
    const [one, two] = await Promise.all([get(), get()]);
    expect(one).toBe(two);
    expect(make).toHaveBeenCalledTimes(1);
    expect(await get()).not.toBe(one);
  });

  it('tells a failure for as long as a crowd arrives, as the same object, and not a moment longer', async () => {
    const { clock, flights } = setUp();
    const make = vi.fn(() => Promise.reject(new Error('no')));
    const get = () => flights.get('a', make, 200).catch((thrown: unknown) => thrown);
    const first = await get();
    clock.advance(199);
    expect(await get()).toBe(first);
    expect(make).toHaveBeenCalledTimes(1);
    clock.advance(1);
    expect(await get()).not.toBe(first);
  });

  it('makes anew what turned out to be of no use', async () => {
    const { flights, make } = setUp();
    await flights.get('a', make);
    flights.drop((value) => value === 'value 9');
    expect(await flights.get('a', make)).toBe('value 1');
    flights.drop((value) => value === 'value 1');
    expect(await flights.get('a', make)).toBe('value 2');
  });
});
