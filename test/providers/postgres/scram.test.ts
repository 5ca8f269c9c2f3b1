// The verifier against the figures of the RFC and against servers that store it.

import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { freshVerifier, scramVerifier } from '../../../src/providers/postgres/scram.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { type PostgresServer, postgresVersions, startPostgres } from '../../support/postgres.ts';

describe('the SCRAM-SHA-256 verifier', () => {
  it('proves the exchange of RFC 7677, section 3', () => {
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const authMessage = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
    const verifier = scramVerifier(new Secret('pencil'), Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    const [stored = '', server = ''] = (verifier.split('$')[2] ?? '').split(':');
    expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$/);
    const signature = createHmac('sha256', Buffer.from(server, 'base64'))
      .update(authMessage)
      .digest('base64');
    expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const clientSignature = createHmac('sha256', Buffer.from(stored, 'base64')).update(authMessage).digest();
    const clientKey = proof.map((byte, index) => byte ^ (clientSignature[index] ?? 0));
    expect(createHash('sha256').update(clientKey).digest('base64')).toBe(stored);
  });

  it('differs each time', () => {
    const secret = new Secret('x');
    expect(freshVerifier(secret, systemRandom)).not.toBe(freshVerifier(secret, systemRandom));
  });
});

describe.each(postgresVersions)('a verifier on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  it('lets in with the password it was made of and with no other, nor with itself', async () => {
    const verifier = freshVerifier(new Secret('right'), systemRandom);
    await server.sql(`CREATE ROLE holder LOGIN PASSWORD '${verifier}'`);
    await (await server.connect('postgres', 'holder', 'right')).end();
    await expect(server.connect('postgres', 'holder', 'wrong')).rejects.toMatchObject({ code: '28P01' });
    await expect(server.connect('postgres', 'holder', verifier)).rejects.toMatchObject({ code: '28P01' });
    expect(await server.sql(`SELECT rolpassword FROM pg_authid WHERE rolname = 'holder'`)).toEqual([
      { rolpassword: verifier },
    ]);
  });
});
