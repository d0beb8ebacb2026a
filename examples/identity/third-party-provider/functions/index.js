// The functions that only a signed-in user of the third-party provider may call.
import { HttpsError, onCall } from 'firebase-functions/https';
import * as v1 from 'firebase-functions/v1';

const SIGNED_OUT = 'The function must be called while authenticated.';

// `request.auth` is absent where no token came; a token that is refused never gets this far.
export const returnAuthenticatedMessage = onCall(({ auth, data }) => {
  if (!auth) throw new HttpsError('unauthenticated', SIGNED_OUT);
  return { message: `Authenticated message '${data.text}' from user ${auth.uid}.`, team: auth.token.team ?? null };
});

// The same as the document writes it, for the first generation of Cloud Functions: two parameters instead of one.
export const returnAuthenticatedMessageV1 = v1.https.onCall((data, context) => {
  if (!context.auth) throw new v1.https.HttpsError('unauthenticated', SIGNED_OUT);
  return { message: `Authenticated message '${data.text}' from user ${context.auth.uid}.`, team: context.auth.token.team ?? null };
});
