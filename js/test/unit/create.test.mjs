import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, newNonce } from '../../build/create.js';
import { Rota } from '../../build/rota.js';
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
  return { clock, exchange, requests, told, on, config: { timeout: 10_000 } };
}

function creating({ routers = 1, turn = 0, timeout = 10_000, seed = 1, ...wished } = {}) {
  const { clock, exchange, requests, told, on } = parts(seed);
  const list = 'abcdef'
    .slice(0, routers)
    .split('')
    .map((r) => `https://${r}.test`);
  const config = { routers: list, rota: new Rota(list, turn), timeout };
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
    config.rota = new Rota([router], 0);
    create(config, wish, exchange, clock, on);
    requests[0].answer(200, { ok: true, polysocketd, socket: 's', protocol: '' });
    assert.deepEqual(told[0][1], { relay, socket: 's' });
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
  const config = { rota: new Rota(['http://a.test:81/base'], 0), timeout: 1000 };
  let relay;
  create(config, wish, exchange, plain, { created: (at) => ({ relay } = at) });
  assert.equal(requests[0].url, 'http://a.test:81/base/create');
  requests[0].answer(200, { ok: true, polysocketd: 'relay.test', socket: 'abc' });
  assert.equal(relay, 'http://relay.test');
});

test('routers are asked one after the other, each time beginning with the next', () => {
  for (const [turn, order] of ['abcabc', 'bcabca', 'cabcab', 'abcabc'].entries()) {
    const { answer, asked, told } = creating({ routers: 3, turn });
    while (!told.length) answer(0);
    assert.equal(asked(), order);
    assert.deepEqual(told[0].slice(0, 2), ['failed', 'refused']);
  }
});

test('all are asked twice, the second time after a pause each, and all are told the same', () => {
  const { answer, requests, told } = creating({ routers: 2 });
  while (!told.length) answer(502);
  const [first, second, third, fourth] = requests.map(({ at }) => at);
  assert.equal(second, first, 'the next is asked at once');
  for (const pause of [third - second, fourth - third]) assert.ok(pause >= 150 && pause <= 450, `${pause} ms`);
  assert.equal(new Set(requests.map(({ params }) => params)).size, 1, 'and with it the nonce: one socket is opened');
  const said = 'the answer has status 502 and is not one of polysocket';
  assert.deepEqual(told, [['failed', 'refused', `https://a.test: ${said}; https://b.test: ${said}`]]);
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
    const tried = 'abc'.replace(/./g, (r) => `; https://${r}.test: this is ${code}`).slice(2);
    assert.deepEqual(told, [['refused', code, tried]]);
    assert.equal(asked(), 'abc');
    const alone = creating();
    alone.answer(...no(code, 503));
    assert.deepEqual(alone.told, [['refused', code, `this is ${code}`]]);
  });
}

test('a ticket that a router has which is being asked still is no good for others, and that one says what came of it', () => {
  for (const last of [[200, made], no('target_refused'), [0]]) {
    const { requests, told, clock } = creating({ routers: 2 });
    until(clock, requests, 2);
    requests[1].answer(...no('token_invalid', 401));
    assert.deepEqual(told, []);
    requests[0].answer(...last);
    const [what, why] = told[0];
    if (last[0] === 200) assert.equal(what, 'created');
    else assert.deepEqual([what, why], ['refused', last[0] ? 'target_refused' : 'token_invalid']);
    assert.equal(told.length, 1);
  }
});

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

test('a router that has no relay, and others that are not reached: what was said is the reason, and nobody is asked twice', () => {
  for (const order of ['said first', 'said last']) {
    const { answer, told, asked } = creating({ routers: 2 });
    const both = [no('no_relay', 503), [0]];
    for (const one of order === 'said first' ? both : both.reverse()) answer(...one);
    assert.deepEqual([told.length, told[0][0], told[0][1], asked()], [1, 'refused', 'no_relay', 'ab']);
    assert.match(told[0][2], /https:\/\/[ab].test: the request failed/);
  }
});

/** Runs until so many requests were made. */
const until = (clock, requests, count) => clock.until(() => requests.length === count);

test('beside a router that does not answer the next is asked after 3 s, or the wait by as many as there are', () => {
  for (const [routers, timeout, times] of [
    [2, 10_000, [0, 3000]],
    [3, 12_000, [0, 3000, 6000]],
    [5, 10_000, [0, 2000, 4000, 6000, 8000]],
    [2, 1000, [0, 500]],
    [1, 1000, [0]],
  ]) {
    const { requests, clock, asked } = creating({ routers, timeout });
    clock.run(timeout - 1);
    assert.deepEqual(
      requests.map((r) => r.at - requests[0].at),
      times,
    );
    assert.equal(asked(), 'abcdef'.slice(0, routers));
    for (const request of requests) {
      assert.deepEqual(
        [request.timeout + request.at - requests[0].at, request.over],
        [timeout, false],
        'all has its time',
      );
    }
  }
});

