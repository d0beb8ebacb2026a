//! Geographic locations (runtime specification, sections 11 and 12).

use crate::value::{LatLng, Type, ValueRef};

use super::{Builtin, Failure, Overload, message, mismatch};

const TO_FLOAT: &[Overload] = &[Overload { params: &[], result: Type::Float }];

pub(super) const TABLE: &[Builtin] = &[
    Builtin::method(
        Type::LatLng,
        "latitude",
        TO_FLOAT,
        |_, a| Ok(ValueRef::Float(location(a, 0)?.latitude())),
        "Degrees north of the equator.",
        "latlng.value(1, 2).latitude() == 1.0",
    ),
    Builtin::method(
        Type::LatLng,
        "longitude",
        TO_FLOAT,
        |_, a| Ok(ValueRef::Float(location(a, 0)?.longitude())),
        "Degrees east of Greenwich.",
        "latlng.value(1, 2).longitude() == 2.0",
    ),
    Builtin::method(
        Type::LatLng,
        "distance",
        &[Overload { params: &[Type::LatLng], result: Type::Float }],
        |_, a| Ok(ValueRef::Float(location(a, 0)?.distance(location(a, 1)?))),
        "Metres to another location along the earth's surface.",
        "latlng.value(1, 2).distance(latlng.value(1, 2)) == 0",
    ),
    Builtin::in_package(
        "latlng",
        "value",
        &[Overload { params: &[Type::Float, Type::Float], result: Type::LatLng }],
        |bump, a| match a {
            [ValueRef::Float(latitude), ValueRef::Float(longitude)] => {
                LatLng::new(*latitude, *longitude).map(ValueRef::LatLng).map_err(|e| message(bump, e))
            }
            _ => Err(mismatch()),
        },
        "The location at a latitude and a longitude, in degrees.",
        "latlng.value(1, 2) == latlng.value(1.0, 2.0)",
    ),
];

fn location<'a>(args: &[ValueRef<'a>], at: usize) -> Result<LatLng, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::LatLng(location)) => Ok(*location),
        _ => Err(mismatch()),
    }
}
