// A role that a server gives reaches a client that is signed in, and the rules.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { deleteApp as deleteAdmin, getApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { deleteApp } from 'firebase/app';
import { createUserWithEmailAndPassword, GoogleAuthProvider, onIdTokenChanged, signInWithCredential, signOut } from 'firebase/auth';
import { get, ref, set } from 'firebase/database';
import { refreshWithClaims, startClient } from './client.js';
import { startFunctions } from './host.js';

let server, client;

before(async () => {
  server = await startFunctions();
  client = startClient();
});
after(async () => {
  server.close();
  await Promise.all([deleteApp(client.app), deleteAdmin(getApp())]);
});
beforeEach(async () => {
  const { FIREBASE_AUTH_EMULATOR_HOST, GCLOUD_PROJECT } = process.env;
  await signOut(client.auth);
  await fetch(`http://${FIREBASE_AUTH_EMULATOR_HOST}/emulator/v1/projects/${GCLOUD_PROJECT}/accounts`, { method: 'DELETE' });
});

/** A sign-up with Google. Emulators take the user as JSON in place of Google's token. */
async function signUpWithGoogle(email) {
  const credential = GoogleAuthProvider.credential(JSON.stringify({ sub: email, email, email_verified: true }));
  return (await signInWithCredential(client.auth, credential)).user;
}
const claims = async user => (await user.getIdTokenResult()).claims;
const content = () => ref(client.database, 'adminContent/plan');

/** Resolves once the client has a token whose claims pass the check. */
const tokenWith = check =>
  new Promise(resolve => {
    const stop = onIdTokenChanged(client.auth, async user => {
      if (!user || !check(await claims(user))) return;
      stop();
      resolve();
    });
  });

test('a role reaches a client that is signed in: first the server, then refreshTime, then the token', async () => {
  const user = await signUpWithGoogle('ada@admin.example.com');
  await assert.rejects(get(content()), /Permission denied/);

  const stop = refreshWithClaims(client);
  // Account events go to the Functions emulator only; here the test hands the event over.
  const given = tokenWith(({ admin }) => admin === true);
  await server.functions.processSignUp.run(await getAuth().getUser(user.uid));
  await given;
  await set(content(), 'Secret');
  assert.equal((await get(content())).val(), 'Secret');

  const taken = tokenWith(({ admin }) => admin === undefined);
  await server.functions.setRole(user.uid, null);
  await taken;
  await assert.rejects(get(content()), /Permission denied/);
  stop();
});

test('without a refresh, a token has the claims of when it was issued', async () => {
  const user = await signUpWithGoogle('ada@admin.example.com');
  await server.functions.setRole(user.uid, { admin: true, accessLevel: 1 });
  assert.equal((await claims(user)).admin, undefined);
  await assert.rejects(get(content()), /Permission denied/);

  await user.getIdToken(true);
  const { admin, accessLevel } = await claims(user);
  assert.deepEqual({ admin, accessLevel }, { admin: true, accessLevel: 1 });
  await get(content());
  await assert.rejects(set(content(), 'Public'), { code: 'PERMISSION_DENIED' }, 'level 1 only reads');
});

test('a set replaces all claims: read, change, write', async () => {
  const { uid } = await signUpWithGoogle('ada@admin.example.com');
  await server.functions.setRole(uid, { admin: true });
  await server.functions.setRole(uid, { accessLevel: 9 });
  assert.deepEqual((await getAuth().getUser(uid)).customClaims, { accessLevel: 9 });
  const { customClaims } = await getAuth().getUser(uid);
  await server.functions.setRole(uid, { ...customClaims, admin: true });
  assert.deepEqual((await getAuth().getUser(uid)).customClaims, { accessLevel: 9, admin: true });
});

test('the server gives the role to whom it concerns', async () => {
  const stranger = await signUpWithGoogle('eve@example.com');
  assert.deepEqual(await askForRole(await stranger.getIdToken()), [200, { status: 'ineligible' }]);

  const { user: unverified } = await createUserWithEmailAndPassword(client.auth, 'eve@admin.example.com', 'correct horse');
  assert.deepEqual(await askForRole(await unverified.getIdToken()), [200, { status: 'ineligible' }]);

  const admin = await signUpWithGoogle('ada@admin.example.com');
  assert.deepEqual(await askForRole(await admin.getIdToken()), [200, { status: 'success' }]);
  await admin.getIdToken(true);
  assert.equal((await claims(admin)).admin, true);

  assert.deepEqual(await askForRole('no token'), [401, { status: 'refused', code: 'auth/argument-error' }]);
});

test('claims have limits', async () => {
  const { uid } = await signUpWithGoogle('ada@admin.example.com');
  await assert.rejects(server.functions.setRole(uid, { sub: 'eve' }), { code: 'auth/reserved-claim' });
  await assert.rejects(server.functions.setRole(uid, { text: 'x'.repeat(1000) }), { code: 'auth/claims-too-large' });
});

/** Sends the token to the server's endpoint: the status and the body of the answer. */
async function askForRole(idToken) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${server.port}/setCustomClaims`, { method: 'POST', headers, body: JSON.stringify({ idToken }) });
  return [response.status, await response.json()];
}
