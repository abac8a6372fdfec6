// Replaces properties of globalThis for a test: the core looks them up when it uses them.

const { defineProperty, getOwnPropertyDescriptor } = Object; // a test may break these

/** Sets each, and takes away those that are undefined; what it gives puts all back. */
export function setGlobals(values) {
  const before = Object.keys(values).map((name) => [name, getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete globalThis[name];
    else defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  };
}

const undos = new WeakMap();

/** The same, for as long as a test runs. It may be done more than once. */
export function withGlobals(t, values) {
  if (!undos.has(t)) {
    undos.set(t, []);
    t.after(() => {
      for (const undo of undos.get(t).reverse()) undo();
    });
  }
  undos.get(t).push(setGlobals(values));
}
