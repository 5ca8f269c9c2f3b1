// Every user on the server whose name jit may have chosen.

import { answer, readRequest, withServer } from './redis.mjs';

const { options } = readRequest();
await withServer(options, async (send) => {
  const users = await send('ACL', 'USERS');
  answer({ items: users.filter((name) => name.startsWith('jit-')).map((name) => ({ name })) });
});
