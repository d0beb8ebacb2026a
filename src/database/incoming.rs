//! What a request writes: data, with values that the server fills in.

use super::{
    Data, RequestError, Scalar,
    limits::{Extent, check_value},
};

/// A value that the server computes when the request arrives (realtime-database specification, section 7.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ServerValue {
    /// The time of the request: the rules' `now`.
    Timestamp,
    /// The stored number and this one; where no number is stored, this one.
    Increment(f64),
}

/// A value to write: [`Data`], with server values in some places. Made from JSON or from data.
///
/// What the database does not take is found out here, and refused when the request is decided.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub(super) data: Data,
    /// Places within the data that the server fills in.
    pub(super) deferred: Vec<Deferred>,
    /// What the database does not take, wherever the value is written.
    pub(super) checked: Result<Extent, RequestError>,
}

/// A place that the server fills in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Deferred {
    /// Names from the written place on.
    pub(super) path: Vec<Box<str>>,
    pub(super) value: ServerValue,
    /// Whether it is the priority of the place that is filled in.
    pub(super) is_priority: bool,
}

impl Incoming {
    /// Data as it is.
    pub fn new(data: Data) -> Self {
        Self::with_deferred(data, Vec::new())
    }

    pub(super) fn with_deferred(data: Data, deferred: Vec<Deferred>) -> Self {
        let checked = check_value(&data, &mut Vec::new());
        Incoming { data, deferred, checked }
    }

    /// A server value.
    pub fn server(value: ServerValue) -> Self {
        let deferred = Deferred { path: Vec::new(), value, is_priority: false };
        Self::with_deferred(Data::from(0.0), vec![deferred])
    }

    pub(super) fn refused(error: RequestError) -> Self {
        Incoming { data: Data::default(), deferred: Vec::new(), checked: Err(error) }
    }

    /// The data with server values filled in: `now` is the time in milliseconds, `stored` gives the number at a path below
    /// the written place.
    ///
    /// # Errors
    ///
    /// A timestamp where there is no time; errors of `stored`.
    pub(super) fn resolved<E: From<RequestError>>(
        &self,
        now: Option<f64>,
        mut stored: impl FnMut(&[&str]) -> Result<Option<f64>, E>,
    ) -> Result<Data, E> {
        let mut data = self.data.clone();
        for Deferred { path, value, is_priority } in &self.deferred {
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

/// Nothing: what is written is deleted.
impl Default for Incoming {
    fn default() -> Self {
        Incoming::new(Data::default())
    }
}
