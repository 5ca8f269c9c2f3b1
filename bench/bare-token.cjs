// The strict baseline of `token`: one Node that signs the App's JWT and asks for one token, without a client library.
// A program; arguments: base URL, path of the private key, number of the installation, and `delete` to delete it again.

const { createSign } = require('node:crypto');
const { readFileSync } = require('node:fs');
const http = require('node:http');

const [url, key, installation, after] = process.argv.slice(2);
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);
const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 60, exp: now + 540, iss: '4711' })}`;
const jwt = `${text}.${createSign('RSA-SHA256').update(text).sign(readFileSync(key), 'base64url')}`;
const request = http.request(`${url}/app/installations/${installation}/access_tokens`, {
  method: 'POST',
  headers: { authorization: `bearer ${jwt}` },
});
request.on('response', async (response) => {
  let answer = '';
  for await (const chunk of response) answer += chunk;
  if (response.statusCode !== 201) throw new Error(answer);
  const { token } = JSON.parse(answer);
  process.stdout.write(`${token}\n`);
  if (after !== 'delete') return;
  const headers = { authorization: `token ${token}` };
  http.request(`${url}/installation/token`, { method: 'DELETE', headers }).end();
});
request.end(JSON.stringify({ repositories: ['web-one', 'web-two'], permissions: { contents: 'read' } }));
