// A world of links and their relay on virtual time, and what must hold in it at every moment: it is checked after each step,
// at each request and at each event, whatever the test does.
import assert from 'node:assert/strict';
import { Link } from '../../build/link.js';
import { Names } from '../../build/names.js';
import { Slots } from '../../build/slots.js';
import { batches } from '../../build/transport/batches.js';
import { pollMany, streamMany } from '../../build/transport/many.js';
import { poll } from '../../build/transport/poll.js';
import { Shared } from '../../build/transport/shared.js';
import { sse } from '../../build/transport/sse.js';
import { stream } from '../../build/transport/stream.js';
import { newPage } from './beacons.mjs';
import { Network } from './network.mjs';
import { Relay } from './relay.mjs';
import { limits } from './session.mjs';
import { Target } from './target.mjs';
import { virtualClock } from './virtual.mjs';

export class World {
  clients = [];
  /** What did not hold. It is kept, for an exception may not get out of where it is found. */
  wrong = [];

  /**
   * `plan` gives requests their fate (see network.mjs), `up` makes a way up of an exchange, `downs` are the names of the ways
   * down, which sockets share where they are `shared`, `room` is that of a URL for them, `limits` are the relay's that are to be
   * others, `proven` says what is known of the path, and `alive` is what the routers say. With `labels` each socket has a name of its own.
   */
  constructor({
    seed = 1,
    plan,
    up = batches,
    downs = ['xhr'],
    shared = false,
    room = Infinity,
    proven = false,
    limits,
    alive = () => null,
    labels = false,
  } = {}) {
    newPage();
    this.clock = virtualClock(seed);
    this.relay = new Relay(this.clock, { limits });
    this.network = new Network(this.clock, this.relay, plan);
    this.network.made = (entry) => this.#made(entry);
    this.network.answers = (entry, answer) => this.#answered(entry, answer);
    this.slotsClock = this.clock.part();
    this.slots = new Slots(this.slotsClock);
    this.up = up;
    this.sharedClock = this.clock.part();
    this.shared = shared ? new Shared(this.sharedClock) : null;
    this.network.heard = (entry) => this.#heard(entry);
    const { exchange, flow, events } = this.network;
    const ways = { stream: stream(flow), sse: sse(events, exchange), xhr: poll(exchange) };
    const polls = pollMany(exchange, () => room);
    const many = { stream: streamMany(flow), sse: polls, xhr: polls };
    this.downs = downs.map((name) => ({
      name,
      down: this.shared ? this.shared.down(ways[name], () => many[name]) : ways[name],
    }));
    this.alive = alive;
    this.labels = labels;
    this.names = new Names(this.clock);
    this.path = { proven };
    this.clock.stepped = () => this.clients.forEach((client) => client.check());
  }

  /** What of globalThis is to be replaced, so that beacons of the core go over this network, and not the machine's. */
  globals() {
    return { fetch: (url, init) => (this.network.beacon(url, init.body), { then() {} }) };
  }

  /** Opens a socket and starts its link. */
  open(options) {
    const client = new Client(this, new Target(this.clock, options));
    this.clients.push(client);
    client.link.start();
    return client;
  }

  /** Whether all links have ended. */
  over() {
    return this.clients.every((client) => client.over);
  }

  /** Lets all time pass, and looks whether all is tidy: links, requests, slots and the relay. */
  finish() {
    this.clock.idle();
    for (const client of this.clients) client.check();
    assert.deepEqual(this.wrong, []);
    assert.deepEqual(this.relay.allComplaints(), []);
    assert.deepEqual([...this.network.open], [], 'a request is left');
    assert.deepEqual(this.slots.hosts, {}, 'a slot is left');
    assert.equal(this.slotsClock.timers(), 0, 'a timer of the slots is left');
    if (this.shared) assert.deepEqual(this.shared.relays, {}, 'a shared read is left');
  }

  complain(what) {
    this.wrong.push(`${this.clock.now()}: ${what}`);
  }

