//! Places on earth (runtime specification, sections 11 and 12).

use crate::value::{LatLng, Type, ValueRef};

use super::{Builtin, Failure, Overload, message, misfit};

const TO_FLOAT: &[Overload] = &[Overload { params: &[], result: Type::Float }];

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        receiver: Some(Type::LatLng),
        package: None,
        name: "latitude",
        overloads: TO_FLOAT,
        run: |_, a| Ok(ValueRef::Float(place(a, 0)?.latitude())),
        doc: "Degrees north of the equator.",
        example: "latlng.value(1, 2).latitude() == 1.0",
        why: None,
        variadic: false,
    },
    Builtin {
        receiver: Some(Type::LatLng),
        package: None,
        name: "longitude",
        overloads: TO_FLOAT,
        run: |_, a| Ok(ValueRef::Float(place(a, 0)?.longitude())),
        doc: "Degrees east of Greenwich.",
        example: "latlng.value(1, 2).longitude() == 2.0",
        why: None,
        variadic: false,
    },
    Builtin {
        receiver: Some(Type::LatLng),
        package: None,
        name: "distance",
        overloads: &[Overload { params: &[Type::LatLng], result: Type::Float }],
        run: |_, a| Ok(ValueRef::Float(place(a, 0)?.distance(place(a, 1)?))),
        doc: "Metres to another place along the earth's surface.",
        example: "latlng.value(1, 2).distance(latlng.value(1, 2)) == 0",
        why: None,
        variadic: false,
    },
    Builtin {
        receiver: None,
        package: Some("latlng"),
        name: "value",
        overloads: &[Overload { params: &[Type::Float, Type::Float], result: Type::LatLng }],
        run: |bump, a| match a {
            [ValueRef::Float(latitude), ValueRef::Float(longitude)] => {
                LatLng::new(*latitude, *longitude).map(ValueRef::LatLng).map_err(|e| message(bump, e))
            }
            _ => Err(misfit()),
        },
        doc: "The place at a latitude and a longitude, in degrees.",
        example: "latlng.value(1, 2) == latlng.value(1.0, 2.0)",
        why: None,
        variadic: false,
    },
];

fn place<'a>(args: &[ValueRef<'a>], at: usize) -> Result<LatLng, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::LatLng(place)) => Ok(*place),
        _ => Err(misfit()),
    }
}
