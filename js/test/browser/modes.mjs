import assert from 'node:assert/strict';
import { recorder } from './recorder.mjs';

/**
 * The ways for a page to have a WebSocket class. `native` is the oracle: the browser's own, without polysocket. `websocket`
 * has polysocket beside it; in the others the browser has none, and polysocket is put in its place. In `stream-xhr` it has no
 * fetch that streams either.
 */
export const modes = ['native', 'websocket', 'stream', 'stream-xhr', 'sse', 'xhr', 'jsonp'];

// What of the relay each may ask for, by Playwright's names.
const allowed = {
  native: [],
  websocket: [],
  stream: ['xhr', 'fetch'],
  'stream-xhr': ['xhr', 'ping'],
  sse: ['xhr', 'fetch', 'eventsource'],
  xhr: ['xhr', 'fetch'],
  jsonp: ['script', 'document'],
};

/** Opens a page in this mode. */
export async function openPage(browser, mode, { pages, relay }) {
  const context = await browser.newContext();
  const asked = new Set();
  if (mode !== 'native' && mode !== 'websocket') await context.addInitScript(() => delete globalThis.WebSocket);
  if (mode === 'stream-xhr') await context.addInitScript(() => delete globalThis.ReadableStream);
  const transport = mode.split('-')[0];
  await context.addInitScript(recorder);
  const page = await context.newPage();
  page.on('request', (request) => request.url().startsWith(relay) && asked.add(request.resourceType()));
  try {
    await page.goto(pages);
    if (mode !== 'native') {
      await page.addScriptTag({ url: `${pages}/polysocket.js` });
      await page.evaluate(usePolysocket, { router: relay, transports: [transport] });
    }
  } catch (error) {
    await context.close();
    throw error;
  }
  return {
    page,
    /** Fails where the case that left this trace did not use the mode's own transport, or used another one. */
    async check(trace) {
      for (const kind of asked) assert.ok(allowed[mode].includes(kind), `the relay was asked by ${kind}`);
      if (mode === 'native') return;
      const all = await page.evaluate(() => globalThis.recorder.transports.splice(0));
      for (const used of all) assert.ok([transport, null].includes(used), `${used} was used`);
      if (trace.includes('OPEN open')) assert.ok(all.includes(transport), `${transport} was not used`);
    },
    close: () => context.close(),
  };
}

function usePolysocket(options) {
  const { polysocket, recorder } = globalThis;
  recorder.transports = [];
  polysocket.on('transport', ({ transport }) => recorder.transports.push(transport));
  if (options.transports[0] === 'websocket') {
    recorder.WebSocket = polysocket.create(options);
    return;
  }
  if ('WebSocket' in globalThis) throw new Error('the browser has its own WebSocket still');
  polysocket.install(options);
  recorder.WebSocket = globalThis.WebSocket;
}
