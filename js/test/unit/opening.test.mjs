import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from '../../build/opening.js';
import { Rota } from '../../build/rota.js';
import { opening, promise } from './opening.mjs';
import { stage } from './stage.mjs';

test('nothing is done before the constructor has returned', (t) => {
  const { natives, clock, told } = opening(t);
  assert.deepEqual([natives.length, told], [0, []]);
  clock.settle();
  assert.equal(natives.length, 1);
});

test('transports are tried in their order, and why each was given up is told', (t) => {
  const { clock, natives, creates, last, gaveUp, told, info } = opening(t, {
    transports: ['xhr', 'websocket', 'jsonp'],
  });
  clock.settle();
  last().answer(0, null, true);
  clock.run(1);
  assert.deepEqual(gaveUp(), ['xhr hung']);
  natives[0].onclose();
  assert.deepEqual(gaveUp(), ['xhr hung', 'websocket refused']);
  assert.deepEqual(
    creates.map(({ transport }) => transport),
    ['xhr', 'jsonp'],
  );
  last().made();
  clock.run(1);
  assert.deepEqual([info.transport, gaveUp()], ['jsonp', ['xhr hung', 'websocket refused']]);
  assert.deepEqual(told, [
    ['changed', null, 1],
    ['changed', null, 2],
    ['opened', '', ''],
    ['changed', 'jsonp', 2],
  ]);
});

test('what the browser has not is missing', (t) => {
  const { clock, transports, gaveUp, outcome } = opening(t, { native: null });
  transports.xhr.missing = transports.jsonp.missing = () => true;
  clock.settle();
  assert.deepEqual(gaveUp(), ['websocket missing', 'xhr missing', 'jsonp missing']);
  assert.deepEqual(outcome(), [['failed', 'this browser has no jsonp']]);
});

test('the native WebSocket is opened where it can be, and its time runs out', (t) => {
  const { clock, natives, gaveUp, outcome } = opening(t, { transports: ['websocket'] });
  clock.run(10_000);
  assert.equal(natives[0].closed, true);
  assert.deepEqual(
    [gaveUp(), outcome()],
    [['websocket hung'], [['failed', "the browser's own WebSocket did not open: hung"]]],
  );

  const second = opening(t, { transports: ['websocket'] });
  second.clock.settle();
  Object.assign(second.natives[0], { protocol: 'chat', extensions: 'x' });
  second.natives[0].onopen();
  assert.deepEqual(second.outcome(), [['opened', 'chat', 'x']]);
  assert.equal(second.info.transport, 'websocket');
  second.clock.idle();
  assert.equal(second.outcome().length, 1);
});

test('what a router refuses others would refuse, too: its word and its sentence are told', (t) => {
  const { clock, last, creates, gaveUp, outcome } = opening(t, { transports: ['xhr', 'jsonp'] });
  clock.settle();
  last().refuses('target_denied');
  clock.idle();
  assert.deepEqual(
    [gaveUp(), outcome(), creates.length],
    [['xhr target_denied'], [['failed', 'this is target_denied']], 1],
  );
});

test('where no transport reaches a router the last sentence is told', (t) => {
  const { clock, last, gaveUp, outcome } = opening(t, { transports: ['xhr', 'jsonp'] });
  clock.settle();
  for (const status of [0, 0, 502, 502]) {
    last().answer(status);
    clock.run(500);
  }
  assert.deepEqual(gaveUp(), ['xhr refused', 'jsonp refused']);
  assert.deepEqual(outcome(), [['failed', 'https://a.test: the answer has status 502 and is not one of polysocket']]);
});

test('all tries have one nonce, so that one socket is opened; another opening has another', (t) => {
  const { clock, creates, last, outcome } = opening(t, {
    transports: ['xhr', 'jsonp'],
    routers: ['https://a.test', 'https://b.test'],
  });
  clock.settle();
  while (!outcome().length) {
    last().answer(0);
    clock.run(500);
  }
  assert.equal(creates.length, 8);
  assert.deepEqual(creates.map(({ url }) => url[8]).join(''), 'ababbaba');
  const nonces = new Set(creates.map(({ said }) => said.nonce));
  assert.equal(nonces.size, 1);
  const other = opening(t, { transports: ['xhr'] });
  other.clock.settle();
  nonces.add(other.last().said.nonce);
  assert.equal(nonces.size, 2);
  for (const nonce of nonces) assert.match(nonce, /^[0-9a-f]{32}$/);
});

