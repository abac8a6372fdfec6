/** The global object, in every engine: a window, a worker's scope, or another. */
declare const globalThis: any;

// What stands here may be anything, and may be missing: it is looked up when it is used.
export const scope: any =
  typeof globalThis === 'object'
    ? globalThis
    : typeof self === 'object'
      ? self
      : typeof window === 'object'
        ? window
        : Function('return this')();
