// A relay is gone: however its sockets read, and whatever they are about, they end within seconds. And a relay whose labels are not
// reached lives on by its bare name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parts } from '../../build/transport/parts.js';
import { withGlobals } from './globals.mjs';
import { World } from './world.mjs';

/** How many milliseconds a router takes at the longest to find out. */
const slow = 2000;
const promised = 5000;

const ways = [['stream', 'sse', 'xhr'], ['sse', 'xhr'], ['xhr'], ['stream'], ['sse']];

/** A world that can be switched off: then requests under way are cut, and others are refused. */
function worldOf(t, options) {
  const net = { fate: () => ({}) };
  const world = new World({ ...options, plan: (entry) => net.fate(entry) });
  withGlobals(t, world.globals());
  const kill = () => {
    net.fate = () => ({ fate: 'refused', up: 1 });
    for (const entry of [...world.network.open]) entry.finish(null);
  };
  return { world, net, kill, clock: world.clock, clients: world.clients, requests: world.network.requests };
}

const situations = {
  idle: (client, clock) => clock.run(30_000),
  sending(client, clock) {
    clock.run(1000);
    for (let i = 0; i < 100; i++) client.send(`${i}`);
    clock.run(5);
  },
  'asked for a moment ago': () => {},
};

for (const [situation, lives] of Object.entries(situations)) {
  for (const labels of [false, true]) {
    for (const count of [1, 12]) {
      test(`${count} ${situation}${labels ? ', with labels' : ''}: each asks once, which takes 2 s, and is over in less than 5`, (t) => {
        for (const downs of ways) {
          for (const up of [undefined, parts]) {
            for (let seed = 1; seed <= 2; seed++) {
              const { world, kill, clock, clients } = worldOf(t, { seed, downs, up, labels, shared: true });
              let asked = 0;
              for (let i = 0; i < count; i++) {
                const { link } = world.open();
                link.o.alive = (tell) => (asked++, clock.after(slow, () => tell(false)));
              }
              for (const client of clients) lives(client, clock);
              kill();
              const from = clock.now();
              clock.until(() => world.over());
              const took = Math.max(...clients.map(({ over }) => over.at)) - from;
              assert.ok(took < slow + 1000 && took < promised, `${downs}: ${took} ms`);
              for (const { over } of clients) assert.equal(over.error, 'the relay is gone');
              assert.equal(asked, count);
              clock.idle();
              assert.deepEqual([...world.network.open], []);
            }
          }
        }
      });
    }
  }
}

test('one whose relay was started anew, and does not know it, is over at once', (t) => {
  for (const downs of ways) {
    for (const count of [1, 12]) {
      for (const labels of [false, true]) {
        const { world, kill, net, clock, clients } = worldOf(t, { downs, labels, shared: true });
        for (let i = 0; i < count; i++) world.open();
        clock.run(2000);
        for (const { session, link } of clients) {
          session.drop();
          link.o.alive = () => assert.fail('nobody is to be asked');
        }
        const from = clock.now();
        kill();
        net.fate = () => ({});
        clock.until(() => world.over());
        const took = Math.max(...clients.map(({ over }) => over.at)) - from;
        assert.ok(took < 1000, `${downs}: ${took} ms`);
        for (const { over } of clients) assert.match(over.error, /no.socket|no such socket/);
      }
    }
  }
});

// Names.

const isLabel = ({ said }) => said.host !== 'relay.test';
const refused = { fate: 'refused', up: 1 };

test('a label that is not reached gives way to the bare name: nothing is lost, and nobody asks whether the relay is alive', (t) => {
  for (const downs of ways) {
    for (const up of [undefined, parts]) {
      for (const count of [1, 12]) {
        const { world, net, clock, clients, requests } = worldOf(t, { downs, up, labels: true, shared: true });
        net.fate = (entry) => (isLabel(entry) ? refused : {});
        for (let i = 0; i < count; i++) world.open().link.o.alive = () => assert.fail('nobody is to be asked');
        for (const client of clients) {
          client.send('up');
          client.target.send('t', 'down');
        }
        clock.run(1000);
        for (const { got, target } of clients) assert.deepEqual([got, target.messages], [['down'], ['up']]);
        const before = requests.length;
        world.open().send('later');
        clock.run(1000);
        assert.ok(!requests.slice(before).some(isLabel), 'the next begins with it');
        for (const client of clients) {
          assert.deepEqual(client.steps, []);
          client.close(1000, '');
        }
        world.finish();
      }
    }
  }
});

test('sockets that have changed to the bare name share its two requests up', (t) => {
  const { world, net, clock, clients, requests } = worldOf(t, { downs: ['xhr'], labels: true, shared: true });
  net.fate = (entry) => (isLabel(entry) ? refused : {});
  for (let i = 0; i < 8; i++) world.open();
  for (let round = 0; round < 20; round++) {
    for (const client of clients) client.send(`${round}`);
    clock.run(50);
  }
  clock.run(2000);
  // That no more than two are under way the world looks at all the time.
  for (const { target } of clients) assert.equal(target.messages.length, 20);
  assert.ok(requests.some((entry) => entry.said.verb === 's' && !isLabel(entry)));
  for (const client of clients) client.close(1000, '');
  world.finish();
});

test('a label that leads nowhere, without a word, gives way to the bare name before the relay forgets its socket', (t) => {
  for (const downs of ways) {
    const { world, net, clock } = worldOf(t, { downs, labels: true });
    net.fate = (entry) => (isLabel(entry) ? { fate: 'unsent' } : {});
    const client = world.open();
    client.target.send('t', 'down');
    clock.run(9500);
    assert.deepEqual(client.got, ['down'], `${downs}`);
    client.close(1000, '');
    world.finish();
  }
});

test('a stream that is held back says nothing of the label', (t) => {
  const { world, net, clock, requests } = worldOf(t, { downs: ['stream', 'xhr'], labels: true });
  net.fate = ({ stream }) => (stream ? { fate: 'held' } : {});
  const client = world.open();
  clock.run(10_000);
  client.target.send('t', 'down');
  clock.run(1000);
  assert.deepEqual([client.got, client.steps], [['down'], [['stream', 'xhr', 'buffered']]]);
  assert.ok(requests.every(isLabel));
  client.close(1000, '');
  world.finish();
});

test('a label that has answered is kept, whatever happens afterwards', (t) => {
  const { world, net, clock, requests } = worldOf(t, { downs: ['xhr'], labels: true });
  const client = world.open();
  client.target.send('t', 'down');
  clock.run(100);
  net.fate = () => refused;
  client.send('up');
  clock.run(5000);
  net.fate = () => ({});
  clock.run(5000);
  assert.ok(requests.every(isLabel));
  assert.deepEqual(client.target.messages, ['up']);
  client.close(1000, '');
  world.finish();
});

test('a page that leaves closes its socket by the name that is in use', (t) => {
  const { world, net, clock, requests } = worldOf(t, { downs: ['xhr'], labels: true });
  net.fate = (entry) => (isLabel(entry) ? refused : {});
  const client = world.open();
  client.target.send('t', 'down');
  clock.run(1000);
  client.leave();
  assert.equal(isLabel(requests.at(-1)), false);
  world.finish();
  assert.deepEqual(client.target.closed.code, 1001);
});