test('a router is not told the user of a target', (t) => {
  const set = stage(t);
  const info = { transport: null, gaveUp: [], error: '' };
  const routers = ['https://a.test'];
  const config = { routers, rota: new Rota(routers, 0), transports: ['xhr'], timeout: 10_000 };
  open(config, 'wss://user:pass@target.test/x', [], info, {});
  set.clock.settle();
  assert.equal(set.last().said.target, 'wss://target.test/x');
});

test('a socket is open, and lives', (t) => {
  const { clock, last, outcome, connection, relay, network } = opening(t, {
    transports: ['xhr'],
    protocols: ['a', 'b'],
  });
  clock.settle();
  assert.deepEqual([last().said.target, last().said.protocols], ['wss://target.test/', 'a,b']);
  const target = last().made('b');
  clock.run(1);
  connection().send('up');
  target.send('t', 'down');
  clock.run(100);
  connection().close(1000, '');
  clock.idle();
  assert.deepEqual(target.messages, ['up']);
  assert.deepEqual(outcome(), [['opened', 'b', ''], 'down', ['closed', 1000, '', true, false, '']]);
  assert.deepEqual([relay.allComplaints(), network.open.size], [[], 0]);
});

test('a target that chooses none of the subprotocols offered is closed, and the socket has failed', (t) => {
  const { clock, last, creates, outcome, info, relay, network } = opening(t, {
    transports: ['xhr', 'jsonp'],
    protocols: ['a'],
  });
  clock.settle();
  const target = last().made('');
  clock.run(1);
  assert.deepEqual(outcome(), [['failed', 'the target chose none of the subprotocols offered']]);
  clock.idle();
  assert.deepEqual(target.closed, { code: 1000, reason: '' });
  assert.deepEqual([outcome().length, info.transport, creates.length], [1, null, 1]);
  assert.deepEqual([relay.allComplaints(), network.open.size], [[], 0]);
});

test('the router that has made a socket is asked first whether its relay is alive', (t) => {
  const { clock, creates, last, outcome, questions, relay } = opening(t, {
    transports: ['xhr'],
    routers: ['https://a.test', 'https://b.test'],
  });
  clock.settle();
  last().answer(0);
  clock.run(1);
  last().made();
  clock.run(100);
  assert.equal(creates.length, 2);
  relay.serve = (_, answer) => (answer(502, null), () => {});
  clock.run(60_000);
  assert.deepEqual(
    questions.map(({ url, said }) => [url, said.host]),
    [
      ['https://b.test/relay', relay.host],
      ['https://a.test/relay', relay.host],
    ],
    'the others are asked as well, and each once while it does not answer',
  );
  assert.match(outcome().at(-1).at(-1), /^reading failed for too long/);
});

// Tokens.

test('a token is given with each create, and a function is asked for one once, when it is needed', (t) => {
  let asked = 0;
  const token = () => `token ${++asked}`;
  const { clock, natives, creates, last } = opening(t, { token });
  clock.settle();
  assert.equal(asked, 0, 'the native WebSocket needs none');
  natives[0].onclose();
  assert.equal(last().said.token, 'token 1');
  last().answer(0, null, true);
  clock.run(1);
  assert.deepEqual([creates.length, last().transport, last().said.token, asked], [2, 'jsonp', 'token 1', 1]);
  const plain = opening(t, { transports: ['xhr'], token: 'abc' });
  plain.clock.settle();
  assert.equal(plain.last().said.token, 'abc');
});

test('a token may be promised', (t) => {
  const promised = promise();
  const { clock, creates, last } = opening(t, { transports: ['xhr'], token: () => promised });
  clock.run(9999);
  assert.equal(creates.length, 0);
  promised.resolve('later');
  assert.equal(last().said.token, 'later');
});

test('a promise of the engine does as well', async (t) => {
  const { clock, creates, last, outcome } = opening(t, { transports: ['xhr'], token: async () => 'later' });
  clock.settle();
  assert.equal(creates.length, 0);
  await null;
  await null;
  assert.equal(last().said.token, 'later');
  const broken = opening(t, { transports: ['xhr'], token: () => Promise.reject(new Error('the login is over')) });
  broken.clock.settle();
  await null;
  await null;
  assert.deepEqual(broken.outcome(), [['failed', 'there is no token: the login is over']]);
  assert.deepEqual(outcome(), []);
});

