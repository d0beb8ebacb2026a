// A server that knows its users by itself, and gives each a custom token for Firebase.
import { createServer } from 'node:http';
import { initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';

// In production: the key of a service account, from GOOGLE_APPLICATION_CREDENTIALS or where the server runs.
const auth = getAuth(initializeApp());

/** Makes the server. `users` maps a name to { password, id, isPremium }; `POST /login` answers with a custom token. */
export const makeServer = users =>
  createServer(async (request, response) => {
    const answer = (status, body) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (request.method !== 'POST' || request.url !== '/login') return answer(404, { error: 'not found' });
    try {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { name, password } = JSON.parse(body);
      const user = Object.hasOwn(users, name) ? users[name] : undefined;
      // An example: a real server stores a hash, and compares in constant time.
      if (user?.password !== password) return answer(401, { error: 'wrong name or password' });
      const claims = user.isPremium ? { premiumAccount: true } : undefined;
      answer(200, { token: await auth.createCustomToken(user.id, claims) });
    } catch (error) {
      answer(500, { error: error.message });
    }
  });
