import type { TransportName } from './api.js';
import type { Runner } from './race.js';
import type { Opened, Asking } from './asking.js';
import { transports } from './transport/transport.js';

/**
 * The runners of a race in the order of their transports: the native one, where there is one to take part, and one through a
 * relay for all transports that share an exchange, in the place of the first of them.
 */
export function course(names: TransportName[], asking: Asking, native: Runner<Opened> | null): Runner<Opened>[] {
  const groups = byExchange(names);
  const runners: Runner<Opened>[] = [];
  for (let i = 0; i < groups.length; i++) {
    if (groups[i][0] !== 'websocket') runners.push(asking.by(groups[i]));
    else if (native) runners.push(native);
  }
  return runners;
}

function byExchange(names: TransportName[]): TransportName[][] {
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
