//! The one sum that reading an RSA key takes: `d mod (p - 1)`.
//!
//! OpenSSH's format has `d` and the primes and leaves out the exponents that follow from them. It runs once a key, when the
//! key is read, before any step could measure it.
//!
//! Reads and writes: nothing. Unknown here: keys.
//! Source: RFC 8017, section 3.2.

use zeroize::Zeroizing;

/// `dividend mod (divisor - 1)`, big-endian and without leading zeros; `None` for a divisor that is not odd or below 3.
pub(super) fn remainder_by_less_one(dividend: &[u8], divisor: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // A byte more: the remainder doubles before it is reduced.
    let mut divisor = Zeroizing::new([&[0], divisor].concat());
    let mut remainder = Zeroizing::new(vec![0; divisor.len()]);
    // Odd: to take one away is to clear the last bit.
    let last = divisor.last_mut().filter(|last| **last & 1 == 1)?;
    *last &= !1;
    if divisor.iter().all(|byte| *byte == 0) {
        return None;
    }
    for bit in dividend.iter().flat_map(|byte| bits(*byte)) {
        double_and_add(&mut remainder, bit);
        if remainder.as_slice() >= divisor.as_slice() {
            subtract(&mut remainder, &divisor);
        }
    }
    let zeros = remainder.iter().take_while(|byte| **byte == 0).count();
    Some(Zeroizing::new(remainder[zeros..].to_vec()))
}

/// From the highest.
fn bits(byte: u8) -> impl Iterator<Item = u8> {
    (0..8).rev().map(move |place| byte >> place & 1)
}

fn double_and_add(number: &mut [u8], bit: u8) {
    let mut carry = bit;
    for byte in number.iter_mut().rev() {
        let high = *byte >> 7;
        *byte = *byte << 1 | carry;
        carry = high;
    }
}

/// `less` is not more than `number`, and as long.
fn subtract(number: &mut [u8], less: &[u8]) {
    let mut borrow = false;
    for (byte, less) in number.iter_mut().zip(less).rev() {
        let (difference, first) = byte.overflowing_sub(*less);
        let (difference, second) = difference.overflowing_sub(u8::from(borrow));
        *byte = difference;
        borrow = first || second;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_divisor_without_a_remainder_is_refused() {
        assert_eq!(remainder_by_less_one(&[5], &[]), None);
        assert_eq!(remainder_by_less_one(&[5], &[1]), None);
        assert_eq!(remainder_by_less_one(&[5], &[8]), None);
    }

    proptest! {
        #[test]
        fn remainders_are_those_of_the_machine(dividend: u128, half in 1..u128::MAX / 2) {
            let divisor = half * 2 + 1;

            let remainder = remainder_by_less_one(&dividend.to_be_bytes(), &divisor.to_be_bytes());

            let remainder = remainder.unwrap();
            let mut wide = [0; 16];
            wide[16 - remainder.len()..].copy_from_slice(&remainder);
            prop_assert_eq!(u128::from_be_bytes(wide), dividend % (divisor - 1));
            prop_assert_ne!(remainder.first(), Some(&0));
        }
    }
}
