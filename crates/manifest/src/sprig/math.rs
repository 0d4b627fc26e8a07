//! Numbers: conversions, arithmetic, ranges, rounding.

use super::args::{A, I, Result, S, int, printed, string, text};
use super::cast::{parse_int, to_float, to_int};
use super::decimal::Decimal;
use crate::limits::SEQUENCE_ITEMS_MAX;
use crate::tmpl::{Call, CallError, Function, List, Type, Value};
use std::rc::Rc;

const I64: Type = Type::Int64;
const F64: Type = Type::Float;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("atoi", &[S], I, |_, args| {
        let number = std::str::from_utf8(text(&args[0])).ok().map_or(0, atoi);
        Ok(Value::Int(number))
    }),
    Function::new("int64", &[A], I64, |_, args| Ok(Value::Int64(to_int(&args[0])))),
    Function::new("int", &[A], I, |_, args| Ok(Value::Int(to_int(&args[0])))),
    Function::new("float64", &[A], F64, |_, args| Ok(Value::Float(to_float(&args[0])))),
    Function::new("toDecimal", &[A], I64, to_decimal),
    Function::new("add1", &[A], I64, |_, args| Ok(Value::Int64(to_int(&args[0]).wrapping_add(1)))),
    Function::variadic("add", &[], A, I64, |_, args| {
        Ok(Value::Int64(args.iter().map(to_int).fold(0, i64::wrapping_add)))
    }),
    Function::new("sub", &[A, A], I64, |_, args| {
        Ok(Value::Int64(to_int(&args[0]).wrapping_sub(to_int(&args[1]))))
    }),
    Function::new("div", &[A, A], I64, |_, args| divided(args, i64::wrapping_div)),
    Function::new("mod", &[A, A], I64, |_, args| divided(args, i64::wrapping_rem)),
    Function::variadic("mul", &[A], A, I64, |_, args| {
        Ok(Value::Int64(args.iter().map(to_int).fold(1, i64::wrapping_mul)))
    }),
    Function::new("add1f", &[A], F64, |_, args| {
        decimal(&args[0], &[Value::Int(1)], |one, other| Some(one.add(other)))
    }),
    Function::variadic("addf", &[], A, F64, |_, args| {
        decimal(&Value::Float(0.0), args, |one, other| Some(one.add(other)))
    }),
    Function::variadic("subf", &[A], A, F64, |_, args| {
        decimal(&args[0], &args[1..], |one, other| Some(one.sub(other)))
    }),
    Function::variadic("divf", &[A], A, F64, |_, args| decimal(&args[0], &args[1..], Decimal::div)),
    Function::variadic("mulf", &[A], A, F64, |_, args| {
        decimal(&args[0], &args[1..], |one, other| Some(one.mul(other)))
    }),
    Function::variadic("biggest", &[A], A, I64, largest),
    Function::variadic("max", &[A], A, I64, largest),
    Function::variadic("min", &[A], A, I64, |_, args| {
        Ok(Value::Int64(args.iter().map(to_int).min().unwrap_or(0)))
    }),
    Function::variadic("maxf", &[A], A, F64, |_, args| Ok(Value::Float(extreme(args, true)))),
    Function::variadic("minf", &[A], A, F64, |_, args| Ok(Value::Float(extreme(args, false)))),
    Function::new("ceil", &[A], F64, |_, args| Ok(Value::Float(to_float(&args[0]).ceil()))),
    Function::new("floor", &[A], F64, |_, args| Ok(Value::Float(to_float(&args[0]).floor()))),
    Function::variadic("round", &[A, I], F64, F64, round),
    Function::new("until", &[I], Type::LIST_INT, |_, args| {
        let count = int(&args[0]);
        ints(&until_step(0, count, if count < 0 { -1 } else { 1 })?)
    }),
    Function::new("untilStep", &[I, I, I], Type::LIST_INT, |_, args| {
        ints(&until_step(int(&args[0]), int(&args[1]), int(&args[2]))?)
    }),
    Function::variadic("seq", &[], I, S, seq),
];

