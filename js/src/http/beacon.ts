import { scope } from '../engine/global.js';

// How many bytes the bodies of requests that outlive their page may have, all of them together: the standard says 64 KiB
// (Fetch, "HTTP-network-or-cache fetch").
let room = 60 * 1024;

/** How many bytes the body of a beacon may have now. */
export function beaconRoom(): number {
  return room;
}

/**
 * Sends a POST that outlives its page, and tells nothing of what becomes of it. Without a body it may be a GET, made by an
 * image. The answer is whether it was sent.
 */
export function beacon(url: string, params: string, body?: ArrayBuffer): boolean {
  const whole = url + '?' + params;
  const length = body ? body.byteLength : 0;
  if (length > room) return false;
  try {
    if (keepalive()) {
      const init: any = { method: 'POST', keepalive: true, credentials: 'omit', body: body };
      const back = function (): void {
        room += length;
      };
      scope.fetch(whole, init).then(back, back);
      room -= length;
      return true;
    }
    if (scope.navigator && scope.navigator.sendBeacon && scope.navigator.sendBeacon(whole, body)) {
      room -= length;
      return true;
    }
  } catch (e) {
    // The page's policy forbids it.
  }
  if (body || !scope.Image) return false;
  new scope.Image().src = whole + '&cb=polysocket';
  return true;
}

function keepalive(): boolean {
  return typeof scope.fetch === 'function' && scope.Request && 'keepalive' in scope.Request.prototype;
}
