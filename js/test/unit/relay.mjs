// A fake relay and its router, by docs/protocol.md: what requests say, and who answers them.
import { refusal, Session } from './session.mjs';

const kinds = { 1: 't', 2: 'b', 8: 'c' };

/**
 * Reads a request as the client's exchanges make it (src/http/exchange.ts), or as a beacon does. What the protocol forbids is
 * in `wrong`; no client of ours may ask for that.
 */
export function parse({ url, params, post, body }) {
  const [, host, verb, id] = /^https?:\/\/([^/]+)\/(?:.*\/)?(create|relay|s|j|x|e|m)(?:\/(\w+))?$/.exec(url) ?? [];
  const said = { host, verb, id, params: {}, frames: verb === 's' ? [] : null, bytes: 0, wrong: '' };
  if (!verb) return { ...said, wrong: `there is no such path: ${url}` };
  for (const pair of params.split('&')) {
    const [name, value] = pair.split('=', 2);
    if (name in said.params) said.wrong = `${name} is given twice`;
    said.params[name] = decodeURIComponent(value.replaceAll('+', ' '));
  }
  try {
    said.ack = number(said.params.a);
    if (verb === 's') readSend(said, post, body);
    if (verb === 'm') readSockets(said);
  } catch (e) {
    said.wrong ||= e.message;
  }
  return said;
}

/** Reads which sockets are asked for, and what is acknowledged of each. */
function readSockets(said) {
  said.sockets = (said.params.s ?? '').split(',').map((entry) => {
    const [, id, ack] = /^(\w+):(\d+)$/.exec(entry) ?? [];
    if (!id) throw new Error(`s has the entry '${entry}'`);
    return { id, ack: number(ack) };
  });
  const ids = new Set(said.sockets.map(({ id }) => id));
  if (ids.size < said.sockets.length) throw new Error('a socket twice');
  if (ids.size > 256) throw new Error(`${ids.size} sockets`);
  if (![undefined, '0', '1'].includes(said.params.stream)) throw new Error(`stream is ${said.params.stream}`);
}

/** Reads the frames of a send; none where it only acknowledges. */
function readSend(said, post, body) {
  const { t, d, m, code, reason = '' } = said.params;
  const raw = post && body;
  said.n = number(said.params.n) ?? 0;
  if (said.params.n === '0') throw new Error('n is 0');
  if (![undefined, '0', '1'].includes(m)) throw new Error(`m is ${m}`);
  if (raw && (d !== undefined || t === 'c')) throw new Error('a body beside d, or a close');
  if ((t === 'c' || t === 'f') && m !== undefined) throw new Error(`m does not go with t=${t}`);
  if (t === undefined) {
    if (said.ack === null || raw || d !== undefined) throw new Error('t is missing');
    return; // it only acknowledges
  } else if (t === 't' || t === 'b') {
    if (!raw && d === undefined) throw new Error('d is missing');
    const data = raw ? Buffer.from(body) : Buffer.from(d, t === 't' ? 'utf8' : 'base64url');
    said.frames = [{ kind: t, data, more: m === '1', whole: false }];
  } else if (t === 'f') {
    if (!raw) throw new Error('t=f without a body');
    said.frames = unpack(Buffer.from(body));
  } else if (t === 'c') {
    said.frames = [close(code === undefined ? 1005 : number(code), reason)];
  } else {
    throw new Error(`t is ${t}`);
  }
  for (const frame of said.frames) said.bytes += frame.data.length;
}

/** The frames of a batch (RFC 6455 §5.2). */
function unpack(body) {
  const frames = [];
  for (let at = 0; at < body.length;) {
    const kind = kinds[body[at] & 15];
    if (!kind || body[at] >> 4 !== 8) throw new Error('a frame that is no whole message');
    if (frames.at(-1)?.kind === 'c') throw new Error('a frame after the Close');
    let length = body[at + 1];
    at += 2;
    if (length === 126) {
      length = body.readUInt16BE(at);
      at += 2;
      if (length < 126) throw new Error('a length that is not the shortest');
    } else if (length === 127) {
      length = Number(body.readBigUInt64BE(at));
      at += 8;
      if (length < 65536) throw new Error('a length that is not the shortest');
    } else if (length > 127) {
      throw new Error('a mask');
    }
    const data = body.subarray(at, at + length);
    if (data.length < length) throw new Error('the body is cut off');
    if (kind !== 'c') frames.push({ kind, data, more: false, whole: true });
    else if (length === 0) frames.push(close(1005, ''));
    else frames.push(close(data.readUInt16BE(0), data.toString('utf8', 2)));
    at += length;
  }
  if (!frames.length) throw new Error('a body without frames');
  return frames;
}

