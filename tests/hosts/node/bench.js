// Figures of this host, one JSON line each: how long it takes to be ready, and to plan once warm.
//
// Arguments: the working directory of the object that is planned.

import { DirectoryWorkspace, load } from './src/files.js';

const OBJECT = '{"context": ".", "output": "image", "build_args": ["A=1", "B=2"], "target": "test", "labels": ["a=b"]}';
const TIMES = 1000;

/** Median and 90th percentile in milliseconds. */
async function measured(act, times) {
  const taken = [];
  for (let time = 0; time < times; time += 1) {
    const begun = performance.now();
    await act();
    taken.push(performance.now() - begun);
  }
  taken.sort((left, right) => left - right);
  const at = (part) => Number(taken[Math.floor(times * part)].toFixed(3));
  return { median_ms: at(0.5), p90_ms: at(0.9) };
}

function report(what, figures) {
  process.stdout.write(`${JSON.stringify({ host: 'node', what, ...figures })}\n`);
}

const workspace = new DirectoryWorkspace(process.argv[2], OBJECT);
report('load, first plan', await measured(async () => (await load()).plan(OBJECT, workspace), 20));
const planner = await load();
report('plan', await measured(() => planner.plan(OBJECT, workspace), TIMES));
report('validate', await measured(() => planner.validate(OBJECT), TIMES));
