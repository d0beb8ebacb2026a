// Users sign up, upload a picture, chat, and leave.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { deleteApp } from 'firebase/app';
import { createUserWithEmailAndPassword, signInWithEmailAndPassword, signOut, updateProfile } from 'firebase/auth';
import { httpsCallable } from 'firebase/functions';
import { getDownloadURL, ref, uploadBytes } from 'firebase/storage';
import { startChatService } from './chat-service.js';
import { startClient } from './client.js';
import { startFunctions } from './host.js';

const [EMAIL, PASSWORD] = ['alice@example.com', 'correct horse'];
let chat, server, client;

before(async () => {
  chat = await startChatService('app-secret');
  process.env.STREAM_KEY = 'app-key';
  process.env.STREAM_SECRET = 'app-secret';
  process.env.STREAM_LOCAL_TEST_HOST = chat.address; // where stream-chat looks for the service
  server = await startFunctions();
  client = startClient(server.port);
});
after(async () => {
  await deleteApp(client.app);
  server.close();
  chat.close();
});
beforeEach(async () => {
  const { FIREBASE_AUTH_EMULATOR_HOST, GCLOUD_PROJECT } = process.env;
  await signOut(client.auth);
  await fetch(`http://${FIREBASE_AUTH_EMULATOR_HOST}/emulator/v1/projects/${GCLOUD_PROJECT}/accounts`, { method: 'DELETE' });
  chat.users.clear();
});

const signUp = async () => (await createUserWithEmailAndPassword(client.auth, EMAIL, PASSWORD)).user;
const signIn = async () => (await signInWithEmailAndPassword(client.auth, EMAIL, PASSWORD)).user;
const call = async name => (await httpsCallable(client.functions, name)()).data;

test('who is signed out gets no token', async () => {
  const refused = { code: 'functions/failed-precondition', message: /^The function must be called while authenticated\./ };
  for (const name of ['createStreamUserAndGetToken', 'getStreamUserToken', 'revokeStreamUserToken']) await assert.rejects(call(name), refused);
  assert.equal(chat.users.size, 0);
});

test('signing up makes a chat user with the same id', async () => {
  const user = await signUp();
  const token = await call('createStreamUserAndGetToken');
  assert.equal(chat.connect(token), user.uid);
  assert.equal(chat.users.get(user.uid).email, EMAIL);
});

test('name and picture of the profile reach the chat with the next ID token', async () => {
  const user = await signUp();
  const avatar = ref(client.storage, `avatars/${user.uid}`);
  await uploadBytes(avatar, new Uint8Array(100), { contentType: 'image/png' });
  const photoURL = await getDownloadURL(avatar);
  await updateProfile(user, { displayName: 'Alice', photoURL });
  await user.getIdToken(true);
  await call('createStreamUserAndGetToken');
  const { name, image } = chat.users.get(user.uid);
  assert.deepEqual({ name, image }, { name: 'Alice', image: photoURL });
});

test('nobody uploads the picture of another user', async () => {
  await signUp();
  await assert.rejects(uploadBytes(ref(client.storage, 'avatars/bob'), new Uint8Array(100), { contentType: 'image/png' }), { code: 'storage/unauthorized' });
});

test('signing in again gets a token for the user who is there', async () => {
  const { uid } = await signUp();
  await call('createStreamUserAndGetToken');
  await signOut(client.auth);
  await signIn();
  assert.equal(chat.connect(await call('getStreamUserToken')), uid);
});

test('signing out revokes the tokens of the chat', async () => {
  await signUp();
  const first = await call('createStreamUserAndGetToken');
  const second = await call('getStreamUserToken');
  await call('revokeStreamUserToken');
  assert.deepEqual([chat.connect(first), chat.connect(second)], [undefined, undefined]);
});

test('a failure of the chat service is `aborted`, without its details', async () => {
  await signUp();
  chat.isDown = true;
  await assert.rejects(call('createStreamUserAndGetToken'), { code: 'functions/aborted', message: /^Could not create Stream user/ });
  chat.isDown = false;
});

test('a deleted account takes its chat user along', async () => {
  const user = await signUp();
  const token = await call('createStreamUserAndGetToken');
  await user.delete();
  // Account events go to the Functions emulator only; here the test hands the event over.
  await server.functions.deleteStreamUser.run({ uid: user.uid });
  assert.equal(chat.connect(token), undefined);
});
