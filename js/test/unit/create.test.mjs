import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alive, create, newNonce } from '../../build/create.js';
import { version } from '../../build/version.js';
import { withGlobals } from './globals.mjs';
import { virtualClock } from './virtual.mjs';

const wish = { target: 'wss://target.test/a?b=c&d', protocols: [], token: undefined, nonce: '0123456789abcdef' };
const made = { ok: true, polysocketd: 'k3j7q.relay.test:8443', socket: 'abc', protocol: '' };
const no = (code, status = 403) => [status, { ok: false, code, error: `this is ${code}` }];

/** An exchange whose requests are in the test's hands. */
function handExchange(clock) {
  const requests = [];
  const exchange = (request, done, late) => {
    const entry = { ...request, at: clock.now(), over: false, cancelled: false, late };
    entry.answer = (status, body = null, late = false) => {
      assert.ok(!entry.over, 'the request is over');
      entry.over = true;
      done({ status, body, late });
    };
    requests.push(entry);
    return () => {
      entry.cancelled = !entry.over;
      entry.over = true;
    };
  };
  return { exchange, requests };
}

/** A create under way at so many routers, and what it tells. */
function parts(seed = 1) {
  const clock = virtualClock(seed);
  const { exchange, requests } = handExchange(clock);
  const told = [];
  const tell =
    (what) =>
    (...args) =>
      told.push([what, ...args]);
  const on = { created: tell('created'), refused: tell('refused'), failed: tell('failed') };
  return { clock, exchange, requests, told, on, config: { turn: 0, timeout: 10_000 } };
}

function creating({ routers = 1, turn = 0, timeout = 10_000, seed = 1, ...wished } = {}) {
  const { clock, exchange, requests, told, on } = parts(seed);
  const config = {
    routers: 'abcdef'
      .slice(0, routers)
      .split('')
      .map((r) => `https://${r}.test`),
    turn,
    timeout,
  };
  const { cancel, lose } = create(config, { ...wish, ...wished }, exchange, clock, on);
  const last = () => requests[requests.length - 1];
  /** Answers the last request, and waits for the next where there is one to come. */
  const answer = (...args) => {
    last().answer(...args);
    if (!told.length) clock.until(() => !last().over);
  };
  const asked = () => requests.map(({ url }) => url[8]).join('');
  return { clock, config, requests, told, cancel, lose, answer, asked };
}

test('the wish is a form', () => {
  const { requests } = creating({ protocols: ['a', 'b'], token: 'x y&z' });
  const [{ url, params, post, body, timeout }] = requests;
  assert.deepEqual([url, post, body, timeout], ['https://a.test/create', true, undefined, 10_000]);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(params)), {
    from: `polysocketjs-v${version}`,
    target: wish.target,
    protocols: 'a,b',
    token: 'x y&z',
    nonce: wish.nonce,
  });
});

test('a relay at the very host of its router has the path of its router', () => {
  for (const [router, polysocketd, relay] of [
    ['https://a.test/to/it', 'a.test', 'https://a.test/to/it'],
    ['http://a.test:8080/it', 'a.test:8080', 'http://a.test:8080/it'],
    ['http://a.test:8080/it', 'a.test', 'http://a.test'],
    ['https://a.test/it', 'tom.a.test', 'https://tom.a.test'],
  ]) {
    const { config, exchange, requests, clock, on, told } = parts();
    config.routers = [router];
    create(config, wish, exchange, clock, on);
    requests[0].answer(200, { ok: true, polysocketd, socket: 's', protocol: '' });
    assert.deepEqual(told[0][1], { relay, socket: 's' });
    const asked = [];
    alive(
      router,
      { relay, socket: 's' },
      (request) => asked.push(request.params),
      () => {},
    );
    assert.deepEqual(asked, [`host=${encodeURIComponent(polysocketd)}`]);
  }
});

test('what was not wished is not in it', () => {
  const { requests } = creating();
  assert.deepEqual([...new URLSearchParams(requests[0].params).keys()], ['from', 'target', 'nonce']);
});

test('what a router has made is told, with the scheme by which it was asked', () => {
  const { told, answer, clock } = creating();
  answer(200, { ...made, protocol: 'chat' });
  const at = { relay: 'https://k3j7q.relay.test:8443', socket: 'abc' };
  assert.deepEqual(told, [['created', at, 'chat', 'https://a.test']]);
  assert.equal(clock.pending(), 0);

  const plain = virtualClock();
  const { exchange, requests } = handExchange(plain);
  const config = { routers: ['http://a.test:81/base'], turn: 0, timeout: 1000 };
  let relay;
  create(config, wish, exchange, plain, { created: (at) => ({ relay } = at) });
  assert.equal(requests[0].url, 'http://a.test:81/base/create');
  requests[0].answer(200, { ok: true, polysocketd: 'relay.test', socket: 'abc' });
  assert.equal(relay, 'http://relay.test');
});

