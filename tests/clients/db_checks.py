"""firebase_admin.db (Python) against a Realtime Database stand-in: REST, ETags, streaming, rules."""
import json
import os
import threading
import time
import urllib.request

import firebase_admin
from firebase_admin import db, exceptions

from checks import check, equal, main, raises

# the client's listener threads end with an exception when they are closed
threading.excepthook = lambda _: None

HOST = 'http://' + os.environ.get('FIREBASE_DATABASE_EMULATOR_HOST', '127.0.0.1:9000')
NS = f'kit-py-{int(time.time())}'
URL = f'{HOST}/?ns={NS}'
RULES = {
    'rules': {
        'open': {'.read': True, '.write': True, '$place': {'.indexOn': ['n', '.value', 'a/b']}},
        'users': {'$uid': {'.read': 'auth.uid === $uid', '.write': 'auth.uid === $uid'}},
        'admins': {'.read': 'auth.admin === true || auth.token.admin === true'},
        'typed': {'.read': True, '.write': True, '$k': {'.validate': 'newData.isNumber() && newData.val() >= 0'}},
        'once': {'.read': True, '$k': {'.write': '!data.exists()'}},
    }
}


def put_rules(rules, ns=NS):
    request = urllib.request.Request(
        f'{HOST}/.settings/rules.json?ns={ns}', data=json.dumps(rules).encode(), method='PUT',
        headers={'Authorization': 'Bearer owner', 'Content-Type': 'application/json'})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, json.load(answer)


class Nobody(firebase_admin.credentials.Base):
    def get_credential(self):
        raise AssertionError('an emulator needs no credential')


def app(name, **options):
    return firebase_admin.initialize_app(Nobody(), {'databaseURL': URL, 'httpTimeout': 10, **options}, name)


put_rules(RULES)
ADMIN = app('admin')
ALICE = app('alice', databaseAuthVariableOverride={'uid': 'alice', 'name': 'Alicé "A" + co'})
BOSS = app('boss', databaseAuthVariableOverride={'uid': 'boss', 'admin': True})
ANON = app('anon', databaseAuthVariableOverride=None)


def ref(path, who=ADMIN):
    return db.reference(path, who)


@check
def set_and_get():
    """set() answers 204 to print=silent, get() reads it back"""
    for value in ({'a': 1, 'b': {'c': 'x'}}, 'text', 3, 1.5, True, ['a', 'b'], 'é 🐵'):
        ref('open/set').set(value)
        equal(ref('open/set').get(), value)


@check
def get_missing():
    """get() of a missing place is None"""
    equal(ref('open/never').get(), None)


@check
def shallow():
    """get(shallow=True) has true for each child; a leaf is itself"""
    ref('open/shallow').set({'a': {'x': 1}, 'b': 2})
    equal(ref('open/shallow').get(shallow=True), {'a': True, 'b': True})
    equal(ref('open/shallow/b').get(shallow=True), 2)
    equal(ref('open/never').get(shallow=True), None)


@check
def push():
    """push() gives ascending keys of 20 characters that start with -"""
    keys = [ref('open/push').push({'n': i}).key for i in range(5)]
    equal(keys, sorted(keys))
    equal(len(set(keys)), 5)
    assert all(len(k) == 20 and k.startswith('-') for k in keys), keys
    equal([v['n'] for v in ref('open/push').order_by_key().get().values()], [0, 1, 2, 3, 4])


@check
def push_default():
    """push() without a value stores the empty string"""
    child = ref('open/push0').push()
    equal(child.get(), '')


@check
def update():
    """update() merges, takes deep paths, and deletes with None"""
    ref('open/up').set({'a': 1, 'b': {'c': 2, 'd': 3}})
    ref('open/up').update({'a': 9, 'b/c': None, 'e/f/g': 'deep'})
    equal(ref('open/up').get(), {'a': 9, 'b': {'d': 3}, 'e': {'f': {'g': 'deep'}}})


