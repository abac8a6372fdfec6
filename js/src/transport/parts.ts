import { scope } from '../engine/global.js';
import { query, upTimeout, type Exchange } from '../http/exchange.js';
import { encode } from '../wire/base64.js';
import type { Up } from './transport.js';

/** A way up whose requests are URLs: one message each, or one part of a message that is longer than a URL may be. */
export function parts(exchange: Exchange): Up {
  return {
    many: false,
    stays: true,
    cut: function (frame) {
      const room = urlRoom();
      if (typeof frame.data === 'string') return fit(frame.data, room);
      return Math.min(frame.data.length, Math.floor((room * 3) / 4));
    },
    send: function (at, parts, ack, done) {
      const part = parts[0];
      const params: { [name: string]: string | number | undefined } = {
        t: part.kind,
        n: part.number,
        a: ack,
        status: 200,
      };
      if (part.kind === 'c') {
        if (part.code !== 1005) {
          params['code'] = part.code;
          params['reason'] = part.data as string;
        }
      } else {
        if (part.more) params['m'] = 1;
        params['d'] = typeof part.data === 'string' ? part.data : encode(part.data);
      }
      return exchange(
        { url: at.relay + '/s/' + at.socket, params: query(params), post: true, timeout: upTimeout(part.size) },
        done,
      );
    },
  };
}

/**
 * How many characters of a URL the data may take. IE takes 2,083 in all; elsewhere it is servers and proxies, of which
 * many stop at 8 KiB.
 */
export function urlRoom(): number {
  return scope.document && scope.document.documentMode ? 1600 : 7000;
}

/** How many UTF-16 units of a well-formed text fit into room characters once they are encoded as a URL has them. */
function fit(text: string, room: number): number {
  let i = 0;
  while (i < text.length) {
    const unit = text.charCodeAt(i);
    const pair = unit >= 0xd800 && unit < 0xdc00;
    room -= unit < 0x80 ? (plain(unit) ? 1 : 3) : unit < 0x800 ? 6 : pair ? 12 : 9;
    if (room < 0) return i;
    i += pair ? 2 : 1;
  }
  return i;
}

/** Whether encodeURIComponent leaves an ASCII character as it is: letters, digits, and -_.!~*'(). */
function plain(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    "-_.!~*'()".indexOf(String.fromCharCode(unit)) >= 0
  );
}
