import { scope } from '../engine/global.js';
import { answerOf, type Answer, type Exchange } from './exchange.js';

/** Whether there is no page to put a script element into. */
export function scriptMissing(): boolean {
  return !(scope.document && scope.document.createElement);
}

/** Whether the page has not loaded yet, for which it waits for all its script elements. */
export function pageLoads(): boolean {
  return scope.document.readyState !== 'complete';
}

let count = 0;

/**
 * An exchange by a script element (JSONP). It is a GET whatever the request says, and carries no body. It sees no answer
 * whose HTTP status is an error, so requests ask for 200 (protocol 1.5).
 */
export const script: Exchange = function (request, done, late) {
  const document: Document = scope.document;
  const element = document.createElement('script');
  const callback = 'polysocket_' + Math.random().toString(36).slice(2) + '_' + ++count;
  let over = false;

  // The answer may still be on its way, and calls back what has to be there.
  function end(): void {
    over = true;
    clearTimeout(timer);
    scope[callback] = function () {};
  }
  function finish(answer: Answer): void {
    if (over) return;
    end();
    done(answer);
  }
  function tidy(): void {
    element.onload = element.onerror = (element as any).onreadystatechange = null;
    if (element.parentNode) element.parentNode.removeChild(element);
    try {
      delete scope[callback];
    } catch (e) {
      scope[callback] = undefined; // IE 8 deletes nothing of a window
    }
  }
  function loaded(): void {
    finish({ status: 0, body: null }); // unless it has called back
    tidy();
  }

  scope[callback] = function (body: any) {
    finish(answerOf(200, body));
  };
  const timer = setTimeout(function () {
    finish({ status: 0, body: null, late: true });
  }, request.timeout);

  // A page without referrer tells its origin all the same, and nothing more: the relay has to know it.
  element.referrerPolicy = 'origin';
  // Chromium has no more than ten scripts of low priority under way, and reads wait long.
  element.fetchPriority = 'high';
  element.async = true;
  element.charset = 'utf-8';
  element.onload = element.onerror = loaded;
  if (!('onload' in element)) {
    // IE 8 tells when a script was loaded, at times a little before it has run, and never that it was not.
    (element as any).onreadystatechange = function () {
      if (/loaded|complete/.test((element as any).readyState)) setTimeout(loaded, 50);
    };
  }
  try {
    element.src = request.url + '?' + request.params + '&cb=' + callback;
    (document.head || document.getElementsByTagName('head')[0] || document.documentElement).appendChild(element);
  } catch (e) {
    setTimeout(loaded, 0); // the page's policy forbids it
  }
  return function () {
    if (over) return;
    end();
    if (!late) return;
    const tell = late;
    scope[callback] = function (body: any) {
      tell(answerOf(200, body));
    };
  };
};
