//! The address of a REST request: its path and its parameters.

use axum::{extract::Query as QueryString, http::Uri};
use percent_encoding::percent_decode_str;

use super::answer::Failure;
use crate::database::Query;

/// The ending of paths that name data.
const ENDING: &str = ".json";

/// The longest time that a client may ask for, in milliseconds: fifteen minutes.
const MAX_TIMEOUT: f64 = 900_000.0;

/// The decoded parameters of an address.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Print {
    /// In one line.
    #[default]
    Compact,
    /// Over several lines.
    Pretty,
    /// Not at all.
    Silent,
}

impl Parameters {
    /// Reads the parameters of an address. What cannot be decoded is replaced.
    pub fn of(uri: &Uri) -> Self {
        QueryString::try_from_uri(uri).map_or_else(|_| Parameters::default(), |QueryString(all)| Parameters(all))
    }

    /// The value of a parameter; that of the first, if there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `t`, as in long polling.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name) == Some("t")
    }

    /// Whether a parameter is `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// `print`.
    pub fn print(&self) -> Result<Print, Failure> {
        match self.get("print") {
            None => Ok(Print::Compact),
            Some("pretty") => Ok(Print::Pretty),
            Some("silent") => Ok(Print::Silent),
            Some(_) => Err(Failure::bad_request("print must be pretty or silent")),
        }
    }

    /// `callback`, the name of a function.
    pub fn callback(&self) -> Result<Option<&str>, Failure> {
        let Some(name) = self.get("callback") else { return Ok(None) };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
        if name.is_empty() || name.len() > 200 || !name.chars().all(is_name) {
            return Err(Failure::bad_request("callback must be the name of a function"));
        }
        Ok(Some(name))
    }

    /// The query. With `shallow=true`, which the official console combines with limits, the order is that of keys unless
    /// another is given.
    pub fn query(&self) -> Result<Query, Failure> {
        let by_key = (self.is_true("shallow") && self.get("orderBy").is_none()).then_some(("orderBy", "\"$key\""));
        let given = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Query::from_parameters(by_key.into_iter().chain(given)).map_err(|why| Failure::bad_request(&why))
    }

    /// Checks `timeout`, `writeSizeLimit` and `format`. No request takes long enough for the first two to matter.
    pub fn check(&self) -> Result<(), Failure> {
        if self.get("timeout").is_some_and(|text| !milliseconds(text).is_some_and(|time| time <= MAX_TIMEOUT)) {
            return Err(Failure::bad_request("timeout must be a time of at most 15min, such as 500ms, 3s or 1min"));
        }
        if !matches!(self.get("writeSizeLimit"), None | Some("tiny" | "small" | "medium" | "large" | "unlimited")) {
            return Err(Failure::bad_request("writeSizeLimit must be tiny, small, medium, large or unlimited"));
        }
        if !matches!(self.get("format"), None | Some("export")) {
            return Err(Failure::bad_request("format must be export"));
        }
        Ok(())
    }
}

/// A number with a unit.
fn milliseconds(text: &str) -> Option<f64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "min" => 60_000.0,
        _ => return None,
    };
    number.parse().ok().map(|number: f64| number * factor).filter(|time| *time >= 0.0)
}

/// The path of the data that an address names, without slashes at its ends.
///
/// # Errors
///
/// The address does not end in `.json`, or is no UTF-8.
pub fn data_path(uri: &Uri) -> Result<String, Failure> {
    let Some(path) = uri.path().strip_suffix(ENDING) else {
        return Err(Failure::bad_request("append .json to the path to use the REST API, as in /users/alice.json"));
    };
    let path = percent_decode_str(path).decode_utf8();
    let path = path.map_err(|_| Failure::bad_request("Invalid path: it is not UTF-8"))?;
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    Ok(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("an address")
    }

    #[test]
    fn paths_are_decoded() {
        for (address, path) in [
            ("/.json", ""),
            ("/a/b.json?x=/c", "a/b"),
            ("//a//b/.json", "a/b"),
            ("/a%20b/%C3%BC+&c=,;'.json", "a b/ü+&c=,;'"),
            ("/a/.priority.json", "a/.priority"),
        ] {
            assert_eq!(data_path(&uri(address)).ok().as_deref(), Some(path), "{address}");
        }
        for address in ["/", "/a", "/%FF.json", "/a.json/b"] {
            assert!(data_path(&uri(address)).is_err(), "{address}");
        }
    }

    #[test]
    fn parameters_are_checked() {
        let check = |text: &str| Parameters::of(&uri(&format!("/.json?{text}"))).check();
        for good in ["timeout=1s", "timeout=0.5min", "timeout=20ms&writeSizeLimit=unlimited", "format=export", "x=y&z"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["timeout=1", "timeout=16min", "timeout=-1s", "timeout=s", "writeSizeLimit=huge", "format=xml"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn callbacks_are_names() {
        let callback =
            |text: &str| Parameters::of(&uri(&format!("/.json?callback={text}"))).callback().map(|name| name.is_some());
        assert_eq!(callback("a.b$_1").ok(), Some(true));
        assert!(callback("alert(1)").is_err() && callback("").is_err());
    }
}
