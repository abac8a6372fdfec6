// Somebody on the way holds back what does not end, as boxes do that look for viruses: a socket goes over to polls, and back,
// and a page sees nothing of it.
//
//   node --test test/browser/stepping.test.mjs
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { startChromium } from './chromium.mjs';
import { build, startNginx, startProxy, startServers } from './servers.mjs';

let browser, held, servers;
const ends = [];
const browsers = {};

before(async () => {
  const [all, proxy] = await Promise.all([startServers(), build('./test/chaos/proxy')]);
  servers = all;
  ends.push(servers.end, proxy.end);
  const { host } = new URL(servers.urls.relay);
  const boxes = {
    hold: await startProxy(proxy.path, host, 'hold'),
    'nginx-held.conf': await startNginx('nginx-held.conf', host),
    'nginx.conf': await startNginx('nginx.conf', host),
  };
  for (const [name, box] of Object.entries(boxes)) {
    ends.push(box.end);
    // The browser finds the relay behind the box, and the relay finds its own name in what it asks.
    browsers[name] = await startChromium(`MAP ${host} ${box.host}`);
  }
  browser = browsers.hold;
  held = boxes.hold.host;
});

after(async () => {
  await Promise.all(Object.values(browsers).map((browser) => browser.close()));
  await Promise.all(ends.map((end) => end()));
});

/** Opens a page behind a box, uses sockets there, which end by the transport that is given, and gives what was seen of them. */
async function visit(browser, transports, count, without = [], ends) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript((names) => names.forEach((name) => delete globalThis[name]), without);
  await page.goto(servers.urls.pages);
  await page.addScriptTag({ url: `${servers.urls.pages}/polysocket.js` });
  const seen = await page.evaluate(use, { ...servers.urls, transports, count, ends });
  await context.close();
  return seen;
}

const all = Array.from({ length: 40 }, (_, i) => `${i}`);

test('nginx as it comes: streams go through', async () => {
  for (const [transports, count] of [
    [['stream', 'xhr'], 1],
    [['stream', 'xhr'], 12],
    [['sse', 'xhr'], 1],
  ]) {
    for (const { echoed, info } of await visit(browsers['nginx.conf'], transports, count)) {
      assert.deepEqual(echoed, all);
      assert.deepEqual(info, { transport: transports[0], gaveUp: [], error: '' });
    }
  }
});

test('nginx that holds streams back: polls within seconds, and nothing is lost', async (t) => {
  const held = browsers['nginx-held.conf'];
  for (const count of [1, 12]) {
    for (const { echoed, info, changes } of await visit(held, ['stream', 'sse', 'xhr'], count, [], 'xhr')) {
      assert.deepEqual(echoed, all);
      assert.deepEqual(info, { transport: 'xhr', gaveUp: [{ transport: 'stream', why: 'buffered' }], error: '' });
      const [opened, stepped] = changes.map(({ at }) => at);
      if (count === 1) t.diagnostic(`polls ${Math.round(stepped - opened)} ms after it was open`);
      // The traffic of many pushes the streams through, for as long as it goes on: 4 s.
      const most = count === 1 ? 5000 : 12_000;
      assert.ok(stepped - opened < most, `after ${stepped - opened} ms`);
    }
  }
});

for (const [name, without, transports] of [
  ['stream', [], ['stream', 'sse', 'xhr']],
  ['stream by XHR', ['ReadableStream'], ['stream', 'sse', 'xhr']],
  ['sse', [], ['sse', 'xhr']],
]) {
  for (const count of [1, 12]) {
    if (count > 1 && name === 'sse') continue; // many read by a poll in any case
    test(`${name}, held back: ${count === 1 ? 'a socket goes' : 'many go'} over to polls within seconds, and lose nothing`, async () => {
      const seen = await visit(browser, transports, count, without);
      const [first] = transports;
      for (const { echoed, info, changes } of seen) {
        assert.deepEqual(echoed, all);
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

// In the page: sockets that send each 100 ms, and then wait until all read by the transport that they are to end with.
async function use({ relay, told, transports, count, ends }) {
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
  const still = ({ socket }) => ends && polysocket.info(socket).transport !== ends;
  for (let i = 0; i < 100 && all.some(still); i++) await new Promise((resolve) => setTimeout(resolve, 100));
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
      const reads = []; // of many
      page.on('request', (request) => {
        if (new URL(request.url()).pathname.endsWith('/m')) reads.push(new URLSearchParams(request.postData()));
      });
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
      assert.ok(reads.every((params) => params.get('stream') === '1'));
      assert.equal(reads.at(-1).get('hb'), '15000', 'idle heartbeats have come');
      assert.ok(reads.length <= 10, `${reads.length} reads`);
    } finally {
      await plain.close();
    }
  });
}

// A way that can be laid another way: it hangs up on who went the old one.
async function startSwitch(to) {
  const open = new Set();
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = () => open.forEach((socket) => socket.destroy());
  return {
    host: `127.0.0.1:${server.address().port}`,
    to(next) {
      to = next;
      hangUp();
    },
    end() {
      server.close();
      hangUp();
    },
  };
}

function place(host) {
  const [name, port] = host.split(':');
  return { host: name, port: Number(port) };
}

test('when nothing is held back any more, a socket that is online again reads by a stream, and back, losing nothing', async () => {
  const { host } = new URL(servers.urls.relay);
  const way = await startSwitch(place(held));
  const chromium = await startChromium(`MAP ${host} ${way.host}`);
  try {
    const page = await chromium.newPage();
    await page.goto(servers.urls.pages);
    await page.addScriptTag({ url: `${servers.urls.pages}/polysocket.js` });
    await page.evaluate(async ({ relay, told }) => {
      const Socket = globalThis.polysocket.create({ router: relay, transports: ['stream', 'xhr'] });
      const socket = new Socket(told);
      const seen = (globalThis.seen = { socket, sent: 0, echoed: [], closed: false });
      socket.onmessage = ({ data }) => seen.echoed.push(data);
      socket.onclose = () => (seen.closed = true);
      await new Promise((resolve) => (socket.onopen = resolve));
    }, servers.urls);
    const reads = (transport, gaveUp) =>
      page.waitForFunction(
        ([transport, gaveUp]) => {
          const info = globalThis.polysocket.info(globalThis.seen.socket);
          return info.transport === transport && JSON.stringify(info.gaveUp) === gaveUp;
        },
        [transport, JSON.stringify(gaveUp)],
        { timeout: 20_000 },
      );
    const pause = () => page.evaluate(() => clearInterval(globalThis.seen.timer));
    const goOn = () =>
      page.evaluate(() => {
        const { seen } = globalThis;
        seen.timer = setInterval(() => seen.socket.send(`${seen.sent++}`), 50);
      });
    const heldBack = [{ transport: 'stream', why: 'buffered' }];
    await goOn();
    await reads('xhr', heldBack);
    way.to(place(host));
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await reads('stream', []);
    await pause();
    way.to(place(held));
    await reads('xhr', heldBack);
    await goOn();
    await page.waitForFunction(
      (count) => globalThis.seen.echoed.length >= count,
      await page.evaluate(() => globalThis.seen.sent + 20),
    );
    await pause();
    await page.waitForFunction(() => globalThis.seen.echoed.length >= globalThis.seen.sent, null, { timeout: 20_000 });
    const { echoed, sent, closed } = await page.evaluate(() => ({ ...globalThis.seen, socket: null, timer: 0 }));
    assert.deepEqual(
      echoed,
      Array.from({ length: sent }, (_, i) => `${i}`),
    );
    assert.equal(closed, false);
  } finally {
    await chromium.close();
    way.end();
  }
});
