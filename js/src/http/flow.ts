import type { Cancel } from '../engine/clock.js';
import { scope } from '../engine/global.js';
import { fromUTF8 } from '../wire/text.js';
import { answerOf, type Answer, type Request } from './exchange.js';

/** What a flow tells. What `begun` and `bytes` throw says that it is not what was asked for: it is taken back, and has failed. */
export interface FlowEvents {
  /** The response has begun, with status 200. */
  begun(header: (name: string) => string | null): void;
  /** More of it has come. */
  bytes(bytes: Uint8Array): void;
  /** It is over, all of it where the status is 200. A response with another status is not told by `bytes`, but here. */
  done(answer: Answer): void;
}

/**
 * A flow is a request whose response is used while it comes, however long that goes on: it has no timeout. Nothing is told
 * before the call has returned, nor after the cancel.
 */
export type Flow = (request: Omit<Request, 'timeout' | 'body'>, on: FlowEvents) => Cancel;

const form = 'application/x-www-form-urlencoded';

/** Whether this browser has fetch with responses that can be read as they come, and taken back. */
export function fetchFlows(): boolean {
  return (
    typeof scope.fetch === 'function' &&
    typeof scope.AbortController === 'function' &&
    typeof scope.ReadableStream === 'function' &&
    typeof scope.Response === 'function' &&
    'body' in scope.Response.prototype
  );
}

/** Whether this browser's XMLHttpRequest shows the bytes of a response as they come. */
export function xhrFlows(): boolean {
  return typeof scope.XMLHttpRequest !== 'undefined' && 'overrideMimeType' in new scope.XMLHttpRequest();
}

/** A flow by fetch, without credentials. */
export const fetchFlow: Flow = function (request, on) {
  const abort = new scope.AbortController();
  let over = false;

  function finish(answer: Answer): void {
    if (over) return;
    over = true;
    on.done(answer);
  }
  function fail(): void {
    finish({ status: 0, body: null });
  }
  function strange(e: unknown): void {
    finish({ status: 0, body: { error: (e as Error).message } });
    abort.abort();
  }
  function read(reader: any): void {
    // Each step is a promise of its own: a chain of them would grow for as long as the stream lives.
    reader.read().then(function (part: any) {
      if (over) return;
      if (part.done) return finish({ status: 200, body: null });
      try {
        on.bytes(part.value);
      } catch (e) {
        return strange(e);
      }
      read(reader);
    }, fail);
  }

  // Not even the browser keeps it, so that a request does not wait for one before it that asked for the same.
  const init: any = { credentials: 'omit', cache: 'no-store', signal: abort.signal };
  if (request.post) {
    init.method = 'POST';
    init.headers = { 'Content-Type': form };
    init.body = request.params;
  }
  try {
    scope.fetch(request.post ? request.url : request.url + '?' + request.params, init).then(function (response: any) {
      if (over) return;
      if (response.status !== 200) {
        return response.text().then(function (text: string) {
          finish(answerOf(response.status, parse(text)));
        }, fail);
      }
      try {
        on.begun(function (name) {
          return response.headers.get(name);
        });
      } catch (e) {
        return strange(e);
      }
      read(response.body.getReader());
    }, fail);
  } catch (e) {
    setTimeout(fail, 0); // the page's policy forbids it
  }
  return function () {
    if (over) return;
    over = true;
    abort.abort();
  };
};

/**
 * A flow by XMLHttpRequest, without credentials. It keeps all that has come, so responses are asked to end after a MiB (protocol
 * stream.max).
 */
export const xhrFlow: Flow = function (request, on) {
  const params = request.params + '&max=1024';
  const x: XMLHttpRequest = new scope.XMLHttpRequest();
  let over = false;
  let begun = false;
  let seen = 0;

  function finish(answer: Answer): void {
    if (over) return;
    end();
    on.done(answer);
  }
  function end(): void {
    over = true;
    x.onreadystatechange = null;
  }
  function fail(): void {
    finish({ status: 0, body: null });
  }

  /** What of the response has not been seen yet. */
  function more(): Uint8Array {
    const text = x.responseText;
    const bytes = new Uint8Array(text.length - seen);
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(seen + i); // its low byte: see the charset
    seen = text.length;
    return bytes;
  }

  x.onreadystatechange = function () {
    if (x.readyState < 3) return;
    const status = x.status;
    if (status !== 200) {
      if (x.readyState === 4) finish(answerOf(status, status ? parse(text(more())) : null));
      return;
    }
    try {
      if (!begun) {
        begun = true;
        on.begun(function (name) {
          return x.getResponseHeader(name);
        });
      }
      const bytes = more();
      if (bytes.length && !over) on.bytes(bytes);
    } catch (e) {
      finish({ status: 0, body: { error: (e as Error).message } });
      x.abort();
      return;
    }
    if (x.readyState === 4) finish({ status: 200, body: null });
  };
  try {
    x.open(request.post ? 'POST' : 'GET', request.post ? request.url : request.url + '?' + params, true);
    // Each byte becomes a character whose low byte it is.
    x.overrideMimeType('text/plain; charset=x-user-defined');
    if (request.post) x.setRequestHeader('Content-Type', form);
    x.send(request.post ? params : null);
  } catch (e) {
    setTimeout(fail, 0); // the page's policy, or the browser's, forbids it
  }
  return function () {
    if (over) return;
    end();
    x.abort();
  };
};
function text(bytes: Uint8Array): string {
  try {
    return fromUTF8(bytes);
  } catch (e) {
    return '';
  }
}

function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch (e) {
    return null;
  }
}

/** A flow by what this browser has. */
export const flow: Flow = function (request, on) {
  return fetchFlows() ? fetchFlow(request, on) : xhrFlow(request, on);
};
