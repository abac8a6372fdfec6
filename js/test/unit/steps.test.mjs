// Which of several ways a link reads by, in mid-socket, and that nothing is lost meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withGlobals } from './globals.mjs';
import { World } from './world.mjs';

/**
 * A world with one link, whose streams have the fate that the test says, and `net.others` what is none; on a
 * path that is proven.
 */
function worldOf(t, { proven = true, downs = ['stream', 'sse', 'xhr'], streams = {}, ...options } = {}) {
  const net = { streams, others: {} };
  const plan = (entry) => {
    const of = entry.stream ? net.streams : net.others;
    return typeof of === 'function' ? of(entry) : of;
  };
  const world = new World({ proven, downs, plan, ...options });
  const page = { online: [] };
  withGlobals(t, {
    ...world.globals(),
    addEventListener: (type, run) => type === 'online' && page.online.push(run),
    removeEventListener: (_, run) => (page.online = page.online.filter((r) => r !== run)),
  });
  const client = world.open();
  let sent = 0;
  const echo = (ms = 1000) => {
    client.target.send('t', `${sent++}`);
    world.clock.run(ms);
  };
  /** Closes it, and looks whether all has come. */
  const finish = () => {
    net.streams = net.others = {};
    client.close(1000, '');
    world.finish();
    assert.deepEqual(
      client.got,
      Array.from({ length: sent }, (_, i) => `${i}`),
    );
    assert.equal(page.online.length, 0, 'it listens still');
  };
  const reads = () => world.network.requests.filter(({ said }) => 'jxe'.includes(said.verb));
  return { world, net, page, client, clock: world.clock, echo, finish, reads, steps: client.steps };
}

const verbs = (reads) => reads.map(({ said }) => said.verb).join('');

test('a stream that works is read, and nothing else', (t) => {
  const { echo, finish, reads, steps, clock } = worldOf(t);
  for (let i = 0; i < 20; i++) echo();
  clock.run(300_000);
  assert.deepEqual([verbs(reads()), steps], ['x', []]);
  finish();
});

test('one that is held back is given up after a second, for a poll and not for another stream', (t) => {
  const { clock, echo, finish, reads, steps } = worldOf(t, { streams: { fate: 'held' } });
  echo(999);
  assert.deepEqual(steps, []);
  clock.run(1);
  assert.deepEqual(steps, [['stream', 'xhr', 'buffered']]);
  clock.run(50);
  assert.equal(verbs(reads()).slice(0, 2), 'xj');
  finish();
});

test('its patience is three round trips of the socket, and no more than 4 s', (t) => {
  for (const [way, patience] of [
    [200, 1200],
    [600, 3600],
    [2000, 4000],
  ]) {
    const { net, clock, client, steps, finish, reads } = worldOf(t);
    clock.run(100);
    net.others = { up: way, down: way };
    net.streams = { fate: 'held' };
    client.send('a');
    clock.until(() => client.link.buffered() === 0);
    client.session.attach(null, { superseded() {}, gone() {}, gives() {} }); // which ends the stream
    clock.until(() => reads().length === 2);
    const from = clock.now();
    clock.until(() => steps.length > 0, 10_000);
    assert.equal(clock.now() - from, patience);
    finish();
  }
});

test('it is tried again after 30 s, then 60, and no further step is told while it is held back', (t) => {
  const { net, clock, finish, reads, steps, echo } = worldOf(t, { streams: { fate: 'held' } });
  clock.run(2000);
  assert.equal(steps.length, 1);
  const began = clock.now();
  const trials = [];
  for (let i = 0; i < 400; i++) {
    const before = reads().filter(({ stream }) => stream).length;
    echo(1000);
    if (reads().filter(({ stream }) => stream).length > before) trials.push(Math.round((clock.now() - began) / 1000));
  }
  assert.deepEqual(steps, [['stream', 'xhr', 'buffered']]);
  assert.equal(trials.length, 3, `${trials}`);
  assert.ok(trials[0] >= 28 && trials[0] < 35 && trials[1] >= 89 && trials[1] < 100, `${trials}`);
  net.streams = {};
  clock.run(900_000);
  assert.deepEqual(steps.slice(1), [['xhr', 'stream', '']]);
  const before = reads().length;
  clock.run(300_000);
  assert.equal(reads().length, before, 'and stays');
  finish();
});

