// The native WebSocket and the relay beside each other: who wins, what becomes of who has lost, and what is remembered of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recall } from '../../build/memory.js';
import { opening, promise } from './opening.mjs';

/** What is remembered of the target. */
const place = (url = 'wss://target.test/') => recall(['https://a.test'], url);

/** Nothing is left: no timer, no request, no socket at the relay whose target is not closed. */
function tidy({ clock, relay, network, creates }) {
  clock.idle();
  assert.deepEqual([relay.allComplaints(), network.open.size, clock.pending()], [[], 0, 0]);
  for (const create of creates) assert.ok(create.over, 'a create is left');
}

test('a native WebSocket that opens in time is alone', (t) => {
  const rig = opening(t);
  rig.clock.run(249);
  rig.native().opens();
  rig.clock.idle();
  assert.deepEqual([rig.outcome(), rig.creates.length, rig.gaveUp()], [[['opened', '', '']], 0, []]);
  assert.equal(place().took(), 249);
});

test('the relay is asked beside it after 250 ms, or twice the time that it took before, but within 3 s', (t) => {
  const rig = opening(t);
  rig.cancel();
  for (const [took, alone] of [
    [0, 250],
    [50, 250],
    [125, 250],
    [200, 400],
    [1400, 2800],
    [6000, 3000],
  ]) {
    if (took) place().opened(took);
    const { cancel } = rig.next();
    const before = rig.creates.length;
    rig.clock.run(alone - 1);
    assert.equal(rig.creates.length, before, `it took ${took} ms`);
    rig.clock.run(1);
    assert.equal(rig.creates.length, before + 1, `it took ${took} ms`);
    cancel();
  }
});

test('both open in the same moment, in either order: one is used', (t) => {
  for (const first of ['native', 'relay']) {
    const rig = opening(t);
    rig.clock.run(250);
    const target = rig.last().made();
    if (first === 'relay') rig.clock.run(1);
    rig.native().opens();
    if (first === 'native') rig.clock.run(1);
    assert.deepEqual(rig.outcome(), [['opened', '', '']]);
    const native = first === 'native';
    assert.equal(rig.info.transport, native ? 'websocket' : 'xhr');
    rig.clock.run(100);
    assert.deepEqual(rig.native().closes, native ? [] : [[1000, '']]);
    assert.deepEqual(target.closed, native ? { code: 1000, reason: '' } : null);
    assert.equal(place().blocked('websocket'), '');
    rig.connection().close(1000, '');
    tidy(rig);
    assert.equal(rig.native().live, false);
    assert.equal(rig.outcome().length, 2, 'opened and closed, and no more');
  }
});

test('a create that has lost is let finish, and its socket closed with 1000', (t) => {
  const rig = opening(t);
  rig.clock.run(300);
  rig.native().opens();
  assert.equal(rig.last().over, false);
  rig.clock.run(3000);
  const target = rig.last().made();
  rig.clock.run(100);
  assert.deepEqual([target.closed, target.messages], [{ code: 1000, reason: '' }, []]);
  assert.deepEqual(rig.gaveUp(), []);
  tidy(rig);
});

test('a create that has lost is not made again, nor by another exchange', (t) => {
  for (const answer of [[0], [0, null, true], [502]]) {
    const rig = opening(t);
    rig.clock.run(300);
    rig.native().opens();
    rig.last().answer(...answer);
    rig.clock.idle();
    assert.deepEqual([rig.creates.length, rig.gaveUp(), rig.outcome()], [1, [], [['opened', '', '']]]);
    tidy(rig);
  }
});

test('a native WebSocket that has lost goes on to learn, and is closed with 1000 when it opens', (t) => {
  const rig = opening(t);
  rig.clock.run(250);
  rig.last().made();
  rig.clock.run(50);
  assert.deepEqual([rig.info.transport, rig.gaveUp(), rig.native().closed], ['xhr', ['websocket hung'], false]);
  rig.clock.run(100);
  rig.native().opens();
  assert.deepEqual(rig.native().closes, [[1000, '']]);
  assert.deepEqual([place().took(), place().blocked('websocket')], [400, ''], 'it is slow, and no more');
  rig.clock.run(1000);
  assert.deepEqual(rig.gaveUp(), ['websocket hung']);
  rig.next();
  rig.clock.run(799);
  assert.equal(rig.creates.length, 1, 'the next one has twice as long');
});

