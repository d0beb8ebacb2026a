// The Realtime Database protocol frame by frame, on a bare WebSocket: what a real server does that
// a fake one forgets. 
import { createRequire } from 'node:module';
import { createHash } from 'node:crypto';
const { WebSocket } = createRequire(import.meta.url)('ws');

const HOST = process.env.FIREBASE_DATABASE_EMULATOR_HOST ?? '127.0.0.1:9000';
const NS = `kit-wire-${Date.now()}`;
const RULES = {
  rules: {
    open: { '.read': true, '.write': true, byN: { '.indexOn': 'n' } },
    users: { $uid: { '.read': 'auth.uid === $uid', '.write': 'auth.uid === $uid' } },
    claims: { '.read': 'auth.token.role === "boss"', '.write': 'auth.token.role === "boss"' },
    admins: { '.read': 'auth.admin === true' },
    switch: { '.write': true, data: { '.read': 'root.child("switch/on").val() === true' } },
    clock: { '.read': true, $k: { '.write': 'newData.child("t").val() === now' } },
    typed: { '.read': true, '.write': true, '.validate': 'newData.hasChildren(["a", "b"])' },
    limited: { '.read': 'query.orderByKey && query.limitToFirst <= 2' }
  }
};
const put = (rules, ns = NS) =>
  fetch(`http://${HOST}/.settings/rules.json?ns=${ns}`, { method: 'PUT', headers: { Authorization: 'Bearer owner' }, body: JSON.stringify(rules) });
const b64 = o => Buffer.from(JSON.stringify(o)).toString('base64url');
const jwt = (claims, header = { alg: 'none', type: 'JWT' }, signature = '') => `${b64(header)}.${b64(claims)}.${signature}`;
const mock = (uid, more = {}) => jwt({ iss: `https://securetoken.google.com/${NS}`, aud: NS, iat: 0, exp: 3600, auth_time: 0, sub: uid, user_id: uid, firebase: { sign_in_provider: 'custom', identities: {} }, ...more });
const wait = ms => new Promise(r => setTimeout(r, ms));

class Client {
  static async open(ns = NS, query = '') {
    const c = new Client();
    c.ws = new WebSocket(`ws://${HOST}/.ws?v=5&ns=${ns}${query}`);
    c.frames = []; c.messages = []; c.waiters = []; c.next = 1; c.closed = false;
    let left = 0, text = '';
    c.ws.on('message', data => {
      const s = data.toString();
      c.frames.push(s);
      if (left) { text += s; if (--left) return; c.take(JSON.parse(text)); text = ''; return; }
      if (s.length <= 6 && /^\d+$/.test(s)) { left = Number(s); return; }
      c.take(JSON.parse(s));
    });
    c.ws.on('close', () => { c.closed = true; });
    await new Promise((yes, no) => { c.ws.on('open', yes); c.ws.on('error', no); });
    c.hello = await c.until(m => m.t === 'c' && m.d.t === 'h');
    return c;
  }
  take(m) { this.messages.push(m); for (const w of [...this.waiters]) w(); }
  until(test, ms = 15_000, from = 0) {
    return new Promise((yes, no) => {
      const look = () => {
        const m = this.messages.slice(from).find(test);
        if (m) { this.waiters.splice(this.waiters.indexOf(look), 1); clearTimeout(t); yes(m); }
      };
      const t = setTimeout(() => no(new Error('no answer')), ms);
      this.waiters.push(look);
      look();
    });
  }
  raw(s) { this.ws.send(s); }
  send(a, b) {
    const r = this.next++;
    const s = JSON.stringify({ t: 'd', d: { r, a, b } });
    if (s.length > 16384) {
      const n = Math.ceil(s.length / 16384);
      this.raw(String(n));
      for (let i = 0; i < n; i++) this.raw(s.slice(i * 16384, (i + 1) * 16384));
    } else this.raw(s);
    return r;
  }
  async ask(a, b, ms) {
    const r = this.send(a, b);
    return (await this.until(m => m.t === 'd' && m.d.r === r, ms)).d.b;
  }
  async ok(a, b) { const x = await this.ask(a, b); equal(x.s, 'ok', JSON.stringify(x)); return x.d; }
  pushes(kind) { return this.messages.filter(m => m.t === 'd' && m.d.a && (!kind || m.d.a === kind)).map(m => m.d); }
  as(uid, more) { return this.ok('auth', { cred: mock(uid, more) }); }
  close() { this.ws.close(); }
}
const checks = [];
const check = (name, run) => checks.push({ name, run });
const bonus = (name, run) => checks.push({ name, run, bonus: true });
function equal(got, want, note = '') {
  const a = JSON.stringify(got), b = JSON.stringify(want);
  if (a !== b) throw new Error(`got ${a}, want ${b} ${note}`);
}
const yes = (x, note) => { if (!x) throw new Error(note); };
const with1 = f => async () => { const c = await Client.open(); try { await f(c); } finally { c.close(); } };
const with2 = f => async () => { const a = await Client.open(), b = await Client.open(); try { await f(a, b); } finally { a.close(); b.close(); } };
const sha = s => createHash('sha1').update(s).digest('base64');

