// Sockets whose native WebSockets, routers, relays, targets and pages do anything at any time: whatever wins the race and
// whatever is killed, a page sees one socket, and in the end there is none.
//
//   node --test test/unit/opening.property.test.mjs
//   SEED=17 node --test test/unit/opening.property.test.mjs        that seed alone, and what happened in it
//   RUNS=100000 node --test test/unit/opening.property.test.mjs    more seeds
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setGlobals, withGlobals } from './globals.mjs';
import { nativeClass } from './natives.mjs';
import { promise } from './opening.mjs';
import { stage } from './stage.mjs';
import { seeded } from './virtual.mjs';

let channel = null;
setGlobals({
  MessageChannel: class {
    port1 = {};
    port2 = { postMessage: () => channel(() => this.port1.onmessage({})) };
  },
});
const { create, info } = await import('../../build/index.js');
const { recall } = await import('../../build/memory.js');

const runs = Number(process.env.RUNS ?? 1000);
const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: runs }, (_, i) => i + 1);
const long = 30_000; // when everything has been decided that began a while ago

test('a page sees one socket, whatever there is behind it, and in the end there is none', async (t) => {
  const seen = {};
  for (const seed of seeds) {
    // A stage is put away when its test is over.
    await t.test(`SEED=${seed}`, { timeout: 10_000 }, (t) => {
      try {
        run(t, seed, (what) => (seen[what] = (seen[what] ?? 0) + 1));
      } catch (e) {
        e.message = `SEED=${seed}: ${e.message}`;
        throw e;
      }
    });
  }
  if (seeds.length < 500) return;
  for (const what of [
    'websocket',
    'xhr',
    'jsonp',
    'failed',
    'revived',
    'killed for good',
    'skipped',
    'lost and opened',
  ])
    assert.ok(seen[what] > seeds.length / 200, `${what} has happened ${seen[what] ?? 0} times`);
  assert.ok(seen.spare, 'no two routers have made a socket for one create');
});

function run(t, seed, saw) {
  const chance = seeded(seed);
  const set = stage(t);
  const { clock } = set;
  channel = (next) => clock.after(0, next);
  const Native = nativeClass(clock);
  const lives = new Map(); // by the target's URL
  withGlobals(t, {
    fetch: set.globals.fetch,
    localStorage: chance.happens(0.8) ? set.globals.localStorage : undefined,
    WebSocket: class extends Native {
      constructor(...args) {
        super(...args);
        lives.get(this.url).native(this);
      }
    },
  });
  const routers = chance.happens(0.5) ? ['https://a.test'] : ['https://a.test', 'https://b.test'];
  const place = recall(routers, 'wss://target.test/');
  for (const why of ['refused', 'hung', 'killed']) place.forget('websocket', why); // what a page without a storage has kept
  if (chance.happens(0.15)) place.block('websocket', chance.pick(['refused', 'hung', 'killed']));
  if (chance.happens(0.3)) place.opened(chance.int(1, 2000));

  const token = chance.pick([
    undefined,
    'abc',
    () => 'abc',
    () => {
      const promised = promise();
      clock.after(chance.int(0, 3000), () =>
        chance.happens(0.8) ? promised.resolve?.('abc') : promised.reject?.('no'),
      );
      return promised;
    },
  ]);
  const WebSocket = create({
    router: routers,
    transports: chance.pick([
      ['websocket', 'xhr', 'jsonp'],
      ['websocket', 'xhr', 'jsonp'],
      ['websocket', 'jsonp'],
      ['xhr', 'websocket', 'jsonp'],
      ['websocket'],
    ]),
    timeout: chance.pick([1000, 10_000]),
    token,
  });

  // Creates are answered by the life of their target.
  const { push } = set.creates;
  set.creates.push = function (entry) {
    lives.get(entry.said.target).create(entry);
    return push.call(this, entry);
  };

  const log = process.env.SEED ? (...what) => console.log(clock.now() - 1_000_000, ...what) : () => {};
  const count = chance.int(1, 3);
  for (let i = 0; i < count; i++) {
    const url = `wss://target.test/${i}`;
    const life = new Life(url, { clock, chance, WebSocket, log: (...what) => log(url.at(-1), ...what) });
    lives.set(url, life);
    clock.after(chance.pick([0, chance.int(0, 20_000)]), () => life.begin());
  }
  clock.idle();
  for (const life of lives.values()) life.judge(saw);
  assert.deepEqual([set.relay.allComplaints(), set.network.open.size, clock.pending()], [[], 0, 0]);
}

