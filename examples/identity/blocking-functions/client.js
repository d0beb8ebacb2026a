// A client of the project, as a browser has one; in an app, without the lines that connect it to emulators.
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth } from 'firebase/auth';
import { connectDatabaseEmulator, getDatabase } from 'firebase/database';

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

/**
 * What a blocking function said when it refused, for an error of a sign-up or sign-in: the text to show to the user, or
 * undefined if no function refused. The code is `auth/internal-error` whatever the function threw; the function's answer
 * is inside the message: as JSON (`"message":"…"`), or in words (`Message: "…"`).
 */
export function refusal({ code, message }) {
  if (code !== 'auth/internal-error') return undefined;
  const found = /(?:"message":|Message: )"((?:[^"\\]|\\.)*)"/.exec(message);
  return found ? JSON.parse(`"${found[1]}"`) : undefined;
}
