// The relay's end of a socket, by docs/protocol.md alone: the numbers, the window and the withheld answers of section 2, and
// the reads of sections 1.4 and 3. An answer is told once, as a status and the JSON of its body.

/** The statuses of errors (sections 1.3 and 1.4). */
const statuses = { bad_request: 400, no_socket: 403, out_of_window: 409, too_large: 413, busy: 503 };

export function refusal(code, error = `this is ${code}`) {
  return [statuses[code], { ok: false, error, code }];
}

/** The protocol's numbers; a test may have others. */
export const limits = {
  hold: 10_000, // how long an answer is withheld: up.answer
  grace: 30_000, // bound.grace
  firstGrace: 10_000,
  message: 16 * 1024 * 1024, // the largest message upwards
  buffer: 256 * 1024, // bound.down
  numbers: 64, // up.window
  bytes: 256 * 1024,
  answer: 64 * 1024, // poll.size
};

export class Session {
  /** `open`, `closing` (the client's close was passed on), `closed` (the close waits to be read), `ended`. */
  state = 'open';
  /** The number whose turn it is, and the highest that is with the kernel. */
  next = 1;
  passed = 0;
  /** How many bytes are held ahead. */
  heldBytes = 0;
  /** Whether the grace period has ended it. */
  lapsed = false;
  /** What clients may not do. */
  complaints = [];
  #held = new Map();
  #first = new Map(); // the first copy of each number
  #waiting = new Set();
  #own = 0; // the number of the client's close
  #left = false; // which had none
  #message = null; // the kind and the bytes of the message that is unfinished
  #queue = []; // down, beginning with number acked + 1
  #queueBytes = 0;
  #acked = 0;
  #sent = 0;
  #reader = null;
  #requests = 0;
  #grace;

  constructor(clock, target, own = {}) {
    this.clock = clock;
    this.limits = { ...limits, ...own };
    this.target = target;
    target.session = this;
    this.#grace = clock.after(Math.min(this.limits.firstGrace, this.limits.grace), () => this.#lapse());
  }

