// A fake relay and its router, by docs/protocol.md: what requests say, and who answers them.
import { refusal, Session } from './session.mjs';

const kinds = { 1: 't', 2: 'b', 8: 'c' };

/**
 * Reads a request as the client's exchanges make it (src/http/exchange.ts), or as a beacon does. What the protocol forbids is
 * in `wrong`; no client of ours may ask for that.
 */
export function parse({ url, params, post, body }) {
  const [, host, verb, id] = /^https?:\/\/([^/]+)\/(?:.*\/)?(create|relay|s|j)(?:\/(\w+))?$/.exec(url) ?? [];
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
  } catch (e) {
    said.wrong ||= e.message;
  }
  return said;
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

  /** Answers what parse has read, once and maybe at once: with a status and a body. What it gives tells that nobody waits. */
  serve(said, answer) {
    if (said.wrong) {
      this.complaints.push(said.wrong);
      answer(...refusal('bad_request', said.wrong));
      return () => {};
    }
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
    const gone = this.#ask(session, said, answered);
    return () => {
      if (!over && gone) gone();
      leave();
    };
  }

  #ask(session, said, answer) {
    if (said.verb === 'j') return session.read(said.ack, Number(said.params.ttl), answer);
    if (said.frames.length) return session.send(said.n, said.frames, said.ack, answer);
    const wrong = session.acknowledge(said.ack);
    if (wrong) answer(...wrong);
    else answer(201, { ok: true });
  }

  /** What all sockets have to complain of. */
  allComplaints() {
    return [
      ...this.complaints,
      ...[...this.sessions.values()].flatMap((s) => [...s.complaints, ...s.target.complaints]),
    ];
  }
}
