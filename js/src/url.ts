import { scope } from './engine/global.js';

export interface TargetURL {
  /** The URL serialised, as `socket.url` gives it. */
  href: string;
  /** Its scheme, host and port, as `event.origin` gives it. */
  origin: string;
}

/**
 * Gives the URL record of a WebSocket (WHATWG WebSockets, "new WebSocket(url, protocols)", steps 1 to 6). What is thrown is
 * the sentence that says what is wrong.
 */
export function parseTarget(url: string): TargetURL {
  let href = resolve(url); // 1, 2
  if (href === null) throw "The URL '" + url + "' is invalid.";
  href = href.replace(/^http/, 'ws'); // 3, 4
  if (!/^wss?:/.test(href)) {
    // 5
    throw (
      "The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. '" +
      href.replace(/:.*/, '') +
      "' is not allowed."
    );
  }
  // 6
  const hash = href.indexOf('#');
  if (hash >= 0) throw "The URL contains a fragment identifier ('" + href.slice(hash + 1) + "'). Remove it.";
  const parts = /^(wss?:\/\/)(?:[^\/?#]*@)?([^\/?#]+)/.exec(href);
  if (!parts) throw "The URL '" + url + "' is invalid.";
  return { href: href, origin: parts[1] + parts[2] };
}

/** A URL without user name and password, which browsers do not send with a handshake, and a router does not take. */
export function withoutUser(href: string): string {
  return href.replace(/^(wss?:\/\/)[^\/?#]*@/, '$1');
}

/** Resolves a URL against the page's, and serialises it; null where it is none. */
function resolve(url: string): string | null {
  const base = scope.document ? scope.document.baseURI || scope.location.href : scope.location && scope.location.href;
  if (typeof scope.URL === 'function') {
    try {
      return base ? new scope.URL(url, base).href : new scope.URL(url).href;
    } catch (e) {
      return null;
    }
  }
  // Of before there was URL: an anchor knows http.
  url = url.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '');
  const scheme = /^([a-z][a-z0-9+.\-]*):/i.exec(url);
  if (scheme && !/^(http|ws)s?$/i.test(scheme[1])) return scheme[1].toLowerCase() + url.slice(scheme[1].length);
  const native = scheme && /^ws/i.test(scheme[1]);
  const anchor = scope.document.createElement('a');
  anchor.href = native ? 'http' + url.slice(2) : url;
  // IE gives the whole of a URL only when it is asked for the second time.
  anchor.href = anchor.href;
  const href: string = anchor.href;
  if (!/^https?:\/\/[^\/?#\s%]+([\/?#]|$)/i.test(href)) return null;
  return native ? 'ws' + href.slice(4) : href;
}