/** A socket of the page's, and all that is behind it. */
class Life {
  heard = [];
  natives = [];
  creates = [];
  /** Relayed ones: the target, and whether the client was told of it. */
  relayed = [];
  /** What was made besides, by other routers. */
  spares = [];
  given = []; // sent by the page while it was open
  got = [];
  closedAt = null; // by the page
  #sentDown = 0;

  constructor(url, rig) {
    Object.assign(this, { url, ...rig });
  }

  begin() {
    const { chance, clock } = this;
    this.socket = new this.WebSocket(this.url, chance.happens(0.3) ? ['a', 'b'] : []);
    for (const type of ['open', 'message', 'error', 'close']) {
      this.socket.addEventListener(type, (event) => {
        this.log(type, event.code ?? event.data ?? '', info(this.socket).transport);
        this.heard.push(type);
        if (type === 'message') this.got.push(Number(event.data));
        if (type === 'close') this.end = event;
        if (type === 'open' && chance.happens(0.2)) this.send();
      });
    }
    for (let n = chance.pick([0, 0, 1, 5]); n > 0; n--)
      clock.after(chance.pick([0, 100, 20_000]) * chance.random(), () => this.send());
    const end = chance.pick([chance.int(0, 1000), chance.int(0, 15_000), 50_000]);
    clock.after(end, () => this.close());
    if (end > long + 10_000) clock.after(long + 9000, () => this.settled());
  }

  send() {
    if (this.socket.readyState !== 1) return;
    const n = this.given.length + 1;
    this.given.push(n);
    this.socket.send(`${n}`);
    this.log('sends', n);
  }

  close() {
    if (this.socket.readyState > 1) return;
    this.closedAt = this.socket.readyState;
    this.log('closes');
    this.socket.close(3000, 'bye');
  }

  /** Once nothing is under way there is one connection, or none where the socket has ended. */
  settled() {
    const live =
      this.natives.filter((native) => native.live).length +
      this.relayed.filter(({ target }) => !target.answered).length;
    assert.equal(live, this.socket.readyState === 1 ? 1 : 0, 'connections that are open');
  }

  /** What becomes of a native WebSocket. */
  native(native) {
    const { chance, clock } = this;
    this.natives.push(native);
    const wait = chance.pick([10, 250, 260, chance.int(0, 500), chance.int(0, 12_000)]);
    const fate = chance.pick(['opens', 'opens', 'opens', 'dies', 'hangs']);
    this.log('native', fate, wait);
    if (fate === 'dies') clock.after(wait, () => native.dies());
    if (fate !== 'opens') return;
    clock.after(wait, () => {
      if (native.state !== 0) return;
      native.openedAt = clock.now();
      native.opens(native.protocols[0] ?? '');
      if (chance.happens(0.5))
        clock.after(chance.pick([0, 300, 9999, 10_000, chance.int(0, 15_000)]), () => this.cut(native));
      this.speak(
        () => native.state === 1,
        (data) => ((native.spoke = true), native.says(data)),
      );
    });
  }

  cut(native) {
    if (native.state !== 1) return;
    native.cut = this.clock.now() - native.openedAt;
    native.quiet = !native.spoke && !native.sent.length && !native.closed;
    native.creates = this.creates.length;
    native.winner = info(this.socket).transport === 'websocket';
    this.log('cut');
    native.dies();
  }

  /** The target says something now and then. */
  speak(can, say) {
    for (let n = this.chance.pick([0, 0, 1, 3]); n > 0; n--) {
      this.clock.after(this.chance.int(0, 12_000), () => {
        if (can()) say(`${++this.#sentDown}`);
      });
    }
  }

