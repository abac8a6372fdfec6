// What is polysocket's own: which transport is taken and why, and what becomes of a socket when the network or the page goes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { startChromium } from './chromium.mjs';
import { startServers } from './servers.mjs';

let browser, servers, context;

before(async () => {
  [browser, servers] = await Promise.all([startChromium(), startServers()]);
});

after(async () => {
  await Promise.all([browser?.close(), servers?.end()]);
});

afterEach(() => context?.close());

// The ways through a relay, and what the browser is to be without for them.
const relayed = { stream: [], 'stream by XHR': ['ReadableStream'], sse: [], xhr: [], jsonp: [] };
const ways = Object.entries(relayed).map(([name, without]) => ({ name, transport: name.split(' ')[0], without }));

// Opens a page that has polysocket, and the browser's own WebSocket only where it may.
async function open({ native = false, at = servers.urls.pages, before, without = [] } = {}) {
  context = await browser.newContext();
  await context.addInitScript((names) => names.forEach((name) => delete globalThis[name]), without);
  if (!native) await context.addInitScript(() => delete globalThis.WebSocket);
  await context.addInitScript(inPage);
  const page = await context.newPage();
  if (before) await before(page);
  await page.goto(at);
  await page.addScriptTag({ url: `${servers.urls.relay}/polysocket.js` });
  return page;
}

// What the page's own scripts use.
function inPage() {
  globalThis.opened = (socket) =>
    new Promise((resolve, reject) => {
      socket.addEventListener('open', () => resolve(socket));
      socket.addEventListener('close', (event) =>
        reject(new Error(`closed ${event.code}: ${polysocket.info(socket).error}`)),
      );
    });
  globalThis.ended = (socket) =>
    new Promise((resolve) =>
      socket.addEventListener('close', ({ code, reason, wasClean }) => resolve({ code, reason, wasClean })),
    );
  globalThis.next = (socket) =>
    new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data), { once: true }));
}

async function heard(id) {
  const url = `${servers.urls.told.replace('ws:', 'http:')}/heard?id=${id}`;
  return (await fetch(url, { signal: AbortSignal.timeout(60_000) })).json();
}

test('the browser has a WebSocket that works: it is used', async () => {
  const page = await open({ native: true });
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  const info = await page.evaluate(async ({ relay, told }) => {
    const Socket = polysocket.create({ router: relay });
    const socket = await opened(new Socket(told));
    return polysocket.info(socket);
  }, servers.urls);
  assert.deepEqual(info, { transport: 'websocket', gaveUp: [], error: '' });
  assert.deepEqual(requests, []);
});

test('what is missing, refused and hung is given up in the order of transports, and told', async () => {
  const page = await open({
    before: (page) => page.route('**/create', (route) => route.abort()), // a POST; the script element has a query
  });
  const seen = await page.evaluate(async ({ relay, told }) => {
    const events = [];
    const off = polysocket.on('transport', ({ socket, transport, gaveUp }) =>
      events.push([socket.url, transport, gaveUp]),
    );
    polysocket.install({ router: relay });
    const socket = await opened(new WebSocket(told));
    socket.send('hello');
    const echo = await next(socket);
    off();
    new WebSocket('ws://127.0.0.1:1/');
    return { events, echo, url: socket.url, info: polysocket.info(socket) };
  }, servers.urls);
  const missing = { transport: 'websocket', why: 'missing' };
  const refused = ['stream', 'sse', 'xhr'].map((transport) => ({ transport, why: 'refused' }));
  assert.deepEqual(seen.events, [
    [seen.url, null, [missing]],
    // They ask by the same requests, and are given up together.
    [seen.url, null, [missing, ...refused]],
    [seen.url, 'jsonp', [missing, ...refused]],
  ]);
  assert.equal(seen.echo, 'hello');
  assert.deepEqual(seen.info, { transport: 'jsonp', gaveUp: [missing, ...refused], error: '' });
});

