//! Go's layouts (`2006-01-02T15:04:05Z07:00`): a time as text, and a text as time.

use super::go_time::{Date, GoTime, days};
use super::host::Moment;
use std::fmt::Write as _;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The parts of a layout, longer ones before those that they begin with.
const PARTS: &[&str] = &[
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "__2",
    "_2",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// A fraction of the second: `.000`, `,999`.
fn fraction(layout: &str) -> Option<&str> {
    let sign = layout.strip_prefix(['.', ','])?;
    let first = sign.chars().next().filter(|char| matches!(char, '0' | '9'))?;
    let length = sign.bytes().take_while(|byte| char::from(*byte) == first).count();
    let next = sign[length..].chars().next();
    (!next.is_some_and(|char| char.is_ascii_digit())).then(|| &layout[..length + 1])
}

/// The text before the next part, the part, and the rest of a layout.
fn next_part(layout: &str) -> (&str, &str, &str) {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        // `_2006` is a blank before a year.
        if rest.starts_with("_2006") {
            return (&layout[..at + 1], "2006", &rest[5..]);
        }
        let found = PARTS.iter().find(|part| {
            let lower = rest[part.len().min(rest.len())..].chars().next();
            rest.starts_with(**part)
                && !(matches!(**part, "Jan" | "Mon")
                    && lower.is_some_and(|c| c.is_ascii_lowercase()))
        });
        let found = found.copied().or_else(|| fraction(rest));
        if let Some(part) = found {
            return (&layout[..at], &rest[..part.len()], &rest[part.len()..]);
        }
    }
    (layout, "", "")
}

/// `Time.Format`.
pub(super) fn format(time: &GoTime, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    loop {
        let (before, part, after) = next_part(rest);
        out.push_str(before);
        if part.is_empty() {
            return out;
        }
        write_part(&mut out, time, part);
        rest = after;
    }
}

fn write_part(out: &mut String, time: &GoTime, part: &str) {
    let Date { year, month, day } = time.date();
    let (hour, minute, second) = time.clock();
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month_name = MONTHS[month as usize - 1];
    let day_name = DAYS[time.weekday()];
    // Writing to a text cannot fail.
    let _ = match part {
        "2006" => write!(out, "{}{:04}", if year < 0 { "-" } else { "" }, year.abs()),
        "06" => write!(out, "{:02}", year.rem_euclid(100)),
        "January" => write!(out, "{month_name}"),
        "Jan" => write!(out, "{}", &month_name[..3]),
        "01" => write!(out, "{month:02}"),
        "1" => write!(out, "{month}"),
        "Monday" => write!(out, "{day_name}"),
        "Mon" => write!(out, "{}", &day_name[..3]),
        "02" => write!(out, "{day:02}"),
        "_2" => write!(out, "{day:2}"),
        "2" => write!(out, "{day}"),
        "002" => write!(out, "{:03}", time.year_day()),
        "__2" => write!(out, "{:3}", time.year_day()),
        "15" => write!(out, "{hour:02}"),
        "03" => write!(out, "{half:02}"),
        "3" => write!(out, "{half}"),
        "04" => write!(out, "{minute:02}"),
        "4" => write!(out, "{minute}"),
        "05" => write!(out, "{second:02}"),
        "5" => write!(out, "{second}"),
        "PM" => write!(out, "{}", if hour < 12 { "AM" } else { "PM" }),
        "pm" => write!(out, "{}", if hour < 12 { "am" } else { "pm" }),
        "MST" if time.zone.is_empty() => {
            let sign = if time.offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (time.offset.abs() / 3600, time.offset.abs() / 60 % 60);
            write!(out, "{sign}{hours:02}").and_then(|()| match minutes {
                0 => Ok(()),
                minutes => write!(out, "{minutes:02}"),
            })
        }
        "MST" => write!(out, "{}", time.zone),
        part if part.starts_with(['.', ',']) => {
            let digits = format!("{:09}", time.moment.nanoseconds);
            let mut digits = digits.get(..part.len() - 1).unwrap_or(&digits);
            if part.as_bytes()[1] == b'9' {
                digits = digits.trim_end_matches('0');
            }
            if digits.is_empty() { Ok(()) } else { write!(out, "{}{digits}", &part[..1]) }
        }
        part => write_zone(out, time.offset, part),
    };
}

