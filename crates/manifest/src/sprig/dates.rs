//! Dates, times and durations.

use super::args::{A, Result, S, string, text, utf8};
use super::go_layout::{format, parse};
use super::go_time::{GoTime, ZERO, duration_text, parse_duration};
use super::host::{Moment, host};
use crate::tmpl::{
    Call, CallError, Function, Member, Method, Object, ObjectJson, Str, Takes, Type, Value,
};
use std::rc::Rc;

const T: Type = Type::Object("time.Time");
const I: Type = Type::Int;
const HTML: &str = "2006-01-02";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("now", &[], T, |call, _| Ok(object(GoTime::utc(host(call)?.now)))),
    Function::new("ago", &[A], S, ago),
    Function::new("date", &[S, A], S, |call, args| dated(call, &args[0], &args[1], "Local")),
    Function::new("date_in_zone", &[S, A, S], S, in_zone),
    Function::new("dateInZone", &[S, A, S], S, in_zone),
    Function::new("htmlDate", &[A], S, |call, args| {
        dated(call, &Value::str(HTML), &args[0], "Local")
    }),
    Function::new("htmlDateInZone", &[A, S], S, |call, args| {
        dated(call, &Value::str(HTML), &args[0], &utf8(&args[1]))
    }),
    Function::new("date_modify", &[S, T], T, modify),
    Function::new("dateModify", &[S, T], T, modify),
    Function::new("must_date_modify", &[S, T], T, must_modify),
    Function::new("mustDateModify", &[S, T], T, must_modify),
    Function::new("toDate", &[S, S], T, |_, args| {
        let time = parse(&utf8(&args[0]), &utf8(&args[1]));
        Ok(object(time.unwrap_or_else(|_| GoTime::utc(ZERO))))
    }),
    Function::new("mustToDate", &[S, S], T, |_, args| {
        Ok(object(parse(&utf8(&args[0]), &utf8(&args[1])).map_err(CallError::new)?))
    }),
    Function::new("unixEpoch", &[T], S, |_, args| {
        string(time(&args[0])?.moment.seconds.to_string())
    }),
    Function::new("duration", &[A], S, |_, args| {
        let seconds = match &args[0] {
            Value::Str(_) => parse_clamped(&utf8(&args[0])),
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        string(duration_text(seconds.wrapping_mul(1_000_000_000)))
    }),
    Function::new("durationRound", &[A], S, round),
];

/// `strconv.ParseInt`, whose value is used even where it fails.
fn parse_clamped(text: &str) -> i64 {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

struct Time(GoTime);

fn object(time: GoTime) -> Value {
    Value::Object(Rc::new(Time(time)))
}

/// A time of a TOML document.
pub(super) fn from_toml(text: &str) -> Value {
    let layouts = ["2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02", "15:04:05"];
    let time = layouts.iter().find_map(|layout| parse(layout, text).ok());
    time.map_or_else(|| Value::str(text), object)
}

fn known(value: &Value) -> Option<&GoTime> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref::<Time>().map(|time| &time.0),
        _ => None,
    }
}

fn time(value: &Value) -> std::result::Result<&GoTime, CallError> {
    known(value).ok_or_else(|| CallError::new("no time"))
}

fn epoch(seconds: i64) -> GoTime {
    GoTime::utc(Moment { seconds, nanoseconds: 0 })
}

/// What sprig takes for a date; anything else is now.
fn date_of(call: &mut Call<'_>, value: &Value) -> std::result::Result<GoTime, CallError> {
    Ok(match (known(value), value) {
        (Some(time), _) => time.clone(),
        (_, Value::Int(seconds) | Value::Int64(seconds)) => epoch(*seconds),
        (_, Value::Int32(seconds)) => epoch(i64::from(*seconds)),
        _ => GoTime::utc(host(call)?.now),
    })
}

fn dated(call: &mut Call<'_>, layout: &Value, date: &Value, zone: &str) -> Result {
    string(format(&date_of(call, date)?.in_zone(zone), &utf8(layout)))
}

fn in_zone(call: &mut Call<'_>, args: &[Value]) -> Result {
    dated(call, &args[0], &args[1], &utf8(&args[2]))
}

fn modify(_: &mut Call<'_>, args: &[Value]) -> Result {
    match parse_duration(&utf8(&args[0])) {
        Ok(duration) => Ok(object(time(&args[1])?.add(duration))),
        Err(_) => Ok(args[1].clone()),
    }
}

fn must_modify(_: &mut Call<'_>, args: &[Value]) -> Result {
    let duration = parse_duration(&utf8(&args[0])).map_err(CallError::new)?;
    Ok(object(time(&args[1])?.add(duration)))
}

fn ago(call: &mut Call<'_>, args: &[Value]) -> Result {
    let then = match args[0] {
        // sprig forgets int32 here.
        Value::Int32(_) => GoTime::utc(host(call)?.now),
        _ => date_of(call, &args[0])?,
    };
    let since = GoTime::utc(host(call)?.now).since(then.moment);
    const SECOND: i64 = 1_000_000_000;
    let half = if since < 0 { -SECOND / 2 } else { SECOND / 2 };
    let rounded = since.checked_add(half).map_or(since, |since| since / SECOND * SECOND);
    string(duration_text(rounded))
}

