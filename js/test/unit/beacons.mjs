// What beacons may carry is counted for a whole page (src/http/beacon.ts), and tests have many pages.
import { beacon, beaconRoom } from '../../build/http/beacon.js';
import { setGlobals } from './globals.mjs';

const all = beaconRoom();

/** Makes it a page that has sent none. */
export function newPage() {
  class Request {}
  Request.prototype.keepalive = false;
  const undo = setGlobals({ Request, fetch: () => ({ then() {} }) });
  beacon('', '', { byteLength: beaconRoom() - all }); // it takes off the room what is less than nothing
  undo();
}