test('the longest wait is ten minutes', (t) => {
  const { clock, reads, finish } = worldOf(t, { streams: { fate: 'held' } });
  clock.run(3 * 3_600_000);
  const times = reads()
    .filter(({ stream }) => stream)
    .map(({ at }) => at);
  const waits = times.slice(1).map((at, i) => at - times[i]);
  assert.ok(Math.max(...waits) <= 630_000 && Math.max(...waits) >= 600_000, `${waits}`);
  finish();
});

test('when the browser is online again it is tried at once', (t) => {
  const { net, page, clock, finish, steps, echo, reads } = worldOf(t, { streams: { fate: 'held' } });
  clock.run(2500);
  page.online[0]();
  assert.equal(verbs(reads()).at(-1), 'x', 'without waiting for the poll');
  clock.run(1100);
  assert.equal(verbs(reads()).at(-1), 'j');
  net.streams = {};
  page.online[0]();
  clock.run(50);
  assert.deepEqual(steps, [
    ['stream', 'xhr', 'buffered'],
    ['xhr', 'stream', ''],
  ]);
  assert.equal(page.online.length, 0, 'a stream that works waits for nothing');
  echo();
  finish();
});

test('it works both ways, again and again', (t) => {
  const { net, clock, finish, steps, echo, world } = worldOf(t);
  for (let i = 1; i <= 5; i++) {
    clock.run(5000); // the path is proven
    echo();
    net.streams = { fate: 'held' };
    for (const entry of world.network.open) if (entry.stream) entry.finish(null);
    for (let seconds = 0; seconds < 10; seconds++) echo();
    net.streams = {};
    clock.until(() => steps.length === 2 * i, 60_000);
    assert.deepEqual(steps.slice(-2), [
      ['stream', 'xhr', 'buffered'],
      ['xhr', 'stream', ''],
    ]);
  }
  finish();
});

test('a stream that falls silent twice in a row is given up', (t) => {
  const { clock, steps, finish, reads, echo } = worldOf(t, { streams: { fate: 'stalled', after: 500 } });
  echo(100);
  const from = clock.now();
  clock.until(() => steps.length > 0, 120_000);
  assert.ok(clock.now() - from > 38_000 && clock.now() - from < 42_000, `${clock.now() - from}`);
  assert.deepEqual(steps, [['stream', 'xhr', 'buffered']]);
  assert.equal(verbs(reads()), 'xxj');
  finish();
});

test('one that falls silent once, and then shows heartbeats, is not', (t) => {
  let count = 0;
  const streams = () => (count++ % 2 ? {} : { fate: 'stalled', after: 500 });
  const { clock, steps, finish, reads } = worldOf(t, { streams });
  clock.run(20_600);
  assert.equal(verbs(reads()), 'xx');
  clock.run(40_000);
  assert.deepEqual(steps, []);
  finish();
});

test('one that is refused three times, while another request goes well, is given up for the next, a stream too', (t) => {
  for (const streams of [
    { fate: 'refused' },
    { fate: 'cut' },
    { fate: 'page', status: 502, body: null },
    { fate: 'page', status: 200 },
  ]) {
    const { clock, steps, finish, reads } = worldOf(t, { streams: ({ said }) => (said.verb === 'x' ? streams : {}) });
    clock.run(5000);
    assert.deepEqual(steps, [['stream', 'sse', 'refused']], JSON.stringify(streams));
    assert.equal(verbs(reads()), 'xxxjxe');
    finish();
  }
});

