// The playground as a person has it, in a headless Chromium: types, reads, moves by keyboard, on a wide screen and a phone.
//
// PLAYGROUND is the built folder; screenshots go to PLAYGROUND_SCREENSHOTS, for a person to look at.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import test, { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';

import { launch, originOf, serve } from '../visit.js';

const FOLDER = process.env.PLAYGROUND;
const SCREENSHOTS = process.env.PLAYGROUND_SCREENSHOTS;
/** What all of the page may be on its way, in bytes. */
const TRANSFER_LIMIT = 1 << 20;

let server;
let browser;
let origin;

before(async () => {
  rmSync(SCREENSHOTS, { recursive: true, force: true });
  mkdirSync(SCREENSHOTS, { recursive: true });
  server = await serve(FOLDER);
  origin = originOf(server);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** A page at an address of the playground, its planner ready. Whatever leaves its origin, or fails, fails the test. */
// Long enough for a machine that does much else; what is broken for good is told then.
const PATIENCE = 180_000;

async function opened(context, { fragment = '', ...options } = {}) {
  const session = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  session.setDefaultTimeout(PATIENCE);
  const page = await session.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('request', (request) => request.url().startsWith(`${origin}/`) || request.url().startsWith('data:') || faults.push(request.url()));
  page.on('requestfailed', (request) => faults.push(`${request.url()}: ${request.failure().errorText}`));
  page.on('response', (response) => response.ok() || faults.push(`${response.url()}: ${response.status()}`));
  context.after(async () => {
    await session.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(`${origin}/${fragment}`);
  await page.waitForFunction(() => !document.getElementById('summary').textContent.startsWith('Loading'));
  return page;
}

async function write(page, text) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

const pane = (page, name) => page.locator(`#pane-${name}`);
const shot = (page, name) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });

test('request has its plan, daemon configuration and commands', async (context) => {
  const page = await opened(context);

  await write(page, '{"context": "src", "output": "image", "build_args": ["A=it\'s"], "cache": true}');
  await pane(page, 'plan').getByText('build-arg:A').waitFor();

  assert.deepEqual(await page.locator('#pane-plan tr', { hasText: 'build-arg:A' }).locator('th, td').allTextContents(), ['build-arg:A', "it's"]);
  assert.match(await page.locator('#pane-plan tr', { hasText: 'buildkitd.toml' }).locator('td').textContent(), /^\[\[?worker\.oci[^]*\n/m);
  assert.equal(
    await page.locator('#sentence').textContent(),
    'Builds the last stage of src/Dockerfile into image/image.tar, and keeps its steps in cache/.',
  );
  await page.getByRole('tab', { name: 'JSON' }).click();
  const plan = JSON.parse(await pane(page, 'json').textContent());
  assert.equal(plan.solves[0].locals[0].path, 'src');
  assert.equal(await page.locator('#summary').textContent(), 'None: this can be built.');
  await page.getByRole('tab', { name: 'buildkitd.toml' }).click();
  assert.match(await pane(page, 'toml').textContent(), /\[\[worker\.oci\.gcpolicy\]\]/);
  assert.equal(await pane(page, 'plan').isVisible(), false);
  await page.getByRole('tab', { name: 'buildctl' }).click();
  assert.equal(
    await pane(page, 'buildctl').textContent(),
    `# buildkitd --config buildkitd.toml
# cache mounts are kept by oci-image alone

# image
buildctl build \\
  --frontend dockerfile.v0 \\
  --local context=src \\
  --local dockerfile=src \\
  --opt 'build-arg:A=it'\\''s' \\
  --opt filename=Dockerfile \\
  --output type=docker,dest=image/image.tar \\
  --import-cache type=local,src=cache,tag=image \\
  --export-cache type=local,dest=cache,mode=max,tag=image
`,
  );
  await shot(page, 'buildctl');
});

test('mistakes are underlined where they are, listed, and lead there', async (context) => {
  const page = await opened(context);

  await write(page, '{"contxt": "ä", "output": "image", "build_args": ["A"], "cache": "yes"}');
  await page.locator('.cm-lintRange-error').nth(2).waitFor();

  const marked = await page.locator('.cm-lintRange-error').allTextContents();
  for (const text of ['"contxt"', 'A', '"yes"']) {
    assert.ok(marked.includes(text), `${text} in ${marked}`);
  }
  const problem = page.locator('#problems').getByText('is not a key of the object');
  await problem.click();
  assert.match(await page.locator('#problems').textContent(), /did you mean `context`\?/);
  assert.match(await page.locator('#summary').textContent(), /^\d errors\.$/);
  assert.match(await page.locator('#problems').textContent(), /error at line 1, column 2/);
  const cursor = await page.evaluate(() => getSelection().anchorNode.parentElement.closest('.cm-lintRange-error')?.textContent);
  assert.equal(cursor, '"contxt"');
  await page.locator('.cm-lintRange-error', { hasText: 'yes' }).hover();
  await page.locator('.cm-tooltip .cm-diagnostic').first().waitFor();
  await shot(page, 'mistakes');
});

test('keys and values are completed from the schema', async (context) => {
  const page = await opened(context);

  await write(page, '{"output": "image", ');
  await page.keyboard.type('"buil');
  const popup = page.locator('.cm-tooltip-autocomplete');
  await popup.locator('li').first().waitFor();
  const offered = await popup.locator('li').allTextContents();
  assert.ok(offered.some((one) => one.startsWith('build_args')) && !offered.some((one) => one.startsWith('output')), String(offered));
  await page.locator('.cm-completionInfo').waitFor();
  await shot(page, 'completion');

  await write(page, '{"output": "image", "deb');
  await page.keyboard.press('Control+Space');
  await popup.locator('li', { hasText: 'debug' }).first().click();
  await page.keyboard.press('Control+Space');
  await popup.locator('li', { hasText: 'true' }).first().waitFor();
  assert.deepEqual((await popup.locator('li').allTextContents()).sort(), ['false', 'true']);
  await page.keyboard.press('Escape');

  await write(page, '{"registries": {"a.example": {"mir');
  await page.keyboard.press('Control+Space');
  await popup.locator('li', { hasText: 'mirrors' }).first().click();
  const text = await page.locator('.cm-content').textContent();
  assert.ok(text.startsWith('{"registries": {"a.example": {"mirrors": '), text);
});

test('files that the request names are written beside it', async (context) => {
  const page = await opened(context);

  await page.getByLabel('Example').selectOption({ label: 'Labels and arguments from files' });
  await pane(page, 'plan').getByText('build-arg:CHANNEL').waitFor();
  await page.getByLabel('ci/labels').fill('org.example.a=1\nno label\n');
  await page.locator('#problems').getByText('in ci/labels').click();

  const { path, selected } = await page.evaluate(() => {
    const { dataset, value, selectionStart, selectionEnd } = document.activeElement;
    return { path: dataset.path, selected: value.slice(selectionStart, selectionEnd) };
  });
  assert.deepEqual([path, selected], ['ci/labels', 'no label']);
  await shot(page, 'files');
});

test('link opens what was copied', async (context) => {
  const page = await opened(context);
  await write(page, '{"context": "ünïcode 🚀", "output": "image", "labels_file": "labels"}');
  await page.getByLabel('labels', { exact: true }).fill('a=🚀');
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.locator('#notice:not(:empty)').waitFor();

  const other = await opened(context, { fragment: new URL(page.url()).hash });

  const plan = JSON.parse(await pane(other, 'json').textContent());
  assert.equal(plan.solves[0].locals[0].path, 'ünïcode 🚀');
  assert.deepEqual(plan.solves[0].attributes.at(-1), { key: 'label:a', value: { text: '🚀' } });
});

test('link that is none opens the first example', async (context) => {
  for (const fragment of ['#x', '#eyJvYmplY3QiOjd9', '#%00']) {
    const page = await opened(context, { fragment });

    assert.equal(await page.locator('#summary').textContent(), 'None: this can be built.', fragment);
  }
});

test('each example says what its name says', async (context) => {
  const page = await opened(context);
  for (const name of await page.locator('#examples option').allTextContents()) {
    await page.getByLabel('Example').selectOption({ label: name });

    const summary = await page.locator('#summary').textContent();
    assert.equal(/error/.test(summary), name === 'With mistakes', `${name}: ${summary}`);
  }
});

test('last good plan stays while something is wrong, and is marked', async (context) => {
  const page = await opened(context);
  await write(page, '{"context": "src", "output": "image", "target": "kept"}');
  await pane(page, 'plan').getByText('kept').waitFor();

  await page.keyboard.press('Backspace');

  await page.locator('#stale:not(:empty)').waitFor();
  assert.equal(await page.locator('#sentence').textContent(), 'Nothing: there are errors.');
  assert.match(await pane(page, 'plan').textContent(), /kept/);
  await page.keyboard.insertText('}');
  await page.locator('#stale:empty').waitFor({ state: 'attached' });
  await page.getByLabel('Example').selectOption({ label: 'With mistakes' });
  assert.match(await pane(page, 'plan').textContent(), /^Nothing is built/);
});

test('requests in YAML, tasks and pipelines are read, at their lines', async (context) => {
  const page = await opened(context);
  const form = page.locator('#form');

  await page.getByLabel('Example').selectOption({ label: 'A request in YAML' });
  assert.equal(await form.textContent(), 'A request in YAML');
  assert.match(await page.locator('#sentence').textContent(), /^Builds the stage release of src\/Dockerfile/);
  await write(page, 'context: src\noutput: image\ntraget: x\n');
  await page.locator('#problems').getByText('error at line 3, column 1').waitFor();

  await page.getByLabel('Example').selectOption({ label: 'A task' });
  assert.equal(await form.textContent(), 'A task');
  assert.match(await page.locator('#sentence').textContent(), /from base\/image\.tar, and keeps its steps in cache\/\.$/);
  await shot(page, 'task');

  const task = (name, target) => `  - task: ${name}
    privileged: true
    config:
      platform: linux
      image_resource: {type: registry-image, source: {repository: concourse/oci-build-task}}
      inputs: [{name: src}]
      outputs: [{name: image}]
      caches: [{path: cache}]
      params: {CONTEXT: src, TARGET: ${target}}
      run: {path: build}
  - put: app
    params: {image: image/image.tar}
`;
  await write(page, `jobs:\n- name: app\n  plan:\n  - get: src\n    trigger: true\n${task('build', 'first')}${task('build', 'second')}`);
  await page.locator('#sentence').getByText('first').waitFor();
  assert.equal(await form.textContent(), 'A pipeline');
  await page.locator('#builds').selectOption({ label: 'build (2)' });
  assert.match(await page.locator('#sentence').textContent(), /^Builds the stage second/);
  await shot(page, 'pipeline');
});

test('mistakes are explained, and mended by a click', async (context) => {
  const page = await opened(context);
  await page.getByLabel('Example').selectOption({ label: 'A pipeline with remarks' });
  const problem = page.locator('#problems li', { hasText: 'DOCKERFLE' });

  await problem.locator('summary').click();
  assert.match(await problem.locator('details').textContent(), /^unknown-parameter.*wrong.*right/);
  await shot(page, 'pipeline-mistakes');
  await problem.getByRole('button', { name: 'Fix: DOCKERFILE' }).click();
  await problem.waitFor({ state: 'detached' });
  const text = () => page.locator('.cm-content').evaluate((content) => content.cmView?.view?.state.doc.toString() ?? content.innerText);
  assert.match(await text(), /DOCKERFILE: src\/Dockerfile/);

  await page.getByRole('button', { name: 'Fix all' }).click();
  await page.getByRole('button', { name: 'Fix all' }).waitFor({ state: 'hidden' });
  assert.match(await text(), /BUILD_ARG_VERSION: "1\.10"/);
  assert.match(await text(), /privileged: true/);
});

test('what is seen is copied', async (context) => {
  const page = await opened(context, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('tab', { name: 'buildkitd.toml' }).click();

  await page.getByRole('button', { name: 'Copy', exact: true }).click();

  await page.locator('#notice', { hasText: 'Copied.' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied.trim(), (await pane(page, 'toml').textContent()).trim());
});

test('keyboard alone reaches everything', async (context) => {
  const page = await opened(context);
  const reached = [];
  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.id || document.activeElement.className.split(' ')[0]));
    if (reached.at(-1) === 'cm-content') {
      await page.keyboard.press('Escape');
    }
  }
  assert.deepEqual(reached, ['examples', 'share', 'cm-content', 'tab-plan', 'copy', 'pane-plan']);

  await page.locator('#tab-plan').focus();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-buildctl');
  assert.ok(await pane(page, 'buildctl').isVisible());
  await page.keyboard.press('ArrowRight');
  assert.ok(await pane(page, 'plan').isVisible());

  // A mistake: to its place, its rule and its change.
  await page.getByLabel('Example').selectOption({ label: 'A pipeline with remarks' });
  const problem = page.locator('#problems li', { hasText: 'DOCKERFLE' });
  await problem.locator('.place').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.ok(await problem.locator('details').evaluate((details) => details.open));
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await problem.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.className.split(' ')[0]), 'cm-content');
});

for (const [name, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true, isMobile: true }],
]) {
  test(`page is laid out and readable: ${name}`, async (context) => {
    const page = await opened(context, options);
    await page.getByLabel('Example').selectOption({ label: 'With mistakes' });
    await page.locator('.cm-lintRange-error').first().waitFor();
    await shot(page, name);

    const layout = await page.evaluate(measured);

    assert.ok(layout.scrollWidth <= layout.width, `${layout.scrollWidth} in ${layout.width}`);
    assert.deepEqual(layout.overlaps, []);
    assert.deepEqual(layout.invisible, []);
    for (const { what, ratio } of layout.contrasts) {
      assert.ok(ratio >= 4.5, `${what}: ${ratio}`);
    }
  });
}

