import type { TransportName } from './api.js';
import { byExchange } from './group.js';
import type { Runner } from './race.js';
import type { Opened, Asking } from './asking.js';

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
