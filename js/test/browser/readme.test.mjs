// The page that the README shows does what the README says, as it stands there but for the port: with the browser's own
// WebSocket, and without.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startChromium } from './chromium.mjs';
import { startServers } from './servers.mjs';

test('the page of the README', async () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, html] = /<!-- script tag[^]*?```html\n([^]*?)```/.exec(readme);
  const [browser, servers] = await Promise.all([startChromium(), startServers()]);
  const page = html.replaceAll('127.0.0.1:8080', new URL(servers.urls.relay).host);
  const site = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(page));
  try {
    assert.notEqual(page, html);
    await new Promise((listening) => site.listen(0, '127.0.0.1', listening));
    for (const native of [true, false]) {
      const context = await browser.newContext();
      if (!native) await context.addInitScript(() => delete globalThis.WebSocket);
      const tab = await context.newPage();
      const sends = [];
      tab.on('request', (request) => request.url().includes('/s/') && sends.push(request.url()));
      await tab.goto(`http://localhost:${site.address().port}/`);
      await tab.getByText('hello', { exact: true }).waitFor();
      assert.equal(sends.length > 0, !native);
      await context.close();
    }
  } finally {
    site.close();
    await Promise.all([browser.close(), servers.end()]);
  }
});
