// The chat service, played: the few requests of Stream's API that the functions send, and the check of its tokens.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Starts the service of an app with this secret. */
export async function startChatService(secret) {
  const service = { users: new Map(), isDown: false };
  const revoked = new Map(); // user ids to the time, in milliseconds, up to which their tokens are revoked

  /** The claims of a token, if the app's secret signed it. */
  function read(token = '') {
    const [header, payload, signature] = token.split('.');
    const isGood = signature === createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
    return isGood ? JSON.parse(Buffer.from(payload, 'base64url')) : undefined;
  }

  /** Who connects with the token: the id of the user, or undefined. */
  service.connect = token => {
    const claims = read(token);
    const isRevoked = claims?.iat * 1000 <= revoked.get(claims?.user_id); // false without either
    return service.users.has(claims?.user_id) && !isRevoked ? claims.user_id : undefined;
  };

  const answer = (method, path, body) => {
    if (method === 'POST' && path === '/users') {
      for (const user of Object.values(body.users)) service.users.set(user.id, user);
      return 201;
    }
    if (method === 'PATCH' && path === '/users') {
      for (const { id, set } of body.users) revoked.set(id, Date.parse(set.revoke_tokens_issued_before));
      return 200;
    }
    if (method === 'DELETE' && service.users.delete(path.replace('/users/', ''))) return 200;
    return 404;
  };

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const isServer = read(request.headers.authorization)?.server === true;
    const { pathname } = new URL(request.url, 'http://localhost');
    const status = service.isDown ? 503 : isServer ? answer(request.method, pathname, body && JSON.parse(body)) : 401;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  service.address = `127.0.0.1:${server.address().port}`;
  service.close = () => server.close();
  return service;
}
