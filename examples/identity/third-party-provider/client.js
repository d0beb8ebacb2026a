// A client of the project, as a browser has one; in an app, without the lines that connect it to emulators.
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth } from 'firebase/auth';
import { connectDatabaseEmulator, getDatabase } from 'firebase/database';
import { connectFunctionsEmulator, getFunctions } from 'firebase/functions';

/** The services of Firebase for one user; functions are those that this machine hosts at the port. */
export function startClient(functionsPort) {
  const { GCLOUD_PROJECT, FIREBASE_AUTH_EMULATOR_HOST, FIREBASE_DATABASE_EMULATOR_HOST } = process.env;
  if (!FIREBASE_AUTH_EMULATOR_HOST) throw new Error('Start the tests with: firewarden exec -- npm test');
  const app = initializeApp({
    apiKey: 'any', // a real project has one
    projectId: GCLOUD_PROJECT,
    databaseURL: `https://${GCLOUD_PROJECT}-default-rtdb.firebaseio.com`
  });
  const client = { app, auth: getAuth(app), database: getDatabase(app), functions: getFunctions(app) };

  const [host, port] = FIREBASE_DATABASE_EMULATOR_HOST.split(':');
  connectAuthEmulator(client.auth, `http://${FIREBASE_AUTH_EMULATOR_HOST}`, { disableWarnings: true });
  connectDatabaseEmulator(client.database, host, Number(port));
  connectFunctionsEmulator(client.functions, '127.0.0.1', functionsPort);
  return client;
}