@check
def update_conflict():
    """update() with one path inside another is refused and changes nothing"""
    ref('open/conflict').set({'a': {'b': 1}})
    raises(exceptions.FirebaseError, lambda: ref('open/conflict').update({'a': 5, 'a/b': 6}))
    equal(ref('open/conflict').get(), {'a': {'b': 1}})


@check
def delete():
    """delete() removes the place and its empty parents"""
    ref('open/del/x/y').set(1)
    ref('open/del/x/y').delete()
    equal(ref('open/del').get(), None)


@check
def etag():
    """X-Firebase-ETag: an ETag comes with get(etag=True) and changes with the value; null_etag where nothing is"""
    ref('open/etag').set(1)
    _, first = ref('open/etag').get(etag=True)
    ref('open/etag').set(2)
    value, second = ref('open/etag').get(etag=True)
    equal(value, 2)
    assert first and second and first != second, (first, second)
    equal(ref('open/never').get(etag=True), (None, 'null_etag'))


@check
def get_if_changed():
    """if-none-match: 304 while the ETag is the same, else value and ETag"""
    ref('open/changed').set('a')
    _, tag = ref('open/changed').get(etag=True)
    equal(ref('open/changed').get_if_changed(tag), (False, None, None))
    ref('open/changed').set('b')
    changed, value, new = ref('open/changed').get_if_changed(tag)
    equal((changed, value), (True, 'b'))
    assert new and new != tag


@check
def set_if_unchanged():
    """if-match: written with the right ETag; with a wrong one the present value and ETag"""
    ref('open/cas').set('a')
    _, tag = ref('open/cas').get(etag=True)
    done, value, new = ref('open/cas').set_if_unchanged(tag, 'b')
    equal((done, value), (True, 'b'))
    done, value, again = ref('open/cas').set_if_unchanged(tag, 'c')
    equal((done, value), (False, 'b'))
    equal(again, ref('open/cas').get(etag=True)[1])
    equal(ref('open/cas').get(), 'b')


@check
def set_if_unchanged_creates():
    """if-match: null_etag creates"""
    ref('open/create').delete()
    equal(ref('open/create').set_if_unchanged('null_etag', 5)[0], True)
    equal(ref('open/create').set_if_unchanged('null_etag', 6)[:2], (False, 5))


@check
def transaction():
    """transaction() of four threads loses no increment"""
    ref('open/count').set(0)
    errors = []

    def work():
        try:
            for _ in range(5):
                while True:
                    try:
                        ref('open/count').transaction(lambda n: (n or 0) + 1)
                        break
                    except db.TransactionAbortedError:
                        pass
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(errors, [])
    equal(ref('open/count').get(), 20)


def seed():
    ref('open/q').set({'k1': {'n': 5, 'a': {'b': 'x'}}, 'k2': {'n': 1}, 'k3': {'n': 'str'}, 'k4': {'n': True}, 'k5': {'m': 1}, 'k6': {'n': 3, 'a': {'b': 'y'}}})


@check
def order_by_child():
    """order_by_child: null < false < true < numbers < strings; limits from both ends"""
    seed()
    equal(list(ref('open/q').order_by_child('n').get()), ['k5', 'k4', 'k2', 'k6', 'k1', 'k3'])
    equal(list(ref('open/q').order_by_child('n').limit_to_first(2).get()), ['k5', 'k4'])
    equal(list(ref('open/q').order_by_child('n').limit_to_last(2).get()), ['k1', 'k3'])


@check
def order_by_child_range():
    """order_by_child: start_at, end_at, equal_to"""
    seed()
    equal(list(ref('open/q').order_by_child('n').start_at(2).end_at(5).get()), ['k6', 'k1'])
    equal(list(ref('open/q').order_by_child('n').equal_to(True).get()), ['k4'])
    equal(list(ref('open/q').order_by_child('n').equal_to('str').get()), ['k3'])


@check
def order_by_deep_child():
    """order_by_child with a path of two segments"""
    seed()
    equal(list(ref('open/q').order_by_child('a/b').equal_to('y').get()), ['k6'])


