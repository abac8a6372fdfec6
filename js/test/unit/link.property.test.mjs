// Links in a world of random messages and faults: whatever becomes of the requests, each message arrives once, in its order
// and whole, both ways, and then the close. What holds at every moment is checked by world.mjs.
//
//   node --test test/unit/link.property.test.mjs
//   SEED=17 node --test test/unit/link.property.test.mjs       that world alone
//   RUNS=100000 node --test test/unit/link.property.test.mjs   more worlds
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batches, splits } from '../../build/transport/batches.js';
import { parts } from '../../build/transport/parts.js';
import { setGlobals } from './globals.mjs';
import { seeded } from './virtual.mjs';
import { World } from './world.mjs';

const runs = Number(process.env.RUNS ?? 1000);

/** Ways up: those that there are, and the same with messages cut small. */
const ways = { batches, parts, crumbledBatches: crumbled(batches, 50), crumbledParts: crumbled(parts, 7) };

/** Ways down, the best first. */
const downs = [['xhr'], ['stream'], ['sse'], ['stream', 'xhr'], ['stream', 'sse', 'xhr'], ['sse', 'xhr']];

function crumbled(up, most) {
  return (exchange) => ({
    ...up(exchange),
    cut({ data }) {
      if (data.length <= most) return data.length;
      return typeof data === 'string' && splits(data, most) ? most - 1 : most;
    },
  });
}

test('nothing is lost, repeated or reordered while requests fail now and then', () => {
  every((seed) => check(seed, false));
});

test('nothing is lost, repeated or reordered where many sockets read by one request, and change their ways', () => {
  every((seed) => check(seed, false, true));
});

test('nothing is repeated or reordered while the network is gone for long, and what fails fails with cause', () => {
  every((seed) => check(seed, true, seed % 3 === 0));
});

function every(run) {
  const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: runs }, (_, i) => i + 1);
  for (const seed of seeds) {
    try {
      run(seed);
    } catch (e) {
      e.message = `SEED=${seed}: ${e.message}`;
      throw e;
    }
  }
}

/** Lets the world of a seed run to its end; a harsh one has faults that a link need not survive. */
function check(seed, harsh, shared = false) {
  const chance = seeded(seed);
  const way = chance.pick(Object.keys(ways));
  const names = chance.pick(downs);
  // The relay may have two names, of which one is not reached.
  const labels = chance.happens(0.4);
  const nowhere = labels && chance.pick([null, 'label', 'label', 'bare']);
  const isReached = ({ said }) => (said.host === 'relay.test' ? 'bare' : 'label') !== nowhere;
  const plan = (harsh ? harshPlan : mildPlan)(chance, isReached, names.includes('xhr'));
  // A harsh relay goes down, or takes no long messages.
  const limits = harsh && chance.happens(0.1) ? { message: 200 } : {};
  const alive = (client) => (client.dropped ? chance.pick([false, null]) : chance.pick([true, null]));
  const room = shared && chance.happens(0.3) ? chance.int(60, 200) : Infinity;
  const world = new World({ seed, plan, up: ways[way], downs: names, shared, room, limits, alive, labels });
  const undo = setGlobals(world.globals());
  try {
    const count = shared ? chance.int(2, 7) : chance.happens(0.7) ? 1 : chance.int(2, 4);
    const between = shared ? chance.pick([0, 100, 300]) : 0; // the openings of two, in milliseconds
    const lives = [];
    while (lives.length < count) {
      lives.push(live(world, chance, way, harsh));
      if (between) world.clock.run(chance.int(0, between));
    }
    world.clock.until(() => world.over(), 86_400_000);
    world.finish();
    for (const life of lives) judge(world, life, harsh);
  } finally {
    undo();
  }
}

