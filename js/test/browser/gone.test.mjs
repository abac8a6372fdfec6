// Processes that are killed, and names that lead nowhere: what a page sees of it, and after how long, which is printed.
//
//   node --test test/browser/gone.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loopback, startChromium } from './chromium.mjs';
import { startBadGateway, startHanging, startRouter } from './doubles.mjs';
import { build, freeAddress, startCluster, startPages, startRelay, startTold } from './servers.mjs';

/** What is promised of a relay that is gone, in milliseconds. */
const promised = 5000;

/** The ways through a relay, and what the browser is to be without for them. */
const ways = {
  stream: [],
  'stream by XHR': ['ReadableStream'],
  sse: [],
  xhr: [],
  jsonp: [],
};

let browser, nameless, polysocket, pages, told, nobody;
const ends = [];

before(async () => {
  [polysocket, pages, told] = await Promise.all([build('./cmd/polysocket'), startPages(), startTold()]);
  const { host, port } = await freeAddress('127.88.88.89');
  nobody = `http://${host}:${port}`;
  browser = await startChromium();
  nameless = await startChromium('MAP *.relay.test ~NOTFOUND'); // in which no label resolves
  ends.push(polysocket.end, pages.end, told.end);
});

after(async () => {
  await Promise.all([browser?.close(), nameless?.close()]);
  await Promise.all(ends.map((end) => end()));
});

/** Opens a page that has polysocket, and not what it is to be without. */
async function open(without = [], at = browser) {
  const context = await at.newContext();
  await context.addInitScript((names) => names.forEach((name) => delete globalThis[name]), ['WebSocket', ...without]);
  await context.addInitScript(inPage);
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url())));
  await page.goto(pages.url);
  await page.addScriptTag({ url: `${pages.url}/polysocket.js` });
  return { page, asked, close: () => context.close() };
}

