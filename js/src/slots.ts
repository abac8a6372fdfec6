import type { Cancel, Clock } from './engine/clock.js';
import { without } from './engine/list.js';

/*
 * A browser has six connections to one host, and each socket's read holds one. So requests up have to share two, over all
 * sockets of the page: reads are never starved, and among those who send each has its turn.
 */

/** How many requests up there may be at a time to one host. */
const most = 2;

/** Somebody who sends to a host. */
export interface Sender {
  /** A slot of the host is there. The answer is whether it is used: then it is to be given back with leave. */
  useSlot(host: string): boolean;
  /** For how many milliseconds it may hold a slot while others wait who have none. */
  turn(): number;
  /** They have waited for so long: it should give back what it can, and ask again. */
  yieldSlot(): void;
}

interface Host {
  name: string;
  senders: number;
  held: { by: Sender; since: number }[];
  waiting: Sender[];
  timer: Cancel | null;
}

export class Slots {
  private hosts: { [host: string]: Host } = {};

  constructor(private readonly clock: Clock) {}

  /** Counts a sender in. A host that has one only lets it have both slots. */
  join(host: string): void {
    if (!this.hosts[host]) this.hosts[host] = { name: host, senders: 0, held: [], waiting: [], timer: null };
    this.hosts[host].senders++;
  }

  /** Counts it out, with all that it holds and waits for. */
  part(host: string, sender: Sender): void {
    const h = this.hosts[host];
    h.waiting = without(h.waiting, sender);
    while (holds(h, sender)) release(h, sender);
    if (--h.senders) {
      this.serve(h);
      return;
    }
    if (h.timer) h.timer();
    delete this.hosts[host];
  }

  /** Asks for a slot. Asking again while it waits changes nothing. */
  ask(host: string, sender: Sender): void {
    const h = this.hosts[host];
    for (let i = 0; i < h.waiting.length; i++) if (h.waiting[i] === sender) return;
    h.waiting.push(sender);
    this.serve(h);
  }

  /** Gives a slot back. */
  leave(host: string, sender: Sender): void {
    const h = this.hosts[host];
    release(h, sender);
    this.serve(h);
  }

  private serve(h: Host): void {
    for (let i = 0; h.held.length < most && i < h.waiting.length;) {
      const sender = h.waiting[i];
      if (h.senders > 1 && holds(h, sender)) {
        i++;
        continue;
      }
      h.waiting.splice(i, 1);
      h.held.push({ by: sender, since: this.clock.now() });
      if (!sender.useSlot(h.name)) release(h, sender);
    }
    this.watch(h);
  }

  /** Sees to it that a slot comes free, where one who holds none waits. */
  private watch(h: Host): void {
    if (h.timer) h.timer();
    h.timer = null;
    let starved = false;
    for (let i = 0; i < h.waiting.length; i++) if (!holds(h, h.waiting[i])) starved = true;
    if (!starved) return;
    let first = h.held[0];
    for (let i = 1; i < h.held.length; i++) if (over(h.held[i]) < over(first)) first = h.held[i];
    const self = this;
    h.timer = this.clock.after(Math.max(0, over(first) - this.clock.now()), function () {
      h.timer = null;
      first.since = self.clock.now(); // it may have nothing that it can give back
      h.waiting = without(h.waiting, first.by); // and is behind the others when it asks again
      first.by.yieldSlot();
      self.watch(h);
    });
  }
}

/** When a sender's turn is over. */
function over(slot: { by: Sender; since: number }): number {
  return slot.since + slot.by.turn();
}

function holds(h: Host, sender: Sender): boolean {
  for (let i = 0; i < h.held.length; i++) if (h.held[i].by === sender) return true;
  return false;
}

/** Takes away the newest slot that a sender holds. */
function release(h: Host, sender: Sender): void {
  for (let i = h.held.length - 1; i >= 0; i--) {
    if (h.held[i].by === sender) {
      h.held.splice(i, 1);
      return;
    }
  }
}
