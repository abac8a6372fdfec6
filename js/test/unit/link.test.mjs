import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parts } from '../../build/transport/parts.js';
import { withGlobals } from './globals.mjs';
import { World } from './world.mjs';

/** A world with one link, whose beacons go over its network. */
function worldOf(t, options, targetOptions) {
  const world = new World(options);
  withGlobals(t, world.globals());
  const client = world.open(targetOptions);
  return {
    world,
    client,
    target: client.target,
    session: client.session,
    clock: world.clock,
    requests: world.network.requests,
  };
}

/** A world whose network can be switched off: `net.fate` is that of all requests, or of those that it picks. */
function switched(t, options) {
  const net = { fate: 'fine' };
  const plan = (entry) => ({ fate: typeof net.fate === 'function' ? net.fate(entry) : net.fate });
  return { net, ...worldOf(t, { ...options, plan }) };
}

const sends = (requests) => requests.filter(({ said, beacon }) => said.verb === 's' && said.frames.length && !beacon);
const acks = (requests) => requests.filter(({ said }) => said.frames?.length === 0);
const beacons = (requests) => requests.filter(({ beacon }) => beacon);
const kinds = ({ said }) => said.frames.map(({ kind }) => kind).join('');

// The close.

test('the close that is read is told, and acknowledged once, so that the relay forgets the socket', (t) => {
  const { world, client, target, session, clock, requests } = worldOf(t);
  target.send('t', 'a');
  target.close(3001, 'gone');
  clock.run(1000);
  assert.deepEqual(client.got, ['a']);
  assert.deepEqual([client.over.code, client.over.reason, client.over.wasClean], [3001, 'gone', true]);
  assert.deepEqual(
    acks(requests).map(({ said }) => said.ack),
    [2],
  );
  assert.equal(session.state, 'ended');
  world.finish();
});

test('where that acknowledgement is lost nothing is told of it, and the grace period does it', (t) => {
  const { world, client, target, session, clock, net } = switched(t);
  net.fate = ({ said }) => (said.frames?.length === 0 ? 'unsent' : 'fine');
  target.close(1000, '');
  clock.run(1000);
  assert.equal(client.over.code, 1000);
  assert.equal(session.state, 'closed');
  clock.run(30_000);
  assert.equal(session.state, 'ended');
  world.finish();
});

test('a close of the page goes behind all that was sent, and what comes before the answer is told', (t) => {
  const { world, client, target, clock } = worldOf(t, {}, { answerIn: 500 });
  client.send('a');
  client.send('b');
  client.close(4000, 'bye');
  clock.run(200);
  target.send('t', 'late');
  clock.run(1000);
  assert.deepEqual(target.messages, ['a', 'b']);
  assert.deepEqual(target.closed, { code: 4000, reason: 'bye' });
  assert.deepEqual(client.got, ['late']);
  assert.deepEqual([client.over.code, client.over.reason], [4000, 'bye']);
  assert.equal(client.link.buffered(), 0);
  world.finish();
});

test('a close without a code is one', (t) => {
  for (const up of [undefined, parts]) {
    const { world, client, target } = worldOf(t, { up });
    client.close(1005, '');
    world.finish();
    assert.deepEqual([target.closed, client.over.code], [{ code: 1005, reason: '' }, 1005]);
  }
});

test('messages that come again because an acknowledgement was lost are dropped', (t) => {
  const { world, client, target, clock, net } = switched(t);
  target.send('t', 'a');
  net.fate = ({ said }) => (said.verb === 'j' ? 'cut' : 'fine');
  clock.run(300);
  target.send('t', 'b');
  net.fate = 'fine';
  clock.run(5000);
  assert.deepEqual(client.got, ['a', 'b']);
  target.close(1000, '');
  world.finish();
});

// Failing.

test('where reads find no socket before a close was read it has failed, and nothing is said to a relay that has none', (t) => {
  const { world, client, session, requests, clock } = worldOf(t);
  clock.run(100);
  session.drop();
  client.send('a');
  clock.run(1000);
  assert.equal(client.over.error, 'this is no_socket');
  assert.deepEqual([beacons(requests), acks(requests)], [[], []]);
  world.finish();
});

test('no_socket on a send is not the end: the close is read', (t) => {
  const { world, client, target, clock, net } = switched(t);
  clock.run(100);
  net.fate = ({ said }) => (said.verb === 'j' ? 'cut' : 'fine');
  target.send('t', 'down'); // which ends the first read
  clock.run(50);
  target.close(3000, 'gone');
  client.send('a');
  clock.run(60);
  assert.equal(client.over, null);
  client.send('b'); // which never leaves
  net.fate = 'fine';
  clock.run(2000);
  assert.equal(client.over.code, 3000);
  assert.equal(client.link.buffered(), 2);
  world.finish();
});

