//! Points in time and durations as Go's `time` has them, with the bundled zone database.

use super::host::Moment;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// A point in time in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GoTime {
    pub moment: Moment,
    /// Seconds east of Greenwich.
    pub offset: i64,
    /// `UTC`, `CET`; empty where the zone has none.
    pub zone: String,
}

/// Year, month, day.
#[derive(Clone, Copy)]
pub(super) struct Date {
    pub year: i64,
    pub month: u32,
    pub day: u32,
}

/// Seconds from 1970 back to the first day of year 1, where Go's zero time is.
pub(super) const ZERO: Moment = Moment { seconds: -62_135_596_800, nanoseconds: 0 };
const DAY: i64 = 86_400;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Days since 1970 of a date.
pub(super) fn days(date: Date) -> i64 {
    let year = if date.month <= 2 { date.year - 1 } else { date.year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = (i64::from(date.month) + 9) % 12;
    let of_year = (153 * month + 2) / 5 + i64::from(date.day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = (if shifted < 10 { shifted + 3 } else { shifted - 9 }) as u32;
    let year = era * 400 + year + i64::from(month <= 2);
    Date { year, month, day }
}

impl GoTime {
    pub fn utc(moment: Moment) -> Self {
        Self { moment, offset: 0, zone: "UTC".to_owned() }
    }

    /// The same moment in a zone by its name; an unknown one is UTC, as sprig has it. A render
    /// has no local zone: it is UTC.
    pub fn in_zone(&self, name: &str) -> Self {
        if matches!(name, "" | "UTC" | "Local") {
            return Self::utc(self.moment);
        }
        // Go's names are files, which differ by case.
        let known = ZONES.get(name).ok().filter(|zone| zone.iana_name() == Some(name));
        let (Some(zone), Ok(at)) = (known, jiff::Timestamp::from_second(self.moment.seconds))
        else {
            return Self::utc(self.moment);
        };
        Self::at(&zone, at, self.moment)
    }

    fn at(zone: &TimeZone, at: jiff::Timestamp, moment: Moment) -> Self {
        let info = zone.to_offset_info(at);
        let offset = i64::from(info.offset().seconds());
        Self { moment, offset, zone: info.abbreviation().to_owned() }
    }

    fn local(&self) -> i64 {
        self.moment.seconds.saturating_add(self.offset)
    }

    pub fn date(&self) -> Date {
        date(self.local().div_euclid(DAY))
    }

    /// Hour, minute, second.
    pub fn clock(&self) -> (u32, u32, u32) {
        let seconds = self.local().rem_euclid(DAY) as u32;
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    /// From Sunday, which is 0.
    pub fn weekday(&self) -> usize {
        (self.local().div_euclid(DAY) + 4).rem_euclid(7) as usize
    }

    pub fn year_day(&self) -> i64 {
        let Date { year, .. } = self.date();
        self.local().div_euclid(DAY) - days(Date { year, month: 1, day: 1 }) + 1
    }

    /// So many nanoseconds later.
    pub fn add(&self, nanoseconds: i64) -> Self {
        let total = i64::from(self.moment.nanoseconds) + nanoseconds % 1_000_000_000;
        let seconds = nanoseconds / 1_000_000_000 + total.div_euclid(1_000_000_000);
        let moment = Moment {
            seconds: self.moment.seconds.saturating_add(seconds),
            nanoseconds: total.rem_euclid(1_000_000_000) as u32,
        };
        Self { moment, ..self.clone() }
    }

    /// Nanoseconds since another moment, kept inside what a duration can hold.
    pub fn since(&self, other: Moment) -> i64 {
        let seconds = i128::from(self.moment.seconds) - i128::from(other.seconds);
        let nanoseconds = i128::from(self.moment.nanoseconds) - i128::from(other.nanoseconds);
        let total = seconds * 1_000_000_000 + nanoseconds;
        i64::try_from(total).unwrap_or(if total < 0 { i64::MIN } else { i64::MAX })
    }
}

/// `Duration.String`.
pub(super) fn duration_text(duration: i64) -> String {
    let size = duration.unsigned_abs();
    let sign = if duration < 0 { "-" } else { "" };
    let fraction = |value: u64, unit: u64| {
        let (whole, rest) = (value / unit, value % unit);
        let places = unit.ilog10() as usize;
        let digits = format!("{rest:0places$}");
        let digits = digits.trim_end_matches('0');
        if rest == 0 { whole.to_string() } else { format!("{whole}.{digits}") }
    };
    match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(size, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(size, 1_000_000)),
        _ => {
            let minutes = size / 60_000_000_000;
            let seconds = fraction(size % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// `time.ParseDuration`: the nanoseconds, or Go's message.
pub(super) fn parse_duration(text: &str) -> Result<i64, String> {
    let quoted = || {
        let mut out = Vec::new();
        crate::tmpl::text::quote(&mut out, text.as_bytes(), false);
        String::from_utf8_lossy(&out).into_owned()
    };
    let invalid = || format!("time: invalid duration {}", quoted());
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        let (number, mut after) = rest.split_at(whole);
        let mut decimals = "";
        if let Some(behind) = after.strip_prefix('.') {
            decimals = &behind[..digits(behind)];
            after = &behind[decimals.len()..];
        }
        if number.is_empty() && decimals.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|char: char| char == '.' || char.is_ascii_digit());
        let (unit, next) = after.split_at(end.unwrap_or(after.len()));
        let scale: u128 = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quoted())),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            unit => {
                return Err(format!("time: unknown unit \"{unit}\" in duration {}", quoted()));
            }
        };
        let number: u128 = if number.is_empty() {
            0
        } else {
            number.parse().ok().filter(|number| *number <= 1 << 63).ok_or_else(invalid)?
        };
        let fraction = format!("0.{decimals}").parse::<f64>().unwrap_or(0.0) * scale as f64;
        total += number * scale + fraction as u128;
        if total > 1 << 63 {
            return Err(invalid());
        }
        rest = next;
    }
    match (negative, i64::try_from(total)) {
        (true, Ok(total)) => Ok(-total),
        (true, Err(_)) => Ok(i64::MIN),
        (false, Ok(total)) => Ok(total),
        (false, Err(_)) => Err(invalid()),
    }
}