test('the first of them to answer has answered; a socket of another is closed, and a request that goes on taken back', () => {
  for (const first of [0, 1]) {
    const { requests, clock, told } = creating({ routers: 3 });
    until(clock, requests, 3);
    clock.run(100);
    requests[first].answer(200, made);
    assert.deepEqual([told.length, told[0][0], told[0][3]], [1, 'created', `https://${'abc'[first]}.test`]);
    requests[1 - first].answer(200, { ...made, socket: 'other' });
    assert.equal(requests.length, 4);
    assert.match(requests[3].url, /\/s\/other$/);
    clock.run(1000);
    assert.deepEqual([requests[2].cancelled, requests[3].cancelled, told.length], [true, false, 1]);
    assert.equal(clock.pending(), 0);
  }
});

test('a target that is refused is refused, whoever else is asked', () => {
  const { requests, clock, told } = creating({ routers: 2 });
  until(clock, requests, 2);
  requests[0].answer(...no('target_refused'));
  assert.deepEqual(told, [['refused', 'target_refused', 'this is target_refused']]);
  requests[1].late = null;
  clock.run(1000);
  assert.deepEqual([requests.length, requests[1].cancelled], [2, true]);
});

test('where all hang it has hung when the time is over, and not before', () => {
  const { requests, clock, told } = creating({ routers: 2 });
  until(clock, requests, 2);
  clock.run(7000);
  requests[1].answer(0, null, true);
  assert.deepEqual(told, []);
  requests[0].answer(0, null, true);
  const said = 'no answer came in time';
  assert.deepEqual(told, [['failed', 'hung', `https://a.test: ${said}; https://b.test: ${said}`]]);
  assert.deepEqual([requests.length, clock.pending()], [2, 0]);
});

test('one that fails beside one that hangs is asked again, and they are not waited for in vain', () => {
  const { requests, clock, told, asked } = creating({ routers: 2 });
  until(clock, requests, 2);
  requests[1].answer(0);
  until(clock, requests, 3);
  assert.equal(asked(), 'abb');
  requests[2].answer(0);
  clock.run(1000);
  assert.deepEqual([requests.length, told], [3, []], 'each twice, and the first may answer still');
  requests[0].answer(200, made);
  assert.equal(told[0][0], 'created');
});

test('who could not be reached is asked last by the next sockets, for a minute', () => {
  const { config, exchange, clock, requests, on, told } = (() => {
    const rig = parts();
    const routers = ['https://a.test', 'https://b.test', 'https://c.test'];
    return { ...rig, config: { rota: new Rota(routers, 0), timeout: 10_000 } };
  })();
  const order = () => {
    const from = requests.length;
    create(config, wish, exchange, clock, on);
    const first = requests[from];
    first.answer(200, made);
    return first.url[8];
  };
  create(config, wish, exchange, clock, on);
  requests[0].answer(0); // a
  requests[1].answer(502); // b
  requests[2].answer(200, made);
  assert.deepEqual(told.length, 1);
  assert.equal([order(), order(), order()].join(''), 'ccc');
  clock.run(60_000);
  assert.deepEqual([order(), order(), order()].sort().join(''), 'abc');
});

test('who has hung while another answered is asked last, too; who was asked a moment ago is not', () => {
  const { config, requests, clock } = creating({ routers: 3 });
  until(clock, requests, 3);
  requests[1].answer(200, made);
  assert.deepEqual(config.rota.next(clock.now()), ['https://b.test', 'https://c.test', 'https://a.test']);
});

test('a refusal of any kind shows that a router is there', () => {
  for (const code of ['no_relay', 'target_refused']) {
    const { config, requests, clock } = creating({ routers: 2 });
    config.rota.unreached('https://a.test', clock.now());
    requests[0].answer(...no(code));
    assert.deepEqual(config.rota.after('https://a.test', clock.now())[0], 'https://a.test');
  }
});

test('a name without its label is told with it, and so is the path of the very host', () => {
  for (const [router, answer, names] of [
    ['https://a.test/to', { bare: 'relay.test:8443' }, { bare: 'https://relay.test:8443' }],
    ['https://relay.test:8443/to', { bare: 'relay.test:8443' }, { bare: 'https://relay.test:8443/to' }],
    ['https://a.test', {}, undefined],
    ['https://a.test', { bare: '' }, undefined],
    ['https://a.test', { bare: 7 }, undefined],
  ]) {
    const { config, exchange, requests, clock, on, told } = parts();
    config.rota = new Rota([router], 0);
    create(config, wish, exchange, clock, on);
    requests[0].answer(200, { ...made, ...answer });
    const label = 'https://k3j7q.relay.test:8443';
    assert.deepEqual(told[0][1].names, names && { ...names, label });
    assert.equal(told[0][1].relay, label);
  }
});

test('a socket that nobody wants is closed by its bare name, where its label is not reached', () => {
  const { requests, lose } = creating();
  lose();
  requests[0].answer(200, { ...made, bare: 'relay.test:8443' });
  assert.equal(requests[1].url, 'https://k3j7q.relay.test:8443/s/abc');
  requests[1].answer(0);
  assert.equal(requests[2].url, 'https://relay.test:8443/s/abc');
  requests[2].answer(0);
  assert.equal(requests.length, 3);
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
