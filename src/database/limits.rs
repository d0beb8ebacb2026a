//! The limits of the database (realtime-database specification, section 7.10) and the errors beyond them.

use crate::value::time::NO_TIME;

use super::{Data, Scalar, data::DataNode};

/// The levels of a path of data. The documentation says less than 32; the SDK takes 32.
pub const MAX_LEVELS: usize = 32;
/// The bytes of a key.
pub const MAX_KEY: usize = 768;
/// The bytes of a string.
pub const MAX_STRING: usize = 10 << 20;
/// The approximate bytes of the JSON of one write over REST.
pub const MAX_WRITE_REST: usize = 256 << 20;
/// The approximate bytes of the JSON of one write through an SDK.
pub const MAX_WRITE_SOCKET: usize = 16 << 20;

/// Why the database refuses a request before it evaluates rules.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A key that no data can have.
    #[error("the key {key:?} in {place} {why}")]
    Key {
        /// The key, shortened.
        key: String,
        /// Its location.
        place: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A path of more than 32 levels.
    #[error("{place} is {levels} levels deep; the database has at most {MAX_LEVELS}")]
    TooDeep {
        /// The path, shortened.
        place: String,
        /// The number of its levels.
        levels: usize,
    },
    /// A number that is not finite.
    #[error("the number at {place} is {number}; the database stores finite numbers only")]
    Number {
        /// Its location.
        place: String,
        /// What it is: `NaN`, `Infinity`, `-Infinity`.
        number: &'static str,
    },
    /// A string of more than 10 MB.
    #[error("the string at {place} has {bytes} bytes; the database stores at most {MAX_STRING}")]
    StringTooLong {
        /// Its location.
        place: String,
        /// Its size in UTF-8.
        bytes: usize,
    },
    /// A write that is too large for its transport.
    #[error("the write has about {bytes} bytes; at most {limit} can be written at once over this transport")]
    WriteTooLarge {
        /// Its size as JSON, roughly.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// `.value` beside children.
    #[error("{place} has \".value\" beside children; a value has children or is one")]
    ValueBesideChildren {
        /// Its location.
        place: String,
    },
    /// A `.value` that is no boolean, number, string or server value.
    #[error("\".value\" of {place} is {found}; it is a boolean, a number, a string or null")]
    Value {
        /// Its location.
        place: String,
        /// What it is.
        found: &'static str,
    },
    /// A priority that is neither a number nor a string.
    #[error("the priority of {place} is {found}; it is a number, a string, a server value or null")]
    Priority {
        /// Its location.
        place: String,
        /// What it is.
        found: &'static str,
    },
    /// A `.sv` that names no server value.
    #[error("the server value at {place} is none: {found}; there are \"timestamp\" and {{\"increment\": number}}")]
    ServerValue {
        /// Its location.
        place: String,
        /// What it is.
        found: String,
    },
    /// A server timestamp in a request that has no time.
    #[error("a server timestamp cannot be filled in: {NO_TIME}")]
    NoTime,
    /// An update whose value has no paths.
    #[error("an update is an object of paths and values, not {found}")]
    Update {
        /// What it is.
        found: &'static str,
    },
    /// An update that changes a place and one below it.
    #[error("the update changes {outer} and {inner} below it; which comes last is not defined")]
    Overlap {
        /// The place above.
        outer: String,
        /// The place below.
        inner: String,
    },
    /// A query that cannot be asked.
    #[error("the query cannot be asked: {0}")]
    Query(&'static str),
}

impl RequestError {
    /// The error of a value that is written to a path, with locations from the root on.
    pub(super) fn under(mut self, path: &[&str]) -> Self {
        match &mut self {
            RequestError::Key { place, .. }
            | RequestError::TooDeep { place, .. }
            | RequestError::Number { place, .. }
            | RequestError::StringTooLong { place, .. }
            | RequestError::ValueBesideChildren { place }
            | RequestError::Value { place, .. }
            | RequestError::Priority { place, .. }
            | RequestError::ServerValue { place, .. }
                if !path.is_empty() =>
            {
                let below = if place == "/" { "" } else { place.as_str() };
                *place = shorten(&format!("{}{below}", place_of(path)));
            }
            _ => {}
        }
        self
    }
}

/// The bytes that no key has.
const REFUSED: [bool; 256] = {
    let mut refused = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::indexing_slicing, reason = "within the table, at compile time")]
        {
            refused[byte] = byte < 0x20 || matches!(byte as u8, b'.' | b'$' | b'#' | b'[' | b']' | b'/' | 0x7F);
        }
        byte += 1;
    }
    refused
};

