// The PostgreSQL part of a first configuration.

import type { Starter } from '../provider.ts';

export interface PostgresAnswers {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly brokerUser: string;
  /** Role on the target -> NOLOGIN group roles on the server. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** @param password where the password of the broker's login is kept */
export function postgresStarter(answers: PostgresAnswers, password: string): Starter {
  const { host, port, database, brokerUser, roles } = answers;
  return {
    target: { host, port, database, user: brokerUser, password },
    roles: Object.fromEntries(Object.entries(roles).map(([name, groups]) => [name, { groups: [...groups] }])),
  };
}
