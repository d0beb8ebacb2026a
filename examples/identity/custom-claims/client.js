// A client of the project, as a browser has one; in an app, without the lines that connect it to emulators.
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, onAuthStateChanged } from 'firebase/auth';
import { connectDatabaseEmulator, getDatabase, onValue, ref } from 'firebase/database';

/** The services of Firebase for one user. */
export function startClient() {
  const { GCLOUD_PROJECT, FIREBASE_AUTH_EMULATOR_HOST, FIREBASE_DATABASE_EMULATOR_HOST } = process.env;
  if (!FIREBASE_AUTH_EMULATOR_HOST) throw new Error('Start the tests with: firewarden exec -- npm test');
  const app = initializeApp({
    apiKey: 'any', // a real project has one
    projectId: GCLOUD_PROJECT,
    databaseURL: `https://${GCLOUD_PROJECT}-default-rtdb.firebaseio.com`
  });
  const client = { app, auth: getAuth(app), database: getDatabase(app) };

  const [host, port] = FIREBASE_DATABASE_EMULATOR_HOST.split(':');
  connectAuthEmulator(client.auth, `http://${FIREBASE_AUTH_EMULATOR_HOST}`, { disableWarnings: true });
  connectDatabaseEmulator(client.database, host, Number(port));
  return client;
}

/** Gets a new ID token whenever a server says that the user's claims have changed. Returns what ends that. */
export function refreshWithClaims({ auth, database }) {
  let stopListening = () => {};
  const stopWatching = onAuthStateChanged(auth, user => {
    stopListening();
    if (!user) return;
    stopListening = onValue(ref(database, `metadata/${user.uid}/refreshTime`), () => {
      // The first value is what was there before: this sign-in's token may be older than the claims, so refresh then, too.
      user.getIdToken(true).catch(error => console.error('no new token:', error.message));
    });
  });
  return () => {
    stopListening();
    stopWatching();
  };
}