test('a WebSocket that hangs is given up after the timeout', async () => {
  const page = await open({ native: true });
  const seen = await page.evaluate(async ({ relay, told }) => {
    let closes = 0;
    globalThis.WebSocket = class {
      close() {
        closes++;
      }
    };
    const Socket = polysocket.create({ router: relay, timeout: 200 });
    const socket = await opened(new Socket(told));
    return { closes, info: polysocket.info(socket) };
  }, servers.urls);
  assert.deepEqual(seen, {
    closes: 1,
    info: { transport: 'stream', gaveUp: [{ transport: 'websocket', why: 'hung' }], error: '' },
  });
});

for (const transport of ['stream', 'sse', 'xhr', 'jsonp']) {
  test(`${transport}: the router says why it opens nothing, and no other transport is asked`, async () => {
    const page = await open();
    const info = await page.evaluate(
      async ([{ relay, nobody }, transport]) => {
        const Socket = polysocket.create({
          router: relay,
          transports: [transport, transport === 'jsonp' ? 'xhr' : 'jsonp'],
        });
        const socket = new Socket(nobody);
        await ended(socket);
        return polysocket.info(socket);
      },
      [servers.urls, transport],
    );
    assert.deepEqual(info.gaveUp, [{ transport, why: 'target_unreachable' }]);
    assert.equal(info.transport, null);
    assert.match(info.error, /target/);
  });

  test(`${transport}: of a list of routers, those that do not answer are passed over`, async () => {
    const page = await open();
    const dead = servers.urls.nobody.replace('ws:', 'http:');
    const transports = await page.evaluate(
      async ([{ relay, told }, dead, transport]) => {
        const Socket = polysocket.create({ router: [dead, relay, dead + '/path'], transports: [transport] });
        const sockets = await Promise.all([1, 2, 3].map(() => opened(new Socket(told))));
        return sockets.map((socket) => polysocket.info(socket).transport);
      },
      [servers.urls, dead, transport],
    );
    assert.deepEqual(transports, [transport, transport, transport]);
  });

  test(`${transport}: the router gets the token, once it is there`, async () => {
    const page = await open();
    const creates = [];
    page.on('request', (request) => {
      if (request.url().includes('/create'))
        creates.push(new URLSearchParams(request.postData() ?? request.url().split('?')[1]));
    });
    await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const options = { router: relay, transports: [transport] };
        const tokens = ['a&b', () => 'c', () => new Promise((resolve) => setTimeout(resolve, 10, 'd'))];
        for (const token of tokens) await opened(new (polysocket.create({ ...options, token }))(told));
      },
      [servers.urls, transport],
    );
    assert.deepEqual(
      creates.map((create) => create.get('token')),
      ['a&b', 'c', 'd'],
    );
    assert.equal(new Set(creates.map((create) => create.get('nonce'))).size, 3);
    assert.match(creates[0].get('from'), /^polysocketjs-v\d/);
  });

  test(`${transport}: no token, no socket`, async () => {
    const page = await open();
    const error = await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const token = () => Promise.reject(new Error('logged out'));
        const socket = new (polysocket.create({ router: relay, transports: [transport], token }))(told);
        await ended(socket);
        return polysocket.info(socket).error;
      },
      [servers.urls, transport],
    );
    assert.match(error, /no token: logged out/);
  });

  test(`${transport}: a page that goes away has sent what it sent, and closes with 1001`, async () => {
    const page = await open();
    const id = `leave-${transport}`;
    await page.evaluate(
      async ([{ relay, told }, transport, id]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        const socket = await opened(new Socket(`${told}/?id=${id}`));
        setTimeout(() => {
          for (let i = 0; i < 20; i++) socket.send(`${i}`);
          location.href = '/away';
        });
      },
      [servers.urls, transport, id],
    );
    await page.waitForURL('**/away'); // Chromium may hang where it is to close a page in the midst of that
    const lines = await heard(id);
    assert.deepEqual(lines, [...Array.from({ length: 20 }, (_, i) => `text "${i}"`), 'close 1001 ""']);
  });

  test(`${transport}: a page that goes away with more than fits into its last request closes all the same`, async () => {
    const page = await open();
    const id = `leave-much-${transport}`;
    await page.evaluate(
      async ([{ relay, told }, transport, id]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        const socket = await opened(new Socket(`${told}/?id=${id}`));
        setTimeout(() => {
          socket.send(new Uint8Array(4 << 20));
          location.href = '/away';
        });
      },
      [servers.urls, transport, id],
    );
    await page.waitForURL('**/away');
    assert.equal((await heard(id)).at(-1), 'close 1001 ""');
  });

  test(`${transport}: a page that comes back finds its socket closed`, async () => {
    const page = await open();
    const outcome = await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        const socket = await opened(new Socket(told));
        dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
        return { ...(await ended(socket)), state: socket.readyState };
      },
      [servers.urls, transport],
    );
    assert.deepEqual(outcome, { code: 1006, reason: '', wasClean: false, state: 3 });
  });

  test(`${transport}: nothing is lost where the network goes away for a while`, async () => {
    const page = await open();
    await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        globalThis.socket = await opened(new Socket(told));
        globalThis.echoed = [];
        socket.onmessage = ({ data }) => echoed.push(data);
        globalThis.count = 0;
        globalThis.timer = setInterval(() => socket.send(`${count++}`), 5);
      },
      [servers.urls, transport],
    );
    const came = (n) => page.waitForFunction((n) => echoed.length >= n, n);
    await came(20);
    await context.setOffline(true);
    const { sent } = await page.evaluate(() => ({ sent: count }));
    await page.waitForFunction((n) => count >= n, sent + 60);
    await context.setOffline(false);
    await came(sent + 80);
    const outcome = await page.evaluate(async () => {
      clearInterval(timer);
      socket.close(1000);
      const { code } = await ended(socket);
      return { code, echoed, count };
    });
    assert.equal(outcome.code, 1000);
    assert.deepEqual(
      outcome.echoed,
      Array.from({ length: outcome.echoed.length }, (_, i) => `${i}`),
    );
  });

  test(`${transport}: the sockets of one host share two requests up`, async () => {
    const page = await open();
    const { all, most, count } = await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        const sockets = await Promise.all([1, 2, 3].map(() => opened(new Socket(told))));
        performance.setResourceTimingBufferSize(2000);
        const all = await Promise.all(
          sockets.map(async (socket, s) => {
            const echoed = [];
            // Ten at a time, so that there are requests enough on a slow machine too.
            while (echoed.length < 50) {
              const end = echoed.length + 10;
              const back = new Promise((resolve) => {
                socket.onmessage = ({ data }) => echoed.push(data) === end && resolve();
              });
              for (let i = end - 10; i < end; i++) {
                socket.send(`${s} ${i}`);
                await new Promise((resolve) => setTimeout(resolve));
              }
              await back;
            }
            return echoed;
          }),
        );
        // How many requests up are under way when one begins.
        const ups = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/s/'));
        const under = ups.map(
          (u) => ups.filter((v) => v.startTime <= u.startTime && v.responseEnd > u.startTime).length,
        );
        return { all, most: Math.max(...under), count: ups.length };
      },
      [servers.urls, transport],
    );
    assert.deepEqual(
      all,
      [0, 1, 2].map((s) => Array.from({ length: 50 }, (_, i) => `${s} ${i}`)),
    );
    assert.ok(most === 2 && count > 10, `${most} of ${count} requests up at a time`);
  });
}

