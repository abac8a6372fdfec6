import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Doubts } from '../../build/alive.js';
import { Rota } from '../../build/rota.js';
import { virtualClock } from './virtual.mjs';

/** Doubts of a relay, routers of which the test answers, and what those who ask are told. */
function rig(routers = 'ab', seed = 1) {
  const clock = virtualClock(seed);
  const began = clock.now();
  const list = routers.split('').map((r) => `https://${r}.test/base`);
  const rota = new Rota(list, 0);
  const requests = [];
  const exchange = (request, done) => {
    const entry = { ...request, at: clock.now() - began, over: false, cancelled: false };
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
  const doubts = new Doubts(clock);
  const told = [];
  const about = { relay: 'https://relay.test:8443', host: 'k.relay.test:8443', router: list[0], rota, exchange };
  const ask = (more) => doubts.ask({ ...about, ...more }, (alive) => told.push(alive));
  const asked = () => requests.map(({ url }) => url[8]).join('');
  return { clock, rota, list, requests, exchange, told, ask, asked, about, last: () => requests.at(-1) };
}

const yes = [200, { ok: true, alive: true }];
const gone = [200, { ok: true, alive: false }];
const unknown = [503, { ok: false, code: 'no_relay', error: 'it cannot be told' }];

test('the host that was handed out is asked for, with its port', () => {
  const { ask, requests } = rig();
  ask();
  const [{ url, params, post }] = requests;
  assert.deepEqual([url, params, !!post], ['https://a.test/base/relay', 'host=k.relay.test%3A8443', false]);
});

test('what a router says is told, and whatever else it answers is no answer', () => {
  for (const [answer, says] of [
    [yes, true],
    [gone, false],
    [[200, { ok: true }], null],
    [[200, { ok: true, alive: 'no' }], null],
    [[0], null],
    [[502], null],
    [[400, { ok: false, code: 'bad_request' }], null],
    [unknown, null],
    [[0, null, true], null],
  ]) {
    const { ask, requests, told, clock } = rig('a');
    ask();
    assert.deepEqual(told, []);
    requests[0].answer(...answer);
    assert.deepEqual(told, [says]);
    clock.run(2000);
    assert.deepEqual([requests.length, clock.pending()], [1, 0]);
  }
});

test('the router that has made the socket is asked first, and the others where it does not know', () => {
  for (const answer of [[0], [502], unknown]) {
    const { ask, list, asked, told, last } = rig('abc');
    ask({ router: list[1] });
    last().answer(...answer);
    last().answer(...answer);
    assert.deepEqual([asked(), told], ['bca', []]);
    last().answer(...gone);
    assert.deepEqual(told, [false]);
  }
});

test('but for one that could not be reached a while ago, which is the last', () => {
  const { ask, rota, list, clock, asked, last } = rig('abc');
  rota.unreached(list[0], clock.now());
  ask();
  last().answer(0);
  last().answer(0);
  assert.equal(asked(), 'bca');
  assert.deepEqual(rota.after(list[0], clock.now()), list, 'and now it is so with all');
});

test('one that cannot tell is there', () => {
  const { ask, rota, list, clock, last } = rig('ab');
  ask();
  last().answer(...unknown);
  assert.deepEqual(rota.after(list[0], clock.now()), list);
});

test('beside one that hangs the next is asked after a second, and the first to know is believed', () => {
  const { ask, requests, clock, told } = rig('abc');
  ask();
  clock.run(2500);
  assert.deepEqual(
    requests.map(({ at }) => at),
    [0, 1000, 2000],
  );
  requests[1].answer(...gone);
  assert.deepEqual(told, [false]);
  assert.deepEqual([requests[0].cancelled, requests[2].cancelled, clock.pending()], [true, true, 0]);
  for (const { timeout } of requests) assert.equal(timeout, 5000);
});

test('where all hang nobody knows when the last has had its time', () => {
  const { ask, requests, clock, told } = rig('ab');
  ask();
  clock.run(4900);
  requests[0].answer(0, null, true);
  assert.deepEqual(told, []);
  requests[1].answer(0, null, true);
  assert.deepEqual([told, requests.length], [[null], 2]);
});

test('hundreds of sockets ask one question', () => {
  const { ask, requests, told } = rig();
  for (let i = 0; i < 300; i++) ask({ host: `k${i}.relay.test:8443` });
  assert.equal(requests.length, 1);
  requests[0].answer(...gone);
  assert.equal(told.length, 300);
  assert.ok(told.every((alive) => alive === false));
});

test('sockets of another relay, class or exchange ask their own', () => {
  const { ask, requests, list, exchange } = rig();
  ask();
  ask({ relay: 'https://other.test' });
  ask({ rota: new Rota(list, 0) });
  ask({ exchange: (...args) => exchange(...args) });
  assert.equal(requests.length, 4);
});

test('the next question about a relay is a second later, about, and none where nobody asks', () => {
  for (const answer of [unknown, yes]) {
    const { ask, requests, clock, told } = rig('a');
    ask();
    requests[0].answer(...answer);
    for (let i = 0; i < 10; i++) ask();
    assert.equal(requests.length, 1);
    clock.until(() => requests.length === 2);
    assert.ok(requests[1].at >= 500 && requests[1].at <= 1500, `${requests[1].at} ms`);
    requests[1].answer(...gone);
    assert.deepEqual(told.slice(1), Array(10).fill(false));
    clock.run(10_000);
    assert.deepEqual([requests.length, clock.pending()], [2, 0]);
  }
});

test('pages whose routers do not know do not come back together', () => {
  const times = new Set();
  for (let seed = 0; seed < 20; seed++) {
    const { ask, requests, clock } = rig('a', seed);
    ask();
    requests[0].answer(...unknown);
    ask();
    clock.until(() => requests.length === 2);
    times.add(Math.round(requests[1].at));
  }
  assert.ok(times.size > 10, `${times.size} moments`);
});

test('after a relay that is gone whoever asks is not kept waiting', () => {
  const { ask, requests } = rig('a');
  ask();
  requests[0].answer(...gone);
  ask();
  assert.equal(requests.length, 2);
});

test('taken back nothing is told, and when the last one does so nothing is asked any more', () => {
  const { ask, requests, clock, told } = rig();
  const [one, two] = [ask(), ask()];
  one();
  one();
  assert.equal(requests[0].cancelled, false);
  two();
  assert.deepEqual([requests[0].cancelled, clock.pending()], [true, 0]);
  ask();
  assert.equal(requests.length, 2, 'it is asked anew');
  requests[1].answer(...yes);
  const three = ask(); // and waits
  three();
  clock.run(5000);
  assert.deepEqual([told, requests.length, clock.pending()], [[true], 2, 0]);
  two(); // too late
});
