import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

// It kills the program when its own stdin ends: when this process has gone, however it went.
const guard = 'exec 3<&0; "$@" <&3 & exec >/dev/null 2>&1; cat; kill -9 $!';

/**
 * Starts a program, which does not outlive this process, and waits until it has printed a line that matches `ready`. Gives
 * that match, and `end`, which ends it.
 */
export function start(command, args, ready) {
  const child = spawn('/bin/sh', ['-c', guard, 'guard', command, ...args]);
  const exited = new Promise((resolve) => child.on('exit', resolve));
  const end = () => {
    child.stdin.end();
    return exited;
  };
  return new Promise((resolve, reject) => {
    const printed = [];
    const deadline = setTimeout(fail, 20_000, `did not print ${ready}`);
    function fail(what) {
      clearTimeout(deadline);
      end();
      reject(new Error(`${command} ${what}; it printed:\n${printed.join('\n')}`));
    }
    let open = 2;
    // They are read to their end: a program whose output nobody reads stops.
    for (const stream of [child.stdout, child.stderr]) {
      const lines = createInterface(stream);
      lines.on('close', () => --open || fail('has ended'));
      lines.on('line', (line) => {
        if (printed.length < 100) printed.push(line);
        const match = ready.exec(line);
        if (!match) return;
        clearTimeout(deadline);
        resolve({ match, end });
      });
    }
  });
}
