// The third-party provider, played: it signs users in by itself, and turns a session into a custom token of Firebase. A real
// one (Clerk, for instance) does that on its own servers, with the key of a service account of your project.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';

/** Starts the provider. `users` maps a session to the id of its user and the claims that the provider states. */
export async function startProvider(users) {
  const auth = getAuth(initializeApp({}, 'provider'));
  const server = createServer(async (request, response) => {
    const user = users[request.headers.authorization?.replace('Bearer ', '')];
    const body = user ? { jwt: await auth.createCustomToken(user.id, user.claims) } : {};
    response.writeHead(user ? 200 : 401, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    /** What the provider's client library gives an app: a custom token for the session, or nothing. */
    async getToken(session) {
      const url = `http://127.0.0.1:${server.address().port}/tokens/firebase`;
      const response = await fetch(url, { method: 'POST', headers: { Authorization: `Bearer ${session}` } });
      return (await response.json()).jwt;
    },
    close: () => server.close()
  };
}