test('a token that does not come in time fails the socket, and is not used when it comes', (t) => {
  const promised = promise();
  const { clock, creates, outcome } = opening(t, { transports: ['xhr'], token: () => promised });
  clock.run(10_000);
  const failed = [['failed', 'there is no token: the promise of it has not settled in time']];
  assert.deepEqual(outcome(), failed);
  promised.resolve('late');
  clock.idle();
  assert.deepEqual([outcome(), creates.length], [failed, 0]);
});

test('a token has no lone surrogates', (t) => {
  const { clock, last } = opening(t, { transports: ['xhr'], token: 'a\ud800' });
  clock.settle();
  assert.equal(last().said.token, 'a\ufffd');
});

test('where there is no token it has failed, and why is told', (t) => {
  const cases = [
    [() => promise(), (p) => p.reject(new Error('the login is over')), 'there is no token: the login is over'],
    [() => promise(), (p) => p.reject('nobody is there'), 'there is no token: nobody is there'],
    [() => promise(), (p) => p.reject(), 'there is no token: undefined'],
    [() => promise(), (p) => p.resolve(7), 'the token is a number, not a string'],
    [() => 7, null, 'the token is a number, not a string'],
    [() => null, null, 'the token is a object, not a string'],
    [
      () => {
        throw new Error('it is broken');
      },
      null,
      'there is no token: it is broken',
    ],
  ];
  for (const [token, settle, error] of cases) {
    let given;
    const { clock, creates, outcome } = opening(t, { transports: ['xhr', 'jsonp'], token: () => (given = token()) });
    clock.run(9999);
    settle?.(given);
    clock.idle();
    assert.deepEqual([outcome(), creates.length], [[['failed', error]], 0]);
  }
});

test('a token that is left out is none', (t) => {
  const { clock, last } = opening(t, { transports: ['xhr'], token: () => undefined });
  clock.settle();
  assert.equal('token' in last().said, false);
});

// Cancelling.

/** What happens one after the other when much goes wrong; each begins with what the one before has led to. */
const story = [
  ({ clock }) => clock.settle(),
  ({ natives }) => natives[0].onclose(),
  ({ token }) => token.resolve('x'),
  ({ last }) => last().answer(0),
  ({ clock }) => clock.run(1),
  ({ clock }) => clock.run(449),
  ({ last }) => last().answer(0, null, true),
  ({ clock }) => clock.run(1),
  ({ last, stage }) => (stage.target = last().made()),
  ({ clock }) => clock.run(1),
];

test('cancelled at any moment it tells nothing, and tries nothing any more', (t) => {
  for (let moments = 0; moments < story.length; moments++) {
    const token = promise();
    const rig = { ...opening(t, { token: () => token }), token, stage: {} };
    for (const happen of story.slice(0, moments)) happen(rig);
    const { told, creates, natives, clock, cancel } = rig;
    const before = [told.length, creates.length, natives.length];
    cancel();
    cancel();
    clock.run(500);
    for (const create of creates) if (!create.over) assert.fail('a create is left');
    if (moments === 1) assert.deepEqual([natives[0].closed, natives[0].onclose], [true, null]);
    token.resolve?.('late');
    clock.idle();
    assert.deepEqual([told.length, creates.length, natives.length], before, `after ${moments} moments`);
    assert.equal(clock.pending(), 0);
  }
});

test('that story would have come to a good end', (t) => {
  const token = promise();
  const rig = { ...opening(t, { token: () => token }), token, stage: {} };
  for (const happen of story) happen(rig);
  assert.deepEqual(rig.outcome(), [['opened', '', '']]);
  assert.deepEqual(rig.gaveUp(), ['websocket refused', 'xhr hung']);
});

test('a promise that is settled twice, or after the end, changes nothing', (t) => {
  const token = promise();
  const { clock, creates, outcome } = opening(t, { transports: ['xhr'], token: () => token });
  clock.settle();
  token.resolve('a');
  token.resolve('b');
  assert.equal(creates.length, 1);
  creates[0].refuses('target_denied');
  clock.idle();
  token.reject(new Error('late'));
  assert.deepEqual(outcome(), [['failed', 'this is target_denied']]);
});