test('jsonp: a socket of a page that loads lets it load', async () => {
  const page = await open({
    before: async (page) => {
      const client = readFileSync(new URL('../../dist/polysocket.js', import.meta.url), 'utf8');
      await page.addInitScript(`${client}\nglobalThis.polysocket = polysocket;`);
      await page.addInitScript(({ relay, told }) => {
        addEventListener('DOMContentLoaded', () => {
          globalThis.early = new (polysocket.create({ router: relay, transports: ['jsonp'] }))(told);
          early.onopen = () => early.send('hello');
          early.onmessage = ({ data }) => (globalThis.echoed = data);
        });
      }, servers.urls);
    },
  }); // which waits until it has loaded
  await page.waitForFunction(() => globalThis.echoed === 'hello');
});

test('jsonp: a page without referrer is let in, and no URL is longer than 7,500', async () => {
  const page = await open();
  let longest = 0;
  page.on('request', (request) => (longest = Math.max(longest, request.url().length)));
  const echo = await page.evaluate(async ({ relay, told }) => {
    document.head.append(Object.assign(document.createElement('meta'), { name: 'referrer', content: 'no-referrer' }));
    const Socket = polysocket.create({ router: relay, transports: ['jsonp'] });
    const socket = await opened(new Socket(told));
    const text = '%☃𝄞&+ é'.repeat(3000);
    socket.send(text);
    return (await next(socket)) === text;
  }, servers.urls);
  assert.equal(echo, true);
  assert.ok(longest > 6000 && longest <= 7500, `the longest has ${longest}`);
});