test('routers are asked after two failures in a row, and one question at a time', (t) => {
  let asked = 0;
  let answer = null;
  const { world, clock, client, target, net } = switched(t);
  client.link.o.alive = (tell) => {
    asked++;
    answer = tell;
    return () => {};
  };
  net.fate = 'refused';
  const failed = () => world.network.requests.filter(({ answer }) => answer?.status === 0).length;
  clock.until(() => failed() === 1);
  assert.equal(asked, 0);
  clock.until(() => failed() === 2);
  assert.equal(asked, 1);
  client.send('a');
  clock.run(2000);
  assert.ok(failed() > 4);
  assert.equal(asked, 1, 'while it does not answer');
  answer(null);
  assert.equal(asked, 1);
  const before = failed();
  clock.until(() => failed() > before);
  assert.equal(asked, 2, 'it did not know, and it fails again');
  answer(true);
  net.fate = 'fine';
  clock.run(10_000);
  assert.equal(asked, 2);
  target.close(1000, '');
  world.finish();
});

test('where the relay is gone it has failed at once, and where nobody knows it goes on', (t) => {
  for (const [says, over] of [
    [false, { error: 'the relay is gone' }],
    [true, null],
    [null, null],
  ]) {
    const { world, client, target, clock, net, requests } = switched(t, { alive: () => says });
    clock.run(100);
    net.fate = 'refused';
    client.send('a');
    clock.run(5000);
    assert.deepEqual(client.over && { error: client.over.error }, over);
    assert.deepEqual(beacons(requests), [], 'nothing is said to it');
    net.fate = 'fine';
    clock.run(10_000);
    if (!over) {
      assert.deepEqual(target.messages, ['a']);
      target.close(1000, '');
    }
    world.finish();
  }
});

test('an answer of a router that comes after the end changes nothing', (t) => {
  const { world, client, target, clock, net } = switched(t);
  let answer;
  let taken = 0;
  client.link.o.alive = (tell) => {
    answer = tell;
    return () => taken++;
  };
  client.send('a');
  clock.run(100);
  net.fate = ({ said }) => (said.verb === 's' ? 'refused' : 'fine');
  client.send('b');
  clock.run(1000);
  assert.ok(answer);
  target.close(1000, '');
  clock.run(100);
  assert.equal(taken, 1, 'it is taken back');
  answer(false);
  assert.equal(client.over.code, 1000);
  world.finish();
});

for (const [way, verb] of [
  ['reading', 'j'],
  ['sending', 's'],
]) {
  test(`where ${way} fails for more than 30 s it has failed, and the target is closed`, (t) => {
    const { world, client, target, clock, net } = switched(t);
    clock.run(100);
    net.fate = ({ said, beacon }) => (said.verb === verb && !beacon ? 'refused' : 'fine');
    if (verb === 's') client.send('a');
    else target.send('t', 'a'); // which ends the first read
    const from = clock.now();
    clock.until(() => client.over, 120_000);
    assert.match(client.over.error, new RegExp(`^${way} failed for too long: the request failed$`));
    const took = clock.now() - from;
    assert.ok(took > 30_000 && took < 36_000, `after ${took} ms`);
    clock.run(100);
    assert.equal(target.closed.code, 1001);
    world.finish();
  });
}

test('an outage of less than 30 s is survived, both ways', (t) => {
  const { world, client, target, clock, net } = switched(t);
  clock.run(100);
  net.fate = 'refused';
  for (let i = 0; i < 28; i++) {
    client.send(`up ${i}`);
    target.send('t', `down ${i}`);
    clock.run(1000);
  }
  net.fate = 'fine';
  clock.run(10_000);
  assert.deepEqual([target.messages.length, client.got.length], [28, 28]);
  client.close(1000, '');
  world.finish();
  assert.equal(client.over.code, 1000);
});

test('one read that is lost without a trace does not lose the socket', (t) => {
  for (const fate of ['unsent', 'deaf']) {
    const { world, client, target, clock, net, session } = switched(t);
    clock.run(5);
    let lost = 0;
    net.fate = ({ said }) => (said.verb === 'j' && !lost++ ? fate : 'fine');
    target.send('t', 'a'); // it ends the first read
    clock.run(50);
    if (fate === 'deaf') target.send('t', 'b'); // and the second, whose answer is lost
    clock.run(60_000);
    // The relay waits 30 s for a client (bound.grace): by then it has to have asked again.
    assert.equal(session.lapsed, false, `${fate}: the relay has given the client up`);
    assert.equal(client.got.length, fate === 'deaf' ? 2 : 1);
    client.close(1000, '');
    world.finish();
  }
});

// What the relay refuses.

