import { Fifo } from './engine/fifo.js';
import { frameLength } from './wire/batch.js';
import type { Frame } from './wire/frame.js';
import { utf8Length } from './wire/text.js';

/** A part of a message, or all of it, under the number with which it is sent. */
export interface Part extends Frame {
  number: number;
  /** Its payload in bytes. */
  size: number;
  /** Whether it is a whole message, or a close. */
  whole: boolean;
}

/** How a way up cuts messages (see transport.Up). */
interface Shape {
  cut(frame: Frame): number;
  many: boolean;
}

/** The relay's window (protocol up.window): so many numbers, and bytes, may be ahead of what it has passed on. */
const windowNumbers = 64;
const windowBytes = 256 * 1024;

/**
 * The outbox keeps what the page has sent until the relay has passed it on. A message is cut and gets its numbers when it
 * is first taken to be sent, and keeps them: a number may have arrived although its request failed, and the first copy
 * of it counts.
 *
 *     push ─▶ queue ── take ─▶ flight ── answered ─▶ forgotten
 *                                 ▲ │ take again
 *                          failed └─┘
 */
export class Outbox {
  /** How many bytes of the page's data are not passed on yet. */
  buffered = 0;
  private queue = new Fifo<Frame>();
  /** How much of the first of the queue was cut off already, in UTF-16 units or bytes. */
  private cutOff = 0;
  /** What has a number, in its order, beginning with passed + 1. */
  private flight: { part: Part; out: boolean }[] = [];
  private flightBytes = 0;
  private passed = 0;

  push(frame: Frame): void {
    this.queue.push(frame);
    if (frame.kind !== 'c') this.buffered += size(frame);
  }

  /**
   * Takes what goes into the next request: parts whose numbers follow one another, none of which is in a request now.
   * Empty where there are none, or where they have to wait for the window.
   */
  take(shape: Shape): Part[] {
    const taken: Part[] = [];
    for (let i = 0; i < this.flight.length && goesWith(taken, this.flight[i].part, shape); i++) {
      if (!this.flight[i].out) taken.push(this.mark(i));
      else if (taken.length) return taken;
    }
    while (this.queue.length() && this.flight.length < windowNumbers) {
      const part = this.next(shape);
      if (!goesWith(taken, part, shape)) break;
      if (this.flight.length && this.flightBytes + part.size > windowBytes) break;
      this.number(part);
      taken.push(this.mark(this.flight.length - 1));
    }
    return taken;
  }

  /** The relay has answered a request of these parts, and has passed on all numbers up to n. */
  answered(parts: Part[], n: number): void {
    while (this.flight.length && this.flight[0].part.number <= n) {
      const part = this.flight.shift()!.part;
      this.passed = part.number;
      this.flightBytes -= part.size;
      if (part.kind !== 'c') this.buffered -= part.size;
    }
    this.failed(parts);
  }

  /** A request of these parts has come to nothing: what is not passed on is to be sent again. */
  failed(parts: Part[]): void {
    for (let i = 0; i < parts.length; i++) {
      const entry = this.flight[parts[i].number - this.passed - 1];
      if (entry && parts[i].number > this.passed) entry.out = false;
    }
  }

  /** Whether there is one among these parts that is not passed on. */
  lacks(parts: Part[]): boolean {
    return parts[parts.length - 1].number > this.passed;
  }

  /**
   * Everything that is not passed on, as one run of whole messages; null where a message has begun to go in parts, or
   * where the run has more than so many bytes. It is numbered from there on, and counts as being in a request.
   */
  rest(limit: number): Part[] | null {
    const all: Part[] = [];
    const everything = {
      many: true,
      cut: function (frame: Frame) {
        return frame.data.length;
      },
    };
    if (this.cutOff || this.buffered > limit) return null;
    while (this.queue.length()) this.number(this.next(everything));
    for (let i = 0, bytes = 0; i < this.flight.length; i++) {
      const part = this.mark(i);
      if (!part.whole) return null;
      bytes += frameLength(part);
      if (bytes > limit) return null;
      all.push(part);
    }
    return all;
  }

  private mark(index: number): Part {
    this.flight[index].out = true;
    return this.flight[index].part;
  }

  /** What would be cut off the queue next. */
  private next(shape: Shape): Part {
    const frame = this.queue.first()!;
    const rest = this.cutOff ? slice(frame.data, this.cutOff) : frame.data;
    const length = frame.kind === 'c' ? rest.length : shape.cut({ kind: frame.kind, data: rest });
    const more = length < rest.length;
    const part: Part = {
      kind: frame.kind,
      data: more ? slice(rest, 0, length) : rest,
      more: more,
      number: this.passed + this.flight.length + 1,
      size: 0,
      whole: !more && !this.cutOff,
    };
    if (frame.code !== undefined) part.code = frame.code;
    part.size = size(part);
    return part;
  }

  /** Cuts a part off the queue, and keeps it under its number. */
  private number(part: Part): void {
    if (part.more) {
      this.cutOff += part.data.length;
    } else {
      this.queue.shift();
      this.cutOff = 0;
    }
    this.flight.push({ part: part, out: false });
    this.flightBytes += part.size;
  }
}

/** Whether a part may stand in one request with those taken before it. */
function goesWith(taken: Part[], part: Part, shape: Shape): boolean {
  const last = taken[taken.length - 1];
  return !last || (shape.many && last.whole && part.whole && part.number === last.number + 1);
}

/** The payload of a frame in bytes. */
function size(frame: Frame): number {
  return typeof frame.data === 'string' && frame.kind !== 'b' ? utf8Length(frame.data) : frame.data.length;
}

function slice(data: string | Uint8Array, from: number, to?: number): string | Uint8Array {
  return typeof data === 'string' ? data.substring(from, to) : data.subarray(from, to);
}
