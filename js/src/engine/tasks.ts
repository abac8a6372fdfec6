import { Fifo } from './fifo.js';
import { scope } from './global.js';

/*
 * The standard queues a task for each event of a socket (WHATWG WebSockets §6), and what awaits one event is to run
 * before the next: so events that came in one answer must not be fired in one go. A timer would do, but browsers let
 * timers that nest wait for 4 ms; a message to ourselves takes none.
 */

const queue = new Fifo<() => void>();
let post: (() => void) | undefined;

/** Calls run in a task of its own, after all that were queued before. */
export function queueTask(run: () => void): void {
  queue.push(run);
  if (!post) post = poster();
  post();
}

function next(): void {
  const run = queue.shift();
  if (run) run();
}

function poster(): () => void {
  if (typeof scope.MessageChannel === 'function') {
    const channel = new scope.MessageChannel();
    channel.port1.onmessage = next;
    if (channel.port1.unref) channel.port1.unref(); // Node would wait for it
    return function () {
      channel.port2.postMessage(0);
    };
  }
  return function () {
    setTimeout(next, 0);
  };
}