function close(code, reason) {
  if (code !== 1000 && code !== 1001 && code !== 1005 && !(code >= 3000 && code <= 4999))
    throw new Error(`close code ${code}`);
  if (code === 1005 && reason) throw new Error('a reason without a code');
  if (Buffer.byteLength(reason) > 123) throw new Error('a reason that is too long');
  return { kind: 'c', code, reason, data: Buffer.alloc(0), more: false, whole: true };
}

function number(digits) {
  if (digits === undefined) return null;
  if (!/^\d{1,15}$/.test(digits)) throw new Error(`${digits} is no number`);
  return Number(digits);
}

export class Relay {
  /** What clients have done that the protocol forbids. */
  complaints = [];
  sessions = new Map();
  #count = 0;

  /** `limits` are those of the protocol that are to be others (see session.mjs). */
  constructor(clock, { host = 'relay.test', limits = {} } = {}) {
    this.clock = clock;
    this.host = host;
    this.limits = limits;
  }

  /** Opens a socket to a target; what it gives is an Address (src/transport/transport.ts). */
  open(target) {
    const socket = `socket${++this.#count}`;
    this.sessions.set(socket, new Session(this.clock, target, this.limits));
    return { relay: `https://${this.host}`, socket };
  }

  /**
   * Answers what parse has read: once and maybe at once, with a status and a body, or with a response that goes on, whose `begin`,
   * `write` and `end` are called then. What it gives tells that nobody waits.
   */
  serve(said, answer, response = { begin() {}, write() {}, end() {} }) {
    if (said.wrong) {
      this.complaints.push(said.wrong);
      answer(...refusal('bad_request', said.wrong));
      return () => {};
    }
    if (said.verb === 'm')
      return said.params.stream === '1' ? this.#streamMany(said, answer, response) : this.#pollMany(said, answer);
    const session = this.sessions.get(said.id);
    if (!session || !session.enter()) {
      answer(...refusal('no_socket'));
      return () => {};
    }
    let over = false;
    const leave = () => {
      if (!over) session.leave();
      over = true;
    };
    const answered = (status, body) => {
      if (over) return;
      leave();
      answer(status, body);
    };
    const ended = {
      ...response,
      end: () => {
        if (over) return;
        leave();
        response.end();
      },
    };
    const gone = this.#ask(session, said, answered, ended);
    return () => {
      if (!over && gone) gone();
      leave();
    };
  }

