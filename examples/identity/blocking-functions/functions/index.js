// Firebase Authentication asks these two before it makes an account, and before it issues a token.
import { beforeUserCreated, beforeUserSignedIn, HttpsError } from 'firebase-functions/identity';

const DOMAIN = '@acme.example';
const OFFICE = ['127.0.0.1', '198.51.100.7']; // addresses of the office; the first is what emulators report

export const beforecreate = beforeUserCreated(({ data: user }) => {
  // An account may have no e-mail address (phone, anonymous …): those are refused, too.
  if (!user.email?.endsWith(DOMAIN)) throw new HttpsError('invalid-argument', `Unauthorized email "${user.email}"`);
  return { displayName: user.displayName ?? 'Guest', customClaims: { staff: true } };
});

export const beforesignin = beforeUserSignedIn(({ data: user, ipAddress }) => {
  if (user.email?.startsWith('intern.') && !user.emailVerified) {
    throw new HttpsError('permission-denied', 'Interns verify their address first.');
  }
  return { sessionClaims: { office: OFFICE.includes(ipAddress) } };
});