  /** What becomes of a create. */
  create(entry) {
    const { chance, clock } = this;
    // The last are about as long as one router is asked alone.
    const wait = chance.pick([0, 1, 20, chance.int(0, 500), chance.int(0, 9000), chance.int(2900, 3600)]);
    const fate = chance.pick(['made', 'made', 'made', 'made', 'refused', 'failed', 'hangs']);
    this.creates.push(entry);
    this.log('create by', entry.transport, fate, wait);
    clock.after(fate === 'hangs' || wait > entry.timeout ? entry.timeout : wait, () => {
      if (entry.over) return;
      if (fate === 'failed') return entry.answer(0);
      if (fate === 'refused') return entry.refuses(chance.pick(['target_refused', 'origin_denied']));
      if (fate === 'hangs' || wait > entry.timeout) return entry.answer(0, null, true);
      const offered = entry.said.protocols?.split(',') ?? [''];
      const protocol = chance.pick([offered[0], offered[0], offered[0], chance.pick(offered), '']);
      const target = entry.made(protocol);
      // Of those that several routers have made for one create the first is used.
      const { nonce } = entry.said;
      const spare = this.relayed.some((one) => one.entry.said.nonce === nonce && !one.entry.cancelled);
      if (spare) return this.spares.push(target);
      // What a client that has gone has opened is closed by the relay (create.cut).
      clock.after(1, () => entry.cancelled && target.session.drop());
      this.relayed.push({ target, protocol, entry });
      this.speak(
        () => !target.answered && this.uses(target),
        (data) => target.send('t', data),
      );
      if (chance.happens(0.2))
        clock.after(chance.int(0, 15_000), () => ((target.broken = true), target.close(1006, '')));
    });
  }

  /** Whether the page's socket goes to this target: what others say is not for it. */
  uses(target) {
    return info(this.socket).transport !== 'websocket' && this.relayed.at(-1).target === target;
  }

  judge(saw) {
    const { heard, natives, relayed, given, got } = this;
    const opened = heard.includes('open');
    const times = (type) => heard.filter((one) => one === type).length;
    assert.deepEqual([times('open') <= 1, times('error') <= 1, times('close')], [true, true, 1], heard.join());
    assert.equal(heard.at(-1), 'close');
    if (opened) assert.equal(heard[0], 'open');
    else assert.equal(times('message'), 0);

    // Each message once, in its order, at one target; and down as well.
    const arrived = [...natives.flatMap(({ sent }) => sent), ...relayed.flatMap(({ target }) => target.messages)].map(
      Number,
    );
    assert.deepEqual(arrived, given.slice(0, arrived.length), 'what has arrived');
    if (this.end.wasClean && this.end.code === 3000) assert.equal(arrived.length, given.length, 'all has arrived');
    assert.deepEqual(
      got,
      Array.from(got, (_, i) => got[0] + i),
      'what was heard',
    );

    for (const native of natives) assert.equal(native.live, false, 'a native WebSocket is left');
    for (const { target } of relayed) assert.ok(target.answered || target.closed, 'a target is left');
    for (const target of this.spares) {
      saw('spare');
      assert.ok(target.answered || target.closed, 'a target that was made besides is left');
      assert.deepEqual(target.messages, []);
    }

    // It fails only where nothing has opened, or the page has closed it before.
    const told = relayed.filter(({ entry }) => !entry.cancelled);
    if (!opened && this.closedAt === null) {
      assert.ok(!natives.some(({ openedAt }) => openedAt), 'a native WebSocket has opened');
      assert.ok(!told.some(({ protocol, entry }) => protocol || !entry.said.protocols), 'a relay has opened');
    }
    // What was killed goes on where a relay opens it.
    const killed = natives.find((native) => native.winner && native.quiet && native.cut < 10_000);
    const relays = info(this.socket).gaveUp.length > 0;
    if (killed && relays && this.socket.protocol === (killed.protocol ?? '')) {
      const heir = told.at(-1);
      const fits = heir && this.creates.indexOf(heir.entry) >= killed.creates && heir.protocol === killed.protocol;
      if (fits && !heir.target.broken && !heir.entry.cancelled)
        assert.equal(this.end.code, 3000, 'the page has noticed');
      if (fits) saw('revived');
    }
    const { transport, gaveUp, error } = info(this.socket);
    if (!opened) assert.ok(error, 'it has failed without a sentence');
    saw(opened ? transport : 'failed');
    if (!natives.length && gaveUp.some(({ transport }) => transport === 'websocket')) saw('skipped');
    if (gaveUp.some(({ why }) => why === 'killed') && this.end.code === 1006) saw('killed for good');
    if (transport !== 'websocket' && natives.some(({ openedAt }) => openedAt)) saw('lost and opened');
  }
}
