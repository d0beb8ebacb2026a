// A user of a third-party provider calls functions and reads the database.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { deleteApp } from 'firebase/app';
import { signInWithCustomToken, signOut } from 'firebase/auth';
import { get, ref, set } from 'firebase/database';
import { httpsCallable } from 'firebase/functions';
import { startClient } from './client.js';
import { startFunctions } from './host.js';
import { startProvider } from './provider.js';

const ALICE = 'user_2NNEqL2nrIRdJ194ndJqAHwEfxC';
let provider, server, client;

before(async () => {
  provider = await startProvider({ 'alice-session': { id: ALICE, claims: { team: 'blue' } }, 'bob-session': { id: 'user_bob' } });
  server = await startFunctions();
  client = startClient(server.port);
});
after(async () => {
  await deleteApp(client.app);
  server.close();
  provider.close();
});
beforeEach(() => signOut(client.auth));

const signIn = async session => signInWithCustomToken(client.auth, await provider.getToken(session));
const call = async (name, data) => (await httpsCallable(client.functions, name)(data)).data;

for (const name of ['returnAuthenticatedMessage', 'returnAuthenticatedMessageV1']) {
  test(`${name}: the function knows the user by the provider's id`, async () => {
    const { user } = await signIn('alice-session');
    assert.equal(user.uid, ALICE);
    const answer = await call(name, { text: 'hello' });
    assert.deepEqual(answer, { message: `Authenticated message 'hello' from user ${ALICE}.`, team: 'blue' });
  });

  test(`${name}: who is signed out is refused, with the function's words`, async () => {
    await assert.rejects(call(name, { text: 'hello' }), { code: 'functions/unauthenticated', message: /^The function must be called while authenticated\./ });
  });

  test(`${name}: a token that is not good never reaches the function`, async () => {
    const { user } = await signIn('alice-session');
    const { claims } = await user.getIdTokenResult();
    const nobody = { error: { message: 'Unauthenticated', status: 'UNAUTHENTICATED' } };
    assert.deepEqual(await post(name, 'no token'), [401, nobody]);
    assert.deepEqual(await post(name, unsigned({ ...claims, exp: claims.iat })), [401, nobody], 'expired');
    assert.deepEqual(await post(name, unsigned({ ...claims, aud: 'other-project' })), [401, nobody], 'of another project');
    assert.equal((await post(name, unsigned(claims)))[0], 200);
  });
}

test('the provider has no token for a session that it does not know', async () => {
  assert.equal(await provider.getToken('no-session'), undefined);
});

test('rules know the user by the same id, and the claim of the provider', async () => {
  const note = ref(client.database, `notes/${ALICE}`);
  const goal = ref(client.database, 'teams/blue/goal');
  await signIn('alice-session');
  await set(note, 'Buy milk');
  await set(goal, 'Win');

  await signIn('bob-session');
  await assert.rejects(get(note), /Permission denied/);
  await assert.rejects(get(goal), /Permission denied/);

  await signIn('alice-session');
  assert.equal((await get(note)).val(), 'Buy milk');
  assert.equal((await get(goal)).val(), 'Win');
});

/** Calls a function without the client library: the status and the body of the answer. */
async function post(name, token) {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${server.port}/${name}`, { method: 'POST', headers, body: '{"data": {"text": "hello"}}' });
  return [response.status, await response.json()];
}

/** An ID token as emulators issue it: nobody signs it. Production refuses it. */
function unsigned(claims) {
  const part = json => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
}
