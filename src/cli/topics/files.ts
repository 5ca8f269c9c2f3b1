// Where files lie, for people. The code that decides it is system/paths.ts; docs/operations.md says more.

import type { Topic } from './topic.ts';

export const filesTopic: Topic = {
  name: 'files',
  summary: 'where configuration, state, log and sockets lie',
  title: 'Files',
  parts: [
    {
      title: 'Configuration: --config, else JIT_CONFIG, else in $XDG_CONFIG_HOME/jit (~/.config/jit)',
      rows: [['jit.yaml', 'targets, entitlements, and how shells behave: docs/configuration.md']],
    },
    {
      title: 'State: in $XDG_STATE_HOME/jit (~/.local/state/jit; on macOS ~/Library/Application Support/jit)',
      rows: [
        ['jit.db', 'the audit log, and the state of grants and leases; never edit it'],
        ['broker.log', 'what the broker did, for people'],
        ['broker.lock', 'held by the one broker that runs'],
        ['names', 'names of targets, roles and scopes, for completion in shells'],
        ['seal.key', 'what seals secrets in jit.db, only where no keychain answers'],
        ['device.key', 'the key that signs the log, only where no keychain answers'],
        ['synced', 'what the shared store has acknowledged'],
        ['alerted', 'how far each channel of "alerts" has been told'],
      ],
    },
    {
      title: 'Kept apart from it: in $XDG_DATA_HOME/jit (~/.local/share/jit)',
      rows: [
        ['heads/<log>.head', 'the newest signed head of each log, which shows a jit.db that was put back'],
      ],
    },
    {
      title: 'While it runs: in $XDG_RUNTIME_DIR/jit, else run in the state folder',
      rows: [
        ['broker.sock', 'the socket of the broker'],
        ['prompt', 'the grants that prompts show'],
        [
          'shell-<name>/',
          'the start files of the shell of a session; gone with it, or when the next one starts',
        ],
        ['grants/<grant>/', 'the files that clients read their credentials from; gone with the grant'],
      ],
    },
    'Folders are 0700 and files 0600. JIT_STATE_DIR puts state and what belongs to running into one folder of its own. "jit doctor" says where files lie here, and what is wrong with them.',
  ],
};
