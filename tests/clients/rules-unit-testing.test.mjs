// @firebase/rules-unit-testing, as its users write tests: it finds the services through the hub, loads rules, and clears data.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { assertFails, assertSucceeds, initializeTestEnvironment, withFunctionTriggersDisabled } from '@firebase/rules-unit-testing';
import { get, limitToFirst, onValue, orderByChild, push, query, ref, runTransaction, set, update } from 'firebase/database';
import { deleteObject, getBytes, getDownloadURL, getMetadata, listAll, ref as object, updateMetadata, uploadBytes, uploadBytesResumable, uploadString } from 'firebase/storage';

const DATABASE = `{
  // comments are allowed
  "rules": {
    "users": { "$uid": {
      ".read": "auth.uid === $uid || auth.token.admin === true",
      ".write": "auth.uid === $uid",
      "age": { ".validate": "newData.isNumber() && newData.val() >= 0" }
    } },
    "board": { ".read": "auth !== null", ".write": "auth !== null", ".indexOn": "at" },
    "counter": { ".read": true, ".write": "newData.val() === (data.exists() ? data.val() : 0) + 1" }
  }
}`;
const STORAGE = `rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /users/{uid}/{file=**} {
      allow read: if request.auth != null;
      allow create: if request.auth.uid == uid && request.resource.size < 1024 * 1024 && request.resource.contentType.matches('image/.*|text/.*');
      allow update, delete: if request.auth.uid == uid;
    }
  }
}`;

let environment;
before(async () => {
  environment = await initializeTestEnvironment({
    projectId: 'demo-clients',
    database: { rules: DATABASE },
    storage: { rules: STORAGE }
  });
});
beforeEach(async () => {
  await environment.clearDatabase();
  await environment.clearStorage();
});
after(() => environment.cleanup());

const as = (uid, claims) => environment.authenticatedContext(uid, claims);

test('the database decides by user, claim and value', async () => {
  const alice = as('alice').database();
  await assertSucceeds(set(ref(alice, 'users/alice/age'), 30));
  await assertFails(set(ref(alice, 'users/alice/age'), 'old'));
  await assertFails(set(ref(alice, 'users/bob/age'), 30));
  await assertFails(get(ref(as('bob').database(), 'users/alice')));
  await assertSucceeds(get(ref(as('bob', { admin: true }).database(), 'users/alice')));
  await assertFails(get(ref(environment.unauthenticatedContext().database(), 'users/alice')));
});

test('a denied read and a denied write say so in the official words', async () => {
  const nobody = environment.unauthenticatedContext().database();
  await assert.rejects(get(ref(nobody, 'board')), /Permission denied/);
  await assert.rejects(set(ref(nobody, 'board'), 1), { code: 'PERMISSION_DENIED' });
});

test('listeners see writes of others, in order and filtered', async () => {
  const seen = [];
  const window = query(ref(as('alice').database(), 'board'), orderByChild('at'), limitToFirst(2));
  const stop = onValue(window, snapshot => seen.push(Object.keys(snapshot.val() ?? {})));
  const board = ref(as('bob').database(), 'board');
  await update(board, { c: { at: 3 }, a: { at: 1 }, b: { at: 2 } });
  await set(ref(as('bob').database(), 'board/a'), null);
  await push(board, { at: 0 });
  await new Promise(done => setTimeout(done, 200));
  stop();
  assert.equal(seen.at(-1).length, 2);
  assert.equal(seen.at(-1)[1], 'b');
});

test('transactions of several clients are serial', async () => {
  const add = uid => runTransaction(ref(as(uid).database(), 'counter'), count => (count ?? 0) + 1);
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));
  const all = await get(ref(as('a').database(), 'counter'));
  assert.equal(all.val(), 5);
});

test('storage decides uploads, downloads, metadata and lists', async () => {
  const mine = as('alice').storage();
  const picture = object(mine, 'users/alice/cat.png');
  await assertSucceeds(uploadBytes(picture, new Uint8Array(10), { contentType: 'image/png', customMetadata: { cat: 'yes' } }).then());
  await assertFails(uploadBytes(object(mine, 'users/alice/virus.exe'), new Uint8Array(10), { contentType: 'application/x' }).then());
  await assertFails(uploadString(object(as('bob').storage(), 'users/alice/note.txt'), 'hi', 'raw', { contentType: 'text/plain' }).then());
  const metadata = await assertSucceeds(getMetadata(picture));
  assert.equal(metadata.customMetadata.cat, 'yes');
  assert.equal((await getBytes(picture)).byteLength, 10);
  await assertFails(getBytes(object(environment.unauthenticatedContext().storage(), 'users/alice/cat.png')));
  await assertFails(updateMetadata(object(as('bob').storage(), 'users/alice/cat.png'), { cacheControl: 'no-store' }));
  await assertSucceeds(updateMetadata(picture, { customMetadata: { cat: 'no' } }));
  const url = await getDownloadURL(picture);
  assert.equal((await fetch(url)).status, 200);
  assert.deepEqual((await listAll(object(mine, 'users/alice'))).items.map(item => item.name), ['cat.png']);
  await assertFails(deleteObject(object(as('bob').storage(), 'users/alice/cat.png')));
  await assertSucceeds(deleteObject(picture));
});

test('a resumable upload arrives in pieces', async () => {
  const file = object(as('alice').storage(), 'users/alice/long.txt');
  const bytes = new Uint8Array(700_000).fill(97);
  const task = await uploadBytesResumable(file, bytes, { contentType: 'text/plain' });
  assert.equal(task.totalBytes, 700_000);
  assert.deepEqual(new Uint8Array(await getBytes(file)), bytes);
});

test('a denial says which rule decided, to who reads the answer', async () => {
  const { host, port } = environment.emulators.storage;
  const upload = `http://${host}:${port}/v0/b/demo-clients/o?name=users%2Falice%2Fcat.png`;
  const refused = await fetch(upload, { method: 'POST', headers: { 'Content-Type': 'image/png' }, body: 'x' });
  const { error } = await refused.json();
  assert.deepEqual([refused.status, error.code, error.message], [403, 403, 'Permission denied. No WRITE permission.']);
  assert.match(error.reason, /storage\.rules:6/);
  assert.match(refused.headers.get('X-Firewarden-Request'), /^\d+$/);
});

test('triggers are switched off and on again', async () => {
  assert.equal(await withFunctionTriggersDisabled(async () => 7), 7);
});

test('rules with errors are refused in the official words', async () => {
  const broken = config => initializeTestEnvironment({ projectId: 'demo-broken', ...config });
  await assert.rejects(broken({ database: { rules: 'no rules' } }), /Parse error/);
  await assert.rejects(broken({ storage: { rules: 'no rules' } }), /error updating rules/);
  await assert.rejects(broken({ firestore: { rules: 'no rules' } }), /INVALID_ARGUMENT/);
});
