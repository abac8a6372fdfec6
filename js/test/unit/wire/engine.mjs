/**
 * Older and newer engines than this one, for the time of one call. What is changed is put back before anybody else runs, so the
 * call must not wait for anything.
 */

const { getOwnPropertyDescriptor, defineProperty, getPrototypeOf } = Object;
const { deleteProperty, ownKeys } = Reflect;

/** What ECMA-262 3rd edition (1999) has, by its owner. JSON came later; IE 8 has it. */
const es3 = {
  Object: 'prototype',
  'Object.prototype': 'constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable',
  Function: 'prototype',
  'Function.prototype': 'constructor toString apply call length name',
  Array: 'prototype',
  'Array.prototype':
    'constructor toString toLocaleString concat join pop push reverse shift slice sort splice unshift length',
  String: 'prototype fromCharCode',
  'String.prototype':
    'constructor toString valueOf charAt charCodeAt concat indexOf lastIndexOf localeCompare match replace search slice split ' +
    'substring toLowerCase toLocaleLowerCase toUpperCase toLocaleUpperCase length',
  Number: 'prototype MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY',
  Math:
    'E LN10 LN2 LOG2E LOG10E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min pow random round sin ' +
    'sqrt tan',
};
const es3Globals =
  'globalThis Object Function Array String Boolean Number Date RegExp Error EvalError RangeError ReferenceError SyntaxError ' +
  'TypeError URIError Math JSON NaN Infinity undefined parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent ' +
  'encodeURI encodeURIComponent eval';

/** What the first engines with typed arrays (2010) had of them. */
const typedArrays = {
  Uint8Array: 'prototype BYTES_PER_ELEMENT',
  'Uint8Array.prototype': 'constructor BYTES_PER_ELEMENT',
  ArrayBuffer: 'prototype',
  'ArrayBuffer.prototype': 'constructor byteLength',
};
const typedArrayPrototype = 'constructor buffer byteLength byteOffset length set subarray';

/** The engine with these values of properties, by their paths from globalThis; undefined stands for a missing one. */
function changing(properties) {
  return engine(
    Object.entries(properties).map(([path, value]) => {
      const names = path.split('.');
      const name = names.pop();
      return [resolve(names), name, value];
    }),
  );
}

/** Each engine calls a function, and gives what that gives. */
export const thisEngine = (f) => f();

/** It has Uint8Array.fromBase64 and toBase64: its own, where this engine has them. */
export const newest = Uint8Array.fromBase64
  ? thisEngine
  : changing({ 'Uint8Array.fromBase64': fromBase64, 'Uint8Array.prototype.toBase64': toBase64 });

/** It has a TextEncoder, without encodeInto. */
export const withoutEncodeInto = changing({ 'TextEncoder.prototype.encodeInto': undefined });

/** The first with typed arrays: it has nothing of ES5 but JSON, no TextEncoder, no atob. */
export const firstTypedArrays = engine([
  ...older(`${es3Globals} Uint8Array ArrayBuffer`, { ...es3, ...typedArrays }),
  ...beyond(getPrototypeOf(Uint8Array.prototype), typedArrayPrototype),
]);

/** It has nothing of ES5 but JSON, no typed arrays, no TextEncoder, no atob. */
export const oldest = engine(older(es3Globals, es3));

/** It has atob besides. */
export const oldestWithAtob = engine(older(`${es3Globals} atob`, es3));

/** What f gives, or throws, for each of the inputs in an engine: entering an old one takes a while. */
export function each(inEngine, inputs, f) {
  return inEngine(() => {
    const outcomes = [];
    for (let i = 0; i < inputs.length; i++) {
      try {
        outcomes[i] = { value: f(inputs[i]) };
      } catch (error) {
        outcomes[i] = { error };
      }
    }
    return outcomes;
  });
}

function resolve(names) {
  return names.reduce((owner, name) => owner[name], globalThis);
}

/** The changes that leave of the engine no more than what is named. */
function older(globals, owners) {
  const changes = Object.entries(owners).flatMap(([path, names]) => beyond(resolve(path.split('.')), names));
  return changes.concat(beyond(globalThis, globals));
}

/** The changes that take away what is not named; symbols stay, as the language itself uses them. */
function beyond(owner, names) {
  const kept = new Set(names.split(' '));
  return ownKeys(owner)
    .filter((name) => typeof name === 'string' && !kept.has(name) && !name.startsWith('__'))
    .filter((name) => getOwnPropertyDescriptor(owner, name).configurable)
    .map((name) => [owner, name, undefined]);
}

/** The engine that has these changes: properties of owners, and their values. */
function engine(changes) {
  const before = changes.map(([owner, name]) => getOwnPropertyDescriptor(owner, name));
  return (f) => {
    try {
      for (let i = 0; i < changes.length; i++) {
        const [owner, name, value] = changes[i];
        deleteProperty(owner, name);
        if (value !== undefined) {
          defineProperty(owner, name, { value, configurable: true, writable: true });
        }
      }
      return f();
    } finally {
      for (let i = 0; i < changes.length; i++) {
        const [owner, name] = changes[i];
        deleteProperty(owner, name);
        if (before[i]) {
          defineProperty(owner, name, before[i]);
        }
      }
    }
  };
}

/** Uint8Array.fromBase64 with lastChunkHandling left out: https://tc39.es/proposal-arraybuffer-base64/spec/#sec-frombase64 */
function fromBase64(s, { alphabet = 'base64' } = {}) {
  const dense = s.replace(/[\t\n\f\r ]/g, '');
  const bare = dense.replace(/=+$/, '');
  const padding = dense.length - bare.length;
  const foreign = alphabet === 'base64url' ? /[^A-Za-z0-9_-]/ : /[^A-Za-z0-9+/]/;
  if (foreign.test(bare) || bare.length % 4 === 1 || (padding > 0 && padding !== [0, , 2, 1][bare.length % 4])) {
    throw new SyntaxError('not base64');
  }
  return Uint8Array.from(Buffer.from(bare, 'base64'));
}

/** Uint8Array.prototype.toBase64: https://tc39.es/proposal-arraybuffer-base64/spec/#sec-uint8array.prototype.tobase64 */
function toBase64({ alphabet = 'base64', omitPadding = false } = {}) {
  const padded = Buffer.from(this).toString('base64');
  const s = alphabet === 'base64url' ? padded.replaceAll('+', '-').replaceAll('/', '_') : padded;
  return omitPadding ? s.replace(/=+$/, '') : s;
}