// In the page: it opens sockets, keeps what they hear, and lets some of them send all the time.
function inPage() {
  globalThis.use = async ({ router, transport, target, count, sending = 0 }) => {
    const { polysocket } = globalThis;
    const Socket = polysocket.create({ router, transports: [transport] });
    globalThis.seen = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const socket = new Socket(target);
        const one = { socket, echoed: [], ended: null };
        socket.onmessage = ({ data }) => one.echoed.push(data);
        socket.onclose = ({ code, wasClean }) => {
          one.ended = { code, wasClean, at: Date.now(), error: polysocket.info(socket).error };
        };
        await new Promise((resolve) => (socket.onopen = resolve));
        if (i < sending) setInterval(() => socket.readyState === 1 && socket.send('on and on'), 20);
        return one;
      }),
    );
  };
  /** What came of all sockets, once they are over. */
  globalThis.over = async (within) => {
    const { seen } = globalThis;
    const deadline = Date.now() + within;
    while (!seen.every(({ ended }) => ended) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return seen.map(({ ended }) => ended);
  };
  globalThis.echo = async () => {
    const { seen } = globalThis;
    for (const { socket } of seen) socket.send('hello');
    while (!seen.every(({ echoed }) => echoed.includes('hello')))
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
}

/** Waits until all sockets of a page are over, and looks at how they have ended since then. */
async function ended(page, since, error) {
  const all = await page.evaluate((within) => over(within), promised);
  const times = all.map((end) => {
    assert.ok(end, `a socket is open still, ${promised} ms after`);
    assert.deepEqual([end.code, end.wasClean], [1006, false]);
    assert.match(end.error, error);
    return end.at - since;
  });
  return Math.max(...times);
}

for (const [name, without] of Object.entries(ways)) {
  const transport = name.split(' ')[0];
  const situations = {
    'one that is idle': { count: 1 },
    'one that sends': { count: 1, sending: 1 },
    'twelve, some of which send': { count: 12, sending: 3 },
  };
  for (const [situation, sockets] of Object.entries(situations)) {
    test(`${name}: the relay is killed, and ${situation}: 1006 within 5 s`, async (t) => {
      const relay = await startRelay(polysocket.path);
      const router = await startRouter(() => relay.url);
      const { page, close } = await open(without);
      try {
        // A second router, which is not there, must not be in the way.
        const list = sockets.count > 1 ? [nobody, router.url] : router.url;
        await page.evaluate((about) => use(about), { router: list, transport, target: told.url, ...sockets });
        await page.evaluate(() => echo());
        const since = Date.now();
        await relay.end();
        const took = await ended(page, since, /^the relay is gone$/);
        assert.ok(router.asked <= sockets.count, `the router was asked ${router.asked} times`);
        t.diagnostic(`${name}, ${situation}: 1006 after ${took} ms, with ${router.asked} questions`);
      } finally {
        await close();
        router.end();
        await relay.end();
      }
    });
  }

  test(`${name}: the relay is killed before the first read`, async (t) => {
    const relay = await startRelay(polysocket.path);
    const router = await startRouter(() => relay.url);
    const { page, close } = await open(without);
    let killed;
    try {
      // Reads and sends are held back until it is gone.
      await page.route(/\/[jxes]\/|\/m(\?|$)/, async (route) => {
        killed ??= relay.end().then(() => Date.now());
        await killed;
        await route.continue();
      });
      await page.evaluate((about) => use(about), { router: router.url, transport, target: told.url, count: 1 });
      await page.waitForFunction(() => globalThis.seen[0].ended, null, { timeout: 2 * promised });
      const took = await ended(page, await killed, /^the relay is gone$/);
      t.diagnostic(`${name}, before its first read: 1006 after ${took} ms`);
    } finally {
      await close();
      router.end();
      await relay.end();
    }
  });

  test(`${name}: the relay is started anew, and does not know its sockets: 1006 at once`, async (t) => {
    const { host, port } = await freeAddress('127.88.88.92');
    const listen = `--listen=${host}:${port}`;
    const relay = await startRelay(polysocket.path, listen);
    const router = await startRouter(() => relay.url);
    const { page, close } = await open(without);
    let next;
    try {
      await page.evaluate((about) => use(about), {
        router: router.url,
        transport,
        target: told.url,
        count: 4,
        sending: 2,
      });
      await page.evaluate(() => echo());
      const since = Date.now();
      await relay.end();
      // The port is free a moment after the process has gone.
      for (let i = 0; !next && i < 20; i++) next = await startRelay(polysocket.path, listen).catch(() => null);
      assert.ok(next, 'it does not start');
      const took = await ended(page, since, /no such socket|the relay is gone/);
      t.diagnostic(`${name}, started anew: 1006 after ${took} ms`);
    } finally {
      await close();
      router.end();
      await Promise.all([relay.end(), next?.end()]);
    }
  });
}

for (const [name, without] of Object.entries(ways)) {
  test(`${name}: of real routers and relays a relay and the router that made its sockets are killed: 1006 within 5 s`, async (t) => {
    const cluster = await startCluster(polysocket.path);
    const routers = await Promise.all([cluster.startRouter(), cluster.startRouter()]);
    const relay = await cluster.startRelay();
    const { page, asked, close } = await open(without);
    let next;
    try {
      const about = { router: routers.map(({ url }) => url), transport: name.split(' ')[0], target: told.url };
      // Routers know of a relay a moment after it has started.
      await ready(routers);
      await page.evaluate((about) => use(about), { ...about, count: 3, sending: 1 });
      await page.evaluate(() => echo());
      const made = asked.find(({ pathname }) => pathname === '/create').origin;
      const since = Date.now();
      await Promise.all([relay.end(), routers.find(({ url }) => url === made).end()]);
      const took = await ended(page, since, /^the relay is gone$/);
      t.diagnostic(`${name}, of real processes: 1006 after ${took} ms`);
      // And new ones go elsewhere.
      next = await cluster.startRelay();
      await ready(routers.filter(({ url }) => url !== made));
      await page.evaluate((about) => use(about), { ...about, count: 1 });
      await page.evaluate(() => echo());
    } finally {
      await close();
      await Promise.all([...routers, relay, next].map((process) => process?.end()));
      await cluster.end();
    }
  });
}

/** Waits until routers have a relay that opens sockets, and have been there for so long that they can say of one that it is gone. */
async function ready(routers) {
  const create = new URLSearchParams({ from: 'test', target: told.url });
  const ask = async (url) => (await fetch(url, { headers: { Origin: pages.url } })).json();
  for (const { url } of routers) {
    const is = async () => (await ask(`${url}/create?${create}`)).ok && (await ask(`${url}/relay?host=nobody.test`)).ok;
    const deadline = Date.now() + 30_000;
    while (!(await is())) {
      assert.ok(Date.now() < deadline, `${url} is not ready`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

for (const transport of ['stream', 'xhr', 'jsonp']) {
  test(`${transport}: routers that are gone, that hang, and that a proxy says are gone are passed over`, async (t) => {
    const relay = await startRelay(polysocket.path);
    const doubles = {
      'is gone': { url: nobody },
      hangs: await startHanging(),
      'is behind a proxy': await startBadGateway(),
    };
    try {
      for (const [what, { url }] of Object.entries(doubles)) {
        const { page, asked, close } = await open();
        const list = [url, relay.url];
        // A class begins with any of them, and then with the next.
        const opened = await page.evaluate(
          async ({ list, transport, target }) => {
            const Socket = globalThis.polysocket.create({ router: list, transports: [transport] });
            const times = [];
            for (let i = 0; i < 4; i++) {
              const start = performance.now();
              const socket = new Socket(target);
              await new Promise((resolve, reject) => {
                socket.onopen = resolve;
                socket.onclose = () => reject(new Error(globalThis.polysocket.info(socket).error));
              });
              times.push(performance.now() - start);
            }
            return times;
          },
          { list, transport, target: told.url },
        );
        const creates = asked.filter(({ pathname }) => pathname === '/create').map(({ origin }) => origin);
        // It is asked once, and then last, which is never.
        assert.equal(creates.filter((origin) => origin === url).length, 1, creates.join());
        assert.equal(creates.length, 5);
        t.diagnostic(`${transport}, the other ${what}: open after ${opened.map(Math.round).join(', ')} ms`);
        await close();
      }
    } finally {
      doubles.hangs.end();
      doubles['is behind a proxy'].end();
      await relay.end();
    }
  });

  test(`${transport}: where no router is reached the error says what was tried`, async () => {
    const bad = await startBadGateway();
    const { page, close } = await open();
    try {
      const error = await page.evaluate(
        async ({ router, transport, target }) => {
          const socket = new (globalThis.polysocket.create({ router, transports: [transport] }))(target);
          await new Promise((resolve) => (socket.onclose = resolve));
          return globalThis.polysocket.info(socket).error;
        },
        { router: [nobody, bad.url], transport, target: told.url },
      );
      for (const url of [nobody, bad.url]) assert.ok(error.includes(`${url}: `), error);
    } finally {
      await close();
      bad.end();
    }
  });
}

// Names.

for (const [name, without] of Object.entries(ways)) {
  const transport = name.split(' ')[0];

  test(`${name}: where labels do not resolve sockets go by the bare name, and lose nothing`, async (t) => {
    const { host, port } = await freeAddress(loopback);
    const domain = `relay.test:${port}`;
    const relay = await startRelay(polysocket.path, `--listen=${host}:${port}`, '--wildcard', `--host=${domain}`);
    const { page, asked, close } = await open(without, nameless);
    try {
      const about = { router: `http://${domain}`, transport, target: told.url };
      const start = Date.now();
      await page.evaluate((about) => use(about), { ...about, count: 1 });
      await page.evaluate(() => echo());
      t.diagnostic(`${name}, no label resolves: an echo after ${Date.now() - start} ms`);
      assert.ok(
        asked.some((url) => url.host.endsWith(`.${domain}`)),
        'a label was tried',
      );
      const before = asked.length;
      await page.evaluate((about) => use(about), { ...about, count: 5 });
      await page.evaluate(() => echo());
      const hosts = new Set(asked.slice(before).map((url) => url.host));
      assert.deepEqual([...hosts], [domain], 'other sockets begin with the bare name');
    } finally {
      await close();
      await relay.end();
    }
  });
}

test('where labels resolve nothing goes by the bare name, also when the relay is killed: 1006 within 5 s', async (t) => {
  for (const at of [browser, nameless]) {
    const { host, port } = await freeAddress(loopback);
    const domain = `relay.test:${port}`;
    const relay = await startRelay(polysocket.path, `--listen=${host}:${port}`, '--wildcard', `--host=${domain}`);
    const router = await startRouter(() => `http://${host}:${port}`);
    const { page, asked, close } = await open([], at);
    try {
      const list = [`http://${domain}`, router.url];
      await page.evaluate((about) => use(about), {
        router: list,
        transport: 'xhr',
        target: told.url,
        count: 6,
        sending: 2,
      });
      await page.evaluate(() => echo());
      const since = Date.now();
      await relay.end();
      const took = await ended(page, since, /^the relay is gone$/);
      t.diagnostic(`labels ${at === browser ? 'resolve' : 'do not resolve'}: 1006 after ${took} ms`);
      const bare = asked.filter(({ host, pathname }) => host === domain && /^\/[js]\//.test(pathname));
      if (at === browser) assert.equal(bare.length, 0);
    } finally {
      await close();
      router.end();
      await relay.end();
    }
  }
});
