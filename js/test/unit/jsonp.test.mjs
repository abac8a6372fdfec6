// Links over script elements, in a page that loads them from the fake relay. Nobody can stop a script element: who takes a
// request back has it under way all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Link } from '../../build/link.js';
import { Names } from '../../build/names.js';
import { Slots } from '../../build/slots.js';
import { transports } from '../../build/transport/transport.js';
import { withGlobals } from './globals.mjs';
import { Network } from './network.mjs';
import { Relay } from './relay.mjs';
import { Target } from './target.mjs';
import { virtualClock } from './virtual.mjs';

/** A page that loads script elements, `loading` of them now; `most` is how many sends there have been at a time. */
function pageOf(t, { plan, readyState = 'complete' } = {}) {
  const clock = virtualClock();
  const relay = new Relay(clock);
  const network = new Network(clock, relay, plan);
  const page = { clock, relay, network, slots: new Slots(clock), loading: new Set(), most: 0, links: [] };
  const head = {
    appendChild(element) {
      element.parentNode = head;
      load(element);
    },
    removeChild(element) {
      element.parentNode = null;
    },
  };

  function load(element) {
    const { origin, pathname, searchParams } = new URL(element.src);
    const callback = searchParams.get('cb');
    const params = element.src.slice(element.src.indexOf('?') + 1).replace(`&cb=${callback}`, '');
    const request = { url: origin + pathname, params, timeout: 1e9 };
    page.loading.add(element);
    network.exchange(request, ({ status, body }) => {
      page.loading.delete(element);
      if (status && body) globalThis[callback](body);
      if (status) element.onload();
      else element.onerror();
    });
    page.most = Math.max(page.most, [...page.loading].filter(({ src }) => /[?&]t=/.test(src)).length);
  }

  withGlobals(t, {
    document: { createElement: () => ({ onload: null, onerror: null }), head, readyState },
    setTimeout: (run, milliseconds) => clock.after(milliseconds, run),
    clearTimeout: (cancel) => cancel && cancel(),
    fetch: (url, init) => (network.beacon(url, init.body), { then() {} }),
  });

  page.open = (options) => {
    const target = new Target(clock, options);
    const { exchange, up, down } = transports.jsonp;
    const client = { target, got: [], over: null };
    client.link = new Link({
      at: relay.open(target),
      ...{ exchange, up, clock, slots: page.slots, names: new Names(clock) },
      downs: [{ name: 'jsonp', down }],
      path: { proven: false },
      alive: (tell) => clock.after(1, () => tell(null)),
      on: {
        message: ({ data }) => client.got.push(data),
        closed: (code, reason) => (client.over = { code, reason }),
        failed: (error) => (client.over = { error }),
      },
    });
    client.link.start();
    page.links.push(client);
    return client;
  };
  return page;
}

const text = (data) => ({ kind: 't', data });

test('what is sent both ways arrives, long and short, and nothing is left of it', (t) => {
  const before = Object.keys(globalThis);
  const page = pageOf(t);
  const { link, target, got } = page.open();
  const messages = ['a', '', '😀'.repeat(5000), 'é&=%+#', 'x'.repeat(20_000)];
  for (const message of messages) link.send(text(message));
  const bytes = Uint8Array.from({ length: 12_000 }, (_, i) => i & 255);
  link.send({ kind: 'b', data: bytes });
  page.clock.run(100);
  for (const message of messages) target.send('t', message);
  target.send('b', Buffer.from(bytes));
  page.clock.run(5000);
  assert.deepEqual(got, [...messages, bytes]);
  link.send({ kind: 'c', code: 3000, data: 'bye & é' });
  page.clock.idle();
  assert.deepEqual(target.messages, [...messages, Buffer.from(bytes)]);
  assert.deepEqual(
    [target.closed, page.links[0].over],
    [
      { code: 3000, reason: 'bye & é' },
      { code: 3000, reason: 'bye & é' },
    ],
  );
  assert.deepEqual([page.relay.allComplaints(), page.slots.hosts, page.loading.size], [[], {}, 0]);
  assert.deepEqual(
    Object.keys(globalThis).filter((name) => !before.includes(name) && /^polysocket_/.test(name)),
    [],
  );
});

test('requests that fail are made again', (t) => {
  let count = 0;
  const fates = ['fine', 'refused', 'page', 'cut', 'fine'];
  const page = pageOf(t, { plan: () => ({ fate: fates[count++ % 5], status: 200, body: null, arrives: true }) });
  const { link, target, got } = page.open();
  for (let i = 0; i < 20; i++) link.send(text(`up ${i}`));
  for (let i = 0; i < 20; i++) target.send('t', `down ${i}`);
  page.clock.run(60_000);
  assert.deepEqual([target.messages.length, got.length], [20, 20]);
  link.send({ kind: 'c', code: 1000, data: '' });
  page.clock.idle();
  assert.equal(page.links[0].over.code, 1000);
  assert.deepEqual(page.relay.allComplaints(), []);
});

test('while the page loads, which waits for its scripts, no read waits at the relay', (t) => {
  const page = pageOf(t, { readyState: 'interactive' });
  const { link, target, got } = page.open();
  page.clock.run(3000);
  const reads = page.network.requests.length;
  assert.ok(reads > 5 && reads < 20, `${reads} reads in 3 s`);
  target.send('t', 'a');
  page.clock.run(300);
  assert.deepEqual(got, ['a']);
  document.readyState = 'complete';
  page.clock.run(1000);
  const before = page.network.requests.length;
  page.clock.run(5000);
  assert.equal(page.network.requests.length, before, 'and then one does');
  link.leave(1001);
  page.clock.idle();
  assert.equal(target.closed.code, 1001);
});

test('there are two scripts up at a time to one host, also where nobody’s target reads', (t) => {
  const page = pageOf(t);
  for (let i = 0; i < 4; i++) page.open({ stall: () => 40_000 });
  for (const { link } of page.links) for (let i = 0; i < 5; i++) link.send(text('x'));
  page.clock.run(60_000);
  const { most } = page;
  for (const { link } of page.links) link.leave(1001);
  page.clock.idle();
  assert.ok(most <= 2, `${most} at a time: with the reads these are more connections than a browser has`);
});
