// Figures of this host, one JSON line each: what the page weighs, and how long it takes until the first plan is shown.
//
// Arguments: the built folder.

import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { launch, originOf, serve } from './visit.js';

const TIMES = 10;

function report(what, figures) {
  process.stdout.write(`${JSON.stringify({ host: 'browser', what, ...figures })}\n`);
}

/** In the page: milliseconds from its beginning until the first plan is shown. */
function firstPlan() {
  return new Promise((resolve) => {
    const pane = document.getElementById('pane-plan');
    const look = () => (pane.textContent === '' ? requestAnimationFrame(look) : resolve(performance.now()));
    look();
  });
}

const [folder] = process.argv.slice(2);
for (const name of readdirSync(folder, { recursive: true }).filter((one) => extname(one) !== '')) {
  const bytes = readFileSync(join(folder, name));
  report(name, { bytes: bytes.length, gzip_bytes: gzipSync(bytes, { level: 9 }).length });
}
const server = await serve(folder);
const browser = await launch();
const taken = [];
for (let time = 0; time < TIMES; time += 1) {
  const page = await browser.newPage();
  await page.goto(originOf(server), { waitUntil: 'commit' });
  await page.waitForSelector('#pane-plan', { state: 'attached' });
  taken.push(await page.evaluate(firstPlan));
  await page.close();
}
await browser.close();
server.close();
taken.sort((left, right) => left - right);
report('first plan shown', { median_ms: Math.round(taken[TIMES / 2]), p90_ms: Math.round(taken[TIMES - 1]) });
