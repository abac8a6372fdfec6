// Many sockets of a page that read from one relay by one request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withGlobals } from './globals.mjs';
import { World } from './world.mjs';

/** A world with so many links of one relay, whose requests have the fate that `net.fate` says. */
function worldOf(t, count, options) {
  const net = { fate: () => ({}) };
  const world = new World({ shared: true, plan: (entry) => net.fate(entry), ...options });
  withGlobals(t, world.globals());
  const open = (more) => Array.from({ length: more }, () => world.open());
  open(count);
  world.clock.run(100);
  const reads = () => world.network.requests.filter(({ said }) => 'jxem'.includes(said.verb));
  const under = () => reads().filter(({ over }) => !over);
  const verbs = (list) => list.map(({ said }) => said.verb).join('');
  /** Each gets a message. */
  const echo = () => {
    for (const { target, over } of world.clients) if (!over) target.send('t', 'x');
    world.clock.run(200);
  };
  const finish = () => {
    for (const client of world.clients) if (!client.over) client.close(1000, '');
    world.finish();
    for (const { over } of world.clients) assert.ok(over.left || over.code === 1000, JSON.stringify(over));
  };
  return { world, net, clock: world.clock, clients: world.clients, open, reads, under, verbs, echo, finish };
}

for (const [name, verb] of [
  ['stream', 'x'],
  ['sse', 'e'],
  ['xhr', 'j'],
]) {
  test(`${name}: two sockets read each by itself, and with a third all by one request`, (t) => {
    const { clock, clients, open, under, verbs, echo, finish } = worldOf(t, 2, { downs: [name] });
    assert.equal(verbs(under()), verb + verb);
    open(1);
    clock.run(100);
    assert.equal(verbs(under()), 'm');
    assert.deepEqual(
      under()[0].said.sockets.map(({ id }) => id),
      clients.map(({ at }) => at.socket),
    );
    for (let i = 0; i < 5; i++) echo();
    for (const { got } of clients) assert.equal(got.length, 5);
    assert.equal(verbs(under()), 'm');
    finish();
  });
}

test('those that open in one go are read by one request, and those that come later by the next, which ends the other', (t) => {
  for (const downs of [['stream'], ['xhr']]) {
    const { clock, open, under, reads, finish } = worldOf(t, 30, { downs });
    assert.equal(under().length, 1);
    assert.equal(under()[0].said.sockets.length, 30);
    const before = reads().length;
    open(10);
    clock.run(100);
    assert.deepEqual([under().length, under()[0].said.sockets.length, reads().length], [1, 40, before + 1]);
    assert.deepEqual(
      reads().filter(({ cancelled, said }) => cancelled && said.verb === 'm'),
      [],
      'it ends by itself, and its connection is kept',
    );
    finish();
  }
});

test('however they join, no more than two requests for them are under way, and a third while they change', (t) => {
  for (const downs of [['stream'], ['xhr']]) {
    const { clock, open, under, echo, finish, clients } = worldOf(t, 3, { downs });
    let most = 0;
    for (let i = 0; i < 40; i++) {
      open(1);
      clock.settle();
      most = Math.max(most, under().length);
      clock.run(3);
      most = Math.max(most, under().length);
    }
    assert.ok(most <= 2, `${most}`);
    clock.run(100);
    echo();
    for (const { got } of clients) assert.equal(got.length, 1);
    finish();
  }
});

test('one that leaves takes nothing from the others, and is asked for no more', (t) => {
  for (const downs of [['stream'], ['xhr']]) {
    const { clock, clients, open, reads, echo, finish, under } = worldOf(t, 4, { downs });
    const before = reads().length;
    clients[0].leave();
    clock.run(1000);
    if (downs[0] === 'stream') assert.equal(reads().length, before);
    echo();
    assert.deepEqual(
      clients.map(({ got }) => got.length),
      [0, 1, 1, 1],
    );
    open(1);
    clock.run(1000);
    assert.equal(
      under()[0].said.sockets.some(({ id }) => id === clients[0].at.socket),
      false,
    );
    finish();
  }
});

test('the last one reads by itself again', (t) => {
  const { clock, clients, under, verbs, echo, finish } = worldOf(t, 3, { downs: ['stream'] });
  clients[0].close(1000, '');
  clock.run(500);
  assert.equal(verbs(under()), 'm', 'two go on together');
  clients[1].close(1000, '');
  clock.run(500);
  assert.equal(verbs(under()), 'x');
  echo();
  assert.equal(clients[2].got.length, 1);
  finish();
});

