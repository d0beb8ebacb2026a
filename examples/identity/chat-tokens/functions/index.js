// Tokens of a chat service (Stream) for users of Firebase Authentication. Both know a user by the same id.
import { HttpsError, onCall } from 'firebase-functions/https';
import { defineSecret, defineString } from 'firebase-functions/params';
import * as v1 from 'firebase-functions/v1';
import { StreamChat } from 'stream-chat';

const key = defineString('STREAM_KEY');
const secret = defineSecret('STREAM_SECRET');

let chat;
const server = () => (chat ??= new StreamChat(key.value(), secret.value()));

// With the time of issue (seconds): a revocation leaves tokens without it alone.
const tokenFor = uid => server().createToken(uid, undefined, Math.floor(Date.now() / 1000));

/** A callable for signed-in users, which asks the chat service; `failure` is what the client hears if that fails. */
const forUsers = (failure, handler) =>
  onCall({ secrets: [secret] }, async ({ auth }) => {
    if (!auth) throw new HttpsError('failed-precondition', 'The function must be called while authenticated.');
    try {
      return await handler(auth);
    } catch (error) {
      console.error(`${failure}, user ${auth.uid}: ${error.message}`);
      throw new HttpsError('aborted', failure);
    }
  });

export const createStreamUserAndGetToken = forUsers('Could not create Stream user', async ({ uid, token }) => {
  await server().upsertUser({ id: uid, name: token.name, email: token.email, image: token.picture });
  return tokenFor(uid);
});

export const getStreamUserToken = forUsers('Could not get Stream token', ({ uid }) => tokenFor(uid));

export const revokeStreamUserToken = forUsers('Could not revoke Stream token', async ({ uid }) => {
  await server().revokeUserToken(uid);
});

// An event of accounts, of the first generation: that of the second, onUserDeleted, is in beta.
export const deleteStreamUser = v1
  .runWith({ secrets: [secret] })
  .auth.user()
  .onDelete(user => server().deleteUser(user.uid));
