//! Mocks of the functions of a service: what `get` and its kin answer in a test.
//!
//! A mock answers every call that its arguments fit; of several that fit, the first answers. A call that no mock fits is
//! the official error of a service call, and so is one whose mock has the result `undefined`.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;

use firewarden::{
    firestore,
    internals::{
        eval::Host,
        program::ServiceFunction,
        service::{CallFailure, CallTarget, DocumentScope},
        stdlib::{Failure, member_of},
    },
    storage,
    value::{PathRef, Value, ValueRef},
};

use super::{
    case::Encoding,
    reader::{Place, RequestError},
    values,
};

/// `FunctionMock` of the Rules API.
pub(super) struct Mock {
    /// Where it stands in the test, for messages.
    place: String,
    function: ServiceFunction,
    /// The path that fits; `None` is any.
    path: Option<Value>,
    /// What it gives; `None` is undefined.
    result: Option<Value>,
}

impl Mock {
    pub(super) fn read(place: &Place<'_>, service: &str, encoding: Encoding) -> Result<Self, RequestError> {
        place.message(&["function", "args", "result"])?;
        let name = place.needs("function", "\"get\"")?;
        let function = function(&name, service)?;
        let args = Place::elements(place.field("args")?)?;
        let path = match args.as_slice() {
            [arg] => path(arg, encoding)?,
            args => {
                let message = format!("{} has one argument, the path; args has {}", function.name(), args.len());
                return place.fail(message);
            }
        };
        let result = place.needs("result", "{\"value\": true}")?;
        let result = self::result(&result, function)?;
        let place = place.path().rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Mock { place, function, path, result })
    }
}

/// Functions are named as rules call them; in Storage, the package may be left out.
fn function(place: &Place<'_>, service: &str) -> Result<ServiceFunction, RequestError> {
    let name = place.text()?;
    let bare = name.strip_prefix("firestore.").unwrap_or(name);
    let package = (service == storage::SERVICE).then_some("firestore");
    match ServiceFunction::find(service, package, bare) {
        Some(function) => Ok(function),
        None if service == storage::SERVICE => {
            place.fail(format!("Storage rules have no function {name:?}; they have firestore.get, firestore.exists"))
        }
        None => place
            .fail(format!("Firestore rules have no function {name:?}; they have get, exists, getAfter, existsAfter")),
    }
}

fn path(place: &Place<'_>, encoding: Encoding) -> Result<Option<Value>, RequestError> {
    place.message(&["exactValue", "anyValue"])?;
    match (place.field("exactValue")?, place.field("anyValue")?) {
        (Some(exact), None) if exact.json.is_object() => match values::any(&exact)? {
            path @ Value::Path(_) => Ok(Some(path)),
            _ => exact.fail("the argument is a path, such as \"/databases/(default)/documents/users/a\""),
        },
        (Some(exact), None) => Ok(Some(values::path(&values::segments(&exact, encoding)?))),
        (None, Some(any)) => any.message(&[]).map(|()| None),
        _ => place.fail("an argument has either exactValue or anyValue"),
    }
}

fn result(place: &Place<'_>, function: ServiceFunction) -> Result<Option<Value>, RequestError> {
    place.message(&["value", "undefined"])?;
    // Null is a value here, not an absent field.
    let value = place.json.get("value").map(|json| place.child("value", json));
    match (value, place.field("undefined")?) {
        (Some(value), None) => {
            let exists = matches!(function, ServiceFunction::Exists | ServiceFunction::ExistsAfter);
            match value.json {
                serde_json::Value::Bool(found) if exists => Ok(Some(Value::Bool(*found))),
                _ if exists => value.fail(format!("{} gives true or false", function.name())),
                _ => values::resource(&value, firestore::SERVICE).map(Some),
            }
        }
        (None, Some(undefined)) => undefined.message(&[]).map(|()| None),
        _ => place.fail("a result has either value or undefined"),
    }
}

/// A call that an evaluation made: function, and the path as text.
pub(super) struct Call {
    pub(super) function: String,
    pub(super) path: String,
}

/// The mocks of one test while it runs.
pub(super) struct Mocks<'m> {
    mocks: Vec<(&'m Mock, Cell<bool>)>,
    scope: DocumentScope<'m>,
    calls: RefCell<Vec<Call>>,
    /// Calls that no mock fits, in words.
    unmatched: RefCell<Vec<String>>,
}

impl<'m> Mocks<'m> {
    /// The mocks of a test whose rules are of the service and whose request is about the database.
    pub(super) fn new(mocks: &'m [Mock], service: &'m str, database: &'m str) -> Self {
        let scope = DocumentScope::new(service, database);
        let mocks = mocks.iter().map(|mock| (mock, Cell::new(false))).collect();
        Mocks { mocks, scope, calls: RefCell::default(), unmatched: RefCell::default() }
    }

    /// The calls, in order, and what there is to say of mocks that were called too often or never.
    pub(super) fn finish(self) -> (Vec<Call>, Vec<String>) {
        let mut messages = self.unmatched.into_inner();
        for (mock, used) in self.mocks {
            if !used.get() {
                let (place, name) = (&mock.place, mock.function.name());
                messages.push(format!("{place}: the mock of {}{name} was never called.", self.scope.prefix()));
            }
        }
        (self.calls.into_inner(), messages)
    }
}

impl<'a> Host<'a> for Mocks<'_> {
    fn call(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        let (name, text) = (format!("{}{}", self.scope.prefix(), function.name()), path.text().as_str().to_string());
        let fits = |mock: &Mock| match &mock.path {
            None => true,
            Some(Value::Path(known)) => PathRef::Owned(known).equals(path),
            Some(_) => false,
        };
        let known = self.scope.resolve(function, path, arena);
        let found = self.mocks.iter().find(|(mock, _)| mock.function == function && fits(mock));
        let found = found.filter(|_| matches!(known, Ok(CallTarget::Document(_))));
        let problem = match (&known, found) {
            (Err(_), _) => Some(format!("{name}({text}) names no document that these rules can read.")),
            (Ok(CallTarget::Document(_)), None) => Some(format!("No mock fits the call {name}({text}).")),
            (Ok(_), _) => None,
        };
        let mut unmatched = self.unmatched.borrow_mut();
        if let Some(problem) = problem.filter(|problem| !unmatched.contains(problem)) {
            unmatched.push(problem);
        }
        self.calls.borrow_mut().push(Call { function: name, path: text });
        if let CallTarget::Impossible = known? {
            return Ok(ValueRef::Bool(false));
        }
        let answer = found.and_then(|(mock, used)| {
            used.set(true);
            mock.result.as_ref()
        });
        match answer {
            Some(value) => member_of(value.view()),
            None => Err(self.scope.call_error(function, path, CallFailure::Unstated, arena)),
        }
    }
}