test('one whose socket is gone hears of it, and the others go on', (t) => {
  for (const downs of [['stream'], ['xhr']]) {
    const { clock, clients, echo, world } = worldOf(t, 4, { downs });
    clients[1].session.drop();
    clock.run(1000);
    assert.match(clients[1].over.error, /no such socket/);
    echo();
    for (const i of [0, 2, 3]) {
      assert.equal(clients[i].got.length, 1);
      clients[i].close(1000, '');
    }
    world.finish();
  }
});

test('a URL has no more sockets than there is room for', (t) => {
  const { under, clients, echo, finish } = worldOf(t, 30, { room: 300 });
  assert.ok(under().length > 2);
  for (const { params } of under()) assert.ok(/s=([^&]*)/.exec(params)[1].length <= 300);
  echo();
  echo();
  for (const { got } of clients) assert.equal(got.length, 2);
  finish();
});

test('and a request no more than 256', (t) => {
  const { under, finish, clients, echo } = worldOf(t, 300, { downs: ['stream'] });
  assert.deepEqual(
    under().map(({ said }) => said.sockets.length),
    [256, 44],
  );
  echo();
  for (const { got } of clients) assert.equal(got.length, 1);
  finish();
});

test('where a shared stream is held back its sockets go over to one shared poll, and back', (t) => {
  const { net, clock, clients, under, echo, finish, open } = worldOf(t, 0, { downs: ['stream', 'xhr'] });
  net.fate = ({ stream }) => (stream ? { fate: 'held' } : {});
  open(10);
  clock.run(2500);
  for (const { steps } of clients) assert.deepEqual(steps, [['stream', 'xhr', 'buffered']]);
  assert.deepEqual([under().length, under()[0].said.params.stream], [1, undefined]);
  for (let i = 0; i < 10; i++) echo();
  net.fate = () => ({});
  for (let i = 0; i < 200; i++) echo();
  for (const { steps } of clients) assert.deepEqual(steps.slice(1), [['xhr', 'stream', '']]);
  assert.deepEqual([under().length, under()[0].said.params.stream], [1, '1']);
  for (const { got } of clients) assert.equal(got.length, 210);
  finish();
});

test('an older read that arrives late, and takes a socket out, is followed by a newer at once', (t) => {
  for (const late of ['x', 'm']) {
    const { net, clock, clients, open, reads, under, finish } = worldOf(t, 0, { downs: ['stream'] });
    let first = true;
    net.fate = ({ said }) => {
      if (said.verb !== late || !first) return {};
      first = false;
      return { up: 300 };
    };
    open(5);
    clock.run(20);
    if (late === 'm') open(1); // which asks for all, and is there first
    clock.run(270);
    const before = reads().length;
    clock.run(50);
    for (const { target } of clients) target.send('t', 'x');
    clock.run(50);
    for (const { got } of clients) assert.equal(got.length, 1);
    clock.run(3000);
    assert.equal(reads().length, before + 1, 'one read for all that were taken out');
    assert.deepEqual([under().length, under()[0].said.sockets.length], [1, clients.length]);
    finish();
  }
});

test('what an older read brings between two reads of a socket comes once more, and what follows it is no gap', (t) => {
  const { net, clock, clients, open, reads, finish } = worldOf(t, 0, { downs: ['stream'] });
  let first = true;
  net.fate = ({ said }) => {
    if (said.verb !== 'm' || !first) return {};
    first = false;
    return { up: 150 };
  };
  open(5);
  clock.run(20);
  open(2); // the next read is there first: the older takes five sockets out of it, who read again 200 ms after they hear of it
  const [{ target, got }] = clients;
  clock.run(150);
  target.send('t', 'one'); // the older brings it, and nobody is there
  clock.run(200);
  const before = reads().length;
  target.send('t', 'two'); // which the older brings too, and somebody is there
  clock.run(100);
  assert.deepEqual(got, ['one', 'two']);
  assert.equal(reads().length, before + 1);
  finish();
});

test('that an older read has lost a socket to a newer is nothing new', (t) => {
  const { clock, open, reads, finish } = worldOf(t, 5, { downs: ['stream'] });
  const before = reads().length;
  open(1);
  clock.run(60_000);
  assert.equal(reads().length, before + 1);
  finish();
});

