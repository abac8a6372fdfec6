// Ways up and down in a test's hands: a request stays open until the test answers it.
import { splits } from '../../build/transport/batches.js';

const at = { relay: 'https://relay.test', socket: 'socket1' };

/** A way up. It cuts at `most` units or bytes, and `sent` has its requests, the newest last. */
export function handUp({ many = true, most = Infinity } = {}) {
  const sent = [];
  return {
    at,
    many,
    sent,
    cut({ data }) {
      if (data.length <= most) return data.length;
      return typeof data === 'string' && splits(data, most) ? most - 1 : most;
    },
    send(at, parts, ack, done) {
      const request = { parts, ack, numbers: parts.map(({ number }) => number), over: false, cancelled: false };
      request.answer = (status, body = null, late = false) => {
        if (request.over) throw new Error('the request is over');
        request.over = true;
        done({ status, body, late });
      };
      request.passed = (n) => request.answer(201, { ok: true, n });
      sent.push(request);
      return () => {
        request.cancelled = !request.over;
        request.over = true;
      };
    },
    open: () => sent.filter(({ over }) => !over),
  };
}

/** A way down; `reads` has its requests, the newest last. */
export function handDown() {
  const reads = [];
  return {
    at,
    reads,
    last: () => reads[reads.length - 1],
    read(at, ack, ttl, heartbeat, receiver) {
      const request = { ack, ttl, over: false, cancelled: false };
      request.brings = (seq, frames) => receiver.received(seq, frames);
      request.answer = (status, body = null, late = false) => {
        if (request.over) throw new Error('the request is over');
        request.over = true;
        receiver.done({ status, body, late });
      };
      /** Brings messages, and is over. */
      request.gives = (seq, ...data) => {
        request.brings(
          seq,
          data.map((d) => (typeof d === 'string' ? { kind: 't', data: d } : d)),
        );
        if (!request.over) request.answer(200, { ok: true });
      };
      reads.push(request);
      return () => {
        request.cancelled = !request.over;
        request.over = true;
      };
    },
  };
}
