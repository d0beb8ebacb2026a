// The page of an identity provider: somebody chooses who signs in, and the app gets the event that it waits for.

const query = new URLSearchParams(location.search);
const param = name => query.get(name) ?? '';
const providerId = param('providerId');
const authType = param('authType');
const storageKey = `${param('apiKey')}:${param('appName')}`;
const byId = id => document.getElementById(id);

// Tests of apps find the elements by the ids and classes that the official page has.
const field = { email: byId('email-input'), name: byId('display-name-input'), screen: byId('screen-name-input'), photo: byId('profile-photo-input') };

function fail(problem) {
  byId('problem').textContent = problem;
  byId('problem').hidden = false;
}

/** What an app learns of the provider: who somebody is, or why not. */
function authEvent(urlResponse, error) {
  return {
    type: authType,
    eventId: query.get('eventId'),
    urlResponse,
    // The SDK wants one; the server does not look at it.
    sessionId: 'firewarden',
    postBody: '',
    tenantId: query.get('tid') || query.get('tenantId'),
    error,
  };
}

function signIn(claims) {
  let url = `${location.origin}${location.pathname}?providerId=${encodeURIComponent(providerId)}`;
  url += `&id_token=${encodeURIComponent(JSON.stringify(claims))}`;
  if (providerId.startsWith('saml.')) {
    const response = { assertion: { subject: { nameId: claims.email } } };
    url += `&SAMLResponse=${encodeURIComponent(JSON.stringify(response))}`;
  }
  return finish(authEvent(url, null));
}

function refuse() {
  const error = { code: 'auth/user-cancelled', message: 'The user refused to give the app access to the account.' };
  return finish(authEvent(null, error));
}

async function finish(event) {
  byId('problem').hidden = true;
  try {
    if (/popup/i.test(authType)) sendToOpener(event);
    else if (query.has('apn')) location.replace(androidLink(event));
    else if (query.has('ibi')) location.replace(iosLink(event));
    else await redirect(event);
  } catch (error) {
    fail(error.message);
  }
}

/** The frame of the SDK in the page that opened this one has the origin of this page, and so may be spoken to. */
function sendToOpener(event) {
  let sent = false;
  for (let at = 0; at < (window.opener?.frames.length ?? 0); at++) {
    const frame = window.opener.frames[at];
    let search;
    try {
      search = new URLSearchParams(frame.location.search);
    } catch {
      continue; // Another origin.
    }
    if (`${search.get('apiKey')}:${search.get('appName')}` === storageKey) {
      frame.postMessage({ eventType: 'sendAuthEvent', data: { authEvent: event, storageKey } }, location.origin);
      sent = true;
    }
  }
  if (!sent) throw new Error('The page that opened this window is gone, or has no frame of Firebase Auth. Close this window and sign in again.');
}

async function redirect(event) {
  const target = parsedUrl(param('redirectUrl'));
  if (!target || !/^https?:$/.test(target.protocol)) throw new Error('The address to return to (redirectUrl) is missing, or no http or https address.');
  // Browsers keep the storage of this origin apart by the site of the page around it; a site is a host, whatever the port.
  if (target.hostname === location.hostname) {
    sessionStorage.setItem(`firebase:redirectEvent:${storageKey}`, JSON.stringify(event));
  } else {
    const answer = await fetch('event', { method: 'PUT', body: JSON.stringify({ key: storageKey, origin: target.origin, event }) });
    if (!answer.ok) throw new Error(`The server does not take the answer: ${await answer.text()}`);
  }
  location.assign(target);
}

function parsedUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** A name of an app as a part of an address: it may lead to the app, not to a page. */
function appName(text) {
  if (!/^[a-z][a-z0-9._-]*$/i.test(text) || /^(https?|javascript|data|file|blob)$/i.test(text)) throw new Error(`The address names no app: ${text}`);
  return text;
}

/** The intent by which Android opens the app; `apn` is its package. */
function androidLink(event) {
  const app = appName(param('apn'));
  const extras = {
    'S.authType': event.type,
    ...(event.eventId ? { 'S.eventId': event.eventId } : {}),
    'S.link': encodeURIComponent(event.urlResponse ?? ''),
    'B.encryptionEnabled': 'false',
    'S.browser_fallback_url': encodeURIComponent(`${location.href}&error=${encodeURIComponent(`No app of the package ${app} takes the answer.`)}`),
  };
  const parts = Object.entries(extras).map(([name, value]) => `${name}=${value};`).join('');
  return `intent://firebase.auth/#Intent;scheme=genericidp;package=${app};${parts}end;`;
}

