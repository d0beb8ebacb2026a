// Hosts the functions for the tests, as Cloud Functions does in production.
import { once } from 'node:events';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

/** Serves each function of functions/index.js under its name, on a free port of this machine, until `close()`. */
export async function startFunctions() {
  // firebase-functions keeps the console that it finds when it is loaded. Without this, its notes about every call would
  // stand between the results of the tests; errors stay.
  const { debug, warn } = console;
  console.debug = console.warn = () => {};
  const functions = await import('./functions/index.js');
  Object.assign(console, { debug, warn });

  // The framework hosts one function, which is this one: it calls the function whose name the path ends with.
  http('all', (request, response) => {
    const called = functions[request.path.split('/').at(-1)];
    return called ? called(request, response) : response.status(404).end();
  });
  const server = getTestServer('all').listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { functions, port: server.address().port, close: () => server.close() };
}
