// In Chromium without a network, unmodified `firebase/auth` signs in by popup, by redirect and by phone.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import chromium from '@sparticuz/chromium';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';

const auth = process.env.FIREBASE_AUTH_EMULATOR_HOST;
const port = auth.split(':').at(-1);

const client = `
  import { initializeApp } from 'firebase/app';
  import * as sdk from 'firebase/auth';
  const auth = sdk.getAuth(initializeApp({ projectId: 'demo-clients', apiKey: 'key', authDomain: 'demo-clients.firebaseapp.com' }));
  sdk.connectAuthEmulator(auth, new URLSearchParams(location.search).get('auth'), { disableWarnings: true });
  auth.settings.appVerificationDisabledForTesting = true;
  const result = promise => promise.then(
    credential => credential && ({ uid: credential.user.uid, email: credential.user.email, name: credential.user.displayName, operation: credential.operationType,
      isNew: sdk.getAdditionalUserInfo(credential).isNewUser, profile: sdk.getAdditionalUserInfo(credential).profile }),
    error => ({ error: error.code }));
  Object.assign(window, { sdk, auth, result, redirected: result(sdk.getRedirectResult(auth)) });
`;
const { outputFiles: [bundle] } = await build({ stdin: { contents: client, resolveDir: process.cwd() }, bundle: true, format: 'iife', write: false });
const site = createServer((request, answer) => {
  const script = request.url === '/client.js';
  const emulator = new URL(request.url, 'http://localhost').searchParams.get('auth');
  answer.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
  const client = request.url.startsWith('/frame') ? '' : '<script src="/client.js"></script>';
  answer.end(script ? bundle.text : `<!doctype html><title>app</title><body><script src="${emulator}/emulator/auth/gapi.js"></script>${client}`);
});
await new Promise(done => site.listen(0, '127.0.0.1', done));
/** The app on a host, and the server by its name there. */
const app = (host, server) => `http://${host}:${site.address().port}/?auth=${encodeURIComponent(`http://${server}:${port}`)}`;

// With one process for all, contexts and popups end the browser.
const args = [...chromium.args.filter(arg => arg !== '--single-process'), '--no-sandbox', '--host-resolver-rules=MAP evil.example 127.0.0.1'];
const browser = await puppeteer.launch({ args, executablePath: await chromium.executablePath(), headless: chromium.headless });
const foreign = [], errors = [];

async function open(address) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  watch(page);
  await page.goto(address);
  await page.waitForFunction(() => window.auth);
  return page;
}

function watch(page) {
  page.on('pageerror', error => errors.push(String(error)));
  page.on('request', request => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:' && !['127.0.0.1', 'localhost', 'evil.example'].includes(hostname)) foreign.push(request.url());
  });
}

/** Begins a popup; what the SDK says of it is in \`window.outcome\`. */
async function popup(page, operation) {
  const opened = new Promise(done => page.once('popup', done));
  await page.evaluate(code => { window.outcome = window.result((0, eval)(code)()); }, operation);
  const handler = await opened;
  watch(handler);
  await handler.waitForSelector('#accounts-list:not([hidden])');
  return handler;
}

const outcome = page => page.evaluate(() => window.outcome);
const GOOGLE = '() => sdk.signInWithPopup(auth, new sdk.GoogleAuthProvider())';

/** Presses what ends the page: the answer to a click would come too late. */
const press = (page, selector) => page.$eval(selector, element => { setTimeout(() => element.click()); });

/** Fills the form as tests written for the official page do. */
async function addAccount(handler) {
  await handler.click('.js-new-account');
  await handler.click('#autogen-button');
  const email = await handler.$eval('#email-input', input => input.value);
  await press(handler, '#sign-in');
  return email;
}