for (const [name, message, what] of [
  ['whole', 'x'.repeat(2000), { limit: 1000 }],
  ['in parts', 'x'.repeat(300_000), { limit: 150_000 }],
]) {
  test(`a message that is too large, and went ${name}, closes both sides with 1009`, (t) => {
    const { world, client, target, clock } = worldOf(t, { limits: { message: what.limit } });
    clock.run(100);
    client.send('before');
    client.send(message);
    clock.run(2000);
    assert.deepEqual([client.over?.code, client.over?.reason, client.over?.wasClean], [1009, '', true]);
    assert.ok(target.closed, 'the target is not closed');
    assert.equal(target.messages.filter((m) => m.length > 10).length, 0);
    world.finish();
  });
}

test('where the relay refuses a request it has failed, and the target is closed at once', (t) => {
  const { world, client, target, session, clock, requests } = worldOf(t);
  clock.run(100);
  const { send } = session;
  session.send = function (n, frames, ack, answer) {
    if (n) return answer(400, { ok: false, code: 'bad_request', error: 'something is wrong with it' });
    return send.call(this, n, frames, ack, answer);
  };
  client.send('a');
  clock.run(1000);
  assert.equal(client.over.error, 'something is wrong with it');
  assert.ok(target.closed, `the target is not closed by ${beacons(requests).map(kinds)}`);
  world.finish();
});

test('a message that is missing is an error, and the target is closed', (t) => {
  const { world, client, target, clock, network } = { ...worldOf(t) };
  clock.run(5);
  world.network.answers = ((before) => (entry, answer) => {
    before(entry, answer);
    if (entry.said.verb === 'j' && answer.body?.messages) answer.body = { ...answer.body, seq: answer.body.seq + 1 };
  })(world.network.answers);
  target.send('t', 'a');
  clock.run(1000);
  assert.deepEqual([client.over.error, client.got], ['message 1 is missing: the next is 2', []]);
  assert.equal(target.closed.code, 1001);
  world.clock.idle();
  assert.deepEqual([world.slots.hosts, [...world.network.open]], [{}, []]);
});

// A page that goes away.

test('a page that leaves sends all that was not passed on, and a close, in one request', (t) => {
  const { world, client, target, clock, net, requests } = switched(t);
  client.send('a');
  clock.run(100);
  target.send('t', 'down');
  clock.run(100);
  net.fate = 'unsent';
  client.send('b');
  clock.run(10);
  client.send('c'.repeat(50_000));
  client.send('d');
  net.fate = 'fine';
  const [beacon, ...more] = client.leave();
  assert.deepEqual(more, []);
  assert.deepEqual([kinds(beacon), beacon.said.n, beacon.said.ack], ['tttc', 2, 1]);
  world.finish();
  assert.deepEqual(
    target.messages.map((m) => m[0]),
    ['a', 'b', 'c', 'd'],
  );
  assert.equal(target.closed.code, 1001);
  assert.equal(sends(requests).length, 2, 'and nothing by itself any more');
});

test('where all was passed on there is a close without a number, and so where nothing was sent', (t) => {
  for (const texts of [[], ['a']]) {
    const { world, client, target, clock } = worldOf(t);
    for (const text of texts) client.send(text);
    clock.run(100);
    const [beacon] = client.leave();
    assert.deepEqual([kinds(beacon), beacon.said.n], ['c', 0]);
    world.finish();
    assert.deepEqual([target.messages, target.closed], [texts, { code: 1001, reason: '' }]);
  }
});

test('where it has closed before, its own close is the one', (t) => {
  const { world, client, target, clock, net } = switched(t);
  clock.run(10);
  net.fate = 'unsent';
  client.send('a');
  client.close(3000, 'bye');
  clock.run(10);
  net.fate = 'fine';
  const [beacon] = client.leave();
  assert.equal(kinds(beacon), 'tc');
  world.finish();
  assert.deepEqual([target.messages, target.closed], [['a'], { code: 3000, reason: 'bye' }]);
});

test('where there is more than a beacon carries, or a message has begun to go in parts, it is a close without a number', (t) => {
  for (const up of [undefined, parts]) {
    const { world, client, target, clock, net } = switched(t, { up });
    clock.run(10);
    net.fate = 'unsent';
    client.send('x'.repeat(61 * 1024));
    clock.run(10);
    net.fate = 'fine';
    const [beacon] = client.leave();
    assert.deepEqual([kinds(beacon), beacon.said.n, beacon.body], ['c', 0, undefined]);
    world.finish();
    assert.equal(target.closed.code, 1001);
  }
});