/** In the page: its width, which of its parts overlap or are not seen, and how its text stands out. */
function measured() {
  const parts = ['header', '#editor', '#summary', '#problems', '#tabs', '#pane-plan', 'footer'];
  const boxes = parts.map((part) => ({ part, box: document.querySelector(part).getBoundingClientRect() }));
  const overlap = (left, right) =>
    left.left < right.right - 1 && right.left < left.right - 1 && left.top < right.bottom - 1 && right.top < left.bottom - 1;
  const overlaps = boxes.flatMap((one, index) =>
    boxes.slice(index + 1).filter((other) => overlap(one.box, other.box)).map((other) => `${one.part} ${other.part}`),
  );
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return channels(colour)[3] === 255 ? colour : ground(element.parentElement);
  };
  const texts = ['h1', 'h1 span', '#summary', '#problems .place', '#problems small', '#problems summary', '#pane-plan', '.cm-gutters', '#editor .cm-line span', 'footer p'];
  const contrasts = texts.map((what) => {
    const element = document.querySelector(what);
    const [light, dark] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
    return { what, ratio: (light + 0.05) / (dark + 0.05) };
  });
  return {
    width: document.documentElement.clientWidth,
    scrollWidth: document.documentElement.scrollWidth,
    overlaps,
    invisible: boxes.filter(({ box }) => box.width < 50 || box.height < 15).map(({ part }) => part),
    contrasts,
  };
}

test('all of the page is smaller than its limit on its way', () => {
  const names = readdirSync(FOLDER, { recursive: true }).filter((name) => extname(name) !== '');
  const sizes = names.map((name) => ({ name, bytes: gzipSync(readFileSync(join(FOLDER, name)), { level: 9 }).length }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);

  assert.ok(total < TRANSFER_LIMIT, JSON.stringify(sizes));
});