/** The link by which iOS opens the app; `ibi` is its bundle. */
function iosLink(event) {
  let callback = `${location.origin}/__/auth/callback?authType=${encodeURIComponent(event.type)}&link=${encodeURIComponent(event.urlResponse ?? '')}`;
  if (event.eventId) callback += `&eventId=${encodeURIComponent(event.eventId)}`;
  const clientId = param('clientId');
  const appId = param('appId');
  const scheme = clientId ? clientId.split('.').reverse().join('.') : appId ? `app-${appId.replaceAll(':', '-')}` : param('ibi');
  return `${appName(scheme)}://${clientId || appId ? 'firebaseauth' : 'google'}/link?deep_link_id=${encodeURIComponent(callback)}`;
}

function show(form) {
  byId('accounts-list').hidden = form;
  byId('add-user').hidden = !form;
  if (form) field.email.focus();
}

function furtherClaims() {
  const text = byId('claims-input').value.trim();
  if (!text) return {};
  const claims = JSON.parse(text);
  if (claims === null || typeof claims !== 'object' || Array.isArray(claims)) throw new Error('the claims are no object');
  return claims;
}

function validate() {
  const email = field.email.value;
  let emailProblem = '';
  if (!email) emailProblem = 'Email required';
  else if (!/^[^@]+@[^@]+$/.test(email)) emailProblem = 'An address has one "@" between two parts';
  let claimsProblem = '';
  try {
    furtherClaims();
  } catch (error) {
    claimsProblem = `No JSON object: ${error.message}`;
  }
  byId('email-error').textContent = emailProblem;
  byId('claims-error').textContent = claimsProblem;
  byId('sign-in').disabled = Boolean(emailProblem || claimsProblem);
}

const pick = list => list[Math.floor(Math.random() * list.length)];

function generate() {
  const given = pick(['amber', 'birch', 'coral', 'delta', 'ember', 'fern', 'grove', 'hazel', 'iris', 'juniper']);
  const family = pick(['falcon', 'heron', 'ibex', 'lynx', 'marten', 'otter', 'plover', 'raven', 'stoat', 'tern']);
  const capital = word => word[0].toUpperCase() + word.slice(1);
  field.email.value = `${given}.${family}.${Math.floor(Math.random() * 1000)}@example.com`;
  field.name.value = `${capital(given)} ${capital(family)}`;
  field.screen.value = `${given}_${family}`;
  validate();
}

function newAccount() {
  const sub = Array.from({ length: 40 }, () => Math.floor(Math.random() * 10)).join('');
  const stated = { name: field.name.value, screen_name: field.screen.value, picture: field.photo.value };
  const filled = Object.fromEntries(Object.entries(stated).filter(([, value]) => value));
  return {
    ...furtherClaims(),
    sub, iss: '', aud: '', exp: 0, iat: 0,
    email: field.email.value,
    email_verified: byId('email-verified-input').checked,
    ...filled,
  };
}

function accountButton(claims) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'js-reuse-account';
  button.dataset.idToken = encodeURIComponent(JSON.stringify(claims));
  const part = (className, text) => {
    const span = document.createElement('span');
    span.className = className;
    span.textContent = text;
    return span;
  };
  button.append(part('name', claims.name || '(No display name)'), part('quiet', claims.email || ''));
  button.addEventListener('click', () => signIn(claims));
  const item = document.createElement('li');
  item.append(button);
  return item;
}

function begin() {
  const provider = providerId[0].toUpperCase() + providerId.slice(1);
  document.querySelectorAll('.js-provider-id').forEach(element => { element.textContent = provider; });
  document.title = `Sign in with ${provider}`;
  if (param('error')) return fail(param('error'));
  if (!['appName', 'clientId', 'appId', 'apn', 'ibi'].some(param)) return fail('The address names no app: one of appName, clientId, appId, apn and ibi is missing.');
  const inApp = param('apn') || param('ibi');
  if ((providerId === 'facebook.com' && inApp) || (providerId === 'apple.com' && param('ibi'))) {
    const warning = document.querySelector('.js-signin-warning');
    warning.textContent = `In production an app signs in to ${providerId} with the SDK of that provider; this page takes its place in emulators only.`;
    warning.hidden = false;
  }
  const known = JSON.parse(byId('known').textContent);
  byId('accounts').append(...known.map(accountButton));
  if (known.length === 0) document.querySelector('.js-accounts-help-text').textContent = `No ${provider} accounts exist in the Auth Emulator.`;
  byId('add-account-button').addEventListener('click', () => show(true));
  byId('back-button').addEventListener('click', () => show(false));
  byId('cancel-button').addEventListener('click', refuse);
  byId('autogen-button').addEventListener('click', generate);
  byId('main-form').addEventListener('input', validate);
  byId('main-form').addEventListener('submit', event => {
    event.preventDefault();
    validate();
    if (!byId('sign-in').disabled) signIn(newAccount());
  });
  show(false);
}

begin();