for (const { name, transport, without } of ways) {
  test(`${name}: thirty sockets of one HTTP/1.1 host all echo, while an image of that host loads`, async () => {
    const page = await open({ without });
    let longest = 0;
    page.on('request', (request) => (longest = Math.max(longest, request.url().length)));
    const seen = await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        const sockets = await Promise.all(Array.from({ length: 30 }, () => opened(new Socket(told))));
        const echo = (round) =>
          Promise.all(
            sockets.map((socket, i) => {
              const echoed = next(socket);
              socket.send(`${round} ${i}`);
              return echoed;
            }),
          );
        const image = (crossOrigin, i) =>
          new Promise((resolve) => {
            const image = new Image();
            image.crossOrigin = crossOrigin; // without cookies it has its part of the same six connections
            image.onload = image.onerror = () => resolve(performance.now());
            image.src = `${relay}/relay?host=x&image=${i}`;
          });
        const echoes = [];
        const loads = [];
        for (let round = 0; round < 3; round++) {
          const before = performance.now();
          const images = Promise.all([image('anonymous', round), image(null, round)]);
          echoes.push(await echo(round));
          loads.push(Math.max(...(await images)) - before);
        }
        await new Promise((resolve) => setTimeout(resolve, 2500)); // until nothing is left of reads that were superseded
        const before = performance.now();
        await Promise.all([1, 2, 3].map((i) => image('anonymous', `idle ${i}`)));
        loads.push(performance.now() - before);
        return { echoes, loads, transports: sockets.map((socket) => polysocket.info(socket).transport) };
      },
      [servers.urls, transport],
    );
    for (const [round, echoes] of seen.echoes.entries()) {
      assert.deepEqual(
        echoes,
        Array.from({ length: 30 }, (_, i) => `${round} ${i}`),
      );
    }
    assert.deepEqual(new Set(seen.transports), new Set([transport]));
    // One that is starved waits for reads to end, which is 15 s and more.
    for (const load of seen.loads) assert.ok(load < 12_000, `an image took ${load} ms`);
    assert.ok(longest <= 7500, `a URL has ${longest}`);
  });

  test(`${name}: thirty sockets wait at once, each at a host of its own`, async () => {
    const page = await open({ without });
    const hosts = new Set();
    page.on('request', (request) => /\/[jxe]\//.test(request.url()) && hosts.add(new URL(request.url()).host));
    const echoes = await page.evaluate(
      async ([{ wildcard, told }, transport]) => {
        const Socket = polysocket.create({ router: wildcard, transports: [transport] });
        const sockets = await Promise.all(Array.from({ length: 30 }, () => opened(new Socket(told))));
        return Promise.all(
          sockets.map((socket, i) => {
            socket.send(`${i}`);
            return next(socket);
          }),
        );
      },
      [servers.urls, transport],
    );
    assert.deepEqual(
      echoes,
      Array.from({ length: 30 }, (_, i) => `${i}`),
    );
    assert.equal(hosts.size, 30);
  });

  if (transport === 'jsonp') continue;
  test(`${name}: no preflight is asked for`, async () => {
    const page = await open({ without });
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const preflights = [];
    session.on(
      'Network.requestWillBeSent',
      ({ type, request }) => type === 'Preflight' && preflights.push(request.url),
    );
    await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const Socket = polysocket.create({ router: relay, transports: [transport] });
        const socket = await opened(new Socket(told));
        socket.send('small');
        await next(socket);
        const more = await Promise.all([1, 2, 3].map(() => opened(new Socket(told)))); // which read together
        socket.send(new Blob([new Uint8Array(300_000)]));
        await next(socket);
        for (const one of [socket, ...more]) {
          const end = ended(one);
          one.close(1000);
          await end;
        }
      },
      [servers.urls, transport],
    );
    assert.deepEqual(preflights, []);
  });
}

