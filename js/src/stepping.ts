import type { GaveUp, Info, TransportName } from './api.js';
import type { LinkEvents } from './link.js';
import type { Way } from './steps.js';
import { transports } from './transport/transport.js';

/** The ways down that one which is open by the first of these names may step to: they have what it has, but for reading. */
export function waysOf(names: TransportName[]): Way[] {
  const ways: Way[] = [];
  for (let i = 0; i < names.length; i++) {
    const transport = transports[names[i]];
    const first = transports[names[0]]!;
    if (!transport || transport.exchange !== first.exchange || transport.missing()) continue;
    ways.push({ name: names[i], down: transport.down });
  }
  return ways;
}

/**
 * Writes into info what a link tells of its steps: the transport in use, and behind those that were given up before it was
 * open, those that are now. A transport is in the list once.
 */
export function writeSteps(info: Info, ways: Way[], changed: () => void): LinkEvents['stepped'] {
  const before = info.gaveUp;
  let stepped: GaveUp[] = [];
  function place(name: TransportName): number {
    for (let i = 0; i < ways.length; i++) if (ways[i].name === name) return i;
    return -1;
  }
  return function (from, to, why) {
    if (why) stepped.push({ transport: from, why: why });
    const left = [];
    for (let i = 0; i < stepped.length; i++) if (place(stepped[i].transport) < place(to)) left.push(stepped[i]);
    stepped = left;
    info.transport = to;
    info.gaveUp = before.concat(stepped);
    changed();
  };
}
