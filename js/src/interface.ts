import { scope } from './engine/global.js';

/* How an interface of Web IDL's stands in JavaScript (Web IDL §3.7): attributes, operations, constants. */

/** Whether objects can have accessors. IE 8 has them on nodes only. */
export const accessors: boolean = (function () {
  try {
    return (Object.defineProperty({}, 'a', { get: Object }) as { a?: object }).a !== undefined;
  } catch (e) {
    return false;
  }
})();

/**
 * An attribute. Where there are no accessors it is a property of each object, which somebody has to set whenever it
 * changes; and the prototype has what it begins with, unless that is undefined.
 */
export function attribute(
  prototype: object,
  name: string,
  initial: unknown,
  get: (this: object) => unknown,
  set?: (this: object, value: unknown) => void,
): void {
  if (accessors) Object.defineProperty(prototype, name, { get: get, set: set, enumerable: true, configurable: true });
  else if (initial !== undefined) (prototype as any)[name] = initial;
}

/** An operation, and how many arguments it must be given. */
export function operation(prototype: object, name: string, length: number, run: Function): void {
  (prototype as any)[name] = run;
  describe(run, 'length', length);
}

/** The name of an interface, on its interface object and in String(object). */
export function named(Interface: Function, name: string): void {
  describe(Interface, 'name', name);
  if (typeof scope.Symbol === 'function' && scope.Symbol.toStringTag) {
    describe(Interface.prototype, scope.Symbol.toStringTag, name);
  }
}

/** An interface object inherits from that of its parent, where there is one and it can. */
export function inheritFrom(Interface: Function, parent: Function | undefined): void {
  const setPrototypeOf = (Object as any).setPrototypeOf;
  if (setPrototypeOf && parent) setPrototypeOf(Interface, parent);
}

/** A property that nobody changes. */
export function fixed(object: object, name: string, value: unknown, enumerable?: boolean): void {
  if (accessors) Object.defineProperty(object, name, { value: value, writable: false, enumerable: !!enumerable });
  else (object as any)[name] = value;
}

/** A property that no loop finds. */
export function hidden(object: object, name: string, value: unknown): void {
  if (accessors)
    Object.defineProperty(object, name, { value: value, writable: true, configurable: true, enumerable: false });
  else (object as any)[name] = value;
}

function describe(object: object, name: string, value: unknown): void {
  if (!accessors) return;
  try {
    Object.defineProperty(object, name, { value: value, configurable: true });
  } catch (e) {
    // The name and the length of a function could not be changed before ES2015.
  }
}
