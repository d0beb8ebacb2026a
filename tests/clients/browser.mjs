// A browser client that has fallen back to long polling recovers, and the page shows what was decided.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import chromium from '@sparticuz/chromium';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';

const database = process.env.FIREBASE_DATABASE_EMULATOR_HOST;
const hub = process.env.FIREBASE_EMULATOR_HUB;
const { ui } = await (await fetch(`http://${hub}/emulators`)).json();
const page4000 = `http://${ui.host}:${ui.port}/`;

const rules = { rules: { open: { '.read': true, '.write': true }, closed: { '.read': 'auth !== null && auth.uid === "alice"' } } };
await fetch(`http://${database}/.settings/rules.json?ns=demo-clients`, { method: 'PUT', headers: { Authorization: 'Bearer owner' }, body: JSON.stringify(rules) });

const client = `
  import { initializeApp } from 'firebase/app';
  import { connectDatabaseEmulator, get, getDatabase, onValue, ref, set } from 'firebase/database';
  const [host, port] = location.hash.slice(1).split(':');
  const db = getDatabase(initializeApp({ projectId: 'demo-clients', databaseURL: 'https://demo-clients.firebaseio.com' }));
  connectDatabaseEmulator(db, host, Number(port));
  window.values = [];
  onValue(ref(db, 'open/value'), snapshot => window.values.push(snapshot.val()));
  window.write = value => set(ref(db, 'open/value'), value);
  window.denied = () => get(ref(db, 'closed')).then(() => 'allowed', error => String(error));
  window.ready = true;
`;
const { outputFiles: [bundle] } = await build({ stdin: { contents: client, resolveDir: process.cwd() }, bundle: true, format: 'iife', write: false });
const site = createServer((request, answer) => {
  const script = request.url === '/client.js';
  answer.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
  const title = '<!doctype html><title>client</title>';
  answer.end(script ? bundle.text : request.url === '/empty' ? title : `${title}<script src="/client.js"></script>`);
});
await new Promise(done => site.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${site.address().port}`;

const browser = await puppeteer.launch({ args: [...chromium.args, '--no-sandbox'], executablePath: await chromium.executablePath(), headless: chromium.headless });
try {
  const page = await browser.newPage();
  const polled = [], sockets = [];
  page.on('request', request => { if (request.url().includes('/.lp?')) polled.push(request.url()); });
  const session = await page.createCDPSession();
  await session.send('Network.enable');
  session.on('Network.webSocketCreated', event => sockets.push(event.url));

  // Before the client runs: a client whose WebSocket works would remove it.
  await page.goto(`${origin}/empty`);
  await page.evaluate(() => localStorage.setItem('firebase:previous_websocket_failure', 'true'));
  await page.goto(`${origin}/#${database}`);
  await page.waitForFunction(() => window.ready && window.values.length > 0, { timeout: 20_000 });
  assert.ok(polled.some(url => url.includes('start=t')), 'the client begins with long polling');
  await page.evaluate(() => window.write('by long polling or later'));
  await page.waitForFunction(() => window.values.at(-1) === 'by long polling or later');
  await page.waitForFunction(() => localStorage.getItem('firebase:previous_websocket_failure') === null, { timeout: 40_000 });
  assert.ok(sockets.some(url => url.includes('&s=')), 'the session moves to a WebSocket');
  assert.match(await page.evaluate(() => window.denied()), /Permission denied/);
  console.log('ok   a client that fell back to long polling recovers');

  for (const [width, scheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1280, 'dark']]) {
    const view = await browser.newPage();
    const errors = [];
    view.on('pageerror', error => errors.push(String(error)));
    view.on('console', message => { if (message.type() === 'error') errors.push(message.text()); });
    const foreign = [];
    view.on('request', request => { const host = new URL(request.url()).hostname; if (!['127.0.0.1', 'localhost', ''].includes(host)) foreign.push(request.url()); });
    await view.setViewport({ width, height: 800 });
    await view.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await view.goto(page4000);
    await view.waitForFunction(() => document.body.innerText.includes('/closed'), { timeout: 10_000 });
    const overflow = await view.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page scrolls sideways by ${overflow} pixels at ${width}`);
    assert.deepEqual(errors, []);
    assert.deepEqual(foreign, [], 'the page loads nothing from elsewhere');
    await view.close();
  }
  console.log('ok   the page shows the denied read, at 390 and 1280 pixels, light and dark');
} finally {
  await browser.close();
  site.close();
}
