// jit init: the short name of jit init postgres.

import { postgresCommand } from './init-postgres.ts';

export const init = postgresCommand(
  'init',
  'write a first configuration; short for init postgres',
  'The same as "jit init postgres"; for AWS: jit init aws.',
  [
    { command: 'jit init', does: 'by questions' },
    {
      command: 'jit init prod-db --host db.example.com --database orders --role read=orders_read > setup.sql',
      does: 'from flags; an administrator runs setup.sql once',
    },
  ],
);
