// Makes an ACL user of the name that jit chose, with the rules of the role. The server gets a SHA-256 of the password, so
// neither MONITOR nor its log shows one.

import { createHash, randomBytes } from 'node:crypto';
import { answer, Refused, readRequest, refuse, withServer } from './redis.mjs';

const { name, options } = readRequest();
const { rules, host = '127.0.0.1', port = 6379 } = options;
const isRule = (rule) =>
  typeof rule === 'string' && /^[~%&+@-]|^(allkeys|allchannels|resetchannels)$/.test(rule);

if (!Array.isArray(rules) || !rules.every(isRule)) {
  refuse('the role needs "with: { rules: [...] }", e.g. ["~orders:*", "+@read"]');
} else {
  const password = randomBytes(24).toString('base64url');
  const hash = createHash('sha256').update(password).digest('hex');
  try {
    await withServer(options, (send) => send('ACL', 'SETUSER', name, 'reset', 'on', `#${hash}`, ...rules));
    const url = `redis://${name}:${password}@${host}:${port}`;
    answer({
      expires_at: null,
      env: { REDIS_HOST: host, REDIS_PORT: `${port}`, REDIS_USERNAME: name },
      secrets: { REDISCLI_AUTH: password, REDIS_URL: url },
    });
  } catch (error) {
    // The server's own no, or no server: nothing was made. Anything else, e.g. a lost connection, is for jit to clean up.
    if (error instanceof Refused || error.syscall === 'connect') refuse(error.message);
    else throw error;
  }
}