fn write_zone(out: &mut String, offset: i64, part: &str) -> std::fmt::Result {
    if part.starts_with('Z') && offset == 0 {
        return write!(out, "Z");
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let size = offset.abs();
    let (hours, minutes, seconds) = (size / 3600, size / 60 % 60, size % 60);
    match &part[1..] {
        "07:00:00" => write!(out, "{sign}{hours:02}:{minutes:02}:{seconds:02}"),
        "070000" => write!(out, "{sign}{hours:02}{minutes:02}{seconds:02}"),
        "07:00" => write!(out, "{sign}{hours:02}:{minutes:02}"),
        "0700" => write!(out, "{sign}{hours:02}{minutes:02}"),
        _ => write!(out, "{sign}{hours:02}"),
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    crate::tmpl::text::quote(&mut out, text.as_bytes(), false);
    String::from_utf8_lossy(&out).into_owned()
}

/// What was read so far.
struct Reading {
    year: i64,
    month: i64,
    day: i64,
    year_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    afternoon: Option<bool>,
    offset: Option<i64>,
    zone: String,
}

/// `time.ParseInLocation` with UTC as the location: the time, or Go's message.
pub(super) fn parse(layout: &str, text: &str) -> Result<GoTime, String> {
    let mut reading = Reading {
        year: 0,
        month: -1,
        day: -1,
        year_day: -1,
        hour: 0,
        minute: 0,
        second: 0,
        nanoseconds: 0,
        afternoon: None,
        offset: None,
        zone: String::new(),
    };
    let head = format!("parsing time {}", quoted(text));
    let (mut format, mut rest) = (layout, text);
    loop {
        let (before, part, after) = next_part(format);
        let unfit = |rest: &str, part: &str| {
            format!(
                "{head} as {}: cannot parse {} as {}",
                quoted(layout),
                quoted(rest),
                quoted(part)
            )
        };
        rest = skip(rest, before).ok_or_else(|| unfit(rest, before))?;
        if part.is_empty() {
            if !rest.is_empty() {
                return Err(format!("{head}: extra text: {}", quoted(rest)));
            }
            return reading.finish().map_err(|field| format!("{head}: {field} out of range"));
        }
        rest = match reading.part(part, rest, after) {
            Ok(rest) => rest,
            Err(Some(field)) => return Err(format!("{head}: {field} out of range")),
            Err(None) => return Err(unfit(rest, part)),
        };
        format = after;
    }
}

/// Text of the layout stands for itself; blanks match any number of blanks.
fn skip<'t>(mut text: &'t str, mut before: &str) -> Option<&'t str> {
    while let Some(char) = before.chars().next() {
        if char == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            before = before.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        text = text.strip_prefix(char)?;
        before = &before[char.len_utf8()..];
    }
    Some(text)
}

type Read<'t> = Result<&'t str, Option<&'static str>>;

/// One or two digits.
fn digits<'t>(text: &'t str, fixed: bool, into: &mut i64) -> Read<'t> {
    let have = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if have == 0 || (fixed && have < 2) {
        return Err(None);
    }
    *into = text[..have].parse().map_err(|_| None)?;
    Ok(&text[have..])
}

fn named<'t>(text: &'t str, names: &[&str], length: Option<usize>, into: &mut i64) -> Read<'t> {
    for (at, name) in names.iter().enumerate() {
        let name = length.map_or(*name, |length| &name[..length]);
        if text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            *into = at as i64 + 1;
            return Ok(&text[name.len()..]);
        }
    }
    Err(None)
}

