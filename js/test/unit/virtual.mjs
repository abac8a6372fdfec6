// Virtual time, and chance that is the same in every run.

/** A source of chance: the same seed gives the same numbers (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  function random() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  return {
    random,
    /** A whole number from `low` up to `high`, both included. */
    int: (low, high) => low + Math.floor(random() * (high - low + 1)),
    /** Whether something happens that does so once in 1 / `odds` times. */
    happens: (odds) => random() < odds,
    pick: (list) => list[Math.floor(random() * list.length)],
  };
}

/**
 * A Clock (src/engine/clock.ts) that stands still until a test lets it run. Times are milliseconds. What happens at the
 * same moment happens in the order in which it was asked for.
 */
export function virtualClock(seed = 1) {
  const chance = seeded(seed);
  let now = 1_000_000;
  let timers = []; // by time, the next one last
  let soons = [];
  let steps = 0;

  const clock = {
    now: () => now,
    after: (milliseconds, run) => set(milliseconds, run, null),
    soon(run) {
      soons.push(run);
    },
    random: chance.random,

    /** Called after each step: a timer, or what was to run soon. */
    stepped: null,

    /** A Clock on the same time that counts its timers by itself: so that one sees whether a client has tidied up. */
    part() {
      const owner = { timers: 0 };
      const after = (milliseconds, run) => set(milliseconds, run, owner);
      return { now: clock.now, after, soon: clock.soon, random: clock.random, timers: () => owner.timers };
    },

    /** How many timers and calls are still to come. */
    pending: () => timers.length + soons.length,

    /** Runs what is to run soon, and lets no time pass. */
    settle() {
      while (soons.length) step(soons.shift());
    },

    /** Lets so many milliseconds pass. */
    run(milliseconds) {
      const end = now + milliseconds;
      clock.settle();
      while (timers.length && timers[timers.length - 1].at <= end) fire();
      now = end;
    },

    /** Lets time pass until nothing is to come. */
    idle() {
      clock.settle();
      while (timers.length) fire();
    },

    /** Lets time pass until the condition holds; an error where it does not within so many milliseconds. */
    until(holds, within = 3_600_000) {
      const end = now + within;
      clock.settle();
      while (!holds()) {
        if (!timers.length) throw new Error('nothing is to come, and it has not happened');
        if (timers[timers.length - 1].at > end) throw new Error(`it has not happened within ${within} ms`);
        fire();
      }
    },
  };

  function set(milliseconds, run, owner) {
    if (!(milliseconds >= 0) || milliseconds === Infinity) throw new Error(`a timer of ${milliseconds} ms`);
    const timer = { at: now + milliseconds, run, owner };
    let low = 0;
    let high = timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timers[middle].at > timer.at) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
    if (owner) owner.timers++;
    return () => {
      const i = timers.indexOf(timer);
      if (i < 0) return; // it has run, or was cancelled before
      timers.splice(i, 1);
      if (owner) owner.timers--;
    };
  }

  function fire() {
    const timer = timers.pop();
    now = timer.at;
    if (timer.owner) timer.owner.timers--;
    step(timer.run);
    clock.settle();
  }

  function step(run) {
    if (++steps > 2_000_000) throw new Error('it spins: two million steps');
    run();
    if (clock.stepped) clock.stepped();
  }

  return clock;
}
