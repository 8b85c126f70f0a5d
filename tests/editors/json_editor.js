// VS Code's engine for JSON, as its extension configures it.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import engine from 'vscode-json-languageservice';

import { atCursor } from './document.js';

const { getLanguageService, TextDocument } = engine;

/** An editor; `schema`, if given, is the URI of the schema that it is told to judge each document by. */
export class JsonEditor {
  #service;

  constructor(schema) {
    this.#service = getLanguageService({
      schemaRequestService: (uri) => readFile(fileURLToPath(uri), 'utf8'),
      workspaceContext: { resolveRelativePath: (path, resource) => new URL(path, resource).href },
      clientCapabilities: {
        textDocument: {
          completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown', 'plaintext'] } },
          hover: { contentFormat: ['markdown', 'plaintext'] },
        },
      },
    });
    const schemas = schema ? [{ uri: schema, fileMatch: ['*'] }] : [];
    this.#service.configure({ validate: true, allowComments: false, schemas });
  }

  /** The problems of a text that is saved at `uri`. */
  async problems(uri, text) {
    const { document, parsed } = this.#open(uri, text);
    return this.#service.doValidation(document, parsed, { comments: 'error', trailingCommas: 'error', schemaValidation: 'error' });
  }

  /** What may be inserted at the cursor. */
  async completions(uri, marked) {
    const { text, position } = atCursor(marked);
    const { document, parsed } = this.#open(uri, text);
    return (await this.#service.doComplete(document, position, parsed)).items;
  }

  /** What is said about the word at the cursor. */
  async hover(uri, marked) {
    const { text, position } = atCursor(marked);
    const { document, parsed } = this.#open(uri, text);
    return this.#service.doHover(document, position, parsed);
  }

  #open(uri, text) {
    const document = TextDocument.create(uri, 'json', 1, text);
    return { document, parsed: this.#service.parseJSONDocument(document) };
  }
}
