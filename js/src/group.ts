import type { TransportName } from './api.js';
import type { Connection } from './connection.js';
import { Doubts } from './alive.js';
import { clock } from './engine/clock.js';
import { tells, type Journal } from './journal.js';
import type { Place } from './memory.js';
import { Names } from './names.js';
import type { Path } from './proof.js';
import { relayed } from './relayed.js';
import type { Rota } from './rota.js';
import { Slots } from './slots.js';
import { waysOf, writeSteps } from './stepping.js';
import { transports, type Address } from './transport/transport.js';

/*
 * A group is the transports that share an exchange, and so a create and the way up: what fails for one of them would for the
 * others, and a connection by one may go on by another.
 */

/** Puts transports into groups, each in the place of the first of them. The browser's own is alone. */
export function byExchange(names: TransportName[]): TransportName[][] {
  const groups: TransportName[][] = [];
  const seen: { [name: string]: boolean } = {};
  for (let i = 0; i < names.length; i++) {
    let group: TransportName[] | null = null;
    if (seen[names[i]]) continue;
    seen[names[i]] = true;
    for (let j = 0; j < groups.length; j++) if (exchangeOf(groups[j][0]) === exchangeOf(names[i])) group = groups[j];
    if (group) group.push(names[i]);
    else groups.push([names[i]]);
  }
  return groups;
}

/** Undefined for the browser's own, which has none, and nothing in common with others. */
function exchangeOf(name: TransportName): unknown {
  const transport = transports[name];
  return transport && transport.exchange;
}

/** Those that this browser has, and that are not remembered as blocked. The others are given up. */
export function present(names: TransportName[], place: Place, journal: Journal): TransportName[] {
  const there: TransportName[] = [];
  const held: TransportName[] = [];
  const why = place.blocked('stream');
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (transports[name]!.missing()) journal.gaveUp([name], 'missing', 'this browser has no ' + name, tells.missing);
    else (why && streams(name) ? held : there).push(name);
  }
  if (!there.length) return held; // there is nothing else
  if (held.length) journal.gaveUp(held, why, 'streams are ' + why, tells.missing);
  return there;
}

function streams(name: TransportName): boolean {
  return !!transports[name]!.down.streams;
}

const slots = new Slots(clock);
const names = new Names(clock);
const doubts = new Doubts(clock);

/** What is known of the ways to relays, by the router that leads there: the relay may be another for each socket. */
const paths: { [router: string]: Path } = {};

function pathTo(router: string): Path {
  return paths[router] || (paths[router] = { proven: false });
}

/** A connection by the first of a group, which may step to the others. */
export function connection(
  group: TransportName[],
  at: Address,
  rota: Rota,
  router: string,
  roundTrip: number,
  place: Place,
  journal: Journal,
): Connection {
  const first = transports[group[0]]!;
  const ways = waysOf(group);
  const about = {
    relay: at.names ? at.names.bare : at.relay,
    host: at.relay.split('/')[2],
    router: router,
    rota: rota,
    exchange: first.exchange,
  };
  names.begin(at);
  const write = writeSteps(journal.info, ways, journal.changed);
  return relayed({
    at: at,
    up: first.up,
    downs: ways,
    path: pathTo(router),
    exchange: first.exchange,
    names: names,
    slots: slots,
    clock: clock,
    roundTrip: roundTrip,
    alive: function (tell) {
      return doubts.ask(about, tell);
    },
    stepped: function (from, to, why) {
      if (why === 'buffered') place.block('stream', why);
      else if (!why) place.forget('stream', 'buffered'); // a stream works again
      write(from, to, why);
    },
  });
}