test('what is told of one that has lost is told with the winner', (t) => {
  const rig = opening(t);
  rig.clock.run(250);
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual(rig.told, [
    ['opened', '', ''],
    ['changed', 'xhr', 1],
  ]);
});

test('until it is known what becomes of one that has lost, it counts as hung; and then it is', (t) => {
  const rig = opening(t);
  rig.clock.run(250);
  rig.last().made();
  rig.clock.run(1);
  assert.equal(place().blocked('websocket'), 'hung');
  const [[, , , until]] = JSON.parse(rig.globals.localStorage.items.get('polysocket')).facts;
  assert.equal(until - rig.clock.now(), 10_000, 'for as long as that takes: the page may be gone by then');
  rig.clock.run(9_749);
  assert.deepEqual(rig.native().closes, [[]], 'its time is up');
  rig.clock.run(60_000);
  assert.equal(place().blocked('websocket'), 'hung');
  assert.deepEqual(rig.gaveUp(), ['websocket hung']);
});

test('one that has lost and is refused after that is remembered as refused', (t) => {
  const rig = opening(t);
  rig.clock.run(250);
  rig.last().made();
  rig.clock.run(100);
  rig.native().dies();
  assert.equal(place().blocked('websocket'), 'refused');
  rig.clock.run(60_000);
  assert.equal(place().blocked('websocket'), 'refused');
  assert.deepEqual(rig.gaveUp(), ['websocket hung']);
});

test('native fails while the relay is asked: that goes on, and what fails after it too', (t) => {
  const rig = opening(t);
  rig.clock.run(250);
  rig.native().dies();
  assert.deepEqual([rig.creates.length, rig.gaveUp(), rig.outcome()], [1, ['websocket refused'], []]);
  rig.last().answer(0, null, true);
  rig.clock.run(1);
  assert.deepEqual([rig.creates.length, rig.last().transport], [2, 'jsonp']);
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual([rig.info.transport, rig.gaveUp()], ['jsonp', ['websocket refused', 'xhr hung']]);
  assert.equal(place().blocked('websocket'), 'refused');
});

test('the relay fails by one exchange while native hangs: the other is tried', (t) => {
  const rig = opening(t);
  rig.clock.run(250);
  rig.last().answer(0, null, true);
  rig.clock.run(1);
  assert.equal(rig.last().transport, 'jsonp');
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual([rig.info.transport, rig.gaveUp()], ['jsonp', ['xhr hung', 'websocket hung']]);
});

test('refused at once, the relay is asked at once', (t) => {
  const rig = opening(t);
  rig.clock.run(20);
  rig.native().dies();
  assert.equal(rig.creates.length, 1);
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual(
    [rig.info.transport, rig.gaveUp(), place().blocked('websocket')],
    ['xhr', ['websocket refused'], 'refused'],
  );
});

test('where a relay says no native goes on, and may open', (t) => {
  for (const code of ['target_refused', 'origin_denied', 'token_invalid']) {
    const rig = opening(t);
    rig.clock.run(250);
    rig.last().refuses(code);
    rig.clock.run(5000);
    assert.deepEqual([rig.outcome(), rig.creates.length, rig.gaveUp()], [[], 1, [`xhr ${code}`]]);
    rig.native().opens();
    assert.deepEqual([rig.outcome(), rig.info.transport], [[['opened', '', '']], 'websocket']);
    tidy(rig);
  }
});

test('when both have failed it has failed, and what a router has said is the error', (t) => {
  const native = [(rig) => rig.native().dies(), (rig) => rig.clock.run(10_000)];
  for (const fail of native) {
    const rig = opening(t);
    rig.clock.run(250);
    rig.last().refuses('target_refused');
    rig.clock.run(1);
    assert.deepEqual(rig.outcome(), []);
    fail(rig);
    assert.deepEqual(rig.outcome(), [['failed', 'this is target_refused']]);
    assert.equal(place().blocked('websocket'), '', 'it is the target');
    tidy(rig);
    const other = opening(t);
    other.clock.run(250);
    if (fail === native[0]) fail(other);
    else other.clock.run(9751);
    other.last().refuses('target_refused');
    other.clock.run(1);
    assert.deepEqual(other.outcome(), [['failed', 'this is target_refused']]);
    assert.equal(place().blocked('websocket'), '');
    tidy(other);
  }
});

