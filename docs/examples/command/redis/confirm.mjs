// Looks whether the user is gone, and whether somebody is still connected as it.

import { answer, readRequest, withServer } from './redis.mjs';

const { name, options } = readRequest();
await withServer(options, async (send) => {
  const user = await send('ACL', 'GETUSER', name);
  const clients = await send('CLIENT', 'LIST');
  const isConnected = clients.split('\n').some((client) => client.split(' ').includes(`user=${name}`));
  answer({ status: user === null && !isConnected ? 'gone' : 'alive' });
});
