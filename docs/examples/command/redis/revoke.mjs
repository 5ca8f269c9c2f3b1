// Deletes the user and ends its connections. There is nothing wrong with a user that is not there.

import { answer, readRequest, withServer } from './redis.mjs';

const { name, options } = readRequest();
await withServer(options, async (send) => {
  // DELUSER also ends what is logged in as the user.
  await send('ACL', 'DELUSER', name);
});
answer({ status: 'gone' });
