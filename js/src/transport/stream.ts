import { query } from '../http/exchange.js';
import type { Flow } from '../http/flow.js';
import { Frames } from '../wire/frames.js';
import type { Down } from './transport.js';

/** A response without an end that is a run of frames (protocol 3.2). */
export function stream(flow: Flow): Down {
  return {
    streams: true,
    read: function (at, ack, _, heartbeat, receiver) {
      const frames = new Frames();
      let seq = 0;
      let heard = false;
      receiver.asked(true);
      return flow(
        { url: at.relay + '/x/' + at.socket, params: query({ a: ack, hb: heartbeat }) },
        {
          begun: function (header) {
            seq = sequence(header);
          },
          bytes: function (bytes) {
            heard = true;
            const messages = frames.push(bytes);
            receiver.alive(!messages.length && frames.empty());
            const first = seq;
            seq += messages.length;
            if (messages.length) receiver.received(first, messages);
          },
          done: function (answer) {
            // A response that was cut may look as if it had ended.
            if (answer.status === 200 && !(heard && frames.empty())) answer = { status: 0, body: null };
            receiver.done(answer);
          },
        },
      );
    },
  };
}

/** The number of the first message; an Error where the response is none of a relay's. */
function sequence(header: (name: string) => string | null): number {
  ofType(header, 'application/octet-stream');
  const seq = header('Polysocket-Seq') || '';
  if (!/^[1-9][0-9]{0,14}$/.test(seq)) throw new Error("the response's Polysocket-Seq is no number but '" + seq + "'");
  return +seq;
}

/** An Error where a response has another type: it is a page of somebody on the way, who answers in the relay's place. */
export function ofType(header: (name: string) => string | null, type: string): void {
  const found = header('Content-Type') || '';
  if (found.split(';')[0] !== type) throw new Error('the response is no ' + type + " but '" + found + "'");
}
