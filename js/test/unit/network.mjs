// A fake network between a client and a relay: an Exchange (src/http/exchange.ts) whose requests have the fate that a test
// gives them.
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
 * With `again` it arrives once more, so many milliseconds later, and nobody gets that answer. With `whole` it does not arrive
 * where the client takes it back before: its body is on its way for so long.
 */
const fine = { fate: 'fine', up: 10, down: 10, after: 0 };

export class Network {
  /** Every request that was made, in its order; and those that were neither answered nor taken back. */
  requests = [];
  open = new Set();
  /** Called with each request as it is made, and with each answer before the client gets it. */
  made = () => {};
  answers = () => {};

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
    const plan = { ...fine, ...this.plan(entry) };
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

  /** What outlives its page: nobody hears of the answer. */
  beacon(url, body) {
    const [path, params] = url.split('?');
    const entry = { url: path, params, post: true, body, at: this.clock.now(), over: true, beacon: true };
    entry.said = parse(entry);
    this.requests.push(entry);
    this.made(entry);
    const plan = { ...fine, ...this.plan(entry) };
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
