// The migrations, in order: number n takes a file from user_version n - 1 to n.

import { stateAndLog } from './0001-state-and-log.ts';
import { jobs } from './0002-jobs.ts';
import { grantsGiven } from './0003-grants-given.ts';
import { tree } from './0004-tree.ts';

export const migrations: readonly string[] = [stateAndLog, jobs, grantsGiven, tree];

/** The first version of a file that has a tree, keys and checkpoints. */
export const treeVersion = 4;