test('where no relay is reached what became of the requests is the error, and native is not blamed', (t) => {
  const rig = opening(t, { transports: ['websocket', 'xhr'] });
  rig.clock.run(250);
  rig.last().answer(0, null, true);
  rig.clock.run(9750);
  assert.deepEqual(rig.outcome(), [['failed', 'https://a.test: no answer came in time']]);
  assert.deepEqual(rig.gaveUp(), ['xhr hung', 'websocket hung']);
  assert.equal(place().blocked('websocket'), '', 'there may be no network at all');
  tidy(rig);
});

test('a token that is pending holds up the relay, and not native', (t) => {
  const pending = promise();
  const rig = opening(t, { token: () => pending });
  rig.clock.run(250);
  assert.equal(rig.creates.length, 0);
  rig.native().opens();
  assert.deepEqual(rig.outcome(), [['opened', '', '']]);
  pending.resolve('late');
  rig.clock.idle();
  assert.equal(rig.creates.length, 0, 'nobody wants it any more');
  tidy(rig);
});

test('where there is no token native goes on; and when it fails that is why', (t) => {
  const rig = opening(t, { token: () => 7 });
  rig.clock.run(250);
  assert.deepEqual([rig.outcome(), rig.creates.length, rig.gaveUp()], [[], 0, ['xhr refused']]);
  rig.native().opens();
  assert.deepEqual(rig.outcome(), [['opened', '', '']]);
  const other = opening(t, { token: () => 7 });
  other.clock.run(250);
  other.native().dies();
  assert.deepEqual(other.outcome(), [['failed', 'the token is a number, not a string']]);
});

test('closed in each phase, nothing is left and nothing is told', (t) => {
  const phases = {
    begun: () => {},
    native: ({ clock }) => clock.run(100),
    both: ({ clock }) => clock.run(250),
    relay: ({ clock, native }) => (clock.run(250), native().dies()),
    'native alone': ({ clock, last }) => (clock.run(250), last().refuses('target_denied'), clock.run(1)),
    pause: ({ clock, last }) => (clock.run(250), last().answer(0), clock.run(1)),
    'another exchange': ({ clock, last }) => (clock.run(250), last().answer(0, null, true), clock.run(1)),
    'an answer on its way': ({ clock, last }) => (clock.run(250), last().made()),
  };
  for (const [name, phase] of Object.entries(phases)) {
    const rig = opening(t);
    phase(rig);
    const before = [rig.told.length, rig.creates.length, rig.natives.length];
    rig.cancel();
    tidy(rig);
    assert.deepEqual([rig.told.length, rig.creates.length, rig.natives.length], before, name);
    for (const native of rig.natives) assert.equal(native.live, false, name);
    assert.equal(place().blocked('websocket'), '', name);
  }
});

test('closed by a listener that hears of what was given up, nothing is tried any more', (t) => {
  const cases = [
    [{ native: null }, () => {}],
    [{}, (rig) => rig.native().dies()],
    [{}, (rig) => (rig.clock.run(250), rig.last().answer(0, null, true), rig.clock.run(1))],
  ];
  for (const [how, phase] of cases) {
    let rig = null;
    const changed = () => rig?.cancel();
    rig = opening(t, { ...how, changed });
    rig.clock.settle();
    phase(rig);
    tidy(rig);
    assert.deepEqual(rig.outcome(), []);
    for (const native of rig.natives) assert.equal(native.live, false);
    for (const create of rig.creates) assert.ok(create.cancelled || create.over);
  }
});

