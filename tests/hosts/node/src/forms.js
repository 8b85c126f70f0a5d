// The forms in which people write what is built: a text as the objects that the planner is asked about, and what it says of
// those, told at its place in the text. A component of its own, which asks for nothing.

import { instantiate } from '../component/forms.js';
import { lowered, told } from './documents.js';
import { PRINTED_KEPT, PlannerError, Refused } from './planner.js';
import { emptyWorld } from './world.js';

/** The core modules that the component is made of, by the names that the glue asks for. */
export const FORMS_MODULES = ['forms.core.wasm', 'forms.core2.wasm', 'forms.core3.wasm'];

export class Forms {
  #modules;
  #planner;
  #instance = null;

  constructor(modules, planner) {
    this.#modules = modules;
    this.#planner = planner;
  }

  static async load(read, planner) {
    const entries = FORMS_MODULES.map(async (name) => [name, await WebAssembly.compile(await read(name))]);
    return new Forms(new Map(await Promise.all(entries)), planner);
  }

  read(text, language) {
    const { form, builds } = this.#call((forms) => forms.read(text, language));
    // The glue decodes a text without its byte order mark, which the planner has to be shown.
    const mark = form === 'json' && text.startsWith('\ufeff') ? '\ufeff' : '';
    const read = builds.map(({ name, object, isJudged, isOpen }) => ({ name, object: mark + object, is_judged: isJudged, is_open: isOpen }));
    return { form: form ?? null, builds: read };
  }

  validate(text, language) {
    return this.#tell(text, language, this.#judged(text, language), false);
  }

  plan(text, workspace, { language, build = 0 } = {}) {
    const { form, builds } = this.read(text, language);
    const said = builds.map(() => []);
    let plan = null;
    try {
      if (builds[build]?.is_judged) {
        plan = this.#planner.plan(builds[build].object, workspace(builds[build].object));
        said[build] = plan.warnings;
      }
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      said[build] = error.diagnostics;
    }
    const all = this.#tell(text, language, said, true);
    // Of a pipeline, what is wrong with other tasks is no matter of this one.
    const isRefused = form === 'pipeline' ? builds[build]?.is_open : all.some(({ severity }) => severity === 'error');
    if (plan === null || isRefused) {
      throw new Refused(all);
    }
    return { ...plan, warnings: all };
  }

  #judged(text, language) {
    return this.read(text, language).builds.map((build) => (build.is_judged ? this.#planner.validate(build.object) : []));
  }

  #tell(text, language, said, toBuild) {
    const given = said.map((diagnostics) => diagnostics.map(lowered));
    return this.#call((forms) => forms.tell(text, language, given, toBuild)).map(told);
  }

  #call(question) {
    const instance = this.#instance ?? new Instance(this.#modules);
    this.#instance = null;
    const answer = instance.call(question);
    this.#instance = instance;
    return answer;
  }
}

/** One instance of the component; after anything but an answer it is dead. */
class Instance {
  #forms;
  #printed = '';

  constructor(modules) {
    const world = emptyWorld((text) => {
      this.#printed = (this.#printed + text).slice(-PRINTED_KEPT);
    });
    this.#forms = instantiate((name) => modules.get(name), world).forms;
  }

  call(question) {
    try {
      return question(this.#forms);
    } catch (error) {
      throw new PlannerError(this.#printed.trim(), error);
    }
  }
}
