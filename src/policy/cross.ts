// What the values of a config mean together: names that nothing bears, duplicates, loops, limits that
// contradict each other. Runs on values that may have other faults too, so that all are told at once.

import { formatDuration, parseDuration } from '../core/duration.ts';
import { nearest } from '../core/nearest.ts';
import { groupOf, matchesWildcard, rolePattern, splitRole } from './names.ts';
import { list, record, type Text, texts } from './raw.ts';
import type { Path } from './yaml.ts';

/** Takes a problem at the value of `path`. */
export type Report = (path: Path, message: string) => void;

type Names = Readonly<Record<string, unknown>>;

function unknownName(what: string, name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  const there =
    candidates.length > 0 && candidates.length <= 8 ? `: expected one of ${candidates.join(', ')}` : '';
  return `unknown ${what} "${name}"${near ? `: did you mean "${near}"?` : there}`;
}

function checkMembers(members: readonly Text[], groups: Names, report: Report): void {
  const seen = new Set<string>();
  for (const { text, path } of members) {
    const group = groupOf(text);
    if (group !== null && !Object.hasOwn(groups, group))
      report(path, unknownName('group', group, Object.keys(groups)));
    if (seen.has(text)) report(path, `"${text}" is there twice`);
    seen.add(text);
  }
}

function checkGroups(groups: Names, report: Report): void {
  const told = new Set<string>();
  for (const [name, value] of Object.entries(groups)) {
    checkMembers(texts(value, ['groups', name]), groups, report);
    const visit = (group: string, way: readonly string[]): void => {
      for (const { text, path } of texts(groups[group], ['groups', group])) {
        const next = groupOf(text);
        if (next === null || !Object.hasOwn(groups, next)) continue;
        if (next === name) {
          for (const member of way) told.add(member);
          report(path, `group "${name}" contains itself: ${[...way, name].join(' -> ')}`);
        } else if (!way.includes(next)) visit(next, [...way, next]);
      }
    };
    if (!told.has(name)) visit(name, [name]);
  }
}

/** People behind members, groups opened. */
function people(members: readonly Text[], groups: Names, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  for (const { text } of members) {
    const group = groupOf(text);
    if (group === null) found.add(text);
    else if (!seen.has(group)) {
      seen.add(group);
      for (const person of people(texts(groups[group], []), groups, seen)) found.add(person);
    }
  }
  return new Set([...found].filter((member) => member.startsWith('user:')));
}

/** Checks one role pattern; answers the scopes of the roles that it names. */
function checkRole({ text, path }: Text, targets: Names, report: Report): string[] {
  if (!rolePattern.test(text)) return [];
  const pattern = splitRole(text);
  const named = Object.keys(targets).filter((name) => matchesWildcard(pattern.target, name));
  if (named.length === 0 && !pattern.target.includes('*')) {
    report(path, unknownName('target', pattern.target, Object.keys(targets)));
  }
  const scopes: string[] = [];
  const roles: string[] = [];
  for (const target of named) {
    for (const [role, value] of Object.entries(record(record(targets[target]).roles))) {
      roles.push(role);
      if (matchesWildcard(pattern.role, role)) scopes.push(...Object.keys(record(record(value).scopes)));
    }
  }
  if (named.length > 0 && !pattern.role.includes('*') && !roles.includes(pattern.role)) {
    report(path, unknownName(`role of target "${pattern.target}"`, pattern.role, roles));
  }
  return scopes;
}

function durationOf(value: unknown): number | null {
  try {
    return typeof value === 'string' ? parseDuration(value) : null;
  } catch {
    return null;
  }
}

function checkEntitlement(entry: Names, path: Path, targets: Names, groups: Names, report: Report): void {
  checkMembers(texts(entry.who, [...path, 'who']), groups, report);
  const roles = texts(entry.roles, [...path, 'roles']);
  const scopes = roles.flatMap((role) => checkRole(role, targets, report));
  for (const role of roles.filter((one, index) => roles.findIndex(({ text }) => text === one.text) < index)) {
    report(role.path, `"${role.text}" is there twice`);
  }
  for (const scope of texts(entry.scopes, [...path, 'scopes'])) {
    if (!scopes.includes(scope.text))
      report(scope.path, unknownName('scope', scope.text, [...new Set(scopes)]));
  }
  const longest = durationOf(entry.max_duration);
  const usual = durationOf(entry.default_duration);
  if (longest !== null && usual !== null && usual > longest) {
    report(
      [...path, 'default_duration'],
      `expected at most max_duration (${formatDuration(longest)}), found ${formatDuration(usual)}`,
    );
  }
  const approvals = record(entry.approvals);
  const from = texts(approvals.from, [...path, 'approvals', 'from']);
  checkMembers(from, groups, report);
  const able = people(from, groups).size;
  if (typeof approvals.count === 'number' && from.length > 0 && approvals.count > able) {
    report(
      [...path, 'approvals', 'count'],
      `expected at most ${able}, the people named under from, found ${approvals.count}`,
    );
  }
}

/** A token says who issued it, and a principal is one job: neither may be there twice. */
function checkIssuers(issuers: Names, report: Report): void {
  const urls = new Set<unknown>();
  const jobs = new Set<string>();
  for (const [name, value] of Object.entries(issuers)) {
    const { issuer: url, jobs: named } = record(value);
    if (urls.has(url)) report(['issuers', name, 'issuer'], 'a second issuer with this URL');
    urls.add(url);
    for (const job of Object.keys(record(named))) {
      if (jobs.has(job))
        report(['issuers', name, 'jobs', job], `a second job "${job}": names are there once`);
      jobs.add(job);
    }
  }
}

/** Reports everything that contradicts itself in the raw value of a config. */
export function checkTogether(value: unknown, report: Report): void {
  const config = record(value);
  const targets = record(config.targets);
  const groups = record(config.groups);
  checkGroups(groups, report);
  checkIssuers(record(config.issuers), report);
  const canSync = record(config.store).user !== undefined;
  const names = new Map<string, number>();
  for (const [index, entry] of list(config.entitlements).entries()) {
    const path = ['entitlements', index];
    const { name } = record(entry);
    if (typeof name === 'string') {
      if (names.has(name)) report([...path, 'name'], `a second entitlement "${name}": names are there once`);
      names.set(name, index);
    }
    checkEntitlement(record(entry), path, targets, groups, report);
    if (record(entry).anchor === 'before-issue' && !canSync) {
      report(
        [...path, 'anchor'],
        'expected a section "store" with user and password: nobody else can acknowledge',
      );
    }
  }
  const emergencies = record(record(config.anomalies)['break-glass']).entitlements;
  for (const { text, path } of texts(emergencies, ['anomalies', 'break-glass', 'entitlements'])) {
    if (!names.has(text)) report(path, unknownName('entitlement', text, [...names.keys()]));
  }
  const files = texts(config.policies, ['policies']);
  for (const file of files.filter((one, index) => files.findIndex(({ text }) => text === one.text) < index)) {
    report(file.path, `"${file.text}" is there twice`);
  }
}
