// The playground: what is typed is planned at once, in this page; nothing leaves it.
//
// - `editor`: the text, with completions and squiggles.
// - `schema`, `position`: what the schema says of a place in a text.
// - `request`: the workspace that a page has, which is what the request says of it.
// - `problems`: what is told of the text, each with its rule and its change.
// - `panes`: files and panes; `sentence`, `plan_table`, `buildctl`: the plan as a sentence, as a table, as commands.
// - `link`: text and files in the fragment of an address.
// - `examples`: texts to begin with.

import { Forms, Planner, Refused, canonical } from 'oci-image-planner';

import { buildctl } from './buildctl.js';
import { Editor } from './editor.js';
import { EXAMPLES } from './examples.js';
import { fromFragment, toFragment } from './link.js';
import { Files, Panes, Tabs, write } from './panes.js';
import { drawn } from './plan_table.js';
import { Problems, tell } from './problems.js';
import { AssumedWorkspace, textFiles } from './request.js';
import { sentence } from './sentence.js';

/** How long the keys rest before the text is planned, in milliseconds. */
const REST = 120;

const NAMES = { json: 'A request in JSON', yaml: 'A request in YAML', task: 'A task', pipeline: 'A pipeline' };

const element = (id) => document.getElementById(id);
const files = new Files(element('files'), element('file-list'), () => soon());
const editor = new Editor(element('editor'), () => soon());
const problems = new Problems(
  { list: element('problems'), summary: element('summary'), fixAll: element('fix-all') },
  (place) => editor.reveal(place),
  (fixes) => editor.mend(fixes),
);
const tabs = new Tabs(element('tabs'));
const panes = new Panes(element('built'), element('stale'), {
  'pane-plan': drawn,
  'pane-json': (plan) => canonical({ ...plan, warnings: plan.warnings.map(asPlanned) }),
  'pane-toml': ({ daemon_config: config }) => config,
  'pane-buildctl': buildctl,
});

let forms = null;
let timer;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(planned, REST);
}

function planned() {
  if (forms === null) {
    return;
  }
  try {
    judge(editor.text());
  } catch (error) {
    tell(element('summary'), error.message);
    throw error;
  }
}

function judge(text) {
  const { form, builds } = forms.read(text);
  editor.speak(form === 'json' || (form === null && /^\s*[{["]/.test(text)));
  tell(element('form'), NAMES[form] ?? 'What you write');
  const build = offerBuilds(builds);
  const object = builds[build]?.object ?? '';
  files.show(textFiles(object));
  const told = forms.validate(text);
  if (builds[build] === undefined || builds[build].is_open || !builds[build].is_judged) {
    panes.keep();
    write(element('sentence'), [unplanned(form, builds[build])]);
    return report(told);
  }
  try {
    const plan = forms.plan(text, () => new AssumedWorkspace(object, files.texts()), { build });
    panes.show(plan);
    write(element('sentence'), sentence(plan));
    return report(joined(told, plan.warnings));
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    panes.keep();
    write(element('sentence'), ['Nothing: there are errors.']);
    return report(joined(told, error.diagnostics));
  }
}

/** Why there is no plan, where no mistake says it. */
function unplanned(form, build) {
  if (build === undefined) {
    return form === 'pipeline' ? 'Nothing here: no task of this pipeline builds an image.' : 'Nothing: this cannot be read.';
  }
  return build.is_judged ? 'What it builds depends on values that only Concourse knows.' : 'Nothing: this task runs another program.';
}

/** The builds of a text, if there are several, and the one that is chosen. */
function offerBuilds(builds) {
  const select = element('builds');
  // Tasks of different jobs may have one name.
  const labels = builds.map(({ name }, index) => {
    const before = builds.slice(0, index).filter((other) => other.name === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
  if (labels.join('\n') !== [...select.options].map(({ text }) => text).join('\n')) {
    const chosen = Math.max(0, labels.indexOf(select.selectedOptions[0]?.text));
    select.replaceChildren(...labels.map((label, index) => new Option(label, String(index), false, index === chosen)));
  }
  element('builds-label').hidden = builds.length < 2;
  return Math.max(0, select.selectedIndex);
}

/** What is told in two ways, once, in the order of the text. */
function joined(told, others) {
  const known = new Set(told.map((one) => JSON.stringify(one)));
  const all = [...told, ...others.filter((one) => !known.has(JSON.stringify(one)))];
  const start = ({ place }) => place?.object?.start ?? -1;
  return all.sort((one, other) => start(one) - start(other));
}

function report(told) {
  editor.mark(told);
  problems.show(told);
}

/** A remark as a plan has it. */
function asPlanned({ code, severity, pointer, place, message, help, allowed }) {
  return { code, severity, pointer, place, message, help, allowed };
}

function open({ object, texts }) {
  files.keep(texts);
  panes.forget();
  editor.replace(object);
  planned();
}

function offerExamples() {
  const select = element('examples');
  select.replaceChildren(...EXAMPLES.map(({ name }, index) => new Option(name, String(index))));
  select.addEventListener('change', () => open(EXAMPLES[Number(select.value)]));
  element('builds').addEventListener('change', planned);
}

function offerLink() {
  element('share').addEventListener('click', async () => {
    history.replaceState(null, '', toFragment({ object: editor.text(), texts: files.texts() }));
    await copied(location.href, 'Copied; the link holds all that is written.', 'The link is in the address bar.');
  });
  element('copy').addEventListener('click', () => copied(tabs.seen().innerText, 'Copied.', 'The browser does not let the page copy.'));
}

async function copied(text, done, instead) {
  try {
    await navigator.clipboard.writeText(text);
    tell(element('notice'), done);
  } catch {
    tell(element('notice'), instead);
  }
}

function openLinked() {
  open(fromFragment(location.hash) ?? EXAMPLES[0]);
}

offerExamples();
offerLink();
openLinked();
addEventListener('hashchange', openLinked);
try {
  const read = async (name) => (await fetch(`component/${name}`)).arrayBuffer();
  forms = await Forms.load(read, await Planner.load(read));
  planned();
} catch (error) {
  tell(element('summary'), `The planner cannot be loaded: ${error.message}`);
}