test('routers are asked one after the other, each time beginning with the next', () => {
  for (const [turn, order] of ['abcabc', 'bcabca', 'cabcab', 'abcabc'].entries()) {
    const { answer, asked, told, config } = creating({ routers: 3, turn });
    while (!told.length) answer(0);
    assert.equal(asked(), order);
    assert.deepEqual(told, [['failed', 'refused', 'the request failed']]);
    assert.equal(config.turn, turn + 1);
  }
});

test('all are asked twice, the second time after a pause each, and all are told the same', () => {
  const { answer, requests, told } = creating({ routers: 2 });
  while (!told.length) answer(502);
  const [first, second, third, fourth] = requests.map(({ at }) => at);
  assert.equal(second, first, 'the next is asked at once');
  for (const pause of [third - second, fourth - third]) assert.ok(pause >= 150 && pause <= 450, `${pause} ms`);
  assert.equal(new Set(requests.map(({ params }) => params)).size, 1, 'and with it the nonce: one socket is opened');
  assert.deepEqual(told, [['failed', 'refused', 'the answer has status 502 and is not one of polysocket']]);
});

test('pages that failed together do not come back together', () => {
  const pauses = new Set();
  for (let seed = 0; seed < 20; seed++) {
    const { answer, requests } = creating({ seed });
    answer(0);
    pauses.add(Math.round(requests[1].at - requests[0].at));
  }
  assert.ok(pauses.size > 10, `${pauses.size} moments`);
});

test('an answer of any of them will do', () => {
  for (const tries of [0, 1, 2, 3, 4, 5]) {
    const { answer, told } = creating({ routers: 3 });
    for (let i = 0; i < tries; i++) answer(0);
    answer(200, made);
    assert.equal(told.length, 1);
    assert.equal(told[0][0], 'created');
    assert.equal(told[0][3], `https://${'abc'[tries % 3]}.test`, 'it is the one to ask for the relay');
  }
});

for (const code of [
  'token_invalid',
  'origin_denied',
  'target_denied',
  'target_refused',
  'limit_reached',
  'bad_request',
]) {
  test(`${code} is final: other routers would say the same`, () => {
    const { answer, told, requests, clock } = creating({ routers: 2 });
    answer(...no(code));
    assert.deepEqual(told, [['refused', code, `this is ${code}`]]);
    assert.deepEqual([requests.length, clock.pending()], [1, 0]);
  });
}

for (const code of ['no_relay', 'internal']) {
  test(`${code} says nothing about other routers, and is final where there are none left`, () => {
    const { answer, told, asked } = creating({ routers: 3 });
    answer(...no(code, 503));
    answer(...no(code, 503));
    assert.deepEqual(told, []);
    answer(...no(code, 503));
    assert.deepEqual(told, [['refused', code, `this is ${code}`]]);
    assert.equal(asked(), 'abc');
    const alone = creating();
    alone.answer(...no(code, 503));
    assert.deepEqual(alone.told, [['refused', code, `this is ${code}`]]);
  });
}

test('an answer that is none of a router is none', () => {
  const pages = [
    [200, null],
    [200, 'a page'],
    [200, []],
    [200, { hello: 'world' }],
    [200, { ok: true }],
    [200, { ok: true, polysocketd: 'relay.test' }],
    [200, { ok: true, polysocketd: 7, socket: 'abc' }],
    [200, { ...made, ok: 'true' }],
    [403, { ok: false }],
    [403, { ok: false, code: 7 }],
    [403, { code: 'target_denied' }],
  ];
  for (const page of pages) {
    const { answer, told, requests } = creating();
    answer(...page);
    answer(...page);
    assert.deepEqual([told.map(([what, why]) => [what, why]), requests.length], [[['failed', 'refused']], 2]);
  }
});

test('the wait is shared by the routers, but each is given 3 s', () => {
  const timeouts = [
    [1, 10_000, 10_000],
    [2, 10_000, 5000],
    [5, 10_000, 3000],
    [2, 4000, 3000],
    [3, 1000, 1000],
    [1, 1000, 1000],
  ];
  for (const [routers, timeout, each] of timeouts) {
    const { requests, answer } = creating({ routers, timeout });
    answer(0);
    assert.deepEqual(
      requests.map((r) => r.timeout),
      [each, each],
    );
  }
});

test('where a router hangs the next is asked; where the last does, all hang', () => {
  const { answer, told, asked } = creating({ routers: 2 });
  answer(0, null, true);
  answer(0, null, true);
  assert.equal(asked(), 'ab');
  assert.deepEqual(told, [['failed', 'hung', 'no answer came in time']]);
  const second = creating({ routers: 2 });
  for (let i = 0; i < 2; i++) second.answer(0);
  second.answer(0, null, true);
  assert.deepEqual([second.asked(), second.told[0][1]], ['aba', 'hung']);
});

test('cancelled, it takes back its request, or the pause before the next, and tells nothing', () => {
  const asking = creating();
  asking.cancel();
  assert.equal(asking.requests[0].cancelled, false, 'its answer may be under way');
  asking.clock.run(500);
  assert.equal(asking.requests[0].cancelled, true);
  const pausing = creating();
  pausing.requests[0].answer(0);
  pausing.cancel();
  assert.equal(pausing.clock.pending(), 0);
  assert.deepEqual([asking.told, pausing.told, pausing.requests.length], [[], [], 1]);
});