test('where beacons carry no body it is a close without a number', (t) => {
  const { world, client, clock } = worldOf(t);
  const urls = [];
  withGlobals(t, {
    fetch: undefined,
    navigator: undefined,
    Image: class {
      set src(url) {
        urls.push(url);
      }
    },
  });
  clock.run(10);
  client.send('a');
  client.leave();
  assert.match(urls[0], /\/s\/socket1\?t=c&code=1001&a=0&cb=polysocket$/);
  assert.equal(urls.length, 1);
  world.clock.idle();
});

test('a beacon that may not carry its body closes the target all the same', (t) => {
  const { world, client, clock, target } = worldOf(t);
  withGlobals(t, {
    fetch: undefined,
    navigator: { sendBeacon: (url, body) => !body && (world.network.beacon(url), true) },
    Image: class {
      set src(url) {
        world.network.beacon(url.replace(/&cb=\w+$/, ''));
      }
    },
  });
  clock.run(10);
  client.send('a');
  client.leave();
  clock.run(1000);
  assert.equal(target.closed?.code, 1001);
  world.clock.idle();
});

test('links that leave together share what beacons carry, and each closes its target', (t) => {
  const world = new World();
  withGlobals(t, world.globals());
  const clients = [1, 2, 3].map(() => world.open({ stall: () => 5 }));
  world.clock.run(100);
  for (const client of clients) client.send('x'.repeat(25_000));
  const beacons = clients.flatMap((client) => client.leave());
  assert.deepEqual(beacons.map(kinds), ['tc', 'tc', 'c']);
  world.finish();
  assert.deepEqual(
    clients.map(({ target }) => target.closed?.code),
    [1001, 1001, 1001],
  );
});

test('nothing is told to a page that has left, nor is it closed twice', (t) => {
  const { world, client, target, clock, requests } = worldOf(t);
  clock.run(5);
  target.send('t', 'on its way');
  client.leave();
  client.link.leave(1001);
  clock.run(60_000);
  assert.deepEqual([client.got, beacons(requests).length], [[], 1]);
  world.finish();
});

test('what has ended does not close any more', (t) => {
  const { world, client, target, requests } = worldOf(t);
  target.close(1000, '');
  world.finish();
  client.link.leave(1001);
  assert.deepEqual(beacons(requests), []);
});

// Several links of one host.

test('links of one host share two requests up, and each gets on', (t) => {
  for (const up of [undefined, parts]) {
    const world = new World({ up });
    withGlobals(t, world.globals());
    for (let i = 0; i < 4; i++) world.open();
    world.clock.run(100);
    for (let i = 0; i < 50; i++) for (const client of world.clients) client.send(`${i}`);
    for (const client of world.clients) client.close(1000, '');
    world.finish();
    for (const { target } of world.clients) assert.equal(target.messages.length, 50);
  }
});

test('a target that does not read holds up its own link alone', (t) => {
  const world = new World();
  withGlobals(t, world.globals());
  const stuck = [1, 2].map(() => world.open({ stall: () => 100_000 }));
  const free = world.open();
  for (const client of stuck) for (let i = 0; i < 3; i++) client.send('x');
  world.clock.run(100);
  const from = world.clock.now();
  free.send('y');
  world.clock.until(() => free.link.buffered() === 0);
  assert.ok(world.clock.now() - from <= 1100, `after ${world.clock.now() - from} ms`);
  for (const client of world.clients) client.close(1000, '');
  world.finish();
});

test('over a slow line links that share a host get on: no request is taken back for ever', (t) => {
  for (const bytesEach of [32, 8, 5]) {
    // A body is lost where its request is taken back before it has arrived: 128 KiB take 4 s, 16 s, and 26 s.
    const plan = ({ said }) => ({ up: 10 + (said.bytes ?? 0) / bytesEach, whole: true });
    const world = new World({ plan });
    withGlobals(t, world.globals());
    for (let i = 0; i < 3; i++) world.open();
    for (const client of world.clients) {
      client.send('x'.repeat(128 * 1024));
      client.close(1000, '');
    }
    world.clock.until(() => world.over(), 600_000);
    world.finish();
    for (const { over, target } of world.clients) assert.deepEqual([over.code, target.messages.length], [1000, 1]);
  }
});

test('a request that fails late, when another answer has told that it had arrived, is no failure', (t) => {
  const { world, client, target, clock, net } = switched(t);
  clock.run(100);
  let sends = 0;
  net.fate = ({ said }) => (said.verb === 's' && !sends++ ? 'deaf' : 'fine');
  client.send('a'); // which arrives, and is answered by nobody for 20 s
  clock.run(50);
  client.send('b'); // whose answer says that both were passed on
  clock.run(60_000);
  net.fate = ({ said }) => (said.verb === 's' && sends++ === 2 ? 'refused' : 'fine');
  client.send('c');
  clock.run(5000);
  assert.deepEqual([client.over, target.messages], [null, ['a', 'b', 'c']]);
  client.close(1000, '');
  world.finish();
});
