import type { Cancel, Clock } from '../engine/clock.js';
import { has, without } from '../engine/list.js';
import type { Answer } from '../http/exchange.js';
import type { Frame } from '../wire/frame.js';
import type { Entry } from '../wire/message.js';
import type { Many } from './many.js';
import type { Address, Down, Receiver } from './transport.js';

/*
 * A browser has six connections to one host over HTTP/1.1. So when more sockets of a page read from it than two, those of a
 * kind read by one request.
 */

/** How many sockets read each by itself. */
const apart = 2;

/** How many sockets one request may read (protocol m.sockets), and how many of a group's requests may be under way. */
const mostSockets = 256;
const mostRequests = 2;

/** How many milliseconds the relay has to end a read that was superseded. */
const retirement = 2000;

/** Shared makes ways down of which all sockets that read from one relay have their part. */
export class Shared {
  private relays: { [relay: string]: Relay } = {};

  constructor(private readonly clock: Clock) {}

  /**
   * A way down that is `single` while few sockets read from its relay, and when they are more what `many` gives, with all of
   * that.
   */
  down(single: Down, many: () => Many): Down {
    const self = this;
    return {
      streams: single.streams,
      read: function (at, ack, ttl, heartbeat, receiver) {
        const relay = self.relay(at.relay);
        const member = new Member(single, many(), at, ack, ttl, heartbeat, receiver, relay);
        relay.join(member);
        return function () {
          member.leave();
        };
      },
    };
  }

  private relay(url: string): Relay {
    const relays = this.relays;
    if (!relays[url]) {
      relays[url] = new Relay(this.clock, url, function () {
        delete relays[url];
      });
    }
    return relays[url];
  }
}

/** A read of a socket, which goes by itself or in a group. */
class Member {
  over = false;
  group: Group | null = null;
  private request = 0;
  private cancel: Cancel | null = null;

  constructor(
    private readonly single: Down,
    readonly many: Many,
    readonly at: Address,
    public ack: number,
    readonly ttl: number,
    readonly heartbeat: number,
    readonly receiver: Receiver,
    private readonly relay: Relay,
  ) {}

  /** Reads by itself. */
  alone(): void {
    const self = this;
    const request = ++this.request;
    this.cancel = this.single.read(this.at, this.ack, this.ttl, this.heartbeat, {
      asked: this.receiver.asked,
      alive: function (bare) {
        if (self.request === request) self.receiver.alive(bare);
      },
      superseded: function () {
        return self.request !== request;
      },
      received: function (seq, frames) {
        self.received(seq, frames);
      },
      done: function (answer) {
        if (self.request === request) self.done(answer);
      },
    });
  }

  /** A group is about to supersede what it reads by itself. What it gives takes that back. */
  retire(): Cancel | null {
    this.request++;
    const cancel = this.cancel;
    this.cancel = null;
    return cancel;
  }

  /** What a read that was superseded brings is told as well: numbers say what comes twice. */
  received(seq: number, frames: Frame[]): void {
    if (this.over) return;
    this.ack = Math.max(this.ack, seq + frames.length - 1);
    this.receiver.received(seq, frames);
  }

  done(answer: Answer): void {
    if (this.over) return;
    this.leave();
    this.receiver.done(answer);
  }

  leave(): void {
    if (this.over) return;
    this.over = true;
    this.request++;
    if (this.cancel) this.cancel();
    this.relay.leave(this);
  }
}

/** The reads that there are from a relay. */
class Relay {
  private members: Member[] = [];
  private groups: Group[] = [];
  private sharing = false;
  /** Whether it, or somebody on the way, has refused to be read by groups. */
  private unshared = false;
  private settling = false;

  constructor(
    readonly clock: Clock,
    readonly url: string,
    private readonly end: () => void,
  ) {}

  join(member: Member): void {
    this.members.push(member);
    if (this.sharing) return this.enter(member);
    if (this.members.length <= apart || this.unshared) return member.alone();
    this.sharing = true;
    for (let i = 0; i < this.members.length; i++) this.enter(this.members[i]);
  }

  leave(member: Member): void {
    this.members = without(this.members, member);
    if (member.group) member.group.leave(member);
    this.settle();
  }

  /** Groups do not work: each reads by itself from now on. */
  refused(): void {
    this.unshared = true;
    this.part();
  }

  private enter(member: Member): void {
    const before = member.retire();
    if (before) this.clock.after(retirement, before);
    for (let i = 0; i < this.groups.length; i++) if (this.groups[i].takes(member)) return this.groups[i].join(member);
    const group = new Group(this, member.many);
    this.groups.push(group);
    group.join(member);
  }

  /** Sees whether one alone is left, or none, when those who have read and read again are back. */
  private settle(): void {
    if (this.settling || this.members.length >= apart) return;
    this.settling = true;
    const self = this;
    this.clock.soon(function () {
      self.settling = false;
      if (!self.members.length) self.end();
      else if (self.sharing && self.members.length < apart) self.part();
    });
  }

  /** Lets all read by themselves. */
  private part(): void {
    this.sharing = false;
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i];
      if (!member.group) continue;
      member.group.leave(member, true);
      member.alone();
    }
    this.groups = [];
  }
}

