// What a stream brings is acknowledged, since it says nothing after its beginning.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withGlobals } from './globals.mjs';
import { World } from './world.mjs';

function worldOf(t, options) {
  const net = { acks: {} };
  const plan = ({ said }) => (said.frames?.length === 0 ? net.acks : {});
  const world = new World({ downs: ['stream', 'xhr'], plan, ...options });
  withGlobals(t, world.globals());
  const client = world.open();
  const ups = () => world.network.requests.filter(({ said }) => said.verb === 's');
  const acks = () => ups().filter(({ said, last }) => !said.frames.length && !last);
  return { world, net, client, clock: world.clock, ups, acks };
}

test('what came is acknowledged after a few seconds, all at once', (t) => {
  const { world, client, clock, acks } = worldOf(t);
  for (let i = 0; i < 10; i++) {
    client.target.send('t', 'x');
    clock.run(400);
  }
  assert.equal(acks().length, 0);
  clock.run(1500);
  assert.deepEqual(
    acks().map(({ said }) => said.ack),
    [10],
  );
  clock.run(60_000);
  assert.equal(acks().length, 1, 'and not again');
  client.close(1000, '');
  world.finish();
});

test('by what is sent, where something is', (t) => {
  const { world, client, clock, acks, ups } = worldOf(t);
  for (let i = 0; i < 20; i++) {
    client.target.send('t', 'x');
    clock.run(500);
    client.send('y');
    clock.run(500);
  }
  assert.deepEqual([acks().length, ups().at(-1).said.ack], [0, 20]);
  client.close(1000, '');
  world.finish();
});

test('after 64 KiB at once, so that the relay never waits at its bound', (t) => {
  const { world, client, clock, acks } = worldOf(t);
  for (let i = 0; i < 400; i++) client.target.send('t', 'x'.repeat(10_000));
  clock.run(2000);
  assert.equal(client.got.length, 400);
  assert.ok(acks().length > 20, `${acks().length}`);
  client.close(1000, '');
  world.finish();
});

test('where acknowledgements are lost they are made again, though nothing more comes', (t) => {
  const { world, net, client, clock, acks } = worldOf(t);
  net.acks = { fate: 'refused' };
  for (let i = 0; i < 100; i++) client.target.send('t', 'x'.repeat(10_000));
  clock.run(3000);
  assert.ok(client.got.length < 100, 'the relay waits at its bound');
  net.acks = {};
  clock.run(10_000);
  assert.equal(client.got.length, 100);
  assert.ok(acks().length > 3);
  client.close(1000, '');
  world.finish();
});

test('polls acknowledge by themselves', (t) => {
  const { world, client, clock, acks } = worldOf(t, { downs: ['xhr'] });
  for (let i = 0; i < 100; i++) {
    client.target.send('t', 'x'.repeat(10_000));
    clock.run(100);
  }
  assert.equal(acks().length, 0);
  client.close(1000, '');
  world.finish();
});

test('many sockets acknowledge through the two slots of their host, and none is starved', (t) => {
  const world = new World({ downs: ['stream'], shared: true });
  withGlobals(t, world.globals());
  for (let i = 0; i < 30; i++) world.open();
  world.clock.run(100);
  for (let i = 0; i < 20; i++) {
    for (const { target } of world.clients) target.send('t', 'x'.repeat(20_000));
    world.clock.run(500);
  }
  world.clock.run(10_000);
  for (const client of world.clients) {
    assert.equal(client.got.length, 20);
    client.close(1000, '');
  }
  world.finish(); // which has seen that no more than two went up at a time
});