try {
  let page = await open(app('127.0.0.1', '127.0.0.1'));
  let handler = await popup(page, GOOGLE);
  assert.match(await handler.$eval('h1', title => title.textContent), /Sign in with Google\.com/);
  assert.match(await handler.$eval('.js-accounts-help-text', text => text.textContent), /No Google\.com accounts/);
  const email = await addAccount(handler);
  const first = await outcome(page);
  assert.deepEqual([first.email, first.operation, first.isNew], [email, 'signIn', true]);
  console.log('ok   a popup signs in with a new account');

  handler = await popup(page, GOOGLE);
  assert.equal(await handler.$eval('.js-reuse-account .quiet', text => text.textContent), email);
  await press(handler, '.js-reuse-account');
  const second = await outcome(page);
  assert.deepEqual([second.uid, second.isNew], [first.uid, false]);
  console.log('ok   a popup signs in with a known account');

  handler = await popup(page, '() => sdk.linkWithPopup(auth.currentUser, new sdk.GithubAuthProvider())');
  await addAccount(handler);
  const linked = await outcome(page);
  assert.deepEqual([linked.uid, linked.operation], [first.uid, 'link']);
  assert.deepEqual(await page.evaluate(() => auth.currentUser.providerData.map(info => info.providerId).sort()), ['github.com', 'google.com']);
  console.log('ok   a popup links a second provider');

  handler = await popup(page, '() => sdk.reauthenticateWithPopup(auth.currentUser, new sdk.GoogleAuthProvider())');
  await press(handler, '.js-reuse-account');
  assert.equal((await outcome(page)).operation, 'reauthenticate');
  handler = await popup(page, GOOGLE);
  await press(handler, '#cancel-button');
  assert.deepEqual(await outcome(page), { error: 'auth/user-cancelled' });
  handler = await popup(page, GOOGLE);
  await handler.close();
  assert.deepEqual(await outcome(page), { error: 'auth/popup-closed-by-user' });
  console.log('ok   a popup signs in again; a refusal and a closed popup are errors');

  handler = await popup(page, "() => sdk.signInWithPopup(auth, new sdk.SAMLAuthProvider('saml.demo'))");
  assert.equal(typeof (await addAccount(handler) && (await outcome(page)).uid), 'string');
  handler = await popup(page, "() => sdk.signInWithPopup(auth, new sdk.OAuthProvider('oidc.demo'))");
  await handler.click('.js-new-account');
  await handler.type('#email-input', 'nobody');
  assert.ok(await handler.$eval('#sign-in', button => button.disabled));
  await handler.type('#email-input', '@example.com');
  await handler.type('#claims-input', '{"groups": ["staff"]');
  assert.ok(await handler.$eval('#sign-in', button => button.disabled));
  await handler.type('#claims-input', '}');
  await handler.type('#display-name-input', '</script><b>N</b>');
  await press(handler, '#sign-in');
  const oidc = await outcome(page);
  assert.deepEqual([oidc.email, oidc.name, oidc.profile.groups], ['nobody@example.com', '</script><b>N</b>', ['staff']]);
  handler = await popup(page, "() => sdk.signInWithPopup(auth, new sdk.OAuthProvider('oidc.demo'))");
  assert.equal(await handler.$eval('.js-reuse-account .name', text => text.textContent), '</script><b>N</b>');
  await press(handler, '.js-reuse-account');
  assert.equal((await outcome(page)).uid, oidc.uid);
  console.log('ok   SAML and OpenID Connect; markup in names is text');
  await page.browserContext().close();

  for (const [name, host] of [['of the same host', '127.0.0.1'], ['of another host', 'localhost']]) {
    page = await open(app(host, '127.0.0.1'));
    assert.equal(await page.evaluate(() => window.redirected), null);
    await page.evaluate(() => { sdk.signInWithRedirect(auth, new sdk.GoogleAuthProvider()); });
    await page.waitForSelector('#accounts-list:not([hidden])');
    const added = await addAccount(page);
    await page.waitForFunction(() => window.auth);
    const redirected = await page.evaluate(() => window.redirected);
    assert.deepEqual([redirected?.email, redirected?.operation], [added, 'signIn']);
    await page.reload();
    await page.waitForFunction(() => window.auth);
    assert.equal(await page.evaluate(() => window.redirected), null, 'the answer is taken once');
    console.log(`ok   a redirect ${name} signs in`);
    await page.browserContext().close();
  }

  page = await open(app('127.0.0.1', '127.0.0.1'));
  await page.evaluate(async () => {
    document.body.append(Object.assign(document.createElement('div'), { id: 'captcha' }));
    window.confirmation = await sdk.signInWithPhoneNumber(auth, '+15555550100', new sdk.RecaptchaVerifier(auth, 'captcha', { size: 'invisible' }));
  });
  const { verificationCodes } = await (await fetch(`http://${auth}/emulator/v1/projects/demo-clients/verificationCodes`)).json();
  assert.deepEqual(await page.evaluate(() => window.result(window.confirmation.confirm('000000'))), { error: 'auth/invalid-verification-code' });
  await page.evaluate(code => window.confirmation.confirm(code), verificationCodes.at(-1).code);
  assert.equal(await page.evaluate(() => auth.currentUser.phoneNumber), '+15555550100');
  console.log('ok   a phone number signs in with the code of the message');
  await page.browserContext().close();

  const bare = await browser.newPage();
  for (const [query, problem] of [
    ['authType=signInViaPopup&appName=a', 'The page that opened this window is gone'],
    ['authType=signInViaRedirect&appName=a&redirectUrl=javascript:alert(1)', 'redirectUrl'],
    ['authType=signInViaRedirect', 'names no app'],
    ['authType=signInViaRedirect&ibi=http://evil.example/x?', 'The address names no app'],
    ['authType=signInViaRedirect&ibi=javascript', 'The address names no app'],
    ['authType=signInViaRedirect&apn=a;S.link=b', 'The address names no app'],
  ]) {
    await bare.goto(`http://${auth}/emulator/auth/handler?apiKey=k&providerId=google.com&${query}`);
    if (!query.endsWith('Redirect')) await bare.click('#cancel-button');
    await bare.waitForFunction(text => document.querySelector('#problem').textContent.includes(text), {}, problem);
  }
  // A page of another site gets neither the script nor the frame.
  const refused = [];
  bare.on('response', response => { if (response.status() === 403) refused.push(new URL(response.url()).pathname); });
  await bare.goto(app('evil.example', '127.0.0.1').replace('/?', '/frame?'));
  await bare.evaluate(emulator => new Promise(done => {
    const frame = Object.assign(document.createElement('iframe'), { src: `http://${emulator}/emulator/auth/iframe?apiKey=key&appName=a&gapi=firewarden`, onload: done });
    document.body.append(frame);
  }), auth);
  assert.deepEqual(refused, ['/emulator/auth/gapi.js', '/emulator/auth/iframe']);
  console.log('ok   a page of another site is refused');

  for (const [width, scheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1280, 'dark']]) {
    await bare.setViewport({ width, height: 800 });
    await bare.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await bare.goto(`http://${auth}/emulator/auth/handler?apiKey=k&providerId=google.com&appName=a&authType=signInViaPopup`);
    await bare.waitForSelector('.js-reuse-account');
    if (process.env.PICTURES) await bare.screenshot({ path: `${process.env.PICTURES}/provider-${width}-${scheme}.png`, fullPage: true });
    await bare.click('.js-new-account');
    await bare.click('#autogen-button');
    if (process.env.PICTURES) await bare.screenshot({ path: `${process.env.PICTURES}/provider-form-${width}-${scheme}.png`, fullPage: true });
    const overflow = await bare.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page scrolls sideways by ${overflow} pixels at ${width}`);
  }
  assert.deepEqual(errors, []);
  assert.deepEqual(foreign, [], 'the pages load nothing from elsewhere');
  console.log('ok   the page of the provider, at 390 and 1280 pixels, light and dark');
} finally {
  await browser.close();
  site.close();
}
