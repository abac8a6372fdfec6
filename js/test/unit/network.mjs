// A fake network between a client and a relay: an Exchange (src/http/exchange.ts) whose requests have the fate that a test
// gives them, and the Flow and the Events for responses that go on (src/http/flow.ts, events.ts).
import { answerOf } from '../../build/http/exchange.js';
import { parse } from './relay.mjs';

/**
 * What may become of a request, and `up` and `down` say how many milliseconds each way takes:
 *
 * - `fine`: it arrives, and its answer too;
 * - `refused`: it does not arrive, and the client hears of it at once;
 * - `unsent`: it does not arrive, and nobody hears of it: the client waits until its time is up;
 * - `cut`: it arrives, and its connection ends before the answer has come, `after` milliseconds later at most;
 * - `deaf`: it arrives, and its answer is lost without a trace;
 * - `page`: somebody on the way answers in the relay's place, with `status` and `body`; it `arrives`, or not.
 *
 * Responses that go on have more:
 *
 * - `cut`: their connection ends `after` milliseconds later, wherever that is; with `clean` it looks as if it were the end;
 * - `held`: somebody on the way holds back all of it until it is over;
 * - `buffered`: somebody on the way passes it on whenever there are `room` bytes of it;
 * - `stalled`: nothing more of it comes `after` milliseconds later.
 *
 * What they bring comes in pieces that `piece` gives the length of.
 *
 * With `again` it arrives once more, so many milliseconds later, and nobody gets that answer. With `whole` it does not arrive
 * where the client takes it back before: its body is on its way for so long.
 */
const fine = { fate: 'fine', up: 10, down: 10, after: 0, piece: () => Infinity };

export class Network {
  /** Every request that was made, in its order; and those that were neither answered nor taken back. */
  requests = [];
  open = new Set();
  /** Called with each request as it is made, and with each answer before the client gets it. */
  made = () => {};
  answers = () => {};
  /** Called with each request for a stream of which bytes come. */
  heard = () => {};

  constructor(clock, relay, plan = () => ({})) {
    this.clock = clock;
    this.relay = relay;
    this.plan = plan;
  }

  exchange = (request, done) => {
    const entry = {
      ...request,
      said: parse(request),
      at: this.clock.now(),
      over: false,
      answer: null,
      cancelled: false,
    };
    const plan = (entry.plan = { ...fine, ...this.plan(entry) });
    this.requests.push(entry);
    this.open.add(entry);
    this.made(entry);
    let gone = () => {};
    const end = () => {
      entry.over = true;
      this.open.delete(entry);
      stopTimer();
    };
    const finish = (answer) => {
      if (entry.over) return;
      end();
      entry.answer = answer;
      this.answers(entry, answer);
      done(answer);
    };
    entry.finish = (answer) => finish(answer ?? { status: 0, body: null });
    const stopTimer = this.clock.after(request.timeout, () => {
      finish({ status: 0, body: null, late: true });
      leave();
    });
    const leave = () => this.clock.after(plan.up, () => gone());
    this.#carry(entry, plan, finish, (told) => (gone = told));
    return () => {
      if (entry.over) return;
      end();
      entry.cancelled = true;
      leave();
    };
  };

