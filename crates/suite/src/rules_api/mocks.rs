//! Mocks of service functions such as `get`.
//!
//! A mock answers each call that matches its arguments; the first of several that match answers. A call without a mock
//! fails with the official error of a service call, as does one whose mock has the result `undefined`.

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
    reader::{JsonLocation, RequestError},
    response::FunctionCall,
    values,
};

/// `FunctionMock` of the Rules API.
pub(super) struct Mock {
    /// The location of the mock in the test, for messages.
    location: String,
    function: ServiceFunction,
    /// The path that matches; `None` matches any.
    path: Option<Value>,
    /// The result; `None` is undefined.
    result: Option<Value>,
}

impl Mock {
    pub(super) fn read(location: &JsonLocation<'_>, service: &str, encoding: Encoding) -> Result<Self, RequestError> {
        location.message(&["function", "args", "result"])?;
        let name = location.needs("function", "\"get\"")?;
        let function = function(&name, service)?;
        let args = JsonLocation::elements(location.field("args")?)?;
        let path = match args.as_slice() {
            [arg] => path(arg, encoding)?,
            args => {
                let message =
                    format!("`{}` takes one argument, the path, but `args` has {}", function.name(), args.len());
                return location.fail(message);
            }
        };
        let result = location.needs("result", "{\"value\": true}")?;
        let result = self::result(&result, function)?;
        let location = location.path().rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Mock { location, function, path, result })
    }
}

/// Reads the name of a function as rules write it; for Storage, the package is optional.
fn function(location: &JsonLocation<'_>, service: &str) -> Result<ServiceFunction, RequestError> {
    let name = location.text()?;
    let bare = name.strip_prefix("firestore.").unwrap_or(name);
    let package = (service == storage::SERVICE).then_some("firestore");
    match ServiceFunction::find(service, package, bare) {
        Some(function) => Ok(function),
        None if service == storage::SERVICE => {
            location.fail(format!("unknown function `{name}`; Storage rules have firestore.get and firestore.exists"))
        }
        None => location
            .fail(format!("unknown function `{name}`; Firestore rules have get, exists, getAfter and existsAfter")),
    }
}

fn path(location: &JsonLocation<'_>, encoding: Encoding) -> Result<Option<Value>, RequestError> {
    location.message(&["exactValue", "anyValue"])?;
    match (location.field("exactValue")?, location.field("anyValue")?) {
        (Some(exact), None) if exact.json.is_object() => match values::any(&exact)? {
            path @ Value::Path(_) => Ok(Some(path)),
            _ => exact.fail("expected a path, such as \"/databases/(default)/documents/users/a\""),
        },
        (Some(exact), None) => Ok(Some(values::path(&values::segments(&exact, encoding)?))),
        (None, Some(any)) => any.message(&[]).map(|()| None),
        _ => location.fail("expected either `exactValue` or `anyValue`"),
    }
}

fn result(location: &JsonLocation<'_>, function: ServiceFunction) -> Result<Option<Value>, RequestError> {
    location.message(&["value", "undefined"])?;
    // Here, null is a value and not an absent field.
    let value = location.json.get("value").map(|json| location.child("value", json));
    match (value, location.field("undefined")?) {
        (Some(value), None) => {
            let exists = matches!(function, ServiceFunction::Exists | ServiceFunction::ExistsAfter);
            match value.json {
                serde_json::Value::Bool(found) if exists => Ok(Some(Value::Bool(*found))),
                _ if exists => value.fail(format!("`{}` returns true or false", function.name())),
                _ => values::resource(&value, firestore::SERVICE).map(Some),
            }
        }
        (None, Some(undefined)) => undefined.message(&[]).map(|()| None),
        _ => location.fail("expected either `value` or `undefined`"),
    }
}

/// The mocks of a running test.
pub(super) struct Mocks<'m> {
    mocks: Vec<(&'m Mock, Cell<bool>)>,
    scope: DocumentScope<'m>,
    calls: RefCell<Vec<FunctionCall>>,
    /// Messages about calls without a mock.
    unmatched: RefCell<Vec<String>>,
}

impl<'m> Mocks<'m> {
    /// The mocks of a test. `service` is that of the rules, `database` that of the request.
    pub(super) fn new(mocks: &'m [Mock], service: &'m str, database: &'m str) -> Self {
        let scope = DocumentScope::new(service, database);
        let mocks = mocks.iter().map(|mock| (mock, Cell::new(false))).collect();
        Mocks { mocks, scope, calls: RefCell::default(), unmatched: RefCell::default() }
    }

    /// The calls, in order, and messages about calls without a mock and mocks without a call.
    pub(super) fn finish(self) -> (Vec<FunctionCall>, Vec<String>) {
        let mut messages = self.unmatched.into_inner();
        for (mock, used) in self.mocks {
            if !used.get() {
                let (location, name) = (&mock.location, mock.function.name());
                messages.push(format!("{location}: the mock of {}{name} was never called.", self.scope.prefix()));
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
        self.calls.borrow_mut().push(FunctionCall { function: name, argument: text });
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
