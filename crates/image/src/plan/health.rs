//! HEALTHCHECK: kept in the configuration as Docker does; Kubernetes has probes of its own.

use super::{command, stage::Reader};
use crate::{
    codes,
    dockerfile::{Arguments, Instruction, Word},
};
use bowline_oci::Healthcheck;

/// The health check that `instruction` describes; `None` when it is refused.
pub(super) fn check(instruction: &Instruction, reader: &mut Reader<'_, '_>) -> Option<Healthcheck> {
    let mut health = Healthcheck::default();
    for flag in &instruction.flags {
        let (name, value) = flag.text.split_once('=').unwrap_or((&flag.text, ""));
        let value = reader.expand(instruction, flag, value)?;
        let nanoseconds = nanoseconds(&value);
        let field = match name {
            "--interval" => &mut health.interval,
            "--timeout" => &mut health.timeout,
            "--start-period" => &mut health.start_period,
            "--start-interval" => &mut health.start_interval,
            "--retries" => {
                health.retries = value.parse().ok().or_else(|| wrong(instruction, flag, reader))?;
                continue;
            }
            _ => return wrong(instruction, flag, reader),
        };
        *field = nanoseconds.or_else(|| wrong(instruction, flag, reader))?;
    }
    let (kind, arguments) = match &instruction.arguments {
        Arguments::Health(kind, arguments) => (kind.text.to_ascii_uppercase(), arguments),
        _ => (String::new(), &Box::new(Arguments::Empty)),
    };
    match (kind.as_str(), &**arguments) {
        ("NONE", Arguments::Empty) => health.test = vec!["NONE".to_owned()],
        ("CMD", Arguments::Json(items)) if !items.is_empty() => {
            health.test = vec!["CMD".to_owned()];
            health.test.extend(items.iter().cloned());
        }
        ("CMD", text @ Arguments::Text(_)) => {
            let text = command::form(text, &["CMD-SHELL".to_owned()]);
            health.test = text;
        }
        _ => {
            let message = "HEALTHCHECK takes `NONE`, or `CMD` with a command";
            reader.problems.instruction(&codes::SYNTAX, instruction, message, "");
            return None;
        }
    }
    Some(health)
}

fn wrong<T>(instruction: &Instruction, flag: &Word, reader: &mut Reader<'_, '_>) -> Option<T> {
    let message = format!("`{}` is no flag of HEALTHCHECK that can be read", flag.text);
    let help = "write it as `--interval=30s`, `--retries=3`";
    reader.problems.word(&codes::SYNTAX, instruction, flag, message, help);
    None
}

/// Go's durations: `1m30s`, `1.5h`, `500ms`, `0`.
fn nanoseconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut total, mut rest) = (0.0_f64, text);
    while !rest.is_empty() {
        let digits =
            rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let units = [
            ("ns", 1.0),
            ("us", 1e3),
            ("µs", 1e3),
            ("ms", 1e6),
            ("s", 1e9),
            ("m", 6e10),
            ("h", 3.6e12),
        ];
        let (unit, factor) = units.iter().find(|(unit, _)| {
            let after = rest.strip_prefix(unit);
            after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphabetic()))
        })?;
        total += number * factor;
        rest = &rest[unit.len()..];
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    (!text.is_empty() && total < 1e18).then_some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn durations_read_as_in_go() {
        for (text, expected) in [
            ("30s", Some(30_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("500ms", Some(500_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("30", None),
            ("", None),
            ("-1s", None),
            ("1x", None),
        ] {
            assert_eq!(nanoseconds(text), expected, "{text}");
        }
    }
}
