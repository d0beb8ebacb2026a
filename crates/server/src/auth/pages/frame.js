// The frame that the SDK keeps in the page of an app: it passes on what the page of the provider says.

const query = new URLSearchParams(location.search);
const storageKey = `${query.get('apiKey')}:${query.get('appName')}`;
const storageName = `firebase:redirectEvent:${storageKey}`;

/** The origin of the page around the frame. */
const parentOrigin = location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : '');

/** How the SDK says that nobody signed in before the page was loaded. */
const NOTHING = { type: 'unknown', error: { code: 'auth/no-auth-event' } };

let send = null;
const early = [];

addEventListener('message', ({ origin, data }) => {
  if (origin !== location.origin || data?.eventType !== 'sendAuthEvent' || data.data?.storageKey !== storageKey) return;
  if (send) send(data.data.authEvent);
  else early.push(data.data.authEvent);
});

/** What a redirect left behind; it is taken once. */
async function stored() {
  const text = sessionStorage.getItem(storageName);
  if (text !== null) {
    sessionStorage.removeItem(storageName);
    return JSON.parse(text);
  }
  // The page of the provider had this storage only where the app has the same host.
  if (!parentOrigin || new URL(parentOrigin).hostname === location.hostname) return null;
  const answer = await fetch('event', { method: 'POST', body: JSON.stringify({ key: storageKey, origin: parentOrigin }) });
  return answer.ok ? (await answer.json()).event : null;
}

/** Begins to pass events on, once there is a way to the page around. */
async function start(way) {
  const first = await stored().catch(() => null);
  send = way;
  for (const event of early.length > 0 && !first ? early : [first ?? NOTHING, ...early]) send(event);
}

const handlers = {
  // The SDK asks before it opens a popup.
  webStorageSupport: () => ({ status: 'ACK', webStorageSupport: true }),
};

/** The way by `gapi.js` of this server. */
function ownWay() {
  addEventListener('message', ({ source, data }) => {
    if (source !== parent || data?.firewarden !== 'call') return;
    const answer = handlers[data.name]?.();
    parent.postMessage({ firewarden: 'answer', id: data.id, answer: answer === undefined ? [] : [answer] }, parentOrigin);
  });
  parent.postMessage({ firewarden: 'ready' }, parentOrigin);
  start(authEvent => parent.postMessage({ firewarden: 'event', name: 'authEvent', message: { type: 'authEvent', authEvent } }, parentOrigin));
}

/** The way by Google's script, which the page around has loaded from the network. */
function googlesWay() {
  window.gapi_onload = () => gapi.load('gapi.iframes', () => {
    const filter = gapi.iframes.CROSS_ORIGIN_IFRAMES_FILTER;
    const around = gapi.iframes.getContext().getParentIframe();
    for (const [name, handler] of Object.entries(handlers)) around.register(name, handler, filter);
    start(authEvent => around.send('authEvent', { type: 'authEvent', authEvent }, () => {}, filter));
  });
  const script = document.createElement('script');
  script.src = 'https://apis.google.com/js/api.js';
  document.head.append(script);
}

if (query.get('gapi') === 'firewarden') ownWay();
else googlesWay();
