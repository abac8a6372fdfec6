// Networks that take no WebSocket, by a middlebox between the browser and the target: what a page sees of it, what the next page
// tries, and how long opening takes, which is printed.
//
//   node --test test/browser/blocked.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from './chromium.mjs';
import { build, startProxy, startServers, startTold } from './servers.mjs';

/** What each middlebox does, and what that is called. */
const faults = { refused: 'refuse-upgrade', hung: 'hang-upgrade', killed: 'kill-upgraded=300ms' };
/** And one that is only slow. */
const boxes = { ...faults, slow: 'delay=300ms' };

/** How often each is measured; the median is printed. */
const rounds = 5;

let browser, servers;
const ends = [];
/** The target of each fault: the relay goes straight to it, and the browser through the middlebox. */
const targets = {};

before(async () => {
  const [all, proxy] = await Promise.all([startServers(), build('./test/chaos/proxy')]);
  servers = all;
  ends.push(servers.end, proxy.end);
  const rules = [];
  for (const name of ['none', ...Object.keys(boxes)]) {
    const told = await startTold();
    ends.push(told.end);
    const { host, port } = new URL(told.url);
    targets[name] = `ws://localhost:${port}`;
    if (!boxes[name]) continue;
    const box = await startProxy(proxy.path, host, boxes[name]);
    ends.push(box.end);
    rules.push(`MAP localhost:${port} ${box.host}`);
  }
  browser = await startChromium(...rules);
});

after(async () => {
  await browser?.close();
  await Promise.all(ends.map((end) => end()));
});

/** A visitor, who has been nowhere yet. `visit` opens a page and a socket in it, and tells what came of that. */
async function visitor() {
  const context = await browser.newContext();
  async function visit(run, about) {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const attempts = [];
    session.on('Network.webSocketCreated', ({ url }) => attempts.push(url));
    await page.goto(servers.urls.pages);
    await page.addScriptTag({ url: `${servers.urls.pages}/polysocket.js` });
    const seen = await page.evaluate(run, { router: servers.urls.relay, ...about });
    await page.close();
    return { ...seen, attempts: attempts.length };
  }
  return { visit, close: () => context.close() };
}

// In the page: it opens a socket, is idle for a while, and sends two messages, which come back.
async function use({ router, target, idle = 0, native = false }) {
  const { polysocket } = globalThis;
  const seen = { events: [], changed: [] };
  const Socket = native ? WebSocket : polysocket.create({ router, transports: ['websocket', 'xhr', 'jsonp'] });
  const start = performance.now();
  polysocket.on('transport', () => seen.changed.push(performance.now() - start));
  const socket = new Socket(target);
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, ({ data }) => seen.events.push(data ? `${type} ${data}` : type));
  }
  const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
  await next('open');
  seen.opened = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, idle));
  for (const text of ['one', 'two']) {
    socket.send(text);
    await next('message');
  }
  if (!native) seen.info = polysocket.info(socket);
  const closed = next('close');
  socket.close(1000);
  await closed;
  return seen;
}

const wellDone = ['open', 'message one', 'message two', 'close'];

for (const [why, fault] of Object.entries(faults)) {
  test(`${why}: the page sees one socket, and the next page does not try it`, async (t) => {
    const target = targets[why];
    const first = [];
    const next = [];
    for (let i = 0; i < rounds; i++) {
      const { visit, close } = await visitor();
      first.push(await visit(use, { target, idle: why === 'killed' ? 600 : 0 }));
      next.push(await visit(use, { target }));
      await close();
    }
    const info = { transport: 'xhr', gaveUp: [{ transport: 'websocket', why }], error: '' };
    for (const seen of first) assert.deepEqual([seen.events, seen.attempts, seen.info], [wellDone, 1, info]);
    for (const seen of next) assert.deepEqual([seen.events, seen.attempts, seen.info], [wellDone, 0, info]);
    t.diagnostic(`${fault}: open after ${opened(first)} ms; the next page after ${opened(next)} ms`);
    if (why !== 'killed') return;
    const back = median(first.map(({ changed: [, cut, relayed] }) => relayed - cut));
    t.diagnostic(`${fault}: goes on through the relay ${back} ms after it was cut`);
  });
}

test('slow: the relay is quicker, and on the next page the native WebSocket has the time that it needs', async (t) => {
  const { visit, close } = await visitor();
  const target = targets.slow;
  const first = await visit(use, { target, idle: 1000 });
  const next = await visit(use, { target });
  await close();
  assert.deepEqual([first.events, first.info.transport], [wellDone, 'xhr']);
  assert.deepEqual(first.info.gaveUp, [{ transport: 'websocket', why: 'hung' }]);
  assert.deepEqual([next.events, next.info], [wellDone, { transport: 'websocket', gaveUp: [], error: '' }]);
  t.diagnostic(`${boxes.slow}: open after ${opened([first])} ms; the next page after ${opened([next])} ms`);
});

test('no middlebox: it is the native WebSocket', async (t) => {
  const target = targets.none;
  const ours = [];
  const own = [];
  for (let i = 0; i < rounds; i++) {
    const { visit, close } = await visitor();
    await visit(() => {}); // the first page of a context takes longer
    for (const native of i % 2 ? [true, false] : [false, true]) {
      (native ? own : ours).push(await visit(use, { target, native }));
    }
    await close();
  }
  const info = { transport: 'websocket', gaveUp: [], error: '' };
  for (const seen of ours) assert.deepEqual([seen.events, seen.attempts, seen.info], [wellDone, 1, info]);
  t.diagnostic(`no middlebox: open after ${opened(ours)} ms; the browser's own class after ${opened(own)} ms`);
});

// In the page: it opens a socket, sends at once, and opens another when that is over.
async function sendAtOnce({ router, target }) {
  const { polysocket } = globalThis;
  const Socket = polysocket.create({ router, transports: ['websocket', 'xhr', 'jsonp'] });
  const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve));
  const one = new Socket(target);
  await next(one, 'open');
  one.send('!pause');
  const { code, wasClean } = await next(one, 'close');
  const two = new Socket(target);
  await next(two, 'open');
  const infos = [one, two].map(polysocket.info);
  two.close();
  await next(two, 'close');
  return { code, wasClean, infos };
}

test('killed when the page had sent: it is told so, and the next socket goes through the relay', async () => {
  const { visit, close } = await visitor();
  const { code, wasClean, infos, attempts } = await visit(sendAtOnce, { target: targets.killed });
  await close();
  assert.deepEqual([code, wasClean, attempts], [1006, false, 1]);
  const gaveUp = [{ transport: 'websocket', why: 'killed' }];
  assert.deepEqual(
    infos.map((info) => [info.transport, info.gaveUp]),
    [
      ['websocket', gaveUp],
      ['xhr', gaveUp],
    ],
  );
});

const opened = (all) => median(all.map((seen) => seen.opened));

function median(numbers) {
  return Math.round(numbers.sort((a, b) => a - b)[numbers.length >> 1]);
}