/** Opens a link, and plans what the page and the target do. */
function live(world, chance, way, harsh) {
  const { clock } = world;
  let stalls = chance.happens(0.3) ? 30 : 0;
  const reply = { code: chance.pick([1000, 1005, 3000, 4999]), reason: '' };
  const client = world.open({
    stall: () => (stalls && chance.happens(0.2) ? chance.int(1, --stalls % 10 ? 500 : 25_000) : 0),
    answer: chance.happens(0.5) ? undefined : () => reply,
    answerIn: chance.int(0, 300),
  });
  const { target } = client;
  const sent = []; // by the target
  const crumbles = way !== 'batches' && way !== 'parts';
  const big = !crumbles && chance.happens(0.05);
  const length = chance.pick([0, 100, 5000, 20_000]); // of its life, in milliseconds

  const up = () => {
    if (!client.over && !client.closing) client.send(message(chance, big, crumbles));
  };
  const down = () => {
    if (client.ended) return;
    const data = message(chance, big, crumbles);
    sent.push(data);
    target.send(typeof data === 'string' ? 't' : 'b', data);
  };
  for (const act of [up, down]) {
    for (let bursts = chance.int(0, 4); bursts > 0; bursts--) {
      clock.after(chance.int(0, length), () => {
        for (let n = chance.int(1, chance.happens(0.1) ? 150 : 8); n > 0; n--) act();
      });
    }
  }
  client.onmessage = () => {
    if (chance.happens(0.2)) up();
    if (chance.happens(0.01)) (ends.page ?? ends.leave)?.();
  };

  const how = chance.pick(['page', 'page', 'target', 'both', 'leave', harsh ? 'drop' : 'page']);
  const code = { page: chance.pick([1000, 1005, 3000, 4999]), target: chance.pick([1000, 1001, 1005, 1011, 4000]) };
  const ends = {
    page: () => {
      if (!client.over && !client.closing)
        client.close(code.page, code.page === 1005 ? '' : 'bye 😀'.slice(0, chance.int(0, 3)));
    },
    target: () => {
      client.ended = true;
      target.close(code.target, code.target === 1005 ? '' : 'gone');
    },
    leave: () => {
      if (!client.over) client.leave();
    },
    drop: () => {
      client.dropped = true;
      client.session.drop();
    },
  };
  for (const end in ends) if (how !== end && how !== 'both') delete ends[end];
  if (how === 'both') delete ends.leave;
  for (const end of how === 'both' ? ['page', 'target'] : [how])
    clock.after(length + chance.int(0, 500), () => ends[end]?.());
  // The target sends nothing more when it has answered the close.
  const { end } = target;
  target.end = function (code, reason) {
    end.call(target, code, reason);
    client.ended ||= true;
  };
  return { client, target, sent, how };
}

/** Compares what was given with what came. */
function judge(world, { client, target, sent, how }, harsh) {
  const { over, given, got, closing } = client;
  same(target.messages, given.slice(0, target.messages.length), 'at the target');
  same(got, sent.slice(0, got.length), 'at the client');
  if (over.error) {
    assert.ok(harsh, `failed: ${over.error}`);
    return cause(client, over);
  }
  if (over.code === 1009) {
    const { message } = client.session.limits;
    assert.ok(harsh && given.some((data) => Buffer.byteLength(data) > message), 'nothing was too large');
    return assert.ok(target.closed || target.answered, 'the target was not closed');
  }
  if (over.left) {
    if (closing) return;
    return assert.ok(target.closed || how === 'both', 'the target was not closed');
  }
  // The close was read.
  assert.equal(got.length, sent.length, 'what the target has sent has come');
  const answer = target.answered;
  assert.deepEqual({ code: over.code, reason: over.reason, wasClean: over.wasClean }, { ...answer, wasClean: true });
  if (how === 'page') {
    assert.equal(target.messages.length, given.length, 'all has come to the target');
    assert.deepEqual(target.closed, closing);
  }
}

function same(got, want, where) {
  assert.equal(got.length, want.length, `too many ${where}`);
  for (const [i, data] of got.entries()) {
    const equal = typeof data === 'string' ? data === want[i] : typeof want[i] !== 'string' && data.equals(want[i]);
    assert.ok(equal, `message ${i + 1} ${where} is another`);
  }
}

/** A link fails only where requests have failed for 30 s, or the relay has given up waiting for it. */
function cause(client, { error, at }) {
  const since = { sending: client.lastSend, reading: client.lastRead }[
    /^(sending|reading) failed for too long/.exec(error)?.[1]
  ];
  const { dropped, session } = client;
  // What a read brings that was superseded proves nothing.
  if (since !== undefined && client.world.shared) return;
  if (since !== undefined) assert.ok(at - since > 30_000, `${error}, after ${at - since} ms`);
  else if (/no_socket|no such socket/.test(error))
    assert.ok(dropped || session.lapsed, 'the relay has given the client up');
  else if (error === 'the relay is gone') assert.ok(dropped, 'the relay is there');
  else assert.fail(error);
}

// What is sent.

const pools = (() => {
  const chance = seeded(7);
  const points = [
    () => chance.int(32, 126),
    () => chance.int(0, 0x7ff),
    () => chance.int(0x800, 0xd7ff),
    () => chance.int(0x10000, 0x10ffff),
  ];
  const kinds = { ascii: [0], mixed: [0, 0, 1, 2, 3], astral: [3] };
  const texts = Object.values(kinds).map((of) => {
    let text = '';
    while (text.length < 620_000) text += String.fromCodePoint(points[chance.pick(of)]());
    return text;
  });
  return { texts, bytes: Buffer.from(Uint8Array.from({ length: 620_000 }, () => chance.int(0, 255))) };
})();

function message(chance, big, crumbles) {
  const sizes = [0, 1, 2, 10, 125, 126, 300, crumbles ? 300 : 5000];
  let length = chance.int(0, chance.pick(sizes));
  if (big && chance.happens(0.1)) length = chance.int(0, chance.pick([65_536, 70_000, 132_000, 270_000, 600_000]));
  const from = chance.int(0, 1000);
  if (chance.happens(0.3)) return pools.bytes.subarray(from, from + length);
  const text = chance.pick(pools.texts);
  const low = (i) => (text.charCodeAt(i) & 0xfc00) === 0xdc00;
  const begin = from + (low(from) ? 1 : 0);
  return text.slice(begin, begin + length - (low(begin + length) ? 1 : 0));
}

