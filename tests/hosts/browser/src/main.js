// The playground: what is typed is planned at once, in this page; nothing leaves it.
//
// - `editor`: the request's text, with completions and squiggles.
// - `schema`, `position`: what the schema says of a place in a text.
// - `request`: the workspace that a page has, which is what the request says of it.
// - `panes`: plan, daemon configuration, problems, on the page.
// - `buildctl`: the plan as commands.
// - `link`: request and files in the fragment of an address.
// - `examples`: requests to begin with.

import { Planner, Refused, canonical } from 'oci-image-planner';

import { buildctl } from './buildctl.js';
import { Editor } from './editor.js';
import { EXAMPLES } from './examples.js';
import { fromFragment, toFragment } from './link.js';
import { Files, Problems, Tabs, show, tell } from './panes.js';
import { AssumedWorkspace, textFiles } from './request.js';

/** How long the keys rest before the request is planned, in milliseconds. */
const REST = 120;

const element = (id) => document.getElementById(id);
const files = new Files(element('files'), element('file-list'), () => soon());
const editor = new Editor(element('editor'), () => soon());
const problems = new Problems(element('problems'), element('summary'), (place) => editor.reveal(place));
new Tabs(element('tabs'));

let planner = null;
let timer;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(planned, REST);
}

function planned() {
  const object = editor.text();
  files.show(textFiles(object));
  if (planner === null) {
    return;
  }
  try {
    const plan = planner.plan(object, new AssumedWorkspace(object, files.texts()));
    report(plan.warnings);
    show(element('pane-plan'), canonical(plan));
    show(element('pane-toml'), plan.daemon_config);
    show(element('pane-buildctl'), buildctl(plan));
  } catch (error) {
    if (!(error instanceof Refused)) {
      tell(element('summary'), error.message);
      throw error;
    }
    report(error.diagnostics);
    for (const pane of ['pane-plan', 'pane-toml', 'pane-buildctl']) {
      show(element(pane), null);
    }
  }
}

function report(diagnostics) {
  editor.mark(diagnostics);
  problems.show(diagnostics);
}

function open({ object, texts }) {
  files.keep(texts);
  editor.replace(object);
  planned();
}

function offerExamples() {
  const select = element('examples');
  select.replaceChildren(...EXAMPLES.map(({ name }, index) => new Option(name, String(index))));
  select.addEventListener('change', () => open(EXAMPLES[Number(select.value)]));
}

function offerLink() {
  element('share').addEventListener('click', async () => {
    history.replaceState(null, '', toFragment({ object: editor.text(), texts: files.texts() }));
    try {
      await navigator.clipboard.writeText(location.href);
      tell(element('notice'), 'Copied; the link holds the whole request.');
    } catch {
      tell(element('notice'), 'The link is in the address bar.');
    }
  });
}

function openLinked() {
  open(fromFragment(location.hash) ?? EXAMPLES[0]);
}

offerExamples();
offerLink();
openLinked();
addEventListener('hashchange', openLinked);
try {
  planner = await Planner.load(async (name) => (await fetch(`component/${name}`)).arrayBuffer());
  planned();
} catch (error) {
  tell(element('summary'), `The planner cannot be loaded: ${error.message}`);
}
