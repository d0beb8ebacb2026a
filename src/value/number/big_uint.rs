//! Unsigned integers of arbitrary size, with the operations that printing a double needs.

use std::cmp::Ordering;

/// An unsigned integer in 32-bit limbs, the least significant limb first and without leading zero limbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BigUint(Vec<u32>);

impl BigUint {
    pub(super) fn new(value: u64) -> Self {
        let mut limbs = vec![(value & 0xffff_ffff) as u32, (value >> 32) as u32];
        trim(&mut limbs);
        Self(limbs)
    }

    /// `self * factor^times`.
    pub(super) fn mul_pow(mut self, factor: u32, times: u32) -> Self {
        for _ in 0..times {
            self.mul_small(factor);
        }
        self
    }

    pub(super) fn mul_small(&mut self, factor: u32) {
        let mut carry = 0_u64;
        for limb in &mut self.0 {
            // At most (2^32 - 1)^2 + 2^32 - 1, which never wraps.
            carry = u64::from(*limb).wrapping_mul(u64::from(factor)).wrapping_add(carry);
            *limb = (carry & 0xffff_ffff) as u32;
            carry >>= 32;
        }
        self.0.push(carry as u32);
        trim(&mut self.0);
    }

    pub(super) fn add(&self, other: &Self) -> Self {
        let length = self.0.len().max(other.0.len());
        let padded = |n: &Self| n.0.clone().into_iter().chain(std::iter::repeat(0)).take(length);
        let mut carry = 0_u64;
        let mut limbs = Vec::with_capacity(length.saturating_add(1));
        for (a, b) in padded(self).zip(padded(other)) {
            carry = u64::from(a).wrapping_add(u64::from(b)).wrapping_add(carry);
            limbs.push((carry & 0xffff_ffff) as u32);
            carry >>= 32;
        }
        limbs.push(carry as u32);
        trim(&mut limbs);
        Self(limbs)
    }

    /// Leaves the remainder in `self` and returns the quotient, which must be a small digit.
    pub(super) fn div_small(&mut self, divisor: &Self) -> u8 {
        let mut quotient = 0_u8;
        while *self >= *divisor {
            self.sub(divisor);
            quotient = quotient.saturating_add(1);
        }
        quotient
    }

    /// `self - other`; `other` must not be larger.
    fn sub(&mut self, other: &Self) {
        let mut borrow = false;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (limb, other) in self.0.iter_mut().zip(others) {
            let (difference, first) = limb.overflowing_sub(other);
            let (difference, second) = difference.overflowing_sub(u32::from(borrow));
            *limb = difference;
            borrow = first || second;
        }
        trim(&mut self.0);
    }
}

impl PartialOrd for BigUint {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BigUint {
    fn cmp(&self, other: &Self) -> Ordering {
        let limbs = || self.0.iter().rev().cmp(other.0.iter().rev());
        self.0.len().cmp(&other.0.len()).then_with(limbs)
    }
}

fn trim(limbs: &mut Vec<u32>) {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
}
