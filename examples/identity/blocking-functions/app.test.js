// Blocking functions decide who signs up and what a session may do.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { deleteApp as deleteAdmin, initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { getDatabase } from 'firebase-admin/database';
import { deleteApp } from 'firebase/app';
import { createUserWithEmailAndPassword, signInAnonymously, signInWithCustomToken, signInWithEmailAndPassword, signOut } from 'firebase/auth';
import { get, ref } from 'firebase/database';
import { refusal, startClient } from './client.js';
import { startFunctions } from './host.js';
import { register } from './register.js';

const PASSWORD = 'correct horse';
const { FIREBASE_AUTH_EMULATOR_HOST, GCLOUD_PROJECT } = process.env;
let admin, server, client;

before(async () => {
  admin = initializeApp({ databaseURL: `https://${GCLOUD_PROJECT}-default-rtdb.firebaseio.com` });
  server = await startFunctions();
  client = startClient();
  await register(server.port);
});
after(async () => {
  await register(undefined);
  await Promise.all([deleteApp(client.app), deleteAdmin(admin)]);
  server.close();
});
beforeEach(async () => {
  await signOut(client.auth);
  await fetch(`http://${FIREBASE_AUTH_EMULATOR_HOST}/emulator/v1/projects/${GCLOUD_PROJECT}/accounts`, { method: 'DELETE' });
});

const signUp = async email => (await createUserWithEmailAndPassword(client.auth, email, PASSWORD)).user;
const claims = async user => (await user.getIdTokenResult()).claims;
/** What the functions said when they refused. */
const refused = async promise => refusal(await promise.then(() => assert.fail('not refused'), error => error));

test('an address of another domain does not sign up, and leaves no account', async () => {
  assert.equal(await refused(signUp('joe@evil.example')), 'Unauthorized email "joe@evil.example"');
  assert.equal(client.auth.currentUser, null);
  await assert.rejects(getAuth(admin).getUserByEmail('joe@evil.example'), { code: 'auth/user-not-found' });
});

test('an address of the domain signs up, with a name and a claim of the account', async () => {
  const user = await signUp('joe@acme.example');
  const { name, staff } = await claims(user);
  assert.deepEqual({ name, staff }, { name: 'Guest', staff: true });
  const account = await getAuth(admin).getUser(user.uid);
  assert.deepEqual(account.customClaims, { staff: true });
});

test('a session has claims of its own, which the account does not keep', async () => {
  const user = await signUp('joe@acme.example');
  assert.equal((await claims(user)).office, true);
  await user.getIdToken(true);
  assert.equal((await claims(user)).office, true, 'they last as long as the session');
  assert.equal((await getAuth(admin).getUser(user.uid)).customClaims.office, undefined);
});

test('an existing account can be kept from signing in', async () => {
  await getAuth(admin).createUser({ uid: 'ina', email: 'intern.ina@acme.example', password: PASSWORD });
  const signIn = () => signInWithEmailAndPassword(client.auth, 'intern.ina@acme.example', PASSWORD);
  assert.equal(await refused(signIn()), 'Interns verify their address first.');
  await getAuth(admin).updateUser('ina', { emailVerified: true });
  assert.equal((await signIn()).user.uid, 'ina');
});

test('rules open the handbook to staff, and a payslip in the office', async () => {
  const user = await signUp('joe@acme.example');
  await getDatabase(admin).ref().set({ handbook: 'Welcome', payslips: { [user.uid]: 1000, other: 2000 } });
  assert.equal((await get(ref(client.database, 'handbook'))).val(), 'Welcome');
  assert.equal((await get(ref(client.database, `payslips/${user.uid}`))).val(), 1000);
  await assert.rejects(get(ref(client.database, 'payslips/other')), /Permission denied/);
});

test('nobody asks the functions about custom tokens and anonymous users, so rules refuse these', async () => {
  await signInWithCustomToken(client.auth, await getAuth(admin).createCustomToken('build'));
  await assert.rejects(get(ref(client.database, 'handbook')), /Permission denied/);
  await signInAnonymously(client.auth);
  await assert.rejects(get(ref(client.database, 'handbook')), /Permission denied/);
});
