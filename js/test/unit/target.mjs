// A fake target: what is behind a relay. It puts the parts of messages together, takes its time, and answers a close.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Target {
  /** The messages that have come whole: text as strings, binary as Buffers. */
  messages = [];
  /** The Close frame that has come. */
  closed = null;
  /** The Close frame that it sends. */
  answered = null;
  /** What is wrong with that which has come. */
  complaints = [];
  /** Not all that came is with the kernel: it is to be told with `session.writable()`. */
  full = false;
  session = null;
  #parts = [];
  #kind = '';
  #outbox = [];

  /**
   * `stall` says how many milliseconds pass until a part that comes is with the kernel; `answer` gives the code and the reason
   * with which it answers a close, and `answerIn` when.
   */
  constructor(clock, { stall = () => 0, answer = (code, reason) => ({ code, reason }), answerIn = 5 } = {}) {
    this.clock = clock;
    this.stall = stall;
    this.answer = answer;
    this.answerIn = answerIn;
  }

  /** Sends a message down. */
  send(kind, data) {
    if (this.answered) throw new Error('the target sends after its close');
    this.#outbox.push({ kind, data });
    this.flush();
  }

  /** Closes it from this side. */
  close(code, reason) {
    if (this.answered) return;
    this.answered = { code, reason };
    this.#outbox.push({ kind: 'c', code, reason });
    this.flush();
  }

  /** How many messages it has sent that the relay has not read yet. */
  unread() {
    return this.#outbox.length;
  }

  /** What the relay calls when it reads again. */
  flush() {
    while (this.#outbox.length && this.session.reads()) this.session.fromTarget(this.#outbox.shift());
  }

  /** A message, or a part of one, comes. */
  take({ kind, data, more }) {
    if (this.closed) this.complaints.push('a message follows the close');
    if (this.#kind && kind !== this.#kind) this.complaints.push('the message goes on as another kind');
    this.#kind = more ? kind : '';
    this.#parts.push(data);
    if (!more) {
      const whole = this.#parts.length === 1 ? data : Buffer.concat(this.#parts);
      this.#parts = [];
      try {
        this.messages.push(kind === 't' ? utf8.decode(whole) : Buffer.from(whole));
      } catch {
        this.complaints.push('a text that is not UTF-8');
      }
    }
    const stalled = this.stall();
    if (!stalled || this.full) return;
    this.full = true;
    this.clock.after(stalled, () => {
      this.full = false;
      this.session.writable();
    });
  }

  /** The client's close comes, or the relay's own. */
  end(code, reason) {
    if (this.closed) this.complaints.push('a second close');
    this.closed = { code, reason };
    this.clock.after(this.answerIn, () => {
      const answer = this.answer(code, reason);
      this.close(answer.code, answer.reason);
    });
  }
}
