// A stage for what stands above a link: the module's own clock and its transports (which nobody gives it) are replaced, so
// that whole sockets live on virtual time, with a router and a relay that answer them.
import { clock as machine } from '../../build/engine/clock.js';
import { batches } from '../../build/transport/batches.js';
import { poll } from '../../build/transport/poll.js';
import { transports } from '../../build/transport/transport.js';
import { newPage } from './beacons.mjs';
import { Network } from './network.mjs';
import { Relay } from './relay.mjs';
import { Target } from './target.mjs';
import { virtualClock } from './virtual.mjs';

/**
 * Sets it, until the test is over. `creates` has the creates that wait for the test's answer, in their order: `made()` answers
 * one with a socket of the relay, and gives its target.
 */
export function stage(t, { targets, plan } = {}) {
  newPage();
  const clock = virtualClock();
  const relay = new Relay(clock);
  const network = new Network(clock, relay, plan);
  const creates = [];
  const questions = [];

  const before = { machine: { ...machine }, transports: { ...transports } };
  t.after(() => {
    Object.assign(machine, before.machine);
    Object.assign(transports, before.transports);
  });
  Object.assign(machine, { now: clock.now, after: clock.after, soon: clock.soon, random: clock.random });
  for (const name of ['xhr', 'jsonp']) {
    const exchange = (request, done) => {
      if (/\/create$/.test(request.url)) return ask(creates, name, request, done);
      if (/\/relay$/.test(request.url)) return ask(questions, name, request, done);
      return network.exchange(request, done);
    };
    transports[name] = { missing: () => false, exchange, up: batches(exchange), down: poll(exchange) };
  }

  function ask(list, transport, request, done) {
    const entry = { ...request, transport, said: Object.fromEntries(new URLSearchParams(request.params)), over: false };
    entry.answer = (status, body = null, late = false) => {
      if (entry.over) throw new Error('it is over');
      entry.over = true;
      clock.after(1, () => entry.cancelled || done({ status, body, late }));
    };
    entry.refuses = (code) => entry.answer(403, { ok: false, code, error: `this is ${code}` });
    entry.made = (protocol = '') => {
      const target = new Target(clock, targets);
      const { socket } = relay.open(target);
      entry.answer(200, { ok: true, polysocketd: relay.host, socket, protocol });
      return target;
    };
    list.push(entry);
    return () => {
      entry.cancelled = !entry.over || 'before it was told';
      entry.over = true;
    };
  }

  /** What of globalThis is to be replaced: tasks and beacons are the stage's too. */
  const globals = {
    localStorage: storage(),
    MessageChannel: class {
      port1 = { onmessage: null };
      port2 = { postMessage: () => clock.after(0, () => this.port1.onmessage()) };
    },
    fetch: (url, init) => (network.beacon(url, init.body), Promise.resolve()),
  };

  return { clock, relay, network, creates, questions, transports, globals, last: () => creates[creates.length - 1] };
}

/** A localStorage that is empty. */
export function storage() {
  const items = new Map();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, String(value)),
  };
}