/// `strconv.Atoi`, whose value is used even where it fails: too large is the largest.
fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let edge = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    parse_int(text, 10).unwrap_or(edge)
}

fn to_decimal(_: &mut Call<'_>, args: &[Value]) -> Result {
    let text = printed(&args[0]);
    let number = std::str::from_utf8(&text).ok().and_then(|text| parse_int(text, 8));
    Ok(Value::Int64(number.unwrap_or(0)))
}

fn divided(args: &[Value], by: fn(i64, i64) -> i64) -> Result {
    match to_int(&args[1]) {
        0 => Err(CallError::new("runtime error: integer divide by zero")),
        divisor => Ok(Value::Int64(by(to_int(&args[0]), divisor))),
    }
}

fn decimal(
    first: &Value,
    rest: &[Value],
    step: fn(&Decimal, &Decimal) -> Option<Decimal>,
) -> Result {
    let read = |value: &Value| match to_float(value) {
        number if number.is_finite() => Ok(Decimal::new(number)),
        number => {
            let number = printed(&Value::Float(number));
            let message = format!("Cannot create a Decimal from {}", number.text());
            Err(CallError::new(message))
        }
    };
    let mut result = read(first)?;
    for value in rest {
        let stepped = step(&result, &read(value)?);
        result = stepped.ok_or_else(|| CallError::new("decimal division by 0"))?;
    }
    Ok(Value::Float(result.to_float()))
}

fn largest(_: &mut Call<'_>, args: &[Value]) -> Result {
    Ok(Value::Int64(args.iter().map(to_int).max().unwrap_or(0)))
}

/// `math.Max` and `math.Min`, which give no number once they met one.
fn extreme(args: &[Value], most: bool) -> f64 {
    let mut found = to_float(&args[0]);
    for value in args[1..].iter().map(to_float) {
        found = match (found.is_nan() || value.is_nan(), most) {
            (true, _) => f64::NAN,
            (false, true) => found.max(value),
            (false, false) => found.min(value),
        };
    }
    found
}

fn round(_: &mut Call<'_>, args: &[Value]) -> Result {
    let on = args.get(2).map_or(0.5, to_float);
    let power = 10_f64.powf(int(&args[1]) as f64);
    let digit = power * to_float(&args[0]);
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

fn until_step(start: i64, stop: i64, step: i64) -> std::result::Result<Vec<i64>, CallError> {
    let down = stop < start;
    if (down && step >= 0) || (!down && step <= 0) {
        return Ok(Vec::new());
    }
    let width = start.abs_diff(stop);
    if width.div_ceil(step.unsigned_abs()) > SEQUENCE_ITEMS_MAX as u64 {
        let message = format!("a sequence has at most {SEQUENCE_ITEMS_MAX} elements");
        return Err(CallError::new(message));
    }
    let mut out = Vec::new();
    let mut at = start;
    while if down { at > stop } else { at < stop } {
        out.push(at);
        at = at.saturating_add(step);
    }
    Ok(out)
}

fn ints(numbers: &[i64]) -> Result {
    let items = numbers.iter().map(|number| Value::Int(*number)).collect();
    Ok(Value::List(Rc::new(List::of(Type::LIST_INT, items))))
}

fn seq(_: &mut Call<'_>, args: &[Value]) -> Result {
    let numbers: Vec<i64> = args.iter().map(int).collect();
    let (start, step, end) = match numbers[..] {
        [end] => (1, if end < 1 { -1 } else { 1 }, end),
        [start, end] => (start, if end < start { -1 } else { 1 }, end),
        [start, step, end] if end < start && step > 0 => return string(""),
        [start, step, end] => (start, step, end),
        _ => return string(""),
    };
    let past = end.wrapping_add(if end < start { -1 } else { 1 });
    let words: Vec<String> =
        until_step(start, past, step)?.iter().map(ToString::to_string).collect();
    string(words.join(" "))
}