test('those that share an exchange are given up together, and the create is not repeated', (t) => {
  for (const answer of [[0, null, true], null]) {
    const rig = opening(t, { transports: ['stream', 'sse', 'jsonp', 'xhr'] });
    rig.transports.stream = rig.transports.sse = rig.transports.xhr;
    rig.cancel();
    const { gaveUp, outcome, told } = rig.next();
    rig.clock.settle();
    assert.equal(rig.last().transport, 'xhr');
    if (!answer) {
      rig.last().refuses('target_denied');
      rig.clock.run(1);
      assert.deepEqual(gaveUp(), ['stream target_denied', 'sse target_denied', 'xhr target_denied']);
      assert.deepEqual([outcome(), rig.creates.length], [[['failed', 'this is target_denied']], 1]);
      continue;
    }
    rig.last().answer(...answer);
    rig.clock.run(1);
    assert.deepEqual(gaveUp(), ['stream hung', 'sse hung', 'xhr hung']);
    assert.deepEqual(told, [['changed', null, 3]]);
    assert.deepEqual([rig.last().transport, rig.creates.length], ['jsonp', 2]);
  }
});

test('a transport that is named twice is tried once', (t) => {
  const rig = opening(t, { transports: ['xhr', 'websocket', 'xhr', 'websocket', 'xhr'] });
  rig.clock.settle();
  rig.last().answer(0, null, true);
  rig.clock.run(1);
  rig.native().dies();
  rig.clock.idle();
  assert.deepEqual([rig.gaveUp(), rig.creates.length, rig.natives.length], [['xhr hung', 'websocket refused'], 1, 1]);
});

test('of those that share an exchange the missing ones are left out', (t) => {
  const rig = opening(t, { transports: ['stream', 'xhr'] });
  rig.transports.stream = { ...rig.transports.xhr, missing: () => true };
  rig.cancel();
  const { gaveUp, info } = rig.next();
  rig.clock.settle();
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual([gaveUp(), info.transport], [['stream missing'], 'xhr']);
});

// What is remembered.

for (const why of ['refused', 'hung', 'killed']) {
  test(`the next socket does not try what was ${why}, and says so`, (t) => {
    const rig = opening(t);
    rig.cancel();
    place().block('websocket', why);
    const next = rig.next();
    rig.clock.settle();
    assert.deepEqual([rig.natives.length, rig.creates.length], [0, 1]);
    assert.deepEqual(next.told, [['changed', null, 1]]);
    rig.last().made();
    rig.clock.run(1);
    assert.deepEqual([next.info.transport, next.gaveUp(), rig.natives.length], ['xhr', [`websocket ${why}`], 0]);
    rig.clock.run(31 * 60_000);
    rig.next();
    rig.clock.settle();
    assert.equal(rig.natives.length, 1, 'after half an hour it is tried again');
  });
}

test('what is blocked is tried all the same where no relay opens it', (t) => {
  const rig = opening(t, { transports: ['websocket', 'xhr'] });
  rig.cancel();
  place().block('websocket', 'refused');
  const next = rig.next();
  rig.clock.settle();
  rig.last().answer(0, null, true);
  rig.clock.run(1);
  assert.equal(rig.natives.length, 1);
  rig.native().opens();
  assert.deepEqual([next.outcome(), next.info.transport], [[['opened', '', '']], 'websocket']);
  assert.deepEqual(next.gaveUp(), ['xhr hung'], 'it is not given up any more');
  assert.equal(place().blocked('websocket'), '');

  place().block('websocket', 'refused');
  const failing = rig.next();
  rig.clock.settle();
  rig.last().refuses('target_refused');
  rig.clock.run(1);
  rig.native().dies();
  assert.deepEqual(failing.gaveUp(), ['xhr target_refused', 'websocket refused']);
  assert.deepEqual(failing.outcome(), [['failed', 'this is target_refused']]);
});

test('what is blocked is tried where there is nothing else', (t) => {
  const rig = opening(t, { transports: ['websocket'] });
  rig.cancel();
  place().block('websocket', 'refused');
  const next = rig.next();
  rig.clock.settle();
  rig.native().opens();
  assert.deepEqual(next.told, [
    ['opened', '', ''],
    ['changed', 'websocket', 0],
  ]);
});

test('what is blocked is not spoken of where it was not to be tried, or is missing', (t) => {
  const rig = opening(t, { transports: ['xhr'] });
  rig.cancel();
  place().block('websocket', 'refused');
  const next = rig.next();
  rig.clock.settle();
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual(next.gaveUp(), []);
  const missing = rig.next({ config: { native: undefined, transports: ['websocket', 'xhr'] } });
  rig.clock.settle();
  assert.deepEqual(missing.gaveUp(), ['websocket missing']);
});

