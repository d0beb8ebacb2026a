//! Geographic locations (runtime specification, sections 11 and 12).

use crate::value::{LatLng, Type, ValueRef};

use super::{Builtin, Failure, message, mismatch};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::LatLng) => {
        /// Degrees north of the equator.
        latitude() -> Float, "latlng.value(1, 2).latitude() == 1.0", Open,
            |_, a| Ok(ValueRef::Float(location(a, 0)?.latitude()));
        /// Degrees east of Greenwich.
        longitude() -> Float, "latlng.value(1, 2).longitude() == 2.0", Open,
            |_, a| Ok(ValueRef::Float(location(a, 0)?.longitude()));
        /// Metres to another location along the earth's surface.
        distance(LatLng) -> Float, "latlng.value(1, 2).distance(latlng.value(1, 2)) == 0", Open,
            |_, a| Ok(ValueRef::Float(location(a, 0)?.distance(location(a, 1)?)));
    }
    Builtin::package("latlng") => {
        /// The location at a latitude and a longitude, in degrees.
        value(Float, Float) -> LatLng, "latlng.value(1, 2) == latlng.value(1.0, 2.0)", Open, |bump, a| match a {
            [ValueRef::Float(latitude), ValueRef::Float(longitude)] => {
                LatLng::new(*latitude, *longitude).map(ValueRef::LatLng).map_err(|e| message(bump, e))
            }
            _ => Err(mismatch()),
        };
    }
};

argument!(location: LatLng(LatLng));