  /** Whose request it is, or whose they are. */
  #of({ said }) {
    const ids = said.sockets ? said.sockets.map(({ id }) => id) : [said.id];
    return this.clients.filter((client) => ids.includes(client.at.socket));
  }

  #made(entry) {
    const { said } = entry;
    const [client] = this.#of(entry);
    if (reads(said)) for (const one of this.#of(entry)) one.reads(entry);
    else if (said.frames.length) client.sends(entry);
    else client.acknowledges(entry);
    const ups = [...this.network.open].filter((r) => r.said.host === said.host && r.said.verb === 's' && !r.last);
    if (ups.length > 2) this.complain(`${ups.length} requests up at a time`);
  }

  #answered(entry, { status, body }) {
    const now = this.clock.now();
    for (const client of this.#of(entry)) {
      if (entry.said.verb === 's' && status === 201) client.passed = Math.max(client.passed, body.n ?? 0);
      const probe = entry.said.params.ttl === '0';
      if (reads(entry.said) && status === 200 && body?.ok && !probe) client.lastRead = now;
      if (status === 201) client.lastSend = now;
    }
  }

  #heard(entry) {
    for (const client of this.#of(entry)) client.lastRead = this.clock.now();
  }
}

/** Whether it is a request down. */
function reads({ verb }) {
  return 'jxem'.includes(verb);
}

/** A link, what was given to it, what it has told, and what is known of it. */
class Client {
  /** What was given to send, and the close. */
  given = [];
  givenBytes = 0;
  closing = null;
  /** What was told: messages, and then the end. */
  got = [];
  over = null;
  /** What the relay has passed on, as far as the client was told. */
  passed = 0;
  /** When a request of each kind was answered last as it should be. */
  lastRead = 0;
  lastSend = 0;
  /** What it has told of the ways it reads by. */
  steps = [];
  /** Called with each message. */
  onmessage = () => {};
  #sizes = [0]; // by number, the close counting nothing
  #counted = 0;
  #passedBytes = 0;
  #acknowledged = 0;

  constructor(world, target) {
    this.world = world;
    this.target = target;
    this.clock = world.clock.part();
    this.at = world.relay.open(target);
    if (world.labels) {
      const { relay, socket } = this.at;
      this.at.names = { label: relay.replace('//', `//${socket}.`), bare: relay };
      this.at.relay = this.at.names.label;
      world.names.begin(this.at);
    }
    this.session = target.session;
    const { exchange } = world.network;
    this.link = new Link({
      at: this.at,
      up: world.up(exchange),
      downs: world.downs,
      path: world.path,
      roundTrip: 20,
      exchange,
      names: world.names,
      slots: world.slots,
      clock: this.clock,
      alive: (tell) => this.clock.after(20, () => tell(world.alive(this))),
      on: {
        message: (frame) => {
          this.#told('a message');
          this.got.push(typeof frame.data === 'string' ? frame.data : Buffer.from(frame.data));
          if ((frame.kind === 't') !== (typeof frame.data === 'string')) world.complain('a message of the wrong kind');
          this.onmessage(frame);
        },
        closed: (code, reason, wasClean) => {
          this.#told('a close');
          this.#end({ code, reason, wasClean });
        },
        stepped: (...step) => {
          this.#told('a step');
          const from = this.steps.at(-1)?.[1] ?? world.downs[0].name;
          if (step[0] !== from || step[1] === from) this.#complain(`from ${from} it steps ${step}`);
          this.steps.push(step);
        },
        failed: (error) => {
          this.#told('a failure');
          if (typeof error !== 'string' || !error) world.complain(`a failure without a sentence: ${error}`);
          this.#end({ error });
        },
      },
    });
  }

  send(data) {
    this.given.push(data);
    this.givenBytes += Buffer.byteLength(data);
    if (typeof data === 'string') this.link.send({ kind: 't', data });
    else this.link.send({ kind: 'b', data: new Uint8Array(data) });
  }

  close(code, reason) {
    this.closing = { code, reason };
    this.link.send({ kind: 'c', code, data: reason });
  }

  leave(code = 1001) {
    const rest = this.world.network.requests.length;
    this.link.leave(code);
    this.#end({ left: true });
    return this.world.network.requests.slice(rest);
  }

