import { clock } from './engine/clock.js';
import { scope } from './engine/global.js';

/*
 * What was found out about a target on the network of now, for the sockets to come: those of this page, and where there is a
 * localStorage those of the next and of other tabs. It is a list of facts, the newest last:
 *
 *     {"v":1,"facts":[[<where>,<what>,<value>,<until>],…]}
 *
 * Others may write there as well, and what they have left may be anything: what is no fact, or has expired, is none.
 */

type Fact = [where: string, what: string, value: string | number, until: number];

const key = 'polysocket';
const version = 1;

/** How many facts are kept: some 10 kB, in the worst case. */
const most = 64;

/**
 * What is blocked is so by a network, and a page is taken to another: home from work. Nobody tells it, so after half an hour
 * it looks again, which costs it a quarter of a second where nothing has changed. In milliseconds.
 */
const blockedFor = 30 * 60 * 1000;

/** How long opening takes is a matter of where the target is, and of the line. It is measured anew each time. */
const tookFor = 24 * 60 * 60 * 1000;

/** What may be blocked: the browser's own WebSocket, and all that streams. */
export type Blockable = 'websocket' | 'stream';

/** What is known of a target, by the routers that lead there. */
export interface Place {
  /** How many milliseconds the browser's own WebSocket has taken to open, the last time; 0 where that is not known. */
  took(): number;
  /** Why a transport is not to be tried: `refused`, `hung` or `killed`, and `buffered` of streams; empty where it is. */
  blocked(what: Blockable): string;
  /** The browser's own WebSocket has opened. */
  opened(took: number): void;
  /** It does not work, or not for long, where another does; for so many milliseconds, where that is not known for sure. */
  block(what: Blockable, why: string, milliseconds?: number): void;
  /** That was not it. */
  forget(what: Blockable, why: string): void;
}

/** Recalls what is known of a target. It looks each time it is asked, for another tab may have found out more. */
export function recall(routers: string[], target: string): Place {
  const where = routers.join(' ') + ' ' + target.replace(/^(\w+:\/\/[^\/?#]*).*/, '$1');

  function get(what: string): Fact | undefined {
    const facts = load();
    for (let i = facts.length - 1; i >= 0; i--) if (facts[i][0] === where && facts[i][1] === what) return facts[i];
    return undefined;
  }
  /** Without a value it is forgotten. */
  function set(what: string, value?: string | number, milliseconds?: number): void {
    const facts = load();
    const kept = [];
    for (let i = 0; i < facts.length; i++) if (facts[i][0] !== where || facts[i][1] !== what) kept.push(facts[i]);
    if (value !== undefined) kept.push([where, what, value, clock.now() + milliseconds!]);
    save(JSON.stringify({ v: version, facts: kept.slice(-most) }));
  }
  function blocked(what: Blockable): string {
    const fact = get(what);
    return fact && /^(refused|hung|killed|buffered)$/.test('' + fact[2]) ? '' + fact[2] : '';
  }
  function forget(what: Blockable, why: string): void {
    if (blocked(what) === why) set(what);
  }

  return {
    took: function () {
      const fact = get('took');
      return (fact && +fact[2] > 0 && +fact[2]) || 0;
    },
    blocked: blocked,
    opened: function (took) {
      forget('websocket', 'refused');
      forget('websocket', 'hung'); // and what is killed has opened before
      set('took', took, tookFor);
    },
    block: function (what, why, milliseconds) {
      set(what, why, milliseconds || blockedFor);
    },
    forget: forget,
  };
}

/** What could not be stored. It is this page's own then. */
let own = '';

function load(): Fact[] {
  const facts: Fact[] = [];
  try {
    const all = JSON.parse(own || scope.localStorage.getItem(key));
    const now = clock.now();
    for (let i = 0; all.v === version && i < all.facts.length; i++) {
      const fact = all.facts[i];
      // What lasts for longer than anything was written when the clock was another.
      if (fact && fact[3] > now && fact[3] <= now + tookFor) facts.push(fact);
    }
  } catch (e) {
    // There is none, or it may not be used, or there is something else.
  }
  return facts;
}

function save(text: string): void {
  own = text;
  try {
    scope.localStorage.setItem(key, text);
    own = '';
  } catch (e) {
    // There is none, or it may not be used, or it is full.
  }
}
