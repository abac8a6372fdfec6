import { scope } from './engine/global.js';

/*
 * Event targets and events. Where the browser's own EventTarget can be made, it is the base, and events are the browser's.
 * Older engines have theirs for nodes only: there, a list of listeners does what is asked of it here.
 */

/** What a socket is made of and fires events with. */
export interface Base {
  /** The object that a class inherits from. */
  prototype: object;
  /** Makes an object of a prototype that can have listeners. */
  construct(prototype: object, made: object): object;
  /** Fires an event at an object. */
  fire(at: any, type: string, init: { [name: string]: unknown }): void;
}

const interfaces: { [type: string]: string } = { message: 'MessageEvent', close: 'CloseEvent' };

/** The browser's own EventTarget; null where scripts cannot make one. */
export function nativeBase(): Base | null {
  try {
    new scope.EventTarget();
    new scope.MessageEvent('message');
    new scope.CloseEvent('close');
  } catch (e) {
    return null;
  }
  return {
    prototype: scope.EventTarget.prototype,
    construct: function (prototype) {
      const target = new scope.EventTarget();
      (Object as any).setPrototypeOf(target, prototype);
      return target;
    },
    fire: function (at, type, init) {
      at.dispatchEvent(new scope[interfaces[type] || 'Event'](type, init));
    },
  };
}

interface Listener {
  type: string;
  callback: any;
  capture: boolean;
  once: boolean;
  removed: boolean;
}

/** A base for engines that have none. Where is the list of an object's listeners kept, the caller says. */
export function ownBase(listenersOf: (socket: object) => Listener[]): Base {
  const prototype: any = inherit(scope.EventTarget && scope.EventTarget.prototype);

  prototype.addEventListener = function (type: unknown, callback: any, options?: any): void {
    if (callback === null || callback === undefined) return;
    const list = listenersOf(this);
    const capture = captures(options);
    for (let i = 0; i < list.length; i++) {
      const l = list[i];
      if (l.type === '' + type && l.callback === callback && l.capture === capture && !l.removed) return;
    }
    const once = !!(options && typeof options === 'object' && options.once);
    list.push({ type: '' + type, callback: callback, capture: capture, once: once, removed: false });
  };

  prototype.removeEventListener = function (type: unknown, callback: any, options?: any): void {
    const list = listenersOf(this);
    for (let i = 0; i < list.length; i++) {
      const l = list[i];
      if (l.type === '' + type && l.callback === callback && l.capture === captures(options)) {
        l.removed = true;
        list.splice(i, 1);
        return;
      }
    }
  };

  prototype.dispatchEvent = function (event: any): boolean {
    define(event, { target: this, srcElement: this, currentTarget: this, eventPhase: 2 });
    dispatch(this, event);
    define(event, { currentTarget: null, eventPhase: 0 });
    return !event.defaultPrevented;
  };

  function dispatch(at: any, event: any): void {
    const list = listenersOf(at).slice();
    for (let i = 0; i < list.length && !event.cancelBubbleNow; i++) {
      const l = list[i];
      if (l.type !== event.type || l.removed) continue;
      if (l.once) at.removeEventListener(l.type, l.callback, l.capture);
      try {
        if (typeof l.callback === 'function') l.callback.call(at, event);
        else l.callback.handleEvent(event);
      } catch (e) {
        report(e);
      }
    }
  }

  return {
    prototype: prototype,
    construct: function (_prototype, made) {
      return made;
    },
    fire: function (at, type, init) {
      const Interface = scope[interfaces[type] || 'Event'];
      const event: any = inherit(Interface && Interface.prototype);
      define(event, {
        type: type,
        bubbles: false,
        cancelable: false,
        defaultPrevented: false,
        isTrusted: false,
        timeStamp: new Date().getTime(),
        preventDefault: function () {},
        stopPropagation: function () {},
        stopImmediatePropagation: function () {
          event.cancelBubbleNow = true;
        },
      });
      define(event, init);
      at.dispatchEvent(event);
    },
  };
}

function captures(options: any): boolean {
  return options && typeof options === 'object' ? !!options.capture : !!options;
}

/** An object that inherits from another, where there is one. */
export function inherit(prototype: object | null | undefined): object {
  if (!prototype) return {};
  if (Object.create) return Object.create(prototype);
  function Made(): void {}
  Made.prototype = prototype;
  return new (Made as any)();
}

/** Sets properties, also where a prototype has accessors of their names that do not work here. */
function define(object: any, properties: { [name: string]: unknown }): void {
  for (const name in properties) {
    if (!Object.prototype.hasOwnProperty.call(properties, name)) continue;
    try {
      Object.defineProperty(object, name, {
        value: properties[name],
        writable: true,
        configurable: true,
        enumerable: true,
      });
    } catch (e) {
      try {
        object[name] = properties[name];
      } catch (e) {
        // An event of the browser's own, which has its target for itself.
      }
    }
  }
}

/** Tells the page of an exception, as browsers do of one in a listener, and goes on. */
export function report(e: unknown): void {
  if (typeof scope.reportError === 'function') scope.reportError(e);
  else
    setTimeout(function () {
      throw e;
    }, 0);
}