test('where all streams are refused it polls, by and by', (t) => {
  const { net, clock, steps, finish, echo } = worldOf(t, { streams: { fate: 'refused' } });
  for (let i = 0; i < 20; i++) echo();
  clock.run(5000);
  assert.deepEqual(steps, [
    ['stream', 'sse', 'refused'],
    ['sse', 'xhr', 'refused'],
  ]);
  net.streams = ({ said }) => (said.verb === 'x' ? { fate: 'refused' } : {});
  clock.run(120_000);
  assert.deepEqual(steps.at(-1), ['xhr', 'sse', ''], 'of those above it the one that works');
  net.streams = {};
  clock.run(700_000);
  assert.deepEqual(steps.at(-1), ['sse', 'stream', '']);
  finish();
});

test('where the network is gone the stream is not blamed', (t) => {
  for (const fate of ['refused', 'unsent']) {
    const { net, clock, steps, finish, echo } = worldOf(t);
    echo();
    net.streams = net.others = { fate };
    clock.run(9000);
    net.streams = net.others = {};
    clock.run(30_000);
    echo();
    assert.deepEqual(steps, [], fate);
    finish();
  }
});

test('where the stream was cut, and the network is gone with it, the stream is not blamed', (t) => {
  const { net, clock, steps, finish, client, echo, world } = worldOf(t);
  echo();
  clock.run(10_000);
  net.streams = net.others = { fate: 'refused' };
  for (const entry of world.network.open) if (entry.stream) entry.finish(null);
  clock.run(12_000);
  net.streams = net.others = {};
  clock.run(20_000);
  assert.deepEqual([steps, client.over], [[], null]);
  echo();
  finish();
});

test('one that brings nonsense is given up, although its first bytes come', (t) => {
  const world = new World({ downs: ['stream', 'xhr'] });
  withGlobals(t, world.globals());
  const { serve } = world.relay;
  world.relay.serve = function (said, answer, response) {
    const write = (bytes) => response.write(bytes[0] === 0x89 ? bytes : Buffer.from('c1016161', 'hex'));
    return serve.call(this, said, answer, response && { ...response, write });
  };
  const client = world.open();
  client.target.send('t', '0');
  world.clock.run(5000);
  assert.deepEqual(client.steps, [['stream', 'xhr', 'refused']]);
  assert.deepEqual(client.got, ['0']);
  client.close(1000, '');
  world.finish();
});

test('where there is no other way it stays, has time, and tries again', (t) => {
  for (const downs of [['stream'], ['stream', 'sse']]) {
    const { clock, steps, finish, client, echo } = worldOf(t, { downs, streams: { up: 3000, down: 3000 } });
    clock.run(10_000);
    assert.deepEqual(steps, []);
    echo(10_000);
    assert.equal(client.over, null);
    finish();
  }
});

// A path that is not proven.

const heartbeats = (reads) => reads.map(({ said }) => said.params.hb).join(' ');

test('a path is proven by idle heartbeats, and then the stream is made again that has few of them', (t) => {
  for (const downs of [
    ['stream', 'xhr'],
    ['sse', 'xhr'],
  ]) {
    const { world, clock, echo, finish, reads, steps } = worldOf(t, { proven: false, downs });
    clock.run(2500);
    assert.equal(heartbeats(reads()), '1000');
    clock.run(1000);
    assert.equal(heartbeats(reads()), '1000 15000');
    assert.equal(world.path.proven, true);
    for (let i = 0; i < 20; i++) echo();
    clock.run(300_000);
    assert.deepEqual([reads().length, steps], [2, []]);
    world.open();
    clock.run(100);
    assert.equal(reads().at(-1).said.params.hb, '15000', 'and the next socket has it so from the first');
    world.clients[1].close(1000, '');
    finish();
  }
});

test('traffic proves nothing, neither by itself nor between heartbeats', (t) => {
  const { world, clock, echo, finish, reads } = worldOf(t, { proven: false });
  for (let i = 0; i < 60; i++) echo(100);
  assert.equal(world.path.proven, false);
  for (let i = 0; i < 10; i++) echo(2900); // two heartbeats, and a message
  assert.equal(world.path.proven, false);
  for (let i = 0; i < 10; i++) echo(950);
  assert.deepEqual([world.path.proven, heartbeats(reads())], [false, '1000']);
  clock.run(3500);
  assert.equal(world.path.proven, true);
  finish();
});