impl Reading {
    fn part<'t>(&mut self, part: &str, text: &'t str, after: &str) -> Read<'t> {
        let mut ignored = 0;
        let (rest, legal, field) = match part {
            "2006" => {
                let year = text.get(..4).filter(|year| year.bytes().all(|b| b.is_ascii_digit()));
                self.year = year.and_then(|year| year.parse().ok()).ok_or(None)?;
                (&text[4..], true, "year")
            }
            "06" => {
                let rest = digits(text, true, &mut self.year)?;
                self.year += if self.year >= 69 { 1900 } else { 2000 };
                (rest, true, "year")
            }
            "January" => (named(text, &MONTHS, None, &mut self.month)?, true, "month"),
            "Jan" => (named(text, &MONTHS, Some(3), &mut self.month)?, true, "month"),
            "01" | "1" => {
                let rest = digits(text, part == "01", &mut self.month)?;
                (rest, (1..=12).contains(&self.month), "month")
            }
            "Monday" => (named(text, &DAYS, None, &mut ignored)?, true, "day"),
            "Mon" => (named(text, &DAYS, Some(3), &mut ignored)?, true, "day"),
            "02" | "2" | "_2" => {
                let text = if part == "_2" { text.strip_prefix(' ').unwrap_or(text) } else { text };
                (digits(text, part == "02", &mut self.day)?, true, "day")
            }
            "002" | "__2" => {
                let text = if part == "__2" { text.trim_start_matches(' ') } else { text };
                let have = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
                self.year_day = text[..have].parse().map_err(|_| None)?;
                (&text[have..], true, "day-of-year")
            }
            "15" => {
                let rest = digits(text, false, &mut self.hour)?;
                (rest, self.hour < 24, "hour")
            }
            "03" | "3" => {
                let rest = digits(text, part == "03", &mut self.hour)?;
                (rest, self.hour <= 12, "hour")
            }
            "04" | "4" => {
                let rest = digits(text, part == "04", &mut self.minute)?;
                (rest, self.minute < 60, "minute")
            }
            "05" | "5" => {
                let rest = digits(text, part == "05", &mut self.second)?;
                let rest = self.implied_fraction(rest, after);
                (rest, self.second < 60, "second")
            }
            "PM" | "pm" => {
                let half = text.get(..2).ok_or(None)?;
                let wanted = if part == "PM" { ["AM", "PM"] } else { ["am", "pm"] };
                let at = wanted.iter().position(|name| *name == half).ok_or(None)?;
                self.afternoon = Some(at == 1);
                (&text[2..], true, "")
            }
            "MST" => return self.zone_name(text),
            part if part.starts_with(['.', ',']) => return self.fraction(part, text),
            part => return self.offset(part, text),
        };
        if legal { Ok(rest) } else { Err(Some(field)) }
    }

    /// A fraction may follow the seconds even where the layout has none.
    fn implied_fraction<'t>(&mut self, rest: &'t str, after: &str) -> &'t str {
        let (before, next, _) = next_part(after);
        if before.is_empty() && next.starts_with(['.', ',']) {
            return rest;
        }
        let Some(digits) = rest.strip_prefix(['.', ',']) else { return rest };
        let have = digits.bytes().take_while(u8::is_ascii_digit).count();
        if have == 0 {
            return rest;
        }
        self.nanoseconds = nanoseconds(&digits[..have]);
        &digits[have..]
    }

    fn fraction<'t>(&mut self, part: &str, text: &'t str) -> Read<'t> {
        let Some(digits) = text.strip_prefix(['.', ',']) else {
            return if part.as_bytes()[1] == b'9' { Ok(text) } else { Err(None) };
        };
        let have = digits.bytes().take_while(u8::is_ascii_digit).count();
        let wanted = part.len() - 1;
        let fixed = part.as_bytes()[1] == b'0';
        if fixed && have < wanted || have == 0 {
            return Err(None);
        }
        let take = if fixed { wanted } else { have };
        self.nanoseconds = nanoseconds(&digits[..take]);
        Ok(&digits[take..])
    }

    fn zone_name<'t>(&mut self, text: &'t str) -> Read<'t> {
        let capitals = text.bytes().take_while(u8::is_ascii_uppercase).count();
        if !(3..=5).contains(&capitals) {
            return Err(None);
        }
        self.zone = text[..capitals].to_owned();
        self.offset.get_or_insert(0);
        Ok(&text[capitals..])
    }

    fn offset<'t>(&mut self, part: &str, text: &'t str) -> Read<'t> {
        if part.starts_with('Z') && text.starts_with('Z') {
            self.offset = Some(0);
            self.zone = "UTC".to_owned();
            return Ok(&text[1..]);
        }
        let sign = match text.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(None),
        };
        let form = &part[1..];
        let shown = text.get(1..1 + form.len()).ok_or(None)?;
        let (mut value, mut scale) = (0, 3600);
        let (mut at, bytes) = (0, shown.as_bytes());
        while at < form.len() {
            if form.as_bytes()[at] == b':' {
                if bytes[at] != b':' {
                    return Err(None);
                }
                at += 1;
                continue;
            }
            let two = shown.get(at..at + 2).filter(|two| two.bytes().all(|b| b.is_ascii_digit()));
            let number: i64 = two.and_then(|two| two.parse().ok()).ok_or(None)?;
            if number > if scale == 3600 { 24 } else { 60 } {
                return Err(Some("time zone offset"));
            }
            value += number * scale;
            scale /= 60;
            at += 2;
        }
        self.offset = Some(sign * value);
        if self.offset == Some(0) {
            self.zone = "UTC".to_owned();
        }
        Ok(&text[1 + form.len()..])
    }

    fn finish(mut self) -> Result<GoTime, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let start = Date { year: self.year, month: 1, day: 1 };
        let day = if self.year_day >= 0 {
            if !(1..=365 + i64::from(leap)).contains(&self.year_day) {
                return Err("day-of-year");
            }
            days(start) + self.year_day - 1
        } else {
            let month = if self.month < 0 { 1 } else { self.month };
            let day = if self.day < 0 { 1 } else { self.day };
            let most = match month {
                4 | 6 | 9 | 11 => 30,
                2 => 28 + i64::from(leap),
                _ => 31,
            };
            if !(1..=most).contains(&day) {
                return Err("day");
            }
            days(Date { month: month as u32, day: day as u32, ..start })
        };
        let offset = self.offset.unwrap_or(0);
        let seconds = day * 86_400 + self.hour * 3600 + self.minute * 60 + self.second - offset;
        let zone = if self.offset.is_none() { "UTC".to_owned() } else { self.zone };
        let moment = Moment { seconds, nanoseconds: self.nanoseconds };
        Ok(GoTime { moment, offset, zone })
    }
}

fn nanoseconds(digits: &str) -> u32 {
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().unwrap_or(0)
}
