import type { Options, TransportName } from './api.js';
import { scope } from './engine/global.js';
import { Rota } from './rota.js';

/** Options that were looked at, with their defaults. */
export interface Config {
  /** The routers' base URLs, without a slash at the end. */
  routers: string[];
  /** Which of them is asked first, and next. */
  rota: Rota;
  token: Options['token'];
  transports: TransportName[];
  /** Milliseconds. */
  timeout: number;
  /** The browser's own WebSocket. */
  native: typeof WebSocket | undefined;
}

/** What is longer than 2^31 - 1 ms runs out at once. */
const longestTimer = 0x7fffffff;

const known: TransportName[] = ['websocket', 'stream', 'sse', 'xhr', 'jsonp'];

// A script element names its place while it runs, and not afterwards.
const ownScript = scriptURL();

/** Looks at options. A TypeError says what is wrong with them, and what would be right. */
export function configure(options: Options | undefined, native: typeof WebSocket | undefined): Config {
  const o = options || {};
  const routers = routersOf(o.router);
  const timeout = o.timeout === undefined ? 12000 : o.timeout;
  if (typeof timeout !== 'number' || !(timeout > 0))
    wrong('timeout is ' + timeout + ': give it milliseconds, as 12000');
  if (o.token !== undefined && typeof o.token !== 'string' && typeof o.token !== 'function') {
    wrong('token is a ' + typeof o.token + ': give it a string, or a function that gives one or a promise of one');
  }
  return {
    routers: routers,
    rota: new Rota(routers, Math.floor(Math.random() * routers.length)),
    token: o.token,
    transports: transportsOf(o.transports),
    timeout: Math.min(timeout, longestTimer),
    native: native,
  };
}

function routersOf(router: Options['router']): string[] {
  if (router === undefined) {
    if (!ownScript) wrong("router is missing: say where it is, as router: 'https://relay.example.com'");
    router = ownScript;
  }
  const list = typeof router === 'string' ? [router] : router;
  if (!list || !list.length) wrong('router is empty: give it a base URL, or a list of them');
  const bases = [];
  for (let i = 0; i < list.length; i++) {
    const base = absolute(String(list[i]));
    if (!/^https?:\/\/[^\/?#]+[^?#]*$/i.test(base)) {
      wrong("router '" + list[i] + "' is no base URL: give it as 'https://relay.example.com', without ? and #");
    }
    bases.push(base.replace(/\/+$/, ''));
  }
  return bases;
}

function transportsOf(names: Options['transports']): TransportName[] {
  const list = names || known;
  if (!list.length) wrong('transports is empty: give it some of ' + known.join(', '));
  const all: TransportName[] = [];
  for (let i = 0; i < list.length; i++) {
    let isKnown = false;
    for (let j = 0; j < known.length; j++) if (known[j] === list[i]) isKnown = true;
    if (!isKnown) wrong("transport '" + list[i] + "' is unknown: there are " + known.join(', '));
    all.push(list[i]);
  }
  return all;
}

/** A URL that may be relative to the page. */
function absolute(url: string): string {
  if (/^[a-z][a-z0-9+.\-]*:/i.test(url)) return url;
  if (!scope.document)
    return typeof scope.URL === 'function' && scope.location ? new scope.URL(url, scope.location.href).href : url;
  const a = scope.document.createElement('a');
  a.href = url;
  return a.href;
}

/** The folder that the script element of polysocket.js came from; undefined where it is part of another script. */
function scriptURL(): string | undefined {
  const document: Document | undefined = scope.document;
  if (!document) return undefined;
  let element = document.currentScript as HTMLScriptElement | null | undefined;
  if (element === undefined) {
    // IE has it not. There, it is the last that the page has so far.
    const scripts = document.getElementsByTagName('script');
    element = scripts[scripts.length - 1];
  }
  const match = element && /^(https?:.*)\/polysocket(\.min)?\.js([?#].*)?$/.exec(element.src);
  return match ? match[1] : undefined;
}

function wrong(what: string): never {
  throw new TypeError('polysocket: ' + what);
}
