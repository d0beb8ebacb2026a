//! Exact fractions with 128-bit parts. Operations that exceed them give `None`, which makes an answer unknown.

use std::cmp::Ordering;

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i128,
    den: i128,
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a).unwrap_or(1).max(1)
}

#[allow(clippy::should_implement_trait, reason = "operations overflow, and give an option then")]
impl Ratio {
    /// Zero.
    pub const ZERO: Ratio = Ratio { num: 0, den: 1 };
    /// One.
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// A whole number.
    pub fn int(n: i128) -> Self {
        Ratio { num: n, den: 1 }
    }

    fn new(num: i128, den: i128) -> Option<Self> {
        if den == 0 || num == i128::MIN || den == i128::MIN {
            return None;
        }
        let (num, den) = if den < 0 { (-num, -den) } else { (num, den) };
        let common = gcd(num, den);
        Some(Ratio { num: num / common, den: den / common })
    }

    /// The exact value of a double; `None` for what is not finite and for doubles far from one.
    pub fn of_double(n: f64) -> Option<Self> {
        if !n.is_finite() {
            return None;
        }
        let (mut scaled, mut den) = (n, 1_i128);
        for _ in 0..100 {
            if scaled.fract() == 0.0 {
                return (scaled.abs() < 1e36).then(|| Ratio::new(scaled as i128, den)).flatten();
            }
            scaled *= 2.0;
            den = den.checked_mul(2)?;
        }
        None
    }

    /// The sum.
    pub fn add(self, other: Self) -> Option<Self> {
        let num = self.num.checked_mul(other.den)?.checked_add(other.num.checked_mul(self.den)?)?;
        Ratio::new(num, self.den.checked_mul(other.den)?)
    }

    /// The difference.
    pub fn sub(self, other: Self) -> Option<Self> {
        self.add(other.neg())
    }

    /// The product.
    pub fn mul(self, other: Self) -> Option<Self> {
        let (a, b) = (gcd(self.num, other.den), gcd(other.num, self.den));
        Ratio::new((self.num / a).checked_mul(other.num / b)?, (self.den / b).checked_mul(other.den / a)?)
    }

    /// The quotient; `None` for zero.
    pub fn div(self, other: Self) -> Option<Self> {
        self.mul(Ratio::new(other.den, other.num)?)
    }

    /// The number with the other sign.
    pub fn neg(self) -> Self {
        Ratio { num: -self.num, den: self.den }
    }

    /// Below, at or above zero.
    pub fn sign(self) -> Ordering {
        self.num.cmp(&0)
    }

    /// The order of two numbers.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        Some(self.sub(other)?.sign())
    }

    /// The largest whole number that is not above.
    pub fn floor(self) -> i128 {
        self.num.div_euclid(self.den)
    }

    /// The smallest whole number that is not below.
    pub fn ceil(self) -> i128 {
        -(-self.num).div_euclid(self.den)
    }

    /// The whole number that this is.
    pub fn whole(self) -> Option<i128> {
        (self.den == 1).then_some(self.num)
    }

    /// The nearest double.
    pub fn to_double(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Ratio;

    #[test]
    fn doubles_are_exact() {
        assert_eq!(Ratio::of_double(0.5).map(Ratio::to_double), Some(0.5));
        assert_eq!(Ratio::of_double(-3.25).map(|n| (n.floor(), n.ceil())), Some((-4, -3)));
        assert_eq!(Ratio::of_double(f64::NAN), None);
        assert_eq!(Ratio::of_double(0.1).map(Ratio::to_double), Some(0.1));
    }
}
