//! The value of a write: data with placeholders that the server fills in.

use super::{
    Data, RequestError, Scalar,
    limits::{ValueSize, check_value},
};

/// A value that the server computes when the request arrives (realtime-database specification, section 7.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ServerValue {
    /// The time of the request: the rules' `now`.
    Timestamp,
    /// The sum of the stored number and this one; this one if no number is stored.
    Increment(f64),
}

/// A value to write: [`Data`] with [`ServerValue`]s at some locations, from JSON or from data.
///
/// A value that the database does not take keeps its error until a request with it is decided.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub(super) data: Data,
    pub(super) placeholders: Vec<Placeholder>,
    /// The size, or why the database takes the value nowhere.
    pub(super) checked: Result<ValueSize, RequestError>,
}

/// A location in the data that the server fills in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placeholder {
    /// The names below the written location.
    pub(super) path: Vec<Box<str>>,
    pub(super) value: ServerValue,
    /// Whether the server fills in the priority instead of the value.
    pub(super) is_priority: bool,
}

impl Incoming {
    /// A value without server values.
    pub fn new(data: Data) -> Self {
        Self::with_placeholders(data, Vec::new())
    }

    pub(super) fn with_placeholders(data: Data, placeholders: Vec<Placeholder>) -> Self {
        let checked = check_value(&data, &mut Vec::new());
        Incoming { data, placeholders, checked }
    }

    /// A server value.
    pub fn server(value: ServerValue) -> Self {
        let placeholder = Placeholder { path: Vec::new(), value, is_priority: false };
        Self::with_placeholders(Data::from(0.0), vec![placeholder])
    }

    pub(super) fn refused(error: RequestError) -> Self {
        Incoming { data: Data::default(), placeholders: Vec::new(), checked: Err(error) }
    }

    /// The data with server values filled in. `now` is the time in milliseconds, `stored` reads the number at a path below the
    /// written location.
    ///
    /// # Errors
    ///
    /// A timestamp without a time; errors of `stored`.
    pub(super) fn resolved<E: From<RequestError>>(
        &self,
        now: Option<f64>,
        mut stored: impl FnMut(&[&str]) -> Result<Option<f64>, E>,
    ) -> Result<Data, E> {
        let mut data = self.data.clone();
        for Placeholder { path, value, is_priority } in &self.placeholders {
            let names: Vec<&str> = path.iter().map(|name| &**name).collect();
            let number = match value {
                ServerValue::Timestamp => now.ok_or(RequestError::NoTime)?,
                ServerValue::Increment(by) => stored(&names)?.map_or(*by, |number| number + by),
            };
            let path = names.join("/");
            if *is_priority {
                data.set_priority(&path, Some(Scalar::Number(number)));
            } else {
                let priority = data.at(&path).and_then(Data::priority).cloned();
                data.replace(&names, Data::from(number));
                data.set_priority(&path, priority);
            }
        }
        Ok(data)
    }
}

impl From<Data> for Incoming {
    fn from(data: Data) -> Self {
        Incoming::new(data)
    }
}

/// An absent value, which deletes the written location.
impl Default for Incoming {
    fn default() -> Self {
        Incoming::new(Data::default())
    }
}