test('where it is not proven one silence is enough, and it is not proven any more', (t) => {
  const streams = { fate: 'stalled', after: 1500 };
  const { world, clock, client, steps, finish, reads } = worldOf(t, { proven: false, streams });
  clock.run(1100); // a heartbeat has come
  clock.run(1000);
  client.send('up'); // which says that the network is there
  clock.run(1000);
  assert.deepEqual(steps, []);
  const from = clock.now();
  clock.until(() => steps.length > 0);
  assert.ok(clock.now() - from < 600, `${clock.now() - from}`);
  assert.deepEqual(
    [steps, verbs(reads()).slice(0, 2), world.path.proven],
    [[['stream', 'xhr', 'buffered']], 'xj', false],
  );
  finish();
});

test('its lateness is three round trips as well', (t) => {
  const { net, clock, client, steps, finish } = worldOf(t, { proven: false });
  clock.run(100);
  net.others = { up: 500, down: 500 };
  client.send('a');
  clock.until(() => client.link.buffered() === 0);
  for (const entry of [...client.world.network.open]) if (entry.stream) entry.finish(null);
  net.streams = { fate: 'stalled', after: 1500 };
  clock.run(1200 + 1000); // it has shown itself, and lived
  client.send('b');
  clock.run(1500);
  assert.deepEqual(steps, []);
  clock.until(() => steps.length > 0, 2500);
  finish();
});

test('where nothing else has gone well since, a poll asks first whether it is the network', (t) => {
  const { world, net, clock, steps, finish, reads, echo } = worldOf(t, { proven: false });
  echo(100);
  net.streams = { fate: 'unsent' };
  net.others = { fate: 'refused' };
  for (const entry of world.network.open) entry.plan.down = 1e6; // the network is gone
  clock.run(8000);
  assert.equal(verbs(reads()).slice(0, 2), 'xj');
  net.streams = net.others = {};
  clock.run(20_000);
  assert.deepEqual([steps, world.path.proven], [[], true]);
  finish();
});

test('traffic that pushes it through hides a box that holds it back for one pause, and not for two', (t) => {
  const { clock, steps, finish, client, echo } = worldOf(t, {
    proven: false,
    streams: { fate: 'buffered', room: 100 },
  });
  const from = clock.now();
  const burst = () => {
    for (let i = 0; i < 25; i++) echo(100);
    clock.run(2800);
  };
  burst();
  assert.equal(client.got.length, 25, 'a poll has brought the last of it');
  burst();
  assert.deepEqual(steps, [['stream', 'xhr', 'buffered']]);
  while (clock.now() - from < 600_000) burst();
  const trials = steps.filter(([, to]) => to === 'stream').length;
  assert.ok(trials <= 6, `it is tried ${trials} times in ten minutes`);
  finish();
});

test('where there is no other way nothing has to be proven', (t) => {
  const { clock, reads, finish } = worldOf(t, { proven: false, downs: ['stream'] });
  clock.run(60_000);
  assert.equal(heartbeats(reads()), '15000');
  finish();
});

test('polls step nowhere', (t) => {
  const { net, clock, steps, finish, reads, page } = worldOf(t, { downs: ['xhr'] });
  net.others = { fate: 'refused' };
  clock.run(5000);
  assert.equal(page.online.length, 0);
  net.others = {};
  clock.run(100_000);
  assert.deepEqual(steps, []);
  assert.match(verbs(reads()), /^j+$/);
  finish();
});

test('an EventSource that fails does not say why: a poll asks whether the socket is there', (t) => {
  const { clock, client, world } = worldOf(t, { downs: ['sse'] });
  clock.run(100);
  client.session.drop();
  clock.run(500);
  assert.match(client.over.error, /no_socket/);
  world.finish();
});