@check
def order_by_key():
    """order_by_key: integer keys first, numerically (this client sorts again, as text)"""
    ref('open/keys').set({'10': 1, '9': 2, 'b': 3, 'a': 4, '-3': 5})
    equal(set(ref('open/keys').order_by_key().limit_to_first(2).get()), {'-3', '9'})
    equal(set(ref('open/keys').order_by_key().start_at('9').limit_to_first(2).get()), {'9', '10'})
    equal(list(ref('open/keys').order_by_key().equal_to('a').get()), ['a'])


@check
def order_by_value():
    """order_by_value with equal values keeps the order of keys"""
    ref('open/vals').set({'c': 2, 'a': 2, 'b': 1, 'd': 's'})
    equal(list(ref('open/vals').order_by_value().get()), ['b', 'a', 'c', 'd'])
    equal(list(ref('open/vals').order_by_value().start_at(2).end_at(2).get()), ['a', 'c'])


@check
def arrays():
    """objects with mostly integer keys come back as lists, others do not"""
    ref('open/arr').set({'0': 'a', '1': 'b', '3': 'd'})
    equal(ref('open/arr').get(), ['a', 'b', None, 'd'])
    ref('open/arr').set({'0': 'a', '7': 'b'})
    equal(ref('open/arr').get(), {'0': 'a', '7': 'b'})


@check
def server_values():
    """{'.sv': 'timestamp'} and {'.sv': {'increment': n}}"""
    ref('open/sv').set({'t': {'.sv': 'timestamp'}, 'n': 5})
    ref('open/sv').update({'n': {'.sv': {'increment': 2.5}}, 'm': {'.sv': {'increment': 1}}})
    value = ref('open/sv').get()
    assert abs(value['t'] - time.time() * 1000) < 60_000, value
    equal((value['n'], value['m']), (7.5, 1))


@check
def special_keys():
    """keys with spaces, dots-free punctuation and non-ASCII text survive the URL"""
    ref("open/special/a b/ü+&c=,;'").set('v')
    equal(ref('open/special').get(), {'a b': {"ü+&c=,;'": 'v'}})


@check
def denied_read():
    """a rules denial is UnauthenticatedError (401) with the text Permission denied"""
    error = raises(exceptions.UnauthenticatedError, lambda: ref('users/alice', ANON).get())
    equal(str(error), 'Permission denied')
    equal(error.http_response.status_code, 401)


@check
def denied_write():
    """a denied set, update, push and delete change nothing"""
    ref('users/bob').set({'x': 1})
    bob = ref('users/bob', ALICE)
    for call in (lambda: bob.set(2), lambda: bob.update({'x': 2}), lambda: bob.push('y'), bob.delete):
        raises(exceptions.UnauthenticatedError, call, 'Permission denied')
    equal(ref('users/bob').get(), {'x': 1})


@check
def auth_override():
    """auth_variable_override: the rules see that auth, with its quoted text and non-ASCII characters"""
    ref('users/alice', ALICE).set({'ok': True})
    equal(ref('users/alice', ALICE).get(), {'ok': True})
    raises(exceptions.UnauthenticatedError, lambda: ref('users/alice', BOSS).get())


@check
def auth_override_claims():
    """auth_variable_override: other members of auth are seen by the rules"""
    ref('admins/x').set(1)
    equal(ref('admins/x', BOSS).get(), 1)
    raises(exceptions.UnauthenticatedError, lambda: ref('admins/x', ALICE).get())


@check
def auth_override_null():
    """auth_variable_override=null is anonymous, and is still bound by the rules"""
    equal(ref('open/set', ANON).get() is not None, True)
    raises(exceptions.UnauthenticatedError, lambda: ref('users/alice', ANON).set(1))


@check
def admin_bypass():
    """Bearer owner passes every rule, .validate too"""
    ref('typed/x').set('no number')
    equal(ref('typed/x').get(), 'no number')
    ref('nowhere').set(1)
    equal(ref('nowhere').get(), 1)


@check
def validate():
    """.validate denies a wrong type and lets a right one pass"""
    ref('typed/y', ALICE).set(4)
    raises(exceptions.UnauthenticatedError, lambda: ref('typed/y', ALICE).set('x'))
    raises(exceptions.UnauthenticatedError, lambda: ref('typed', ALICE).update({'a': 1, 'b': -1}))
    equal(ref('typed/a').get(), None)


