import type { Cancel } from '../engine/clock.js';

/** One HTTP request. */
export interface Request {
  /** The absolute URL, without a query. */
  url: string;
  /** The parameters, as a query or a form has them. */
  params: string;
  /** Whether it is a POST where that can be had. Its parameters are a form then, unless there is a body. */
  post?: boolean;
  /** The body of a POST. It has no Content-Type, which no preflight is asked for. */
  body?: ArrayBuffer;
  /** How many milliseconds the answer may take; where it can be seen to come, how many may pass until there is more of it. */
  timeout: number;
}

/** What came of a request. */
export interface Answer {
  /** The HTTP status; 0 where no answer came, or one that could not be read. */
  status: number;
  /** The JSON that the answer held; null where it held none. */
  body: any;
  /** Whether it was the time that ran out. */
  late?: boolean;
}

/**
 * An exchange carries a request and brings its answer: done is called once, and never before the call has returned.
 * After the cancel it is not called any more; late is then, where the request could not be stopped and is answered.
 */
export type Exchange = (request: Request, done: (answer: Answer) => void, late?: (answer: Answer) => void) => Cancel;

/** The answer that an HTTP status and a body make. Where all is 200, the true status is in the body (protocol 1.5). */
export function answerOf(status: number, body: any): Answer {
  return { status: status && body && typeof body.status === 'number' ? body.status : status, body: body };
}

/** Whether an answer is one of the protocol's, and not of somebody on the way: all have `ok`. */
export function isOurs(answer: Answer): boolean {
  return !!answer.body && typeof answer.body.ok === 'boolean';
}

/** Writes parameters as a query has them. Those that are undefined are left out. */
export function query(params: { [name: string]: string | number | undefined }): string {
  let s = '';
  for (const name in params) {
    const value = params[name];
    // A page may have added to what all objects inherit.
    if (value !== undefined && Object.prototype.hasOwnProperty.call(params, name))
      s += (s && '&') + name + '=' + encodeURIComponent(value as string);
  }
  return s;
}

/** The sentence of an answer that is an error of the protocol's (any.error), or one that says what came instead. */
export function sentence(answer: Answer): string {
  if (answer.body && typeof answer.body.error === 'string') return answer.body.error;
  if (answer.status) return 'the answer has status ' + answer.status + ' and is not one of polysocket';
  return answer.late ? 'no answer came in time' : 'the request failed';
}

/**
 * How many milliseconds a request with a body of so many bytes may take: the relay may hold its answer for 10 s (protocol
 * up.answer), and the bytes need their time over a poor link.
 */
export function upTimeout(bytes: number): number {
  return 20000 + bytes / 8;
}