test('a refused WebSocket whose target the relay refuses as well is not remembered', (t) => {
  const rig = opening(t);
  rig.clock.run(20);
  rig.native().dies();
  rig.last().refuses('target_unreachable');
  rig.clock.run(1);
  assert.deepEqual([rig.outcome(), place().blocked('websocket')], [[['failed', 'this is target_unreachable']], '']);
});

test('transports keep their order: native may be the second', (t) => {
  const rig = opening(t, { transports: ['xhr', 'websocket', 'jsonp'] });
  rig.clock.run(5000);
  assert.equal(rig.natives.length, 0, 'it is not asked beside the relay');
  rig.last().answer(0, null, true);
  rig.clock.run(1);
  assert.equal(rig.natives.length, 1);
  rig.clock.run(250);
  assert.equal(rig.last().transport, 'jsonp');
  rig.native().opens();
  assert.deepEqual([rig.info.transport, rig.gaveUp()], ['websocket', ['xhr hung']]);
  rig.last().answer(0, null, true);
  tidy(rig);
});

// Streams that are buffered.

/** Has it that a stream is held back: nothing comes of it, until the test says so. */
function buffering(rig) {
  const reads = [];
  const down = {
    streams: true,
    read(at, ack, ttl, heartbeat, receiver) {
      reads.push(receiver);
      receiver.asked(true);
      return () => {};
    },
  };
  rig.transports.stream = { ...rig.transports.xhr, down };
  rig.transports.sse = { ...rig.transports.xhr, down: { ...down } };
  return reads;
}
const streaming = ['stream', 'sse', 'xhr', 'jsonp'];

test('a stream that is buffered is remembered, and the next socket begins with long-polling', (t) => {
  const rig = opening(t, { transports: streaming });
  rig.cancel();
  buffering(rig);
  const first = rig.next();
  rig.clock.settle();
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual([first.info.transport, first.gaveUp()], ['stream', []]);
  rig.clock.run(15_000);
  assert.deepEqual([first.info.transport, first.gaveUp()], ['xhr', ['stream buffered']]);
  assert.equal(place().blocked('stream'), 'buffered');

  const next = rig.next();
  rig.clock.settle();
  const target = rig.last().made();
  rig.clock.run(1);
  assert.deepEqual([next.info.transport, next.gaveUp()], ['xhr', ['stream buffered', 'sse buffered']]);
  target.send('t', 'hello');
  rig.clock.run(100);
  assert.deepEqual(next.outcome(), [['opened', '', ''], 'hello']);
  assert.equal(place().blocked('websocket'), '', 'that is another matter');
  for (const one of [first, next]) one.connection().close(1000, '');
  rig.clock.run(20_000);
});

test('what is given up before a step is told after it, too', (t) => {
  const rig = opening(t, { transports: ['websocket', ...streaming] });
  rig.cancel();
  buffering(rig);
  const one = rig.next();
  rig.clock.run(250);
  rig.last().made();
  rig.clock.run(15_000);
  assert.deepEqual([one.info.transport, one.gaveUp()], ['xhr', ['websocket hung', 'stream buffered']]);
  one.connection().close(1000, '');
  rig.clock.run(20_000);
});

test('a stream that works again is not blocked any more', (t) => {
  const rig = opening(t, { transports: streaming });
  rig.cancel();
  const reads = buffering(rig);
  const one = rig.next();
  rig.clock.settle();
  rig.last().made();
  rig.clock.run(15_000);
  assert.equal(place().blocked('stream'), 'buffered');
  const before = reads.length;
  rig.clock.until(() => reads.length > before, 600_000); // it is tried again
  reads.at(-1).alive();
  assert.deepEqual([one.info.transport, place().blocked('stream')], ['stream', '']);
  one.cancel();
});

test('streams are tried where there is nothing else', (t) => {
  const rig = opening(t, { transports: ['stream', 'sse', 'jsonp'] });
  rig.cancel();
  buffering(rig);
  place().block('stream', 'buffered');
  const next = rig.next();
  rig.clock.settle();
  assert.deepEqual([rig.last().transport, next.gaveUp()], ['xhr', []]);
  rig.last().made();
  rig.clock.run(1);
  assert.equal(next.info.transport, 'stream');
  next.connection().close(1000, '');
  rig.clock.run(40_000);
});
