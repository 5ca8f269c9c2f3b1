// All that `jit status` can do without, as one door: the build makes a file of its own of what is behind it, which is
// loaded at the first use of a name below. Must not: be imported from behind the door.

export { runSession } from '../shell/session.ts';
export { showHelp } from './commands/help.ts';
export { commandHelp } from './help.ts';
export { closeOwnBroker } from './in-process.ts';
export { parseCommandLine } from './parse.ts';
export { registry } from './registry.ts';
export { openScreen } from './watch/screen.ts';