test('a stream of many that are idle makes no request', (t) => {
  const { clock, clients, under, reads, finish } = worldOf(t, 12, { downs: ['stream', 'xhr'] });
  clock.run(3500); // the path is proven by then
  assert.deepEqual([under().length, under()[0].said.params.hb], [1, '15000']);
  const before = reads().length;
  clock.run(3_600_000);
  assert.equal(reads().length, before);
  for (const { steps } of clients) assert.deepEqual(steps, []);
  finish();
});

test('a group has the heartbeats of those of its members who need most', (t) => {
  const { world, clock, open, reads, finish } = worldOf(t, 4, { downs: ['stream', 'xhr'], proven: true });
  assert.equal(reads().at(-1).said.params.hb, '15000');
  world.path = { proven: false }; // as by another router
  open(1);
  clock.run(2000);
  assert.equal(reads().at(-1).said.params.hb, '1000');
  clock.run(2000);
  assert.equal(reads().at(-1).said.params.hb, '15000');
  finish();
});

test('many whose traffic pushes a stream through a box that holds it back go over to one poll', (t) => {
  const { net, world, clock, clients, open, under, finish } = worldOf(t, 0, { downs: ['stream', 'xhr'] });
  net.fate = ({ stream }) => (stream ? { fate: 'buffered', room: 4096 } : {});
  open(12);
  for (let i = 0; i < 40; i++) {
    for (const { target } of clients) target.send('t', `${i}`);
    clock.run(100);
  }
  clock.run(6000);
  for (const { got, steps } of clients) {
    assert.equal(got.length, 40);
    assert.deepEqual(steps, [['stream', 'xhr', 'buffered']]);
  }
  assert.deepEqual([under().length, under()[0].said.params.stream, world.path.proven], [1, undefined, false]);
  finish();
});

test('who reads by itself, and then by a poll with others, is not taken for a stream that holds back', (t) => {
  const { clock, clients, open, finish, echo } = worldOf(t, 2, { downs: ['sse', 'xhr'] });
  open(1);
  open(1);
  clock.run(19_000);
  for (const { steps } of clients) assert.deepEqual(steps, []);
  const fresh = worldOf(t, 5, { downs: ['sse', 'xhr'] }); // whose first two have shown nothing yet
  fresh.clock.run(19_000);
  for (const { steps } of fresh.clients) assert.deepEqual(steps, []);
  echo();
  finish();
  fresh.finish();
});

test('an EventSource that ends when others read for it asks for nothing, or it would take that from them', (t) => {
  const { net, clock, open, reads, verbs, finish } = worldOf(t, 0, { downs: ['sse', 'xhr'] });
  net.fate = ({ stream }) => (stream ? { fate: 'refused', up: 50 } : {});
  open(5);
  clock.run(500);
  assert.equal(verbs(reads()), 'eem');
  net.fate = () => ({});
  finish();
});

test('to those for whom nothing comes what comes for others is a sign that reading goes well', (t) => {
  const { net, clock, clients, reads, finish } = worldOf(t, 3, { downs: ['xhr'] });
  let failing = 0;
  net.fate = ({ said }) => ('jm'.includes(said.verb) && failing-- > 0 ? { fate: 'refused' } : {});
  for (let i = 0; i < 20; i++) {
    failing = 1;
    clients[0].target.send('t', `${i}`);
    clock.run(2500);
  }
  for (const { over } of clients) assert.equal(over, null);
  assert.equal(clients[0].got.length, 20);
  assert.ok(reads().length > 40);
  finish();
});

test('who refuses requests for many gets one for each', (t) => {
  const { net, clock, clients, open, under, verbs, echo, finish } = worldOf(t, 0, { downs: ['xhr'] });
  net.fate = ({ said }) => (said.verb === 'm' ? { fate: 'page', status: 404, body: null } : {});
  open(5);
  clock.run(1000);
  assert.equal(verbs(under()), 'jjjjj');
  echo();
  for (const { got } of clients) assert.equal(got.length, 1);
  finish();
});

test('where the network fails they try again, together', (t) => {
  const { net, clock, clients, reads, echo, finish } = worldOf(t, 20, { downs: ['stream', 'xhr'] });
  net.fate = () => ({ fate: 'refused' });
  for (const entry of reads()) if (!entry.over) entry.finish(null);
  const before = reads().length;
  clock.run(10_000);
  assert.ok(reads().length - before < 20 * 10, `${reads().length - before} reads`);
  net.fate = () => ({});
  clock.run(10_000);
  echo();
  for (const { got } of clients) assert.equal(got.length, 1);
  finish();
});
