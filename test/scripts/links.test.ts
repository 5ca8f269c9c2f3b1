import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
});
const pages = listed.split('\n').filter((page) => page !== '' && existsSync(path.join(root, page)));

it('every link from a page to a file of the repository leads somewhere', () => {
  const broken = pages.flatMap((page) => {
    const text = readFileSync(path.join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '');
    return links
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(path.join(root, path.dirname(page), link)))
      .map((link) => `${page}: ${link}`);
  });
  expect(pages).toContain('README.md');
  expect(broken).toEqual([]);
});

it('every npm command of a page is a script of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: object;
  };
  const named = pages.flatMap((page) => [
    ...readFileSync(path.join(root, page), 'utf8').matchAll(/npm run ([a-z][a-z:]*)/g),
  ]);
  expect(named.map(([, script]) => script).filter((script) => !((script ?? '') in scripts))).toEqual([]);
});
