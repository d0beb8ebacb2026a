// Roles as custom claims of accounts. They reach rules with the user's next ID token; `refreshTime` tells the client to get one.
import { initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { getDatabase } from 'firebase-admin/database';
import { onRequest } from 'firebase-functions/https';
import * as v1 from 'firebase-functions/v1';

// Emulators would configure PROJECT.firebaseio.com; rules and clients use the name that databases of new projects have.
const app = initializeApp({ databaseURL: `https://${process.env.GCLOUD_PROJECT}-default-rtdb.firebaseio.com` });

const isAdmin = (email, isVerified) => isVerified === true && (email?.endsWith('@admin.example.com') ?? false);

/** Replaces the claims of an account (null: none), and tells its clients. At most 1000 characters, as JSON. */
export async function setRole(uid, claims) {
  await getAuth(app).setCustomUserClaims(uid, claims);
  await getDatabase(app).ref(`metadata/${uid}`).set({ refreshTime: Date.now() });
}

// An event of accounts, of the first generation: that of the second, onUserCreated, is in beta.
export const processSignUp = v1.auth.user().onCreate(async user => {
  if (isAdmin(user.email, user.emailVerified)) await setRole(user.uid, { admin: true, accessLevel: 9 });
});

// A client that is signed in asks for its role: `{"idToken": "…"}`.
export const setCustomClaims = onRequest(async (request, response) => {
  try {
    const claims = await getAuth(app).verifyIdToken(request.body.idToken);
    if (!isAdmin(claims.email, claims.email_verified)) return response.json({ status: 'ineligible' });
    await setRole(claims.uid, { admin: true, accessLevel: 9 });
    response.json({ status: 'success' });
  } catch (error) {
    response.status(401).json({ status: 'refused', code: error.code });
  }
});