  /** After each step: what the page may read, and what is left when it is over. */
  check() {
    while (this.#counted < this.passed) this.#passedBytes += this.#sizes[++this.#counted];
    const bytes = this.givenBytes - this.#passedBytes;
    if (this.link.buffered() !== bytes) this.#complain(`bufferedAmount is ${this.link.buffered()}, and not ${bytes}`);
    if (!this.over) return;
    for (const entry of this.world.network.open) {
      if (entry.said.id !== this.at.socket || entry.last) continue;
      // A read that one of many has superseded ends by itself.
      if (this.world.shared && reads(entry.said)) continue;
      this.#complain(`a request is left: ${entry.url}`);
    }
    if (this.clock.timers()) this.#complain('a timer is left');
  }

  reads(entry) {
    const { verb, params, sockets, ack } = entry.said;
    const { ttl, hb } = params;
    if (this.over) this.#complain('it reads after the end');
    if (!this.world.shared && this.#reads().length > 1) this.#complain('two reads at a time');
    if (verb === 'j' || (verb === 'm' && params.stream !== '1')) {
      const probe = ttl === '0' && this.world.downs.some(({ down }) => down.streams);
      if (!probe && !(/^\d+$/.test(ttl) && ttl >= 1000 && ttl <= 20000))
        this.#complain(`it lets the relay wait for ${ttl} ms`);
      if (!(entry.timeout > ttl)) this.#complain('it waits less long than the relay');
    } else if (hb !== '15000' && (hb !== '1000' || !this.world.downs.some(({ down }) => !down.streams))) {
      this.#complain(`heartbeats come each ${hb} ms`);
    }
    // What a read brings that was superseded is not known to the one that took its place.
    if (this.world.shared && ttl === '0' && ack < this.got.length) return;
    this.#acknowledgesAll(sockets ? sockets.find(({ id }) => id === this.at.socket).ack : ack);
  }

  sends(entry) {
    const { n, frames } = entry.said;
    if (this.over && !entry.beacon) this.#complain('it sends after the end');
    this.#acknowledgesAll(entry.said.ack);
    if (!n) return; // a close of a page that goes away
    const out = this.#sends().flatMap((r) => (r === entry ? [] : r.said.frames.map((_, i) => r.said.n + i)));
    for (const [i, { kind, data }] of frames.entries()) {
      if (n + i > this.#sizes.length) this.#complain(`number ${n + i} follows ${this.#sizes.length - 1}`);
      this.#sizes[n + i] ??= kind === 'c' ? 0 : data.length;
      if (!entry.beacon && out.includes(n + i)) this.#complain(`number ${n + i} is in two requests`);
    }
    if (n <= this.passed) this.#complain(`number ${n} was passed on, as it was told`);
    if (entry.beacon) return;
    if (n + frames.length - 1 > this.passed + limits.numbers) this.#complain(`number ${n} is outside the window`);
    let ahead = 0;
    for (let i = this.passed + 2; i < n + frames.length; i++) ahead += this.#sizes[i];
    if (ahead > limits.bytes) this.#complain(`${ahead} bytes are ahead`);
    if (entry.timeout < limits.hold + 5000) this.#complain(`it gives the relay ${entry.timeout} ms to answer`);
  }

  /** The close was read: that is told once. What a stream has brought may be acknowledged by itself. */
  acknowledges(entry) {
    const { ack } = entry.said;
    if (ack === this.got.length && this.world.downs.some(({ down }) => down.streams)) {
      if (this.over) this.#complain('it acknowledges after the end');
      return;
    }
    entry.last = true;
    if (ack !== this.got.length + 1) this.#complain(`it acknowledges ${ack}, not the close`);
    if (this.#acknowledged++) this.#complain('it acknowledges the close twice');
  }

  #acknowledgesAll(ack) {
    if (ack !== this.got.length) this.#complain(`it acknowledges ${ack}, and has ${this.got.length}`);
  }

  #reads() {
    return [...this.world.network.open].filter((r) => r.said.id === this.at.socket && reads(r.said));
  }

  #sends() {
    return [...this.world.network.open].filter((r) => r.said.id === this.at.socket && r.said.frames?.length);
  }

  #told(what) {
    if (this.over) this.#complain(`${what} is told after the end`);
  }

  #end(how) {
    this.over ??= { ...how, at: this.world.clock.now() };
  }

  #complain(what) {
    this.world.complain(`${this.at.socket}: ${what}`);
  }
}
