// `oci-image lsp` as an editor runs it: a process, asked by the client of VS Code's own library. What is typed goes to it as changes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import {
  createProtocolConnection, CodeActionRequest, CompletionRequest, DefinitionRequest, DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification, DidOpenTextDocumentNotification, DocumentSymbolRequest, ExitNotification, HoverRequest,
  InitializedNotification, InitializeRequest, LogMessageNotification, PublishDiagnosticsNotification, ShutdownRequest,
  StreamMessageReader, StreamMessageWriter,
} from 'vscode-languageserver-protocol/node.js';

import { root } from './checkout.js';

/** The program. */
export const PROGRAM = process.env.OCI_IMAGE;

export class ProgramEditor {
  #server = spawn(PROGRAM, ['lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  #waiting = new Map();
  #opened = 0;
  /** What the server said of itself. */
  capabilities;
  /** What it told of mistakes of its own. */
  logged = [];

  /** An editor whose workspace is a directory, and that counts in one of these encodings, or in the one that all know. */
  static async start(directory = root.href, encodings = undefined) {
    const editor = new ProgramEditor();
    await editor.#initialize(directory, encodings);
    return editor;
  }

  constructor() {
    const { stdin, stdout } = this.#server;
    this.connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.connection.onNotification(PublishDiagnosticsNotification.type, (told) => {
      const waiting = this.#waiting.get(told.uri);
      if (waiting && (waiting.version === undefined || waiting.version === told.version)) waiting.resolve(told.diagnostics);
    });
    this.connection.onNotification(LogMessageNotification.type, ({ message }) => this.logged.push(message));
    this.connection.listen();
  }

  async #initialize(directory, encodings) {
    const { capabilities } = await this.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: directory,
      workspaceFolders: [{ uri: directory, name: 'workspace' }],
      capabilities: {
        general: { positionEncodings: encodings },
        workspace: { workspaceEdit: { documentChanges: true } },
        textDocument: {
          completion: { completionItem: { documentationFormat: ['markdown', 'plaintext'] } },
          hover: { contentFormat: ['markdown', 'plaintext'] },
          documentSymbol: { hierarchicalDocumentSymbolSupport: true },
          codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } },
        },
      },
    });
    this.capabilities = capabilities;
    await this.connection.sendNotification(InitializedNotification.type, {});
  }

  /** A name for a document that no other has. */
  name(extension = 'yml', directory = root.href) {
    this.#opened += 1;
    return `${directory}request-${this.#opened}.${extension}`;
  }

  /** Opens a document, and waits for its problems. */
  async open(uri, text, languageId = uri.endsWith('.json') ? 'json' : 'yaml') {
    const problems = this.#problems(uri, 1);
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version: 1, text },
    });
    return problems;
  }

  /** Changes it, and waits for the problems of what it is then. */
  async change(uri, version, contentChanges) {
    const problems = this.#problems(uri, version);
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version }, contentChanges,
    });
    return problems;
  }

  /** Closes it, and waits until nothing is said of it. */
  async close(uri) {
    const problems = this.#problems(uri, undefined);
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
    return problems;
  }

  #problems(uri, version) {
    return new Promise((resolve) => this.#waiting.set(uri, { version, resolve }));
  }

  hover(uri, position) {
    return this.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position });
  }

  completions(uri, position) {
    return this.connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position });
  }

  definition(uri, position) {
    return this.connection.sendRequest(DefinitionRequest.type, { textDocument: { uri }, position });
  }

  symbols(uri) {
    return this.connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri } });
  }

  actions(uri, range, diagnostics = []) {
    return this.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range, context: { diagnostics } });
  }

  /** Leaves, politely or not, and waits for the end: the server's exit status. */
  async stop(isPolite = true) {
    const ended = once(this.#server, 'exit');
    if (isPolite) await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    const [status] = await ended;
    this.connection.dispose();
    return status;
  }
}
