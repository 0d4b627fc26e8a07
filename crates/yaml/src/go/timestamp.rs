//! Which texts go-yaml takes for a point in time.

/// Whether one of go-yaml's four formats fits: `2006-1-2`, with `T`, `t` and a zone, or with a
/// blank and none (`parseTimestamp` in `resolve.go`, `time.Parse` of Go).
pub(super) fn is_timestamp(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if year != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = &text[5..];
    let month = number(&mut rest);
    if !take(&mut rest, '-') {
        return false;
    }
    let (Some(month), Some(day)) = (month, number(&mut rest)) else { return false };
    let year = text[..4].parse::<u32>().unwrap_or(0);
    if !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let zoned = take(&mut rest, 'T') || take(&mut rest, 't');
    if !zoned && !take(&mut rest, ' ') {
        return false;
    }
    clock(&mut rest) && if zoned { zone(rest) } else { rest.is_empty() }
}

/// `15:4:5`, with a fraction of the second or without.
fn clock(rest: &mut &str) -> bool {
    let hour = number(rest);
    if !take(rest, ':') {
        return false;
    }
    let minute = number(rest);
    if !take(rest, ':') {
        return false;
    }
    let second = number(rest);
    let (Some(hour), Some(minute), Some(second)) = (hour, minute, second) else { return false };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let length = digits(fraction);
        if length > 0 {
            *rest = &fraction[length..];
        }
    }
    hour < 24 && minute < 60 && second < 60
}

/// `Z`, or hours and minutes with a sign.
fn zone(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    if bytes == b"Z" {
        return true;
    }
    let two = |at: usize| rest.get(at..at + 2).and_then(|part| part.parse::<u32>().ok());
    bytes.len() == 6
        && matches!(bytes[0], b'+' | b'-')
        && bytes[3] == b':'
        && two(1).is_some_and(|hours| hours <= 24)
        && two(4).is_some_and(|minutes| minutes <= 60)
}

/// One or two digits.
fn number(rest: &mut &str) -> Option<u32> {
    let length = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = rest[..length].parse().ok()?;
    *rest = &rest[length..];
    Some(value)
}

fn take(rest: &mut &str, expected: char) -> bool {
    match rest.strip_prefix(expected) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn only_the_four_formats_are_times() {
        for text in [
            "2001-1-1",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10",
            "2001-12-14T1:2:3Z",
            "2000-02-29",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2001-13-01",
            "1900-02-29",
            "01-01-2001",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14T21:59:43",
            "2001-12-14 24:00:00",
            "2001-1-",
            "20011-1-1",
            "2001-1-1x",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
