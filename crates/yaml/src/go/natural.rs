//! go-yaml's order of mapping keys: numbers inside a key count as numbers.

use super::Version;
use std::cmp::Ordering;

/// `keyList.Less` of go-yaml (`sorter.go`): symbols before digits before letters, `a2` before
/// `a10`, a shorter key first. In v3 a letter stands first where a digit is before it.
#[must_use]
pub fn natural_order(left: &str, right: &str, version: Version) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    // Nearly all keys are ASCII, and then bytes are characters.
    if left.is_ascii() && right.is_ascii() {
        return compare(left.as_bytes(), right.as_bytes(), |byte| char::from(*byte), version);
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    compare(&left, &right, |character| *character, version)
}

fn compare<T: PartialEq>(
    left: &[T],
    right: &[T],
    of: impl Fn(&T) -> char,
    version: Version,
) -> Ordering {
    let Some(at) = left.iter().zip(right).position(|(l, r)| l != r) else {
        return left.len().cmp(&right.len());
    };
    let (l, r) = (of(&left[at]), of(&right[at]));
    let after_digit = at > 0 && of(&left[at - 1]).is_ascii_digit();
    let letters_first = version == Version::V3 && after_digit;
    match (l.is_alphabetic(), r.is_alphabetic()) {
        (true, true) => return l.cmp(&r),
        (false, false) => {}
        (letter, _) if letter == letters_first => return Ordering::Less,
        _ => return Ordering::Greater,
    }
    // A zero inside a longer number is not the beginning of one.
    let before = left[..at].iter().rev().map(&of).take_while(char::is_ascii_digit);
    let inside = (l == '0' || r == '0') && before.into_iter().any(|digit| digit != '0');
    let number = |part: &[T]| {
        let digits = part.iter().map(&of).map_while(|character| character.to_digit(10));
        digits.fold((i64::from(inside), 0_usize), |(value, length), digit| {
            // Go's arithmetic wraps around too.
            (value.wrapping_mul(10).wrapping_add(i64::from(digit)), length + 1)
        })
    };
    let (left, right) = (number(&left[at..]), number(&right[at..]));
    left.0.cmp(&right.0).then(left.1.cmp(&right.1)).then(l.cmp(&r))
}

/// Sorts by [`natural_order`], which is no total order: `a01` stands before `a10`, `a10` before
/// `a1b`, `a1b` before `a01`. Go's own result then depends on chance; this merge sort does not
/// mind.
pub fn sort_naturally<T>(items: &mut Vec<T>, version: Version, key: &impl Fn(&T) -> &str) {
    if items.len() < 2 {
        return;
    }
    let mut right = items.split_off(items.len() / 2);
    sort_naturally(items, version, key);
    sort_naturally(&mut right, version, key);
    let mut left = std::mem::take(items).into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let from_right = natural_order(key(r), key(l), version) == Ordering::Less;
        items.extend(if from_right { right.next() } else { left.next() });
    }
    items.extend(left);
    items.extend(right);
}

#[cfg(test)]
mod tests {
    use super::{Version, sort_naturally};

    #[test]
    fn keys_sort_as_people_count() {
        let mut keys =
            vec!["a10", "a2", "b", "a", "A", "1", "-", "a01", "10", "9", "é", "a100", "a1", ":"];
        sort_naturally(&mut keys, Version::V2, &|key| key);
        let expected =
            ["-", ":", "1", "9", "10", "A", "a", "a1", "a01", "a2", "a10", "a100", "b", "é"];
        assert_eq!(keys, expected);
    }
}
