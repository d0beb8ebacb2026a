//! The `latlng` value: a range-checked pair of degrees and the distance between two.
//!
//! Source: runtime specification, sections 5, 11, 12; recorded groups `latlng`, `latlng.value`.

use super::number::double_to_string;

/// Radius of the sphere on which the engine measures, in metres (section 11).
const EARTH_RADIUS: f64 = 6_371_009.0;

/// A position in degrees: latitude within ±90, longitude within ±180.
///
/// `==` compares the bits of the doubles, as the engine does: (0, 0.0) and (0, -0.0) differ (section 5).
#[derive(Debug, Clone, Copy)]
pub struct LatLng {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// The coordinates are out of range or NaN. Displays as the engine's message (section 12, `latlng.value/41` to `/52`).
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "Latitude should be in [-90,90] range and longitude should be in [-180,180] range. \
     latitude: {}, longitude: {}.",
    double_to_string(*.latitude),
    double_to_string(*.longitude)
)]
pub struct LatLngError {
    /// The rejected latitude, degrees.
    pub latitude: f64,
    /// The rejected longitude, degrees.
    pub longitude: f64,
}

impl LatLng {
    /// A position from degrees. Errors with [`LatLngError`] outside ±90 and ±180 and for NaN.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, LatLngError> {
        // NaN is in no range, so this rejects it too.
        if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) {
            Ok(Self { latitude, longitude })
        } else {
            Err(LatLngError { latitude, longitude })
        }
    }

    /// Degrees north, within ±90.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east, within ±180.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// Great-circle distance in metres by the haversine formula (section 11). The last digits
    /// depend on the platform's `sin`, `cos` and `asin`.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_height = ((to - from) / 2.0).sin();
        let half_width = ((other.longitude.to_radians() - self.longitude.to_radians()) / 2.0).sin();
        let square = half_height * half_height + from.cos() * to.cos() * half_width * half_width;
        2.0 * EARTH_RADIUS * square.sqrt().min(1.0).asin()
    }

    /// Whether both coordinates have the same bits (relations E1, E3 and E4 of section 5).
    #[must_use]
    pub fn same_bits(self, other: Self) -> bool {
        self.latitude.to_bits() == other.latitude.to_bits() && self.longitude.to_bits() == other.longitude.to_bits()
    }
}

impl PartialEq for LatLng {
    fn eq(&self, other: &Self) -> bool {
        self.same_bits(*other)
    }
}

// Comparing bits is reflexive, and NaN is rejected anyway.
impl Eq for LatLng {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_distances_to_the_last_bit() {
        for (a, b, c, d, metres) in [
            (0.0, 0.0, 37.7749, -122.4194, 12795434.86992961),        // latlng/2
            (48.8566, 2.3522, 37.7749, -122.4194, 8953403.911501016), // latlng/13
            (10.0, 20.0, 10.0, 20.000001, 0.10950578063312238),       // latlng/37
            (0.0, -180.0, 0.0, 180.0, 1.560447155837796e-09),         // latlng/36
        ] {
            let (from, to) = (LatLng::new(a, b).unwrap(), LatLng::new(c, d).unwrap());
            assert_eq!(from.distance(to).to_bits(), f64::to_bits(metres));
        }
    }
}