test('install puts it over WebSocket, and undoes it', async () => {
  const page = await open({ native: true });
  const seen = await page.evaluate(async ({ relay, told }) => {
    const native = WebSocket;
    const undo = polysocket.install({ router: relay });
    const first = WebSocket;
    const undoSecond = polysocket.install({ router: relay, transports: ['websocket'] });
    const socket = await opened(new WebSocket(told)); // the browser's own is under both
    undo(); // not what is there now
    const still = WebSocket !== first && WebSocket !== native;
    undoSecond();
    const back = WebSocket === first;
    undo();
    return { still, back, native: WebSocket === native, transport: polysocket.info(socket).transport };
  }, servers.urls);
  assert.deepEqual(seen, { still: true, back: true, native: true, transport: 'websocket' });
});

test('a second copy of the script finds the browser’s own WebSocket under that of the first', async () => {
  const page = await open({ native: true });
  await page.evaluate(({ relay }) => polysocket.install({ router: relay, transports: ['xhr'] }), servers.urls);
  await page.addScriptTag({ url: `${servers.urls.relay}/polysocket.min.js` });
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  const transport = await page.evaluate(async ({ relay, told }) => {
    const socket = await opened(new (polysocket.create({ router: relay }))(told));
    return polysocket.info(socket).transport;
  }, servers.urls);
  assert.equal(transport, 'websocket');
  assert.deepEqual(requests, []);
});

test('a listener that throws holds up no socket', async () => {
  const page = await open();
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  const transport = await page.evaluate(async ({ relay, told }) => {
    polysocket.on('transport', ({ transport }) => {
      throw new Error(`not ${transport}`);
    });
    const socket = await opened(new (polysocket.create({ router: relay }))(told));
    return polysocket.info(socket).transport;
  }, servers.urls);
  assert.equal(transport, 'stream');
  assert.deepEqual(errors, ['not null', 'not stream']);
});

for (const transport of ['stream', 'sse', 'xhr', 'jsonp']) {
  test(`${transport}: on a page that is isolated from other origins`, async () => {
    const page = await open({ at: `${servers.urls.pages}/isolated` });
    const seen = await page.evaluate(
      async ([{ relay, told }, transport]) => {
        const socket = await opened(new (polysocket.create({ router: relay, transports: [transport] }))(told));
        socket.send('hello');
        return { isolated: crossOriginIsolated, echo: await next(socket) };
      },
      [servers.urls, transport],
    );
    assert.deepEqual(seen, { isolated: true, echo: 'hello' });
  });
}

test('the script says where the router is, where nobody else does', async () => {
  const page = await open();
  const echo = await page.evaluate(async ({ told }) => {
    polysocket.install();
    const socket = await opened(new WebSocket(told));
    socket.send('hello');
    return next(socket);
  }, servers.urls);
  assert.equal(echo, 'hello');
});

test('it is a module, and works in a worker', async () => {
  const page = await open();
  const echo = await page.evaluate(async ({ relay, told }) => {
    const source = `
      import { create, info } from '${relay}/polysocket.mjs';
      const socket = new (create({ router: '${relay}', transports: ['websocket', 'jsonp', 'xhr'] }))('${told}');
      socket.onopen = () => socket.send('hello');
      socket.onmessage = ({ data }) => postMessage({ data, ...info(socket) });`;
    const before = 'delete globalThis.WebSocket;';
    const main = URL.createObjectURL(
      new Blob([before, source.replace('import ', '\nimport ')], { type: 'text/javascript' }),
    );
    const worker = new Worker(main, { type: 'module' });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
  }, servers.urls);
  assert.equal(echo.data, 'hello');
  assert.deepEqual(echo.gaveUp, [
    { transport: 'websocket', why: 'missing' },
    { transport: 'jsonp', why: 'missing' },
  ]);
});
