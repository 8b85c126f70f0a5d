// Starts `oci-image lsp` for files in JSON and YAML. What is told of them is the program's own; of files that are none of its it says
// nothing.

import { workspace } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';

let client;

export async function activate(context) {
  const command = workspace.getConfiguration('oci-image').get('path', 'oci-image');
  const documentSelector = ['json', 'yaml'].map((language) => ({ scheme: 'file', language }));
  client = new LanguageClient('oci-image', 'oci-image', { command, args: ['lsp'] }, { documentSelector });
  context.subscriptions.push(client);
  await client.start();
}

export async function deactivate() {
  await client?.stop();
}