/** A request of a group, and the members that it reads. */
interface Request {
  members: Member[];
  cancel: Cancel;
  /** Whether there is anything of it that anybody waits for. */
  brought: boolean;
}

/** Sockets that are read by one request: it is made again whenever others join, and the relay ends the one before. */
class Group {
  private members: Member[] = [];
  /** Those under way, the newest last. */
  private requests: Request[] = [];
  private asked = false;
  /** Whether to ask when one of them is over. */
  private waiting = false;

  constructor(
    private readonly relay: Relay,
    private readonly many: Many,
  ) {}

  /** Whether there is room for it. */
  takes(member: Member): boolean {
    if (member.many !== this.many || this.members.length >= mostSockets) return false;
    let length = roomFor(member);
    for (let i = 0; i < this.members.length; i++) length += roomFor(this.members[i]);
    return length <= this.many.room();
  }

  join(member: Member): void {
    member.group = this;
    this.members.push(member);
    this.ask();
  }

  /** Takes a member out. Nothing is asked for again: what comes for it is for nobody. */
  leave(member: Member, superseded?: boolean): void {
    member.group = null;
    this.members = without(this.members, member);
    if (this.members.length) return;
    const requests = this.requests;
    this.requests = [];
    for (let i = 0; i < requests.length; i++) {
      if (superseded) this.relay.clock.after(retirement, requests[i].cancel);
      else requests[i].cancel();
    }
  }

  /** Asks when all that join in one go are there. */
  private ask(): void {
    if (this.asked) return;
    this.asked = true;
    const self = this;
    this.relay.clock.soon(function () {
      self.asked = false;
      self.read();
    });
  }

  private read(): void {
    if (!this.members.length) return;
    this.waiting = this.requests.length >= mostRequests;
    if (this.waiting) return;
    const self = this;
    const before = this.requests[0];
    if (before) this.relay.clock.after(retirement, before.cancel);
    const members = this.members.slice();
    const request: Request = { members: members, cancel: nothing, brought: false };
    this.requests.push(request);
    let ttl = members[0].ttl;
    let heartbeat = members[0].heartbeat;
    const sockets = [];
    for (let i = 0; i < members.length; i++) {
      ttl = Math.min(ttl, members[i].ttl);
      heartbeat = Math.min(heartbeat, members[i].heartbeat);
      sockets.push(members[i].at.socket + ':' + members[i].ack);
      members[i].receiver.asked(!!this.many.streams);
    }
    const cancel = this.many.read(this.relay.url, sockets.join(','), ttl, heartbeat, {
      alive: function (bare) {
        self.alive(request, bare);
      },
      entry: function (entry) {
        self.came(request, entry);
      },
      done: function (answer) {
        self.done(request, answer);
      },
    });
    request.cancel = function () {
      cancel();
      self.over(request);
    };
  }

  /** Tells those whom a request reads, and who wait still, that it goes well. */
  private alive(request: Request, bare: boolean): void {
    if (!this.newest(request) && this.many.streams) return;
    for (let i = 0; i < request.members.length; i++) {
      if (request.members[i].group === this) request.members[i].receiver.alive(bare);
    }
  }

  private came(request: Request, entry: Entry): void {
    let member: Member | undefined;
    for (let i = 0; i < this.members.length; i++) {
      if (this.members[i].at.socket === entry.socket) member = this.members[i];
    }
    if (!member) return;
    if (entry.seq > member.ack + 1 && !has(request.members, member)) return this.behind();
    request.brought = true;
    if (entry.code === 'no_socket') {
      return member.done({ status: 403, body: { ok: false, code: entry.code, error: 'the relay has no such socket' } });
    }
    if (entry.frames.length) member.received(entry.seq, entry.frames);
    // Any other code says that it is not read any more. In the newest it is an older one that has done it, which was late.
    if ((!this.many.streams || entry.code) && this.newest(request)) member.done({ status: 200, body: null });
  }

  /**
   * What goes before came between two reads of a socket, when nobody was there for it. The request that the later read has asked for
   * brings all of it again; it need not wait any more.
   */
  private behind(): void {
    if (this.waiting) this.requests[0].cancel();
  }

  private done(request: Request, answer: Answer): void {
    const newest = this.newest(request);
    this.over(request);
    if (!newest) return;
    // Those for whom nothing came go on waiting.
    if (answer.status === 200 && request.brought && !this.many.streams) {
      this.alive(request, true);
      return this.ask();
    }
    if (answer.status >= 400 && answer.status < 500) {
      this.relay.refused();
      return;
    }
    for (let i = 0; i < request.members.length; i++) {
      if (request.members[i].group === this) request.members[i].done(answer);
    }
  }

  private newest(request: Request): boolean {
    return this.requests[this.requests.length - 1] === request;
  }

  private over(request: Request): void {
    this.requests = without(this.requests, request);
    if (this.waiting) this.ask();
  }
}

/** How many characters of a URL a socket may take, with what it acknowledges. */
function roomFor(member: Member): number {
  return member.at.socket.length + '%3A%2C'.length + 15;
}

function nothing(): void {}
