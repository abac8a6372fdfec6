// Somebody on the way holds back what does not end, as boxes do that look for viruses: a socket goes over to polls, and back,
// and a page sees nothing of it.
//
//   node --test test/browser/stepping.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from './chromium.mjs';
import { build, startProxy, startServers } from './servers.mjs';

let browser, servers;
const ends = [];

before(async () => {
  const [all, proxy] = await Promise.all([startServers(), build('./test/chaos/proxy')]);
  servers = all;
  const { host } = new URL(servers.urls.relay);
  const box = await startProxy(proxy.path, host, 'hold');
  ends.push(servers.end, proxy.end, box.end);
  // The browser finds the relay behind the box, and the relay finds its own name in what it asks.
  browser = await startChromium(`MAP ${host} ${box.host}`);
});

after(async () => {
  await browser?.close();
  await Promise.all(ends.map((end) => end()));
});

for (const [name, without, transports] of [
  ['stream', [], ['stream', 'sse', 'xhr']],
  ['stream by XHR', ['ReadableStream'], ['stream', 'sse', 'xhr']],
  ['sse', [], ['sse', 'xhr']],
]) {
  for (const count of [1, 12]) {
    if (count > 1 && name !== 'stream') continue; // many read by a poll in any case
    test(`${name}, held back: ${count === 1 ? 'a socket goes' : 'many go'} over to polls within seconds, and lose nothing`, async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript((names) => names.forEach((name) => delete globalThis[name]), without);
      await page.goto(servers.urls.pages);
      await page.addScriptTag({ url: `${servers.urls.pages}/polysocket.js` });
      const seen = await page.evaluate(use, { ...servers.urls, transports, count });
      await context.close();
      const [first] = transports;
      for (const { echoed, info, changes } of seen) {
        assert.deepEqual(
          echoed,
          Array.from({ length: 40 }, (_, i) => `${i}`),
        );
        assert.deepEqual(info, { transport: 'xhr', gaveUp: [{ transport: first, why: 'buffered' }], error: '' });
        assert.deepEqual(
          changes.map(({ transport }) => transport),
          [first, 'xhr'],
        );
        const [opened, stepped] = changes.map(({ at }) => at);
        assert.ok(stepped - opened < 5000, `after ${stepped - opened} ms`);
      }
    });
  }
}

// In the page: sockets that send each 100 ms.
async function use({ relay, told, transports, count }) {
  const { polysocket } = globalThis;
  const Socket = polysocket.create({ router: relay, transports });
  const changes = new Map();
  polysocket.on('transport', ({ socket, transport }) => {
    if (!changes.has(socket)) changes.set(socket, []);
    changes.get(socket).push({ transport, at: performance.now() });
  });
  const all = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = new Socket(told);
      const echoed = [];
      const done = new Promise((resolve) => {
        socket.onmessage = ({ data }) => echoed.push(data) === 40 && resolve();
      });
      await new Promise((resolve) => (socket.onopen = resolve));
      for (let i = 0; i < 40; i++) {
        socket.send(`${i}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await done;
      return { socket, echoed };
    }),
  );
  return all.map(({ socket, echoed }) => {
    const info = polysocket.info(socket);
    const { transport, gaveUp, error } = info;
    socket.close();
    return { echoed, changes: changes.get(socket), info: { transport, gaveUp, error } };
  });
}

for (const [name, without] of [
  ['stream', []],
  ['stream by XHR', ['ReadableStream']],
]) {
  test(`${name}, where nothing is held back: many sockets that are idle go on reading by it`, async () => {
    const plain = await startChromium();
    try {
      const page = await plain.newPage();
      await page.addInitScript((names) => names.forEach((name) => delete globalThis[name]), without);
      await page.goto(servers.urls.pages);
      await page.addScriptTag({ url: `${servers.urls.pages}/polysocket.js` });
      const used = await page.evaluate(async ({ relay, told }) => {
        const Socket = globalThis.polysocket.create({ router: relay, transports: ['stream', 'xhr'] });
        const sockets = Array.from({ length: 8 }, () => new Socket(told));
        await new Promise((resolve) => setTimeout(resolve, 6000));
        return sockets.map((socket) => globalThis.polysocket.info(socket).transport);
      }, servers.urls);
      assert.deepEqual(new Set(used), new Set(['stream']));
    } finally {
      await plain.close();
    }
  });
}
