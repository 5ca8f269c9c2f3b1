// What a reader of logs knows from elsewhere, as options: the same for every command that verifies.

import { opt } from './define-command.ts';

export const trustOptions = {
  key: opt.list('key', 'a key of the log that you trust: <log>+<id>+<base64>'),
  head: opt.list('file', 'a signed head kept elsewhere, which the log has to lead to'),
};
