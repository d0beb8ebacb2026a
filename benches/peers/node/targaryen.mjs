// Decides the workloads with targaryen. Reads {auth, upload, record, older, tree, w5Rules} from standard input and
// prints {version, node, figures: {workload: nanoseconds}}.
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'

const require = createRequire(import.meta.url)
const targaryen = require('targaryen')
const {auth, upload, record, older, tree, w5Rules, quick} = JSON.parse(readFileSync(0))
const figures = {}
let kept = 0

/** Median of 15 batches of about 20 ms, after four to warm up. */
function measure(workload, allow, deny) {
  if (allow() !== true || deny() !== false) throw new Error(`${workload}: a wrong decision`)
  if (quick) return
  const batch = rounds => {
    const start = performance.now()
    for (let i = 0; i < rounds; i++) kept += allow() ? 1 : 0
    return performance.now() - start
  }
  let rounds = 1
  while (batch(rounds) < 10) rounds *= 2
  for (let i = 0; i < 4; i++) batch(rounds * 2)
  const times = Array.from({length: 15}, () => batch(rounds * 2) / (rounds * 2))
  figures[workload] = times.sort((a, b) => a - b)[7] * 1e6
}

const open = (rules, data, user) => targaryen.database({rules}, data).as(user).with({debug: false})
// Database rules cannot search a list: groups are a map here.
const asMap = {...auth.token, groups: Object.fromEntries(auth.token.groups.map(group => [group, true]))}
const ada = {uid: auth.uid, token: asMap}
const other = {uid: 'u0999', token: {admin: false, email_verified: false, org: 'other', level: 1, groups: {}}}

function read(workload, rules, path) {
  const [allowed, denied] = [open(rules, null, ada), open(rules, null, other)]
  measure(workload, () => allowed.read(path).allowed, () => denied.read(path).allowed)
}

read('W1', {adminOnly: {$id: {'.read': 'auth.token.admin === true'}}}, '/adminOnly/x')
const own = 'auth !== null && auth.uid === $uid && auth.token.email_verified === true'
read('W2', {users: {$uid: {'.read': own}}}, '/users/u0250/notes/n1')
{
  const image = "auth !== null && auth.uid === $uid && newData.child('size').val() < 5 * 1024 * 1024"
    + " && newData.child('contentType').val().matches(/^image\\/.*$/) && newData.child('metadata/owner').val() === auth.uid"
  const rules = {users: {$uid: {images: {$image: {'.write': image}}}}}
  const [allowed, denied] = [open(rules, null, ada), open(rules, null, other)]
  const path = '/users/u0250/images/p17'
  measure('W3', () => allowed.write(path, upload).allowed, () => denied.write(path, upload).allowed)
}
{
  const flat = {'.read': 'auth !== null', '.write': 'auth !== null && auth.token.groups.ops === true'}
  const rules = Object.fromEntries(Array.from({length: 20}, (_, i) => [`c${String(i).padStart(2, '0')}`, {$id: flat}]))
  const comment = {'.read': 'auth !== null && auth.token.org === $org && auth.token.groups.editors === true'}
  rules.orgs = {$org: {projects: {$p: {folders: {$f: {docs: {$d: {comments: {$c: comment}}}}}}}}}
  read('W4', rules, '/orgs/acme/projects/p1/folders/f9/docs/d3/comments/c7')
}
{
  const database = targaryen.database(w5Rules, tree).as(ada).with({debug: false})
  measure('W5', () => database.write('/users/u0250', record).allowed, () => database.write('/users/u0250', older).allowed)
}
for (const blocks of [10, 2000]) {
  const name = at => `c${String(at).padStart(4, '0')}`
  const rule = {$id: {'.read': "auth !== null && auth.token.level >= 5 && auth.token.org === 'acme'"}}
  const rules = Object.fromEntries(Array.from({length: blocks}, (_, at) => [name(at), rule]))
  read(`W6/${blocks}`, rules, `/${name(blocks - 1)}/x`)
}
const {version} = JSON.parse(readFileSync(new URL('./node_modules/targaryen/package.json', import.meta.url)))
console.log(JSON.stringify({version, node: process.version, figures, kept}))