fn round(call: &mut Call<'_>, args: &[Value]) -> Result {
    let duration = match &args[0] {
        Value::Str(_) => parse_duration(&String::from_utf8_lossy(text(&args[0]))).unwrap_or(0),
        Value::Int64(nanoseconds) => *nanoseconds,
        value => match known(value) {
            Some(time) => GoTime::utc(host(call)?.now).since(time.moment),
            None => 0,
        },
    };
    const UNITS: &[(u64, &str)] = &[
        (8_760 * 3_600_000_000_000, "y"),
        (720 * 3_600_000_000_000, "mo"),
        (24 * 3_600_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
    ];
    let size = duration.unsigned_abs();
    let unit = UNITS.iter().find(|(unit, _)| size > *unit);
    string(unit.map_or("0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit)))
}

const NONE: Takes = Takes { fixed: &[], rest: None };

macro_rules! method {
    ($takes:expr, $gives:expr, $body:expr) => {{
        static METHOD: Method = Method { takes: $takes, gives: $gives, body: $body };
        Some(Member::Method(&METHOD))
    }};
}

fn of(object: &Rc<dyn Object>) -> std::result::Result<&GoTime, CallError> {
    let time = object.as_any().downcast_ref::<Time>();
    time.map(|time| &time.0).ok_or_else(|| CallError::new("no time"))
}

fn compared(object: &Rc<dyn Object>, args: &[Value]) -> std::result::Result<i64, CallError> {
    Ok(of(object)?.moment.cmp(&time(&args[0])?.moment) as i64)
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        const ONE: Takes = Takes { fixed: &[T], rest: None };
        const LAYOUT: Takes = Takes { fixed: &[S], rest: None };
        const DATE: Takes = Takes { fixed: &[I, I, I], rest: None };
        const B: Type = Type::Bool;
        match name {
            b"Format" => method!(LAYOUT, S, |object, _, args| {
                string(format(of(object)?, &utf8(&args[0])))
            }),
            b"String" => method!(NONE, S, |object, _, _| string(shown(of(object)?))),
            b"Unix" => method!(NONE, Type::Int64, |object, _, _| {
                Ok(Value::Int64(of(object)?.moment.seconds))
            }),
            b"UnixNano" => method!(NONE, Type::Int64, |object, _, _| {
                let moment = of(object)?.moment;
                let whole = moment.seconds.wrapping_mul(1_000_000_000);
                Ok(Value::Int64(whole.wrapping_add(i64::from(moment.nanoseconds))))
            }),
            b"UnixMilli" => method!(NONE, Type::Int64, |object, _, _| {
                let moment = of(object)?.moment;
                let whole = moment.seconds.wrapping_mul(1_000);
                Ok(Value::Int64(whole + i64::from(moment.nanoseconds / 1_000_000)))
            }),
            b"Year" => method!(NONE, I, |object, _, _| Ok(Value::Int(of(object)?.date().year))),
            b"Day" => {
                method!(NONE, I, |object, _, _| Ok(Value::Int(of(object)?.date().day.into())))
            }
            b"YearDay" => {
                method!(NONE, I, |object, _, _| Ok(Value::Int(of(object)?.year_day())))
            }
            b"Hour" => {
                method!(NONE, I, |object, _, _| Ok(Value::Int(of(object)?.clock().0.into())))
            }
            b"Minute" => {
                method!(NONE, I, |object, _, _| Ok(Value::Int(of(object)?.clock().1.into())))
            }
            b"Second" => {
                method!(NONE, I, |object, _, _| Ok(Value::Int(of(object)?.clock().2.into())))
            }
            b"Nanosecond" => method!(NONE, I, |object, _, _| {
                Ok(Value::Int(of(object)?.moment.nanoseconds.into()))
            }),
            b"UTC" | b"Local" => {
                method!(NONE, T, |object, _, _| Ok(self::object(of(object)?.in_zone("UTC"))))
            }
            b"AddDate" => method!(DATE, T, |object, _, args| {
                Ok(self::object(add_date(of(object)?, args)))
            }),
            b"IsZero" => {
                method!(NONE, B, |object, _, _| Ok(Value::Bool(of(object)?.moment == ZERO)))
            }
            b"Before" => {
                method!(ONE, B, |object, _, args| Ok(Value::Bool(compared(object, args)? < 0)))
            }
            b"After" => {
                method!(ONE, B, |object, _, args| Ok(Value::Bool(compared(object, args)? > 0)))
            }
            b"Equal" => {
                method!(ONE, B, |object, _, args| Ok(Value::Bool(compared(object, args)? == 0)))
            }
            _ => None,
        }
    }

    fn text(&self) -> Option<Str> {
        Some(Str::from(shown(&self.0)))
    }

    fn json(&self) -> ObjectJson {
        let layout = "2006-01-02T15:04:05.999999999Z07:00";
        ObjectJson::Text(Str::from(format(&self.0, layout)))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let moment = self.0.moment;
        vec![
            ("wall", Value::Uint64(moment.nanoseconds.into())),
            ("ext", Value::Int64(moment.seconds)),
            ("loc", Value::str(self.0.zone.as_str())),
        ]
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn shown(time: &GoTime) -> String {
    format(time, "2006-01-02 15:04:05.999999999 -0700 MST")
}

fn add_date(time: &GoTime, args: &[Value]) -> GoTime {
    use super::go_time::{Date, days};
    let number = |at: usize| super::args::int(&args[at]).clamp(-1_000_000, 1_000_000);
    let Date { year, month, day } = time.date();
    let months = i64::from(month) - 1 + number(1);
    let year = year + number(0) + months.div_euclid(12);
    let first = Date { year, month: months.rem_euclid(12) as u32 + 1, day: 1 };
    let moved = days(first) + i64::from(day) - 1 + number(2) - days(time.date());
    let seconds = time.moment.seconds + moved * 86_400;
    GoTime { moment: Moment { seconds, ..time.moment }, ..time.clone() }
}
