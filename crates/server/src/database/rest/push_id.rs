//! Names of new children: 20 characters that sort by the time at which they were made.

use std::sync::Mutex;

use uuid::Uuid;

use crate::lock;

/// The characters of a name, in ascending order.
const ALPHABET: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// The characters that say the time in milliseconds.
const TIME: usize = 8;

/// The random characters.
const RANDOM: usize = 12;

/// Makes names, each greater than all before it.
#[derive(Debug, Default)]
pub struct PushIds {
    last: Mutex<(i64, [u8; RANDOM])>,
}

impl PushIds {
    /// A new name for a time in milliseconds since 1970. Time that stands still or runs back counts on from the last.
    pub fn next(&self, millis: i64) -> String {
        let mut last = lock(&self.last);
        let (time, random) = &mut *last;
        if millis > *time {
            *time = millis;
            for (digit, byte) in random.iter_mut().zip(Uuid::new_v4().into_bytes()) {
                *digit = byte % 64;
            }
        } else if !increment(random) {
            *time += 1;
        }
        let times = (0..TIME).rev().map(|place| (*time >> (6 * place)) as usize % 64);
        let digits = times.chain(random.iter().map(|&digit| usize::from(digit)));
        digits.filter_map(|digit| ALPHABET.get(digit).map(|&byte| char::from(byte))).collect()
    }
}

/// Counts up; `false` if the digits begin anew at zero.
fn increment(digits: &mut [u8; RANDOM]) -> bool {
    for digit in digits.iter_mut().rev() {
        *digit = (*digit + 1) % 64;
        if *digit != 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ascend_whatever_the_clock_does() {
        let ids = PushIds::default();
        let names: Vec<String> =
            [1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_001, 5].into_iter().map(|at| ids.next(at)).collect();
        assert!(names.is_sorted() && names.iter().all(|name| name.len() == 20 && name.starts_with('-')), "{names:?}");
        let full = PushIds { last: Mutex::new((1_700_000_000_000, [63; RANDOM])) };
        let next = full.next(0);
        assert!(next.ends_with("------------") && next > names[0][..TIME].to_owned() + "zzzzzzzzzzzz", "{next}");
    }
}
