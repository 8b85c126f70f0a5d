// What a visit of a page takes: a server of static files on this machine, for the built playground, and a headless Chromium.

import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

import { chromium } from 'playwright-core';

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** A server of a folder's files, and of nothing else, on a free port of 127.0.0.1. */
export async function serve(folder) {
  const files = new Map(readdirSync(folder, { recursive: true }).map((name) => [`/${name}`, join(folder, name)]));
  const server = createServer((request, response) => {
    const name = request.url === '/' ? '/index.html' : request.url;
    const type = TYPES[extname(name)];
    if (!files.has(name) || type === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': type }).end(readFileSync(files.get(name)));
  });
  await new Promise((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  return server;
}

export function originOf(server) {
  return `http://127.0.0.1:${server.address().port}`;
}

/** Debian's Chromium, told to speak to nobody by itself. */
export function launch() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
