// A component, loaded, and its three questions. An instance answers many calls, because making one takes 10 ms and a plan a
// tenth of one; after anything but an answer, a trap above all, it is dead and the next call makes another.

import { instantiate } from '../component/planner.js';
import { buildInterface, buildPlan, diagnostic } from './documents.js';
import { NO_WORKSPACE, entryAt, readText } from './workspace.js';
import { emptyWorld } from './world.js';

/** The core modules that the component is made of, by the names that the glue asks for. */
export const CORE_MODULES = ['planner.core.wasm', 'planner.core2.wasm', 'planner.core3.wasm'];

/** How much of what the planner prints is kept: its end, in characters. */
export const PRINTED_KEPT = 4096;

/** The object is wrong. */
export class Refused extends Error {
  constructor(diagnostics) {
    super(diagnostics.map((one) => one.message).join('; '));
    this.name = 'Refused';
    this.diagnostics = diagnostics;
  }
}

/** The planner did not do its work. No fault of the object. */
export class PlannerError extends Error {
  constructor(printed, cause) {
    super(printed === '' ? 'the planner stopped without an answer' : `the planner stopped; it printed: ${printed}`, { cause });
    this.name = 'PlannerError';
  }
}

export class Planner {
  #modules;
  #instance = null;

  constructor(modules) {
    this.#modules = modules;
  }

  static async load(read) {
    const entries = CORE_MODULES.map(async (name) => [name, await WebAssembly.compile(await read(name))]);
    return new Planner(new Map(await Promise.all(entries)));
  }

  validate(object) {
    return this.#call(NO_WORKSPACE, (planner) => planner.validate(object)).map(diagnostic);
  }

  describe(object) {
    return buildInterface(this.#call(NO_WORKSPACE, (planner) => planner.describe(object)));
  }

  plan(object, workspace) {
    return buildPlan(this.#call(workspace, (planner) => planner.plan(object)));
  }

  #call(workspace, question) {
    // Taken for the call: a workspace that asks the planner in its turn gets another one.
    const instance = this.#instance ?? new Instance(this.#modules);
    this.#instance = null;
    try {
      const answer = instance.call(workspace, question);
      this.#instance = instance;
      return answer;
    } catch (error) {
      if (error instanceof Refused) {
        this.#instance = instance;
      }
      throw error;
    }
  }
}

/** One instance of the component; the workspace changes with each call. */
class Instance {
  #planner;
  #workspace = NO_WORKSPACE;
  #printed = '';

  constructor(modules) {
    const imports = {
      ...emptyWorld((text) => {
        this.#printed = (this.#printed + text).slice(-PRINTED_KEPT);
      }),
      'oci-image:planner/workspace': {
        readText: (path) => readText(this.#workspace, path),
        entryAt: (path) => entryAt(this.#workspace, path),
      },
    };
    this.#planner = instantiate((name) => modules.get(name), imports).planner;
  }

  call(workspace, question) {
    this.#workspace = workspace;
    try {
      return question(this.#planner);
    } catch (error) {
      // A result's error arrives as an exception that carries it; anything else is no answer.
      if (Array.isArray(error?.payload)) {
        throw new Refused(error.payload.map(diagnostic));
      }
      throw new PlannerError(this.#printed.trim(), error);
    } finally {
      this.#workspace = NO_WORKSPACE;
    }
  }
}
