// Looks at pages of `--report` as people have them: on a phone, a tablet and a wide screen, by day and by night, on paper.
//
//     node look.js SCREENSHOTS FILE...
//
// Prints what is wrong with them, a line each; screenshots are for a person to look at.

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { contrasts, headings, overflow } from './judge.js';
import { launch } from './visit.js';

const WIDTHS = [390, 800, 1440];
const SCHEMES = ['light', 'dark'];

const [, , screenshots, ...files] = process.argv;
mkdirSync(screenshots, { recursive: true });

const browser = await launch();

/** Opens a page; whatever it asks for or complains of is told to `tell`. */
async function opened(file, options, tell) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const address = String(pathToFileURL(file));
  page.on('pageerror', (error) => tell(`error: ${error}`));
  page.on('console', (message) => tell(`console: ${message.text()}`));
  page.on('request', (request) => {
    const own = request.url() === address || request.url().startsWith('data:');
    if (!own) tell(`request: ${request.url()}`);
  });
  await page.goto(address);
  if (await page.evaluate(() => document.scripts.length > 0)) tell('it has a script');
  return page;
}

/** With everything folded, and unfolded. */
async function judged(page, tell) {
  for (const told of await page.evaluate(headings)) tell(told);
  for (const state of ['folded', 'unfolded']) {
    if (state === 'unfolded') {
      await page.evaluate(() => document.querySelectorAll('details').forEach((one) => one.setAttribute('open', '')));
    }
    for (const told of await page.evaluate(overflow)) tell(`${state}: ${told}`);
    for (const told of await page.evaluate(contrasts)) tell(`${state}: ${told}`);
  }
}

/** Each row is reached by the Tab key, and unfolded by Enter. */
async function typed(page, tell) {
  const folded = page.locator('details:not([open]) > summary').first();
  if ((await folded.count()) === 0) return;
  const id = await folded.evaluate((summary) => summary.parentElement.id);
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { activeElement: active } = document;
      const outline = getComputedStyle(active).outlineStyle;
      return { id: active.matches('summary') ? active.parentElement.id : '', seen: outline !== 'none' };
    });
    if (!at.seen) tell('what has the focus is not marked');
    if (at.id === id) {
      await page.keyboard.press('Enter');
      if (!(await page.evaluate((row) => document.getElementById(row).open, id))) tell(`${id} is not unfolded by Enter`);
      return;
    }
  }
  tell(`${id} is not reached by the Tab key`);
}

for (const file of files) {
  const name = basename(file, '.html');
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const tell = (what) => console.log(`${name}, ${width} ${colorScheme}: ${what}`);
      const page = await opened(file, { viewport: { width, height: 900 }, colorScheme }, tell);
      await page.screenshot({ path: join(screenshots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      await typed(page, tell);
      await judged(page, tell);
      await page.context().close();
    }
  }
  for (const colorScheme of SCHEMES) {
    const tell = (what) => console.log(`${name}, on paper, ${colorScheme}: ${what}`);
    const page = await opened(file, { viewport: { width: 700, height: 1000 }, colorScheme }, tell);
    await page.emulateMedia({ media: 'print' });
    for (const told of await page.evaluate(overflow)) tell(told);
    for (const told of await page.evaluate(contrasts)) tell(told);
    await page.pdf({ path: join(screenshots, `${name}-${colorScheme}.pdf`), format: 'A4' });
    await page.context().close();
  }
}
await browser.close();