/// Whether no key has the byte.
#[inline]
pub(super) fn is_refused(byte: u8) -> bool {
    REFUSED.get(usize::from(byte)).is_none_or(|refused| *refused)
}

/// Why no data can have a key; `None` if data can.
pub(super) fn key_problem(key: &str) -> Option<&'static str> {
    // One pass over the bytes accepts most keys.
    if key.len() <= MAX_KEY && !key.is_empty() && !key.bytes().any(is_refused) {
        return None;
    }
    Some(if key.is_empty() {
        "is empty"
    } else if key.len() > MAX_KEY {
        "has more than 768 bytes"
    } else if key.bytes().any(|byte| byte < 0x20 || byte == 0x7F) {
        "has control characters"
    } else {
        "has one of . $ # [ ] /"
    })
}

/// The error for a key that no data can have, at a location.
pub(super) fn key_error(key: &str, place: impl FnOnce() -> String) -> Option<RequestError> {
    key_problem(key).map(|why| RequestError::Key { key: shorten(key), place: place(), why })
}

/// `/users/alice`
pub(super) fn path_of(names: &[&str]) -> String {
    let mut path = String::with_capacity(names.iter().map(|name| name.len() + 1).sum::<usize>().max(1));
    names.iter().for_each(|name| path.extend(["/", name]));
    if path.is_empty() {
        path.push('/');
    }
    path
}

/// A path for a message: `/users/alice`, shortened.
pub(super) fn place_of(names: &[&str]) -> String {
    shorten(&path_of(names))
}

pub(super) fn shorten(text: &str) -> String {
    const LIMIT: usize = 120;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Why the database refuses every request to a path; `None` if it does not.
pub fn path_problem(path: &str) -> Option<RequestError> {
    // A client can write the priority of a location.
    let names: Vec<&str> = super::data::names(path.strip_suffix("/.priority").unwrap_or(path)).collect();
    check_path(&names).err()
}

/// Checks the names of a path.
pub(super) fn check_path(names: &[&str]) -> Result<(), RequestError> {
    if names.len() > MAX_LEVELS {
        return Err(RequestError::TooDeep { place: place_of(names), levels: names.len() });
    }
    for name in names {
        if let Some(error) = key_error(name, || place_of(names)) {
            return Err(error);
        }
    }
    Ok(())
}

/// The size and depth of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ValueSize {
    /// The approximate bytes of its JSON.
    pub(super) bytes: usize,
    /// The levels below its location.
    pub(super) levels: usize,
}

/// Checks a value and everything below it, and measures it.
pub(super) fn check_value<'d>(data: &'d Data, path: &mut Vec<&'d str>) -> Result<ValueSize, RequestError> {
    let mut size = ValueSize::default();
    for scalar in data.scalar().into_iter().chain(data.priority()) {
        size.bytes += check_scalar(scalar, path)?;
    }
    if let Some(priority @ Scalar::Bool(_)) = data.priority() {
        return Err(RequestError::Priority { place: place_of(path), found: priority.kind() });
    }
    if let DataNode::Children(children) = &data.node {
        if path.len() >= MAX_LEVELS {
            return Err(RequestError::TooDeep { place: place_of(path), levels: path.len() + 1 });
        }
        for (name, child) in children {
            let name = name.as_str();
            if let Some(error) = key_error(name, || place_of(path)) {
                return Err(error);
            }
            path.push(name);
            let below = check_value(child, path)?;
            path.pop();
            size.bytes += name.len() + 4 + below.bytes;
            size.levels = size.levels.max(below.levels + 1);
        }
    }
    Ok(size)
}

fn check_scalar(scalar: &Scalar, path: &[&str]) -> Result<usize, RequestError> {
    match scalar {
        Scalar::Bool(_) => Ok(5),
        Scalar::Number(n) => {
            check_number(*n).map(|()| 8).map_err(|number| RequestError::Number { place: place_of(path), number })
        }
        Scalar::String(text) if text.len() > MAX_STRING => {
            Err(RequestError::StringTooLong { place: place_of(path), bytes: text.len() })
        }
        Scalar::String(text) => Ok(text.len() + 2),
    }
}

/// Checks that the database can store a number; the error is the name of the number.
pub(super) fn check_number(n: f64) -> Result<(), &'static str> {
    if n.is_finite() {
        Ok(())
    } else if n.is_nan() {
        Err("NaN")
    } else {
        Err(if n > 0.0 { "Infinity" } else { "-Infinity" })
    }
}