test('a socket whose making crosses the cancel is closed, and that is all', () => {
  const { requests, cancel, told, clock } = creating();
  cancel();
  clock.run(499);
  requests[0].answer(200, made);
  assert.equal(requests.length, 2);
  assert.match(requests[1].params, /^t=c&code=1000/);
  clock.run(10);
  assert.deepEqual([requests[0].cancelled, requests[1].cancelled, requests.length, told], [false, false, 2, []]);
});

test('a socket that was made although it was cancelled is closed', () => {
  const { requests, cancel, told, clock } = creating();
  cancel();
  clock.run(500);
  requests[0].late({ status: 200, body: made });
  assert.equal(requests.length, 2);
  const { url, params, post } = requests[1];
  assert.deepEqual([url, post], ['https://k3j7q.relay.test:8443/s/abc', true]);
  const { t, code, n } = Object.fromEntries(new URLSearchParams(params));
  assert.deepEqual([t, code, n], ['c', '1000', undefined], 'at once, whatever its number');
  requests[1].answer(201, { ok: true });
  assert.deepEqual(told, []);
});

test('an answer after the cancel that has made none closes none', () => {
  for (const [status, body] of [no('target_denied'), [0, null], [200, { ok: true }], [200, 'a page']]) {
    const { requests, cancel, told } = creating();
    cancel();
    requests[0].late({ status, body });
    assert.deepEqual([requests.length, told], [1, []]);
  }
});

test('one that has lost is let finish, and its socket is closed; it is not asked for again', () => {
  const { requests, lose, told, clock } = creating({ routers: 2 });
  lose();
  assert.equal(requests[0].cancelled, false);
  requests[0].answer(200, made);
  assert.equal(requests.length, 2);
  const { t, code, n } = Object.fromEntries(new URLSearchParams(requests[1].params));
  assert.deepEqual([requests[1].url, t, code, n], ['https://k3j7q.relay.test:8443/s/abc', 'c', '1000', undefined]);
  for (const answer of [[0], [0, null, true], no('target_refused'), no('no_relay')]) {
    const failing = creating({ routers: 2 });
    failing.lose();
    failing.requests[0].answer(...answer);
    assert.deepEqual([failing.requests.length, failing.clock.pending(), failing.told], [1, 0, []]);
  }
  assert.deepEqual([told, clock.pending()], [[], 0]);
});

test('one that has lost in the pause before it asks again does not ask again', () => {
  const { requests, lose, told, clock } = creating();
  requests[0].answer(0);
  lose();
  assert.deepEqual([requests.length, clock.pending(), told], [1, 0, []]);
});

test('one that has lost is cancelled still', () => {
  const { requests, lose, cancel, clock } = creating();
  lose();
  cancel();
  clock.run(500);
  assert.equal(requests[0].cancelled, true);
});

test('alive asks for the host of the relay, with its port, and knows nothing where there is no answer', () => {
  const answers = [
    [200, { ok: true, alive: true }, true],
    [200, { ok: true, alive: false }, false],
    [200, { ok: true }, null],
    [200, { ok: true, alive: 'no' }, null],
    [0, null, null],
    [502, null, null],
    [400, { ok: false, code: 'bad_request' }, null],
  ];
  for (const [status, body, says] of answers) {
    const { exchange, requests } = handExchange(virtualClock());
    const told = [];
    alive('https://a.test/base', { relay: 'https://k.relay.test:8443', socket: 'abc' }, exchange, (a) => told.push(a));
    const [{ url, params, post, answer }] = requests;
    assert.deepEqual([url, params, !!post], ['https://a.test/base/relay', 'host=k.relay.test%3A8443', false]);
    answer(status, body);
    assert.deepEqual(told, [says]);
  }
});

test('a nonce is a word of 16 to 64 characters, and each is another', (t) => {
  const clock = virtualClock();
  const values = {
    crypto: { getRandomValues: (bytes) => bytes.map((_, i) => i * 16) },
    msCrypto: undefined,
  };
  withGlobals(t, values);
  assert.equal(newNonce(clock), '00102030405060708090a0b0c0d0e0f0');
  withGlobals(t, { crypto: undefined, msCrypto: values.crypto });
  assert.equal(newNonce(clock), '00102030405060708090a0b0c0d0e0f0');
  withGlobals(t, { crypto: undefined, msCrypto: undefined });
  const words = Array.from({ length: 200 }, () => newNonce(clock));
  for (const word of words) assert.match(word, /^[0-9a-f]{32}$/);
  assert.equal(new Set(words).size, 200);
  const odd = [0, 0.5, 0.25, 1 - 2 ** -53];
  let i = 0;
  assert.match(newNonce({ ...clock, random: () => odd[i++ % 4] }), /^[0-9a-f]{32}$/);
});