// What becomes of requests.

/** How a response that goes on is cut: mostly whole, at times byte by byte. */
function pieces(chance) {
  const most = chance.pick([Infinity, Infinity, 1000, 3, 1]);
  return most === Infinity ? () => most : () => chance.int(1, most);
}

const pages = [
  { status: 502, body: null },
  { status: 200, body: null },
  { status: 200, body: { hello: 'world' } },
  { status: 404, body: { error: 'not here' } },
];

/** Faults that a link survives: no more than two in a row, and one in a minute that nobody hears of; and reads that are answered within the relay's grace period. */
function mildPlan(chance, isReached, steps) {
  const odds = chance.pick([0, 0.1, 0.3, 0.6]);
  const most = chance.pick([0, 20, 300, 1000]);
  const streaks = {};
  const spared = {}; // the last request of a way where it had no fault, and the streak that it ended
  const losses = {}; // when a request was lost without a trace, for which a client waits for 20 s
  const piece = pieces(chance);
  // Somebody on the way does not let streams through, for some time.
  const held = Array.from({ length: steps ? chance.pick([0, 0, 1, 3]) : 0 }, () => {
    const from = chance.int(0, 100_000);
    return {
      from,
      to: from + chance.int(0, 100_000),
      fate: chance.pick(['held', 'held', 'stalled', 'refused', 'cut']),
    };
  });
  const start = 1_000_000; // of virtual time
  return (entry) => {
    const { said, stream, at } = entry;
    // Of a read of many each socket has its own luck.
    const ids = said.id ? [said.id] : (said.params.s ?? '').split(',').map((socket) => socket.split(':')[0]);
    const ways = ids.map((id) => `${id}${said.verb}`);
    const plan = { up: chance.int(1, 1 + most), down: chance.int(1, 1 + most), piece };
    for (const way of ways) {
      // What a socket has sent and taken back, since its target stalled and others waited, was not answered either.
      if (spared[way]?.entry.cancelled && said.verb === 's') streaks[way] = spared[way].streak;
      delete spared[way];
    }
    if (!isReached(entry)) {
      for (const way of ways) streaks[way] = (streaks[way] ?? 0) + 1;
      return { ...plan, fate: 'refused' };
    }
    const holds = held.find(({ from, to }) => at - start >= from && at - start < to);
    if (stream && holds && most < 1000) return { ...plan, fate: holds.fate, after: chance.int(0, 20_000) };
    if (chance.happens(odds / 4)) plan.again = chance.pick([1, 100, 30_000]);
    const streak = Math.max(...ways.map((way) => streaks[way] ?? 0));
    if (streak >= 2 || !chance.happens(odds)) {
      for (const way of ways) {
        spared[way] = { entry, streak: streaks[way] ?? 0 };
        streaks[way] = 0;
      }
      return plan;
    }
    for (const way of ways) streaks[way] = (streaks[way] ?? 0) + 1;
    const fates = ['refused', 'cut', 'page'];
    if (stream && streak === 0) fates.push('held', 'stalled');
    const lost = Math.max(...ways.map((way) => losses[way] ?? -Infinity));
    if (said.verb === 's' && streak === 0 && at - lost > 60_000) fates.push('unsent', 'deaf');
    const fate = chance.pick(fates);
    if (fate === 'unsent' || fate === 'deaf') for (const way of ways) losses[way] = at;
    return {
      ...plan,
      fate,
      after: chance.int(0, 2000),
      clean: chance.happens(0.2),
      arrives: chance.happens(0.5),
      ...chance.pick(pages),
    };
  };
}

/** Faults of any kind, and times at which nothing gets through. */
function harshPlan(chance, isReached) {
  const odds = chance.pick([0.2, 0.5, 0.8]);
  const most = chance.pick([20, 1000, 15_000]);
  const piece = pieces(chance);
  let night = 0;
  return (entry) => {
    const { at, stream } = entry;
    const plan = { up: chance.int(1, 1 + most), down: chance.int(1, 1 + most), piece };
    if (!isReached(entry)) return { ...plan, fate: 'refused' };
    if (chance.happens(odds / 4)) plan.again = chance.pick([1, 100, 30_000]);
    if (at > night && chance.happens(0.05)) night = at + chance.int(0, 60_000);
    if (at < night) return { ...plan, fate: chance.pick(['refused', 'unsent']) };
    if (!chance.happens(odds)) return plan;
    const fates = ['refused', 'cut', 'page', 'unsent', 'deaf'];
    const fate = chance.pick(stream ? [...fates, 'held', 'stalled'] : fates);
    return {
      ...plan,
      fate,
      clean: chance.happens(0.2),
      after: chance.int(0, 30_000),
      arrives: chance.happens(0.5),
      ...chance.pick(pages),
    };
  };
}