  /** A request for the socket begins; it is false where there is none any more. */
  enter() {
    if (this.state === 'ended') return false;
    if (!this.#requests++) this.#grace();
    return true;
  }

  leave() {
    if (--this.#requests || this.state === 'ended') return;
    this.#grace = this.clock.after(this.limits.grace, () => this.#lapse());
  }

  // Up.

  /** Takes a send: `n` is the number of the first frame, and 0 for a close without one. What it gives tells that nobody waits. */
  send(n, frames, ack, answer) {
    const wrong = this.acknowledge(ack);
    if (wrong) return answer(...wrong);
    if (this.state === 'closed') return answer(...refusal('no_socket'));
    if (!n) return this.#closeNow(frames[0], answer);
    if (frames.some(({ whole, data }) => whole && data.length > this.limits.message))
      return answer(...refusal('too_large'));
    if (this.#own && n + frames.length - 1 > this.#own) {
      // What was on its way when a page left may come after its close.
      return answer(...(this.#left ? refusal('bad_request') : this.#wrong('a number after the close')));
    }
    const waiter = { first: n, last: n - 1, answer, stop: () => {} };
    this.#waiting.add(waiter);
    for (const [i, frame] of frames.entries()) {
      const number = n + i;
      this.#compare(number, frame);
      if (number < this.next || this.#held.has(number)) {
        waiter.last = number;
        continue;
      }
      if (!this.#fits(number, frame)) break;
      waiter.last = number;
      this.#held.set(number, frame);
      this.heldBytes += frame.data.length;
      this.#advance(false);
      if (!this.#waiting.has(waiter)) return; // it was refused
    }
    if (waiter.last < waiter.first) {
      this.#waiting.delete(waiter);
      return answer(...refusal('out_of_window', `${n} is outside the window: the next is ${this.next}`));
    }
    this.#answerPassed();
    if (!this.#waiting.has(waiter)) return;
    waiter.stop = this.clock.after(this.limits.hold, () => this.#answer(waiter));
    return () => this.#forget(waiter);
  }

  /** What was passed on to the target is with the kernel. */
  writable() {
    if (this.state === 'closed' || this.state === 'ended') return;
    this.passed = this.next - 1;
    this.#advance(false);
    this.#answerPassed();
  }

  #fits(number, frame) {
    if (number >= this.next + this.limits.numbers) return false;
    return number === this.next || this.heldBytes + frame.data.length <= this.limits.bytes;
  }

  #advance(force) {
    while (this.state === 'open' && (force || !this.target.full) && this.#held.has(this.next)) {
      const frame = this.#held.get(this.next);
      this.#held.delete(this.next);
      this.heldBytes -= frame.data.length;
      const wrong = frame.kind === 'c' ? null : this.#judge(frame);
      if (wrong) return this.#reject(this.next, wrong);
      this.#pass(frame);
    }
  }

  /** Counts a part for its message; an error where it may not be. */
  #judge({ kind, data, more, whole }) {
    const begun = this.#message;
    if (begun && (whole || begun.kind !== kind)) return this.#wrong('a message of another type is unfinished');
    const bytes = (begun ? begun.bytes : 0) + data.length;
    if (bytes > this.limits.message) return refusal('too_large');
    this.#message = more ? { kind, bytes } : null;
    return null;
  }

  #pass(frame) {
    const number = this.next++;
    if (frame.kind === 'c') {
      this.#own = number;
      this.state = 'closing';
      this.target.end(frame.code, frame.reason);
      this.#held.clear();
      for (const waiter of this.#waiting) if (waiter.last > number) this.#answer(waiter, refusal('bad_request'));
    } else {
      this.target.take(frame);
    }
    if (!this.target.full) this.passed = number;
  }

  #reject(number, wrong) {
    const begun = this.#message;
    for (const waiter of this.#waiting) {
      if (waiter.first <= number && number <= waiter.last) this.#answer(waiter, wrong);
    }
    if (begun && wrong[1].code === 'too_large') this.#fail(1009);
  }

  /** Without a number a close takes effect at once (up.close). */
  #closeNow(frame, answer) {
    if (frame.kind !== 'c') return answer(...this.#wrong('a message has no number'));
    if (this.#own) return answer(...refusal('bad_request'));
    this.#advance(true);
    this.#left = true;
    if (this.state === 'open') this.#pass(frame);
    this.#answerPassed();
    for (const waiter of this.#waiting) this.#answer(waiter, refusal('bad_request'));
    answer(201, { ok: true });
  }

  /** The first copy of a number wins, so others must not differ. */
  #compare(number, frame) {
    const first = this.#first.get(number);
    if (!first) this.#first.set(number, frame);
    else if (
      first.kind !== frame.kind ||
      first.more !== frame.more ||
      first.code !== frame.code ||
      !first.data.equals(frame.data)
    ) {
      this.complaints.push(`number ${number} was something else before`);
    }
  }

  #answerPassed() {
    for (const waiter of this.#waiting) if (waiter.last <= this.passed) this.#answer(waiter);
  }

  #answer(waiter, wrong) {
    this.#forget(waiter);
    if (wrong) waiter.answer(...wrong);
    else waiter.answer(201, { ok: true, n: this.passed });
  }

  #forget(waiter) {
    waiter.stop();
    this.#waiting.delete(waiter);
  }

  #wrong(what) {
    this.complaints.push(what);
    return refusal('bad_request', what);
  }

  // Down.

  /** Takes a long-poll. What it gives tells that nobody waits. */
  read(ack, ttl, answer) {
    const heartbeat = () => {
      this.detach(reader);
      answer(200, { ok: true, seq: this.#acked + 1, messages: [{ type: 'heartbeat' }] });
    };
    let stop = () => {};
    const answered = (status, body) => {
      stop();
      answer(status, body);
    };
    const reader = {
      ready: () => answered(200, { ok: true, ...this.take(reader) }),
      superseded: () => answered(200, { ok: true, seq: this.#acked + 1, messages: [] }),
      gone: () => answered(...refusal('no_socket')),
    };
    const wrong = this.attach(ack, reader);
    if (wrong) return answer(...wrong);
    if (this.#reader !== reader) return;
    stop = this.clock.after(Math.min(ttl, 60_000), heartbeat);
    return () => {
      stop();
      this.detach(reader);
    };
  }

  /**
   * Attaches a reader, or says what is wrong with that. It is told once that a message is `ready`, and takes it; or if it is a
   * stream each message is given to it as it comes, and the last is the close. It is told that it is `superseded` or `gone`.
   */
  attach(ack, reader) {
    const wrong = this.acknowledge(ack);
    if (wrong) return wrong;
    const before = this.#reader;
    this.#reader = reader;
    if (before) before.superseded(); // poll.superseded
    reader.next = this.#acked + 1;
    if (reader.begins) reader.begins(reader.next);
    this.#deliver();
  }

  detach(reader) {
    if (this.#reader === reader) this.#reader = null;
  }

  /** What waits, as far as an answer holds it; the reader is detached. */
  take(reader) {
    this.detach(reader);
    const messages = [];
    for (let bytes = 0; messages.length < this.#queue.length && bytes < this.limits.answer;) {
      bytes += cost(this.#queue[messages.length]);
      messages.push({ ...this.#queue[messages.length] });
    }
    this.#sent = Math.max(this.#sent, this.#acked + messages.length);
    return { seq: this.#acked + 1, messages };
  }

  /** Forgets the messages up to the ack; an error where that may not be, or where it ends the socket (end.kept). */
  acknowledge(ack) {
    if (this.state === 'ended') return refusal('no_socket');
    if (ack === null || ack <= this.#acked) return null;
    if (ack > this.#sent) return this.#wrong(`${ack} acknowledges more than was sent, which is ${this.#sent}`);
    for (const message of this.#queue.splice(0, ack - this.#acked)) {
      this.#queueBytes -= cost(message);
      if (message.type === 'close') {
        this.#end();
        return refusal('no_socket');
      }
    }
    this.#acked = ack;
    this.target.flush();
    return null;
  }

  /** Whether the relay reads from the target now (bound.down). */
  reads() {
    return (this.state === 'open' || this.state === 'closing') && this.#queueBytes < this.limits.buffer;
  }

  fromTarget({ kind, data, code, reason }) {
    if (kind === 'c') this.#finish(code, reason);
    else if (kind === 't') this.#push({ type: 'text', data });
    else this.#push({ type: 'binary', data: data.toString('base64') });
  }

  #push(message) {
    this.#queue.push(message);
    this.#queueBytes += cost(message);
    this.#deliver();
  }

  #deliver() {
    const reader = this.#reader;
    if (!reader || !this.#queue.length) return;
    if (reader.ready) return reader.ready();
    reader.next = Math.max(reader.next, this.#acked + 1);
    while (this.#reader === reader && reader.next <= this.#acked + this.#queue.length) {
      const message = this.#queue[reader.next - this.#acked - 1];
      this.#sent = Math.max(this.#sent, reader.next);
      if (message.type === 'close') this.detach(reader);
      reader.gives(reader.next++, message);
    }
  }

  // The end.

  /** Closes both sides with a code, in the relay's own name. */
  #fail(code) {
    if (this.state === 'open') this.target.end(code, '');
    this.#finish(code, '');
  }

  /** The close is the last message down, and nobody sends any more. */
  #finish(code, reason) {
    this.state = 'closed';
    this.#answerPassed();
    for (const waiter of this.#waiting) this.#answer(waiter, refusal('no_socket'));
    this.#held.clear();
    this.#push({ type: 'close', code, reason, wasClean: code !== 1006 });
  }

  #lapse() {
    this.lapsed = true;
    this.drop();
  }

  /** Ends it at once: the relay goes down, or nobody has asked for it in its grace period. */
  drop() {
    if (this.state === 'open') this.target.end(1001, '');
    this.#end();
  }

  /** The relay forgets the socket. */
  #end() {
    this.state = 'ended';
    this.#grace();
    for (const waiter of this.#waiting) this.#answer(waiter, refusal('no_socket'));
    const reader = this.#reader;
    this.#reader = null;
    if (reader) reader.gone();
  }
}

function cost(message) {
  return 64 + (message.data ? message.data.length : 0);
}