check('hello comes first, with ts near now, v "5", a host and a session id', with1(async c => {
  equal(c.messages[0].t, 'c');
  const { ts, v, h, s } = c.hello.d.d;
  yes(Math.abs(ts - Date.now()) < 60_000, `ts ${ts}`); equal(v, '5'); yes(typeof h === 'string' && h, 'h'); yes(typeof s === 'string' && s.length >= 8, `s ${s}`);
}));
check('hello: h is the Host that the client asked', with1(async c => equal(c.hello.d.d.h, HOST)));
check('two connections have two session ids', with2(async (a, b) => yes(a.hello.d.d.s !== b.hello.d.d.s, 'same id')));
check('ls, p, ac and unknown parameters of the URL do no harm', async () => { const c = await Client.open(NS, '&ls=abc&p=1:2:web:3&ac=t&x=y'); await c.ok('s', { c: { 'sdk.node.12-19-0': 1 } }); c.close(); });
check('ping is answered by pong with the key d', with1(async c => {
  c.raw('{"t":"c","d":{"t":"p","d":{}}}');
  const m = await c.until(x => x.t === 'c' && x.d.t === 'o');
  yes('d' in m.d, JSON.stringify(m));
}));
check('keepalive "0" is ignored', with1(async c => { c.raw('0'); await wait(100); await c.ok('s', { c: {} }); yes(!c.closed, 'closed'); }));
check('answers come in the order of the requests', with1(async c => {
  const rs = [...Array(30)].map((_, i) => c.send(i % 2 ? 'p' : 'g', { p: `/open/order/${i}`, ...(i % 2 ? { d: i } : { q: {} }) }));
  await c.until(m => m.t === 'd' && m.d.r === rs.at(-1));
  equal(c.messages.filter(m => m.t === 'd' && m.d.r).map(m => m.d.r), rs);
}));
check('a request in count frames is read', with1(async c => {
  const big = 'é'.repeat(40_000);
  await c.ok('p', { p: '/open/big', d: big });
  equal((await c.ok('g', { p: '/open/big', q: {} })).length, 40_000);
}));
check('an answer over 16384 is split, and its pieces join to JSON', with1(async c => {
  await c.ok('p', { p: '/open/split', d: { a: 'x'.repeat(50_000), b: '🐵'.repeat(10_000) } });
  const from = c.frames.length;
  const d = await c.ok('g', { p: '/open/split', q: {} });
  equal([d.a.length, d.b], [50_000, '🐵'.repeat(10_000)]);
  yes(c.frames.slice(from).every(f => f.length <= 16384), 'a frame is longer');
}));
check('auth with a token of 1970 and no signature is accepted', with1(async c => { await c.as('alice'); await c.ok('p', { p: '/users/alice', d: 1 }); }));
check('auth: custom claims are seen', with1(async c => { await c.as('x', { role: 'boss' }); await c.ok('p', { p: '/claims', d: 1 }); equal(await c.ok('g', { p: '/claims', q: {} }), 1); }));
check('auth again replaces the user', with1(async c => { await c.as('alice'); await c.as('bob'); equal((await c.ask('p', { p: '/users/alice', d: 2 })).s, 'permission_denied'); await c.ok('p', { p: '/users/bob', d: 2 }); }));
check('unauth drops the user', with1(async c => { await c.as('alice'); await c.ok('unauth', {}); equal((await c.ask('p', { p: '/users/alice', d: 3 })).s, 'permission_denied'); }));
check('gauth owner passes every rule', with1(async c => { await c.ok('gauth', { cred: 'owner' }); await c.ok('p', { p: '/nowhere', d: 1 }); await c.ok('p', { p: '/typed', d: 5 }); equal(await c.ok('g', { p: '/nowhere', q: {} }), 1); }));
check('gauth owner with authvar is bound by the rules as that auth', with1(async c => { await c.ok('gauth', { cred: 'owner', authvar: { uid: 'alice', admin: true } }); await c.ok('p', { p: '/users/alice', d: 4 }); await c.ok('g', { p: '/admins', q: {} }); equal((await c.ask('p', { p: '/users/bob', d: 4 })).s, 'permission_denied'); }));
check('gauth owner with noauth is anonymous', with1(async c => { await c.ok('gauth', { cred: 'owner', noauth: true }); equal((await c.ask('p', { p: '/users/alice', d: 5 })).s, 'permission_denied'); await c.ok('p', { p: '/open/noauth', d: 5 }); }));
check('appcheck and unappeck are ok', with1(async c => { await c.ok('appcheck', { token: 't' }); await c.ok('unappeck', {}); }));
check('a denied p has status permission_denied and text Permission denied', with1(async c => { const x = await c.ask('p', { p: '/users/alice', d: 1 }); equal([x.s, x.d], ['permission_denied', 'Permission denied']); }));
check('a denied g has a text that contains Permission denied', with1(async c => { const x = await c.ask('g', { p: '/users/alice', q: {} }); yes(x.s !== 'ok' && /permission denied/i.test(x.d), JSON.stringify(x)); }));
check('a denied q has status permission_denied and no data', with1(async c => { const x = await c.ask('q', { p: '/users/alice', h: '' }); equal(x.s, 'permission_denied'); equal(c.pushes().length, 0); }));
check('after a denied q the connection goes on', with1(async c => { await c.ask('q', { p: '/users/alice', h: '' }); await c.ok('q', { p: '/open/after', h: '' }); }));
check('q: data is pushed before ok', with1(async c => {
  await c.ok('p', { p: '/open/q1', d: { a: 1 } });
  await c.ok('q', { p: '/open/q1', h: '' });
  const i = c.messages.findIndex(m => m.d.a === 'd'), j = c.messages.length - 1;
  yes(i >= 0 && i < j, 'no push before ok'); equal(c.messages[i].d.b.d, { a: 1 });
}));
check('q: the right hash spares the push', with1(async c => {
  await c.ok('p', { p: '/open/q2', d: 'two' });
  await c.ok('q', { p: '/open/q2', h: sha('string:two') });
  equal(c.pushes('d').length, 0);
}));
check('q: a wrong hash is answered by the data', with1(async c => {
  await c.ok('p', { p: '/open/q3', d: 'two' });
  await c.ok('q', { p: '/open/q3', h: sha('string:one') });
  equal(c.pushes('d').map(p => p.b.d), ['two']);
}));
check('own writes are pushed before their ok', with1(async c => {
  await c.ok('q', { p: '/open/own', h: '' });
  const from = c.messages.length;
  await c.ok('p', { p: '/open/own/x', d: 1 });
  const kinds = c.messages.slice(from).map(m => (m.d.r ? 'ok' : m.d.a));
  yes(kinds.length >= 2 && kinds.at(-1) === 'ok' && kinds.slice(0, -1).every(k => k === 'd' || k === 'm'), kinds.join());
}));
check('another client sees a write', with2(async (a, b) => { await a.ok('q', { p: '/open/two', h: '' }); await b.ok('p', { p: '/open/two/k', d: 'v' }); await a.until(m => JSON.stringify(m).includes('"v"')); }));
check('a denied write reaches nobody', with2(async (a, b) => { await a.as('alice'); await a.ok('q', { p: '/users/alice', h: '' }); const n = a.pushes().length; await b.ask('p', { p: '/users/alice', d: 'evil' }); await wait(200); equal(a.pushes().length, n); }));
check('n ends a listen', with2(async (a, b) => { await a.ok('q', { p: '/open/n', h: '' }); await a.ok('n', { p: '/open/n' }); const n = a.pushes().length; await b.ok('p', { p: '/open/n', d: 1 }); await wait(200); equal(a.pushes().length, n); }));
check('pushes of a tagged listen carry the tag and the window', with1(async c => {
  await c.ok('p', { p: '/open/byN', d: { a: { n: 3 }, b: { n: 1 }, c: { n: 2 } } });
  await c.ok('q', { p: '/open/byN', h: '', q: { l: 2, vf: 'l', i: 'n' }, t: 7 });
  const first = c.pushes('d')[0].b;
  equal([first.t, Object.keys(first.d).sort()], [7, ['b', 'c']]);
  await c.ok('p', { p: '/open/byN/d', d: { n: 0 } });
  yes(c.pushes().slice(1).every(p => p.b.t === 7) && c.pushes().length > 1, 'a push without the tag');
}));
check('query.* rules decide a listen', with1(async c => { equal((await c.ask('q', { p: '/limited', h: '' })).s, 'permission_denied'); await c.ok('q', { p: '/limited', h: '', q: { l: 2, vf: 'l', i: '.key' }, t: 1 }); equal((await c.ask('q', { p: '/limited', h: '', q: { l: 3, vf: 'l', i: '.key' }, t: 2 })).s, 'permission_denied'); }));
check('g applies the query', with1(async c => {
  await c.ok('p', { p: '/open/byN', d: { a: { n: 3 }, b: { n: 1 }, c: { n: 'x' }, d: { n: null, m: 1 } } });
  equal(Object.keys(await c.ok('g', { p: '/open/byN', q: { i: 'n', sp: 1, sin: true, ep: 3, ein: false } })), ['b']);
  equal(Object.keys(await c.ok('g', { p: '/open/byN', q: { i: 'n', l: 1, vf: 'r' } })), ['c']);
  equal(Object.keys(await c.ok('g', { p: '/open/byN', q: { i: '.key', sp: 'b', sin: false } })).sort(), ['c', 'd']);
}));
check('priorities come back as .priority and order children', with1(async c => {
  await c.ok('p', { p: '/open/pri', d: { a: { '.value': 1, '.priority': 2 }, b: { x: 1, '.priority': 1 } } });
  equal(await c.ok('g', { p: '/open/pri/a', q: {} }), { '.value': 1, '.priority': 2 });
  equal(Object.keys(await c.ok('g', { p: '/open/pri', q: { l: 1, vf: 'l' } })), ['b']);
  await c.ok('p', { p: '/open/pri/a/.priority', d: 0 });
  equal(Object.keys(await c.ok('g', { p: '/open/pri', q: { l: 1, vf: 'l' } })), ['a']);
}));
check('m is one decision: a denied part denies all', with1(async c => { await c.as('alice'); equal((await c.ask('m', { p: '/users', d: { 'alice/m': 1, 'bob/m': 1 } })).s, 'permission_denied'); equal(await c.ok('g', { p: '/users/alice/m', q: {} }), null); }));
check('m takes deep paths and null', with1(async c => { await c.ok('p', { p: '/open/m', d: { a: 1, b: { c: 2, d: 3 } } }); await c.ok('m', { p: '/open/m', d: { a: null, 'b/c': 9, 'e/f': 1 } }); equal(await c.ok('g', { p: '/open/m', q: {} }), { b: { c: 9, d: 3 }, e: { f: 1 } }); }));
check('p with a stale h is datastale, with the right h ok', with1(async c => {
  await c.ok('p', { p: '/open/t', d: 1 });
  equal((await c.ask('p', { p: '/open/t', d: 2, h: '' })).s, 'datastale');
  equal(await c.ok('g', { p: '/open/t', q: {} }), 1);
  await c.ok('p', { p: '/open/t', d: 2, h: 'YPVfR2bXt/lcDjiQZ8pOkAd3qkQ=' });
}));
check('p with h "" creates only where nothing is', with1(async c => { await c.ok('p', { p: '/open/t2', d: null }); await c.ok('p', { p: '/open/t2', d: 1, h: '' }); equal((await c.ask('p', { p: '/open/t2', d: 2, h: '' })).s, 'datastale'); }));
check('the timestamp server value is the now of the rules', with1(async c => { for (let i = 0; i < 5; i++) await c.ok('p', { p: `/clock/k${i}`, d: { t: { '.sv': 'timestamp' } } }); yes(Math.abs((await c.ok('g', { p: '/clock/k0/t', q: {} })) - Date.now()) < 60_000, 't'); }));
check('increment counts from 0, from a number, and over text', with1(async c => { for (const [d, want] of [[null, 5], [2.5, 7.5], ['x', 5]]) { await c.ok('p', { p: '/open/inc', d }); await c.ok('p', { p: '/open/inc', d: { '.sv': { increment: 5 } } }); equal(await c.ok('g', { p: '/open/inc', q: {} }), want); } }));
check('.validate denies with permission_denied; null needs no .validate', with1(async c => { equal((await c.ask('p', { p: '/typed', d: { a: 1 } })).s, 'permission_denied'); await c.ok('p', { p: '/typed', d: { a: 1, b: 2 } }); await c.ok('p', { p: '/typed', d: null }); }));
check('onDisconnect runs when the socket is cut', async () => {
  const a = await Client.open(), b = await Client.open();
  await a.ok('o', { p: '/open/od/a', d: 'gone' }); await a.ok('om', { p: '/open/od', d: { b: { '.sv': 'timestamp' } } });
  equal(await b.ok('g', { p: '/open/od/a', q: {} }), null);
  a.ws.terminate(); await wait(300);
  const v = await b.ok('g', { p: '/open/od', q: {} });
  equal(v?.a, 'gone'); yes(typeof v.b === 'number', 'b'); b.close();
});
check('oc cancels onDisconnect at and below the place', async () => {
  const a = await Client.open(), b = await Client.open();
  await a.ok('o', { p: '/open/oc/x/y', d: 1 }); await a.ok('o', { p: '/open/oc/z', d: 2 }); await a.ok('oc', { p: '/open/oc/x', d: null });
  a.close(); await wait(300);
  equal(await b.ok('g', { p: '/open/oc', q: {} }), { z: 2 }); b.close();
});
check('o is refused when it is queued if the rules deny it', with1(async c => equal((await c.ask('o', { p: '/users/alice', d: 1 })).s, 'permission_denied')));
check('a listen that loses its permission by a write gets c and no more data', with2(async (a, b) => {
  await b.ok('p', { p: '/switch', d: { on: true, data: 1 } });
  await a.ok('q', { p: '/switch/data', h: '' });
  await b.ok('p', { p: '/switch/on', d: false });
  const m = await a.until(x => x.d.a === 'c');
  equal(m.d.b.p.replace(/^\//, ''), 'switch/data');
  const n = a.pushes('d').length;
  await b.ok('p', { p: '/switch/data', d: 2 }); await wait(200);
  equal(a.pushes('d').length, n);
}));
check('namespaces are apart, in data and rules', async () => { const c = await Client.open(NS + '-x'), d = await Client.open(); await c.ok('p', { p: '/open/ns', d: 'x' }); await c.ok('p', { p: '/nowhere', d: 1 }); equal(await d.ok('g', { p: '/open/ns', q: {} }), null); c.close(); d.close(); });
check('an object of nulls and an empty object are nothing', with1(async c => { await c.ok('p', { p: '/open/empty', d: { a: null, b: {} } }); equal(await c.ok('g', { p: '/open/empty', q: {} }), null); }));
check('writing below a leaf replaces it', with1(async c => { await c.ok('p', { p: '/open/leaf', d: 5 }); await c.ok('p', { p: '/open/leaf/x', d: 1 }); equal(await c.ok('g', { p: '/open/leaf', q: {} }), { x: 1 }); }));
check('an unknown action is answered and does not end the connection', with1(async c => { const x = await c.ask('zz', { p: '/open' }); yes(x.s !== 'ok', JSON.stringify(x)); await c.ok('s', { c: {} }); }));
check('a text that is no JSON does not end the server', async () => { const c = await Client.open(); c.raw('{"t":"d"'); await wait(200); c.close(); const d = await Client.open(); await d.ok('s', { c: {} }); d.close(); });
check('fifty connections, each with its own listen', async () => {
  const all = await Promise.all([...Array(50)].map(() => Client.open()));
  await Promise.all(all.map((c, i) => c.ok('q', { p: `/open/many/${i}`, h: '' })));
  await Promise.all(all.map((c, i) => all[(i + 1) % 50].ok('p', { p: `/open/many/${i}`, d: i + 1 })));
  await Promise.all(all.map((c, i) => c.until(m => m.d.a === 'd' && m.d.b.d === i + 1)));
  for (const c of all) c.close();
});
bonus('a listen that loses its permission by new rules gets c', with1(async c => {
  const ns = NS + '-rules'; await put({ rules: { '.read': true, '.write': true } }, ns);
  const d = await Client.open(ns); await d.ok('q', { p: '/x', h: '' }); await put({ rules: {} }, ns);
  await d.until(x => x.d.a === 'c', 1500); d.close();
}));
bonus('q without its .indexOn warns no_index, with it does not', with1(async c => {
  equal((await c.ok('q', { p: '/open/noindex', h: '', q: { l: 1, vf: 'l', i: 'n' }, t: 1 }))?.w, ['no_index']);
  equal((await c.ok('q', { p: '/open/byN', h: '', q: { l: 1, vf: 'l', i: 'n' }, t: 2 }))?.w, undefined);
}));
bonus('a key with . # $ [ ] is refused', with1(async c => { for (const k of ['a.b', 'a#b', 'a$b', 'a[b', 'a]b']) yes((await c.ask('p', { p: '/open/keys', d: { [k]: 1 } })).s !== 'ok', k); }));
bonus('m with a path inside another is refused', with1(async c => yes((await c.ask('m', { p: '/open/mm', d: { a: 1, 'a/b': 2 } })).s !== 'ok', 'ok')));
bonus('long polling starts: pLPCommand("start", id, password) and the hello', async () => {
  const res = await fetch(`http://${HOST}/.lp?start=t&ser=1&cb=1&v=5&ns=${NS}`);
  const text = await res.text();
  yes(res.ok && /pLPCommand\('start',/.test(text) && /"t":"h"/.test(text), `${res.status} ${text.slice(0, 80)}`);
});

await put(RULES);
let passed = 0, failed = 0;
const only = process.env.KIT_GREP ?? '';
for (const c of checks) {
  if (!c.name.includes(only)) continue;
  try { await c.run(); if (!c.bonus) passed++; console.log(`  ok   ${c.name}${c.bonus ? ' (bonus)' : ''}`); }
  catch (e) { if (!c.bonus) failed++; console.log(`  ${c.bonus ? 'no  ' : 'FAIL'} ${c.name}: ${String(e.message).slice(0, 200)}`); }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
