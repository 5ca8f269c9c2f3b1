import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createKeychain, tiredKeychain } from '../../src/system/keychain.ts';
import { createMemoryKeychain } from '../support/keychain.ts';

type Entry = ReturnType<NonNullable<Parameters<typeof createKeychain>[0]>>;

/** A store in memory with the shape of the library's entries. */
function memoryStore() {
  const items = new Map<string, string>();
  const open = (service: string, account: string): Entry => {
    const key = `${service}/${account}`;
    return {
      getPassword: async () => items.get(key) ?? null,
      setPassword: async (password) => void items.set(key, password),
      deletePassword: async () => items.delete(key),
    };
  };
  return { items, open };
}

const unavailable = (why: string) =>
  expect.objectContaining({
    code: 'ERR_SECRET_UNAVAILABLE',
    message: expect.stringContaining(why),
    hint: expect.stringContaining('file:'),
  });

const failing = (message: string): Entry => {
  const fail = () => Promise.reject(new Error(message));
  return { getPassword: fail, setPassword: fail, deletePassword: fail };
};

describe('createKeychain', () => {
  it('stores, reads and deletes an item', async () => {
    const { items, open } = memoryStore();
    const keychain = createKeychain(open);
    expect(await keychain.get('jit', 'prod')).toBeNull();
    await keychain.set('jit', 'prod', new Secret('value'));
    expect(items).toEqual(new Map([['jit/prod', 'value']]));
    expect((await keychain.get('jit', 'prod'))?.reveal()).toBe('value');
    expect([await keychain.delete('jit', 'prod'), await keychain.delete('jit', 'prod')]).toEqual([
      true,
      false,
    ]);
  });

  it.each([
    ['Secret Service: unlock prompt was dismissed', 'it is locked'],
    ['Platform failure: DBus error: set your DBUS_SESSION_BUS_ADDRESS instead', 'no Secret Service answers'],
    ["Couldn't access platform storage: AccessDenied", 'no Secret Service answers'],
    ['something new', 'answered with an error'],
  ])('tells "%s" as: %s, and what to use instead', async (message, why) => {
    await expect(createKeychain(() => failing(message)).get('jit', 'prod')).rejects.toThrow(unavailable(why));
  });

  it('tells an entry that cannot even be opened the same way', async () => {
    const keychain = createKeychain(() => {
      throw new Error('Platform failure: DBus error');
    });
    await expect(keychain.delete('jit', 'prod')).rejects.toThrow(unavailable('no Secret Service answers'));
  });

  it('does not wait for ever for an unlock prompt that nobody sees', async () => {
    const never = () => new Promise<never>(() => undefined);
    const hanging: Entry = { getPassword: never, setPassword: never, deletePassword: never };
    await expect(createKeychain(() => hanging, 10).get('jit', 'prod')).rejects.toThrow(unavailable('locked'));
  });

  it('does not fall back to another store when no Secret Service is there', () => {
    const text = `const { createKeychain } = await import(${JSON.stringify(path.resolve('src/system/keychain.ts'))});
      const { Secret } = await import(${JSON.stringify(path.resolve('src/core/secret.ts'))});
      await createKeychain().set('jit-test', 'nobody', new Secret('x')).then(
        () => process.stdout.write('stored'), (error) => process.stdout.write(error.code));`;
    const env = { PATH: process.env['PATH'], DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8', env });
    expect(run.stdout, run.stderr).toBe('ERR_SECRET_UNAVAILABLE');
  });
});

it('a tired keychain is asked once, and again when it is told to', async () => {
  const keychain = createMemoryKeychain();
  const tired = tiredKeychain(keychain);
  keychain.isLocked = true;
  await expect(tired.get('jit', 'x')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  keychain.isLocked = false;
  await expect(tired.set('jit', 'x', new Secret('y'))).rejects.toMatchObject({
    code: 'ERR_SECRET_UNAVAILABLE',
  });
  tired.renew();
  await tired.set('jit', 'x', new Secret('y'));
  expect((await tired.get('jit', 'x'))?.reveal()).toBe('y');
  expect(await tired.delete('jit', 'x')).toBe(true);
});
