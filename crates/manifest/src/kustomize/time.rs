//! Dates as Go prints them in JSON.

/// `2001-1-1` → `2001-01-01T00:00:00Z`; the text is one that go-yaml takes for a time.
pub(crate) fn rfc3339(text: &str) -> String {
    let split = text.find(['T', 't', ' ']);
    let (date, rest) = match split {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let date = format!("{:04}-{:02}-{:02}", next(), next(), next());
    if rest.is_empty() {
        return format!("{date}T00:00:00Z");
    }
    let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut parts = clock.splitn(3, ':').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let clock = format!("{:02}:{:02}:{:02}", next(), next(), next());
    let nanos: String = fraction.chars().take(9).collect();
    let nanos = nanos.trim_end_matches('0');
    let fraction = if nanos.is_empty() { String::new() } else { format!(".{nanos}") };
    let zone = match zone {
        "" | "Z" | "+00:00" | "-00:00" => "Z",
        zone => zone,
    };
    format!("{date}T{clock}{fraction}{zone}")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        for (text, expected) in [
            ("2001-1-2", "2001-01-02T00:00:00Z"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
            ("2001-12-14 21:59:43.000", "2001-12-14T21:59:43Z"),
            ("2001-12-14T1:2:3Z", "2001-12-14T01:02:03Z"),
        ] {
            assert_eq!(rfc3339(text), expected);
        }
    }
}
