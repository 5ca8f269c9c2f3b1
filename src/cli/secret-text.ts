// What is told of a secret: enough to know which one it is, too little to use it.

import type { SecretReply } from '../protocol/offline.ts';

/** `AWS access key ending in …7QXA` */
export function accessKeyText({ ends, temporary }: NonNullable<SecretReply['accessKey']>): string {
  return `${temporary ? 'temporary ' : ''}AWS access key ending in ${ends}`;
}
