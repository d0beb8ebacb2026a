// A client of the project, as a browser has one; in an app, without the lines that connect it to emulators.
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth } from 'firebase/auth';
import { connectDatabaseEmulator, getDatabase } from 'firebase/database';
import { connectStorageEmulator, getStorage } from 'firebase/storage';

/** The services of Firebase for one user. */
export function startClient() {
  const { GCLOUD_PROJECT, FIREBASE_AUTH_EMULATOR_HOST, FIREBASE_DATABASE_EMULATOR_HOST, FIREBASE_STORAGE_EMULATOR_HOST } = process.env;
  if (!FIREBASE_AUTH_EMULATOR_HOST) throw new Error('Start the tests with: firewarden exec -- npm test');
  const app = initializeApp({
    apiKey: 'any', // a real project has one
    projectId: GCLOUD_PROJECT,
    databaseURL: `https://${GCLOUD_PROJECT}-default-rtdb.firebaseio.com`,
    storageBucket: `${GCLOUD_PROJECT}.appspot.com`
  });
  const client = { app, auth: getAuth(app), database: getDatabase(app), storage: getStorage(app) };

  const address = value => [value.split(':')[0], Number(value.split(':')[1])];
  connectAuthEmulator(client.auth, `http://${FIREBASE_AUTH_EMULATOR_HOST}`, { disableWarnings: true });
  connectDatabaseEmulator(client.database, ...address(FIREBASE_DATABASE_EMULATOR_HOST));
  connectStorageEmulator(client.storage, ...address(FIREBASE_STORAGE_EMULATOR_HOST));
  return client;
}
