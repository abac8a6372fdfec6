import { scope } from './engine/global.js';
import { wellFormed } from './wire/text.js';

/* What browsers do with the arguments of a page before the steps of a standard see them (Web IDL §3.2). */

/** DOMString. Symbols, of which String() makes one, have none here. */
export function domString(value: unknown): string {
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
  return String(value);
}

/** USVString: a string without lone surrogates. */
export function usvString(value: unknown): string {
  return wellFormed(domString(value));
}

/** [Clamp] unsigned short: a number from 0 to 65535, rounded half to even. */
export function clampedShort(value: unknown): number {
  const x = Math.min(Math.max(+(value as number), 0), 65535);
  if (x !== x) return 0;
  const floor = Math.floor(x);
  if (x - floor < 0.5 || (x - floor === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

/** (DOMString or sequence<DOMString>), of which a string stands for a sequence of it. */
export function stringOrSequence(value: unknown): string[] {
  if (value === undefined) return [];
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return [domString(value)];
  const list: string[] = [];
  const items = value as any;
  const iterator = typeof scope.Symbol === 'function' && items[scope.Symbol.iterator];
  if (iterator !== undefined && iterator !== null && iterator !== false) {
    const it = iterator.call(items);
    for (let step = it.next(); !step.done; step = it.next()) list.push(domString(step.value));
  } else if (Object.prototype.toString.call(items) === '[object Array]') {
    for (let i = 0; i < items.length; i++) list.push(domString(items[i]));
  } else {
    list.push(domString(items));
  }
  return list;
}

/** A DOMException of a name, or where there are none an Error that looks like it. */
export function domException(name: string, message: string): Error {
  try {
    return new scope.DOMException(message, name);
  } catch (e) {
    const error: any = new Error(message);
    error.name = name;
    error.code = name === 'SyntaxError' ? 12 : name === 'InvalidStateError' ? 11 : 15;
    return error;
  }
}
