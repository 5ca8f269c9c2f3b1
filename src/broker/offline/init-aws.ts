// `jit init aws`: a first configuration for one AWS target, and what an administrator of the account sets up once.

import type { InitAwsReply, InitAwsRequest } from '../../protocol/offline.ts';
import { setupOf } from '../../providers/aws/setup.ts';
import { awsStarter } from '../../providers/aws/starter.ts';
import { writeStarter } from './starter-file.ts';

/**
 * Writes the configuration. Contacts nobody, and writes no secret: `jit secret set` does.
 * @throws JitError as {@link writeStarter}
 */
export async function initAws(request: InitAwsRequest): Promise<InitAwsReply> {
  const target = writeStarter(request, 'aws', awsStarter(request));
  const { terraform, commands, notes } = setupOf(target, request.brokerArn);
  return { path: request.path, terraform, commands, notes };
}