@check
def data_exists():
    """a rule on data.exists() sees what was written before"""
    ref('once/a', ALICE).set(1)
    raises(exceptions.UnauthenticatedError, lambda: ref('once/a', ALICE).set(2))


@check
def index_missing():
    """a query without .indexOn is InvalidArgumentError that names the index"""
    ref('typed').update({'i': 1})
    for who in (ALICE, ADMIN):
        error = raises(exceptions.InvalidArgumentError, lambda: ref('typed', who).order_by_child('n').equal_to(1).get(), 'Index not defined')
        assert '".indexOn": "n"' in str(error) and '"/typed"' in str(error), str(error)


class Events:
    def __init__(self, path, who=ADMIN):
        self.list, self.more = [], threading.Condition()
        self.registration = ref(path, who).listen(self.add)

    def add(self, event):
        with self.more:
            self.list.append((event.event_type, event.path, event.data))
            self.more.notify_all()

    def wait(self, count, timeout=5):
        with self.more:
            self.more.wait_for(lambda: len(self.list) >= count, timeout)
            return list(self.list)

    def close(self):
        self.registration.close()


@check
def listen():
    """listen(): first a put of the whole, then puts below and a patch for an update"""
    ref('open/live').set({'a': 1})
    events = Events('open/live')
    try:
        equal(events.wait(1)[0], ('put', '/', {'a': 1}))
        ref('open/live/b').set({'c': 2})
        equal(events.wait(2)[1], ('put', '/b', {'c': 2}))
        ref('open/live').update({'a': 5, 'd': 6})
        equal(events.wait(3)[2], ('patch', '/', {'a': 5, 'd': 6}))
        ref('open/live/b').delete()
        equal(events.wait(4)[3], ('put', '/b', None))
        ref('open/elsewhere').set(1)
        equal(len(events.wait(5, 0.5)), 4)
    finally:
        events.close()


@check
def listen_parent_write():
    """listen(): a write above the place is a put of the new value at /"""
    ref('open/tree').set({'x': {'y': 1}})
    events = Events('open/tree/x')
    try:
        events.wait(1)
        ref('open/tree').set({'x': {'y': 2}, 'z': 3})
        kind, path, data = events.wait(2)[1]
        if path == '/':
            equal((kind, data), ('put', {'y': 2}))
        else:
            equal((kind, path, data), ('put', '/y', 2))
    finally:
        events.close()


@check
def listen_unicode():
    """listen(): text outside ASCII arrives unharmed (the stream names its charset)"""
    ref('open/uni').set('é 🐵 ✔')
    events = Events('open/uni')
    try:
        equal(events.wait(1)[0], ('put', '/', 'é 🐵 ✔'))
    finally:
        events.close()


@check
def listen_denied():
    """listen() where the rules deny is UnauthenticatedError at once"""
    raises(exceptions.FirebaseError, lambda: Events('users/bob', ALICE))


@check
def pretty_and_silent():
    """print=pretty indents, print=silent is 204 without a body also for GET"""
    ref('open/pretty').set({'a': 1})
    with urllib.request.urlopen(f'{HOST}/open/pretty.json?ns={NS}&print=pretty', timeout=5) as answer:
        text = answer.read().decode()
    assert '\n' in text and json.loads(text) == {'a': 1}, text
    with urllib.request.urlopen(f'{HOST}/open/pretty.json?ns={NS}&print=silent', timeout=5) as answer:
        equal((answer.status, answer.read()), (204, b''))


@check
def namespaces():
    """another ns has its own data and rules"""
    other = firebase_admin.initialize_app(Nobody(), {'databaseURL': f'{HOST}/?ns={NS}-other'}, 'other')
    db.reference('open/ns', other).set('other')
    equal(ref('open/ns').get(), None)
    equal(db.reference('open/ns', other).get(), 'other')


if __name__ == '__main__':
    main()
