// Prints each figure beside its baseline of the same run. `npm run bench`; figures are ratios, because machines differ.

import path from 'node:path';
import { createCommands } from '../src/demo/commands.ts';
import { buildScene } from '../src/demo/scene.ts';
import { stopBroker } from '../src/demo/story.ts';
import { benchComplete } from './complete.ts';
import { benchElevate } from './elevate.ts';
import { benchElevateAws } from './elevate-aws.ts';
import { benchEndpoint } from './endpoint.ts';
import { benchFirstPrompt } from './first-prompt.ts';
import { benchLog } from './log.ts';
import { benchMemory } from './memory.ts';
import { benchPrompt, benchStarship } from './prompt.ts';
import { recordingSettings } from './recording.ts';
import { benchReport } from './report.ts';
import { benchStartup } from './startup.ts';
import { benchSync } from './sync.ts';
import { benchToken } from './token.ts';
import { benchVerify } from './verify.ts';

const jit = path.join(import.meta.dirname, '..', 'bin', 'jit.js');

function tell(
  what: string,
  ours: string,
  baseline: string,
  ratio: number,
  aim: number,
  atLeast = false,
): void {
  const holds = atLeast ? ratio >= aim : ratio <= aim;
  const goal = `aim ${atLeast ? 'at least' : 'at most'} ${aim}: ${holds ? 'reached' : 'MISSED'}`;
  process.stdout.write(
    `${what.padEnd(34)} ${ours.padStart(10)} ${baseline.padStart(10)}  × ${ratio.toFixed(2)}  ${goal}\n`,
  );
}

/** Ratios to one fork, and the figures in microseconds beside the aims for a machine of 2026 that does nothing else. */
function tellPrompt(): void {
  const us = (value: number): string => `${value.toFixed(0)} µs`;
  const starship = benchStarship();
  for (const [shell, figures] of Object.entries(benchPrompt())) {
    if (figures === null) {
      process.stdout.write(`no ${shell} here\n`);
      continue;
    }
    const { noFile, oneGrant, fiveGrants, ownGrant, madeAnew, oneFork, forks } = figures;
    const limit = shell === 'fish' ? 1200 : 150;
    tell(`prompt in ${shell} / $(cat file)`, us(fiveGrants), us(oneFork), fiveGrants / oneFork, 0.2);
    if (starship !== null) {
      tell('… / starship module aws', us(fiveGrants), us(starship), fiveGrants / starship, 0.2);
    }
    tell('… no grant (limit)', us(noFile), us(80), noFile / 80, 1);
    tell('… one grant (limit)', us(oneGrant), us(limit), oneGrant / limit, 1);
    tell('… five grants (limit)', us(fiveGrants), us(limit), fiveGrants / limit, 1);
    tell('… own grant (limit)', us(ownGrant), us(limit), ownGrant / limit, 1);
    const anew = `${'… five, text made anew'.padEnd(34)} ${us(madeAnew).padStart(10)}`;
    process.stdout.write(`${anew}            once a minute, and when the state changes\n`);
    process.stdout.write(`${'… forks'.padEnd(34)} ${String(forks ?? 'no strace').padStart(10)}\n`);
  }
  if (starship === null) process.stdout.write('no starship here to compare the prompt with\n');
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const mb = (value: number): string => `${value.toFixed(0)} MB`;
const perSecond = (value: number): string => `${value.toFixed(0)}/s`;

const scene = await buildScene(false, recordingSettings);
const commands = createCommands(scene);
try {
  process.stdout.write(`${'figure'.padEnd(34)} ${'jit'.padStart(10)} ${'baseline'.padStart(10)}\n`);
  const memory = await benchMemory(scene, jit);
  tell('broker, idle, fresh (limit)', mb(memory.before), mb(60), memory.before / 60, 1);
  tell('broker, idle, has decided (limit)', mb(memory.after), mb(115), memory.after / 115, 1);
  const startup = benchStartup(scene, jit);
  tell('jit status / empty script', ms(startup.ours), ms(startup.baseline), startup.ratio, 1.4);
  const elevate = await benchElevate(scene, jit);
  const what = `jit elevate / its ${elevate.statements} statements`;
  tell(what, ms(elevate.ours), ms(elevate.baseline), elevate.ratio, 2);
  const aws = await benchElevateAws(jit);
  if (aws.cli === null) process.stdout.write('no AWS CLI here (npm run peers brings one)\n');
  else tell(`jit elevate aws / ${aws.cli.name}`, ms(aws.cli.ours), ms(aws.cli.baseline), aws.cli.ratio, 1);
  tell('jit elevate aws / a bare AssumeRole', ms(aws.bare.ours), ms(aws.bare.baseline), aws.bare.ratio, 1.5);
  const { takenBack } = aws;
  tell('… and denied / a bare AssumeRole', ms(takenBack.ours), ms(takenBack.baseline), takenBack.ratio, 2);
  const token = await benchToken(jit);
  tell(
    'jit token github / a bare request',
    ms(token.warm.ours),
    ms(token.warm.baseline),
    token.warm.ratio,
    1.6,
  );
  const { cold, inside } = token;
  tell('… where no broker runs', ms(cold.ours), ms(cold.baseline), cold.ratio, 10);
  tell('… inside a command, taken back', ms(inside.ours), ms(inside.baseline), inside.ratio, 10);
  const endpoint = await benchEndpoint();
  const served = 'a credential served / a bare reply';
  tell(served, ms(endpoint.ours), ms(endpoint.baseline), endpoint.ratio, 1.5);
  for (const [shell, figures] of Object.entries(benchComplete())) {
    if (figures === null) process.stdout.write(`no ${shell} here\n`);
    else
      tell(`TAB in ${shell} / a start of Node`, ms(figures.ours), ms(figures.baseline), figures.ratio, 0.2);
  }
  for (const [shell, figures] of Object.entries(await benchFirstPrompt(scene, jit))) {
    if (figures === null) {
      process.stdout.write(`no ${shell}, or no script(1), here\n`);
      continue;
    }
    const { session, elevate: granted } = figures;
    tell(`first prompt, ${shell} / plain + Node`, ms(session.ours), ms(session.baseline), session.ratio, 1.5);
    const all = `… of jit elevate / plain + statements`;
    tell(all, ms(granted.ours), ms(granted.baseline), granted.ratio, 1.5);
  }
  tellPrompt();
  const log = benchLog();
  tell(
    'signed log appends / bare inserts',
    perSecond(log.ours),
    perSecond(log.baseline),
    log.ratio,
    0.5,
    true,
  );
  const events = Number(process.env['JIT_BENCH_EVENTS'] ?? 1_000_000);
  const { processor, wall, bytes } = benchVerify(events);
  const verified = `verify ${events} events / read, hash`;
  tell(verified, ms(wall.ours), ms(wall.baseline), wall.ratio, 3);
  tell('… in time of the processor', ms(processor.ours), ms(processor.baseline), processor.ratio, 3);
  process.stdout.write(`one event on disk, with its share of state and tree: ${bytes.toFixed(0)} bytes\n`);
  const sync = await benchSync(events);
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  tell(`sync of ${events} events / COPY`, seconds(sync.ours), seconds(sync.baseline), sync.ratio, 4);
  const report = await benchReport();
  const year = `report on ${report.grants} grants / rows, hashed`;
  tell(year, ms(report.ours), ms(report.baseline), report.ratio, 12);
} finally {
  await stopBroker({ commands });
  await scene.remove();
}
