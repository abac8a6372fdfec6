import { query, upTimeout, type Exchange } from '../http/exchange.js';
import { batch } from '../wire/batch.js';
import { utf8 } from '../wire/text.js';
import type { Frame } from '../wire/frame.js';
import type { Up } from './transport.js';

/**
 * The longest message that goes whole, in UTF-16 units or bytes. What is longer goes in parts of this length (protocol
 * up.continued), so that a poor link has no megabytes to repeat, and nobody on the way is asked to take a body that it
 * may find too large.
 */
const largest = 128 * 1024;

/** A way up that packs many messages into one body (protocol send.frames), and sends the parts of a long one alone. */
export function batches(exchange: Exchange): Up {
  return {
    many: true,
    cut: function (frame) {
      const data = frame.data;
      if (data.length <= largest) return data.length;
      return typeof data === 'string' && splits(data, largest) ? largest - 1 : largest;
    },
    send: function (at, parts, ack, done) {
      const first = parts[0];
      const params: { [name: string]: string | number } = {
        t: first.whole ? 'f' : first.kind,
        n: first.number,
        a: ack,
        status: 200,
      };
      if (first.more) params['m'] = 1;
      const body = first.whole ? batch(parts) : payload(first);
      return exchange(
        {
          url: at.relay + '/s/' + at.socket,
          params: query(params),
          post: true,
          body: body,
          timeout: upTimeout(body.byteLength),
        },
        done,
      );
    },
  };
}

/** Whether a cut before the index would part a surrogate pair. */
export function splits(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  return before >= 0xd800 && before < 0xdc00;
}

function payload(part: Frame): ArrayBuffer {
  const bytes = typeof part.data === 'string' ? utf8(part.data) : part.data;
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer;
  return (bytes.buffer as ArrayBuffer).slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
