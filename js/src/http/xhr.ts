import { scope } from '../engine/global.js';
import { answerOf, type Answer, type Exchange } from './exchange.js';

/** Whether this browser has an XMLHttpRequest that reaches other origins and carries bytes. */
export function xhrMissing(): boolean {
  return !(
    typeof scope.XMLHttpRequest !== 'undefined' &&
    'withCredentials' in new scope.XMLHttpRequest() &&
    typeof scope.Uint8Array !== 'undefined'
  );
}

/** An exchange by XMLHttpRequest, without credentials. */
export const xhr: Exchange = function (request, done) {
  const x: XMLHttpRequest = new scope.XMLHttpRequest();
  let timer: any;
  let over = false;

  function finish(answer: Answer): void {
    if (over) return;
    over = true;
    clearTimeout(timer);
    x.onreadystatechange = null;
    done(answer);
  }
  function fail(): void {
    finish({ status: 0, body: null });
  }

  x.onreadystatechange = function () {
    if (x.readyState === 4) finish(answerOf(x.status, parse(x)));
    else if (x.readyState === 3) wait();
  };
  function wait(): void {
    clearTimeout(timer);
    timer = setTimeout(function () {
      finish({ status: 0, body: null, late: true });
      x.abort();
    }, request.timeout);
  }
  wait();
  try {
    if (request.post && !request.body) {
      x.open('POST', request.url, true);
      x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
      x.send(request.params);
    } else {
      x.open(request.post ? 'POST' : 'GET', request.url + '?' + request.params, true);
      x.send(request.body || null);
    }
  } catch (e) {
    setTimeout(fail, 0); // the page's policy, or the browser's, forbids it
  }

  return function () {
    if (over) return;
    over = true;
    clearTimeout(timer);
    x.onreadystatechange = null;
    x.abort();
  };
};

function parse(x: XMLHttpRequest): any {
  try {
    return JSON.parse(x.responseText);
  } catch (e) {
    return null;
  }
}