  /** A Flow. */
  flow = (request, on) => {
    const failed = { status: 0, body: null };
    return this.#open(request, {
      begin: (entry, headers) => {
        try {
          on.begun((name) => headers[name] ?? null);
        } catch (e) {
          entry.finish({ status: 0, body: { error: e.message } });
        }
      },
      chunk: (entry, bytes) => {
        try {
          on.bytes(new Uint8Array(bytes));
        } catch (e) {
          entry.finish({ status: 0, body: { error: e.message } });
        }
      },
      done: (answer) => on.done(answer ?? failed),
    });
  };

  /** Events. */
  events = (url, on) => {
    const [path, params] = url.split('?');
    let id = '';
    let form = '';
    return this.#open(
      { url: path, params },
      {
        begin: (entry, headers) => {
          form = headers['Content-Type'];
          if (form !== 'text/event-stream') entry.finish(null);
        },
        chunk: (_, event) => {
          if (form !== 'text/event-stream') return;
          id = event.id ?? id;
          on.event(event.data, id);
        },
        done: () => on.ended(),
      },
    );
  };

  /** Makes a request for a response that goes on, and tells what comes of it in its order. */
  #open(request, tell) {
    const { clock } = this;
    const entry = { ...request, said: parse(request), at: clock.now(), over: false, cancelled: false, stream: true };
    const plan = (entry.plan = { ...fine, ...this.plan(entry) });
    this.requests.push(entry);
    this.open.add(entry);
    let gone = () => {};
    const leave = () => clock.after(plan.up, () => gone());
    const end = () => {
      entry.over = true;
      this.open.delete(entry);
    };
    entry.finish = (answer) => {
      if (entry.over) return;
      end();
      leave();
      this.answers(entry, answer ?? { status: 0, body: null });
      tell.done(answer);
    };
    this.made(entry);

    // What is on its way down: it arrives in its order, and not after the connection is cut.
    const later = [];
    let stopped = false; // nothing more arrives
    const keeps = plan.fate === 'held' || plan.fate === 'buffered';
    let kept = 0; // bytes
    const arrive = (run) => {
      if (keeps) return later.push(run);
      clock.after(plan.down, () => !stopped && !entry.over && run());
    };
    const flush = () => {
      for (const run of later.splice(0)) clock.after(plan.down, () => !entry.over && run());
    };
    const response = {
      begin: (headers) =>
        keeps
          ? later.push(() => tell.begin(entry, headers)) // the headers may pass, but that is all the same
          : arrive(() => tell.begin(entry, headers)),
      write: (chunk) => {
        const pieces = Buffer.isBuffer(chunk) ? cut(chunk, plan.piece) : [chunk];
        for (const piece of pieces) {
          arrive(() => {
            this.heard(entry);
            tell.chunk(entry, piece);
          });
        }
        kept += chunk.length ?? chunk.data.length;
        if (plan.fate !== 'buffered' || kept < plan.room) return;
        kept = 0;
        flush();
      },
      end: () => {
        arrive(() => entry.finish({ status: 200, body: null }));
        if (keeps) flush();
      },
    };
    const answer = (status, body) => arrive(() => entry.finish({ status, body })) || flush();
    if (plan.again) clock.after(plan.up + plan.again, () => this.#unread(entry.said));
    switch (plan.fate) {
      case 'refused':
        clock.after(plan.up, () => entry.finish(null));
        break;
      case 'unsent':
        break;
      case 'page':
        clock.after(plan.up, () => {
          if (plan.arrives) this.#unread(entry.said);
          if (plan.status !== 200) return arrive(() => entry.finish({ status: plan.status, body: plan.body }));
          response.begin({ 'Content-Type': 'text/html' });
          response.write(Buffer.from('<html>'));
          response.end();
        });
        break;
      default:
        clock.after(plan.up, () => {
          const deaf = { begin() {}, write() {}, end() {} };
          const told =
            plan.fate === 'deaf'
              ? this.relay.serve(entry.said, () => {}, deaf)
              : this.relay.serve(entry.said, answer, response);
          gone = told;
          if (entry.over) gone();
          if (plan.fate !== 'cut' && plan.fate !== 'stalled') return;
          clock.after(plan.after, () => {
            stopped = true;
            if (plan.fate === 'cut') entry.finish(plan.clean ? { status: 200, body: null } : null);
          });
        });
    }
    return () => {
      if (entry.over) return;
      end();
      entry.cancelled = true;
      leave();
    };
  }

  /** A request arrives for whose response nobody is there. */
  #unread(said) {
    this.clock.after(
      1000,
      this.relay.serve(said, () => {}),
    );
  }

  /** What outlives its page: nobody hears of the answer. */
  beacon(url, body) {
    const [path, params] = url.split('?');
    const entry = { url: path, params, post: true, body, at: this.clock.now(), over: true, beacon: true };
    entry.said = parse(entry);
    this.requests.push(entry);
    this.made(entry);
    const plan = (entry.plan = { ...fine, ...this.plan(entry) });
    if (plan.fate !== 'refused' && plan.fate !== 'unsent')
      this.clock.after(plan.up, () => this.relay.serve(entry.said, () => {}));
  }

  #carry(entry, plan, finish, tellGone) {
    const { said } = entry;
    const failed = { status: 0, body: null };
    if (plan.again) this.clock.after(plan.up + plan.again, () => this.#arrive(said, () => {}));
    switch (plan.fate) {
      case 'refused':
        this.clock.after(plan.up, () => finish(failed));
        return;
      case 'unsent':
        return;
      case 'page': {
        const page = () => this.clock.after(plan.down, () => finish(answerOf(plan.status, plan.body)));
        this.clock.after(plan.up, () => {
          if (plan.arrives) this.#arrive(said, () => {});
          page();
        });
        return;
      }
    }
    // Even where the client takes it back: it may be on its way by then.
    this.clock.after(plan.up, () => {
      if (plan.whole && entry.over) return;
      if (plan.fate === 'cut') this.clock.after(plan.after, () => finish(failed));
      const told = this.#arrive(said, (status, body) => {
        if (plan.fate === 'cut') finish(failed);
        if (plan.fate === 'fine')
          this.clock.after(plan.down, () => finish(answerOf(...this.#written(said, status, body))));
      });
      if (plan.fate !== 'deaf') tellGone(told);
    });
  }

  #arrive(said, answer) {
    return this.relay.serve(said, answer);
  }

  /** With status=200 the true status is in the body (protocol 1.5). */
  #written(said, status, body) {
    return said.params.status === '200' ? [200, { ...body, status }] : [status, body];
  }
}

/** Cuts bytes into pieces of the lengths that are given. */
function cut(bytes, piece) {
  const pieces = [];
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(Math.max(piece(), bytes.length >> 6), bytes.length - at); // no more than 64, for time's sake
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
