// Users of our own server sign in to Firebase with a custom token, and rules read its claims.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { deleteApp as deleteAdmin, getApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { getDatabaseWithUrl } from 'firebase-admin/database';
import { getStorage } from 'firebase-admin/storage';
import { deleteApp } from 'firebase/app';
import { signInWithCustomToken, signOut } from 'firebase/auth';
import { get, ref, set } from 'firebase/database';
import { getBytes, getMetadata, ref as object, uploadBytes } from 'firebase/storage';
import { startClient } from './client.js';
import { makeServer } from './server.js';

const users = {
  Paula: { password: 'pear', id: 'paula', isPremium: true },
  Finn: { password: 'fig', id: 'finn', isPremium: false },
  Long: { password: 'long', id: 'x'.repeat(129), isPremium: false }
};
let server, client;

before(async () => {
  server = makeServer(users).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = startClient();
  const project = process.env.GCLOUD_PROJECT;
  await getDatabaseWithUrl(`https://${project}-default-rtdb.firebaseio.com`).ref('premiumContent').set({ film: 'A film' });
  await getStorage().bucket(`${project}.appspot.com`).file('premiumContent/film.txt').save('A film');
});
after(async () => {
  server.close();
  await Promise.all([deleteApp(client.app), deleteAdmin(getApp())]);
});
beforeEach(() => signOut(client.auth));

/** Asks the server for a token: the status and the body of the answer. */
async function login(name, password) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/login`, { method: 'POST', body: JSON.stringify({ name, password }) });
  return [response.status, await response.json()];
}
async function signIn(name, password) {
  const [, { token }] = await login(name, password);
  return (await signInWithCustomToken(client.auth, token)).user;
}
const premium = () => get(ref(client.database, 'premiumContent/film'));
const premiumFile = () => getBytes(object(client.storage, 'premiumContent/film.txt'));

test('the server has no token for a wrong password', async () => {
  assert.deepEqual(await login('Paula', 'plum'), [401, { error: 'wrong name or password' }]);
});

test('the id that the server states is the uid, and the claim is in the ID token', async () => {
  const user = await signIn('Paula', 'pear');
  assert.equal(user.uid, 'paula');
  const { claims, signInProvider } = await user.getIdTokenResult();
  assert.deepEqual([claims.premiumAccount, signInProvider], [true, 'custom']);
});

test('rules open premium content to premium accounts, in the database and in the bucket', async () => {
  await signIn('Finn', 'fig');
  await assert.rejects(premium(), /Permission denied/);
  await assert.rejects(premiumFile(), { code: 'storage/unauthorized' });
  await signIn('Paula', 'pear');
  assert.equal((await premium()).val(), 'A film');
  assert.equal(Buffer.from(await premiumFile()).toString(), 'A film');
  await signOut(client.auth);
  await assert.rejects(premium(), /Permission denied/);
  await assert.rejects(premiumFile(), { code: 'storage/unauthorized' });
});

test('rules know users by their uid, in the database and in the bucket', async () => {
  await signIn('Finn', 'fig');
  await set(ref(client.database, 'profiles/finn'), { name: 'Finn' });
  await uploadBytes(object(client.storage, 'profiles/finn/me.png'), new Uint8Array(100), { contentType: 'image/png' });
  await assert.rejects(set(ref(client.database, 'profiles/paula'), { name: 'Finn' }), { code: 'PERMISSION_DENIED' });
  await assert.rejects(uploadBytes(object(client.storage, 'profiles/paula/me.png'), new Uint8Array(100)), { code: 'storage/unauthorized' });
  assert.equal((await getMetadata(object(client.storage, 'profiles/finn/me.png'))).contentType, 'image/png');
});

test('the claim lasts as long as the session; only a new sign-in takes it away', async () => {
  const user = await signIn('Paula', 'pear');
  users.Paula.isPremium = false;
  await user.getIdToken(true);
  assert.equal((await premium()).val(), 'A film');
  assert.equal((await getAuth().getUser('paula')).customClaims, undefined, 'it is no property of the account');
  await signIn('Paula', 'pear');
  await assert.rejects(premium(), /Permission denied/);
  users.Paula.isPremium = true;
});

test('ids have 128 characters at most, and some names of claims are reserved', async () => {
  const [status, { error }] = await login('Long', 'long');
  assert.equal(status, 500);
  assert.match(error, /less than or equal to 128 characters/);
  // The library throws before there is a promise.
  const refused = { code: 'auth/argument-error', message: 'Developer claim "aud" is reserved and cannot be specified.' };
  assert.throws(() => getAuth().createCustomToken('paula', { aud: 'x' }), refused);
});

test('an ID token is no custom token', async () => {
  const user = await signIn('Paula', 'pear');
  await assert.rejects(signInWithCustomToken(client.auth, await user.getIdToken()), { code: 'auth/invalid-custom-token' });
});