  #ask(session, said, answer, response) {
    if (said.verb === 'j') return session.read(said.ack, Number(said.params.ttl), answer);
    if (said.verb === 'x' || said.verb === 'e') return this.#stream(session, said, answer, response);
    if (said.frames.length) return session.send(said.n, said.frames, said.ack, answer);
    const wrong = session.acknowledge(said.ack);
    if (wrong) answer(...wrong);
    else answer(201, { ok: true });
  }

  /** `/x` and `/e` (3.2, 3.3). */
  #stream(session, said, answer, response) {
    const form = said.verb === 'x' ? frames : events;
    const { write, stop } = this.#beating(said, response, form.heartbeat);
    const end = () => {
      stop();
      response.end();
    };
    const reader = {
      begins: (seq) => {
        response.begin({ 'Content-Type': form.type, 'Polysocket-Seq': `${seq}` });
        write(form.heartbeat);
      },
      gives: (seq, message) => {
        write(form.message(seq, message));
        if (message.type === 'close') end();
      },
      superseded: end,
      gone: end,
    };
    const wrong = session.attach(said.ack, reader);
    if (wrong) {
      stop();
      return answer(...wrong);
    }
    return () => {
      stop();
      session.detach(reader);
    };
  }

  /** Writes, and heartbeats where nothing was written for long (stream.heartbeat). */
  #beating(said, response, heartbeat) {
    const hb = Math.min(Math.max(Number(said.params.hb ?? 25_000), 1000), 60_000);
    let stop = () => {};
    const write = (chunk) => {
      stop();
      stop = this.clock.after(hb, () => write(heartbeat));
      response.write(chunk);
    };
    return { write, stop: () => stop() };
  }

  #pollMany(said, answer) {
    const reads = new Map(); // the readers that are attached, by session
    let over = false;
    let stop = () => {};
    const finish = () => {
      if (over) return;
      over = true;
      stop();
      const sockets = [...missing];
      for (const [id, { session, reader }] of reads) {
        const { seq, messages } = session.take(reader);
        if (messages.length) sockets.push({ socket: id, seq, messages });
        session.leave();
      }
      answer(200, { ok: true, sockets });
    };
    const out = (id) => {
      if (over || !reads.delete(id)) return;
      this.sessions.get(id).leave();
      if (!reads.size && begun) finish();
    };
    const missing = [];
    let begun = false;
    let full = false;
    const ready = () => {
      full = true;
      if (begun) finish();
    };
    this.#each(
      said,
      missing,
      (id, ack, session) => {
        const reader = {
          ready,
          superseded: () => out(id),
          gone: () => {
            missing.push({ socket: id, code: 'no_socket' });
            out(id);
            ready();
          },
        };
        reads.set(id, { session, reader });
        return reader;
      },
      out,
    );
    begun = true;
    if (full || missing.length || !reads.size) finish();
    else stop = this.clock.after(Math.min(Number(said.params.ttl), 60_000), finish);
    return () => {
      if (over) return;
      over = true;
      stop();
      for (const { session, reader } of reads.values()) {
        session.detach(reader);
        session.leave();
      }
    };
  }

  #streamMany(said, answer, response) {
    const reads = new Map();
    let over = false;
    const { write, stop } = this.#beating(said, response, lines.heartbeat);
    const missing = [];
    response.begin({ 'Content-Type': 'application/x-ndjson' });
    write(lines.heartbeat);
    const out = (id) => {
      if (!reads.delete(id)) return;
      this.sessions.get(id).leave();
      if (!reads.size) end();
    };
    const end = () => {
      if (over || !begun) return;
      over = true;
      stop();
      response.end();
    };
    let begun = false;
    this.#each(
      said,
      missing,
      (id, ack, session) => {
        const reader = {
          gives: (seq, message) => {
            write(lines.of({ socket: id, seq, messages: [message] }));
            if (message.type === 'close') out(id);
          },
          superseded: () => {
            write(lines.of({ socket: id, code: 'superseded' }));
            out(id);
          },
          gone: () => {
            write(lines.of({ socket: id, code: 'no_socket' }));
            out(id);
          },
        };
        reads.set(id, { session, reader });
        return reader;
      },
      out,
    );
    for (const one of missing) write(lines.of(one));
    begun = true;
    if (!reads.size) end();
    return () => {
      if (over) return;
      over = true;
      stop();
      for (const { session, reader } of reads.values()) {
        session.detach(reader);
        session.leave();
      }
    };
  }

  /** Attaches a reader to each socket that is asked for, and puts those that are not there into missing, when they are out. */
  #each({ sockets }, missing, readerOf, out) {
    for (const { id, ack } of sockets) {
      const session = this.sessions.get(id);
      const none = { socket: id, code: 'no_socket' };
      if (!session || !session.enter()) {
        missing.push(none);
        continue;
      }
      const reader = readerOf(id, ack, session);
      const wrong = session.attach(ack, reader);
      if (!wrong) continue;
      out(id);
      missing.push(none);
    }
  }

  /** What all sockets have to complain of. */
  allComplaints() {
    return [
      ...this.complaints,
      ...[...this.sessions.values()].flatMap((s) => [...s.complaints, ...s.target.complaints]),
    ];
  }
}

// How streams write.

const opcodes = { text: 1, binary: 2, close: 8 };

const frames = {
  type: 'application/octet-stream',
  heartbeat: Buffer.from([0x89, 4, 1, 2, 3, 4]),
  message: (_, { type, data = '', code, reason }) => {
    let payload = Buffer.from(data, type === 'binary' ? 'base64' : 'utf8');
    if (type === 'close') {
      payload = code === 1005 ? payload : Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]);
    }
    const { length } = payload;
    const header = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
    header[0] = 0x80 | opcodes[type];
    header[1] = length < 126 ? length : length < 65536 ? 126 : 127;
    if (header.length === 4) header.writeUInt16BE(length, 2);
    if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
    return Buffer.concat([header, payload]);
  },
};

/** What an EventSource makes of them, which puts together what was cut. */
const events = {
  type: 'text/event-stream',
  heartbeat: { data: '{"type":"heartbeat"}' },
  message: (seq, message) => ({ data: JSON.stringify(message), id: `${seq}` }),
};

const lines = {
  heartbeat: Buffer.from('   \n'),
  of: (entry) => Buffer.from(`${JSON.stringify(entry)}\n`),
};
