//! Go's `fmt`: `print`, `println` and `printf` with every verb, flag and `%!` text.

use super::fmt_verbs::Format;
use super::quote;
use super::value::{Object, Shape, Value};
use crate::limits::VALUE_DEPTH_MAX;
use std::rc::Rc;

/// The largest width or precision that Go accepts.
const LARGE: i64 = 1_000_000;

/// `fmt.Sprint`: a space between two operands of which neither is a string.
pub fn print(out: &mut Vec<u8>, args: &[Value]) {
    let mut printer = Printer::new(out);
    let mut after_string = true;
    for arg in args {
        let string = matches!(arg, Value::Str(_));
        if !string && !after_string {
            printer.format.out.push(b' ');
        }
        printer.arg(arg, 'v');
        after_string = string;
    }
}

/// `fmt.Sprintln`.
pub fn println(out: &mut Vec<u8>, args: &[Value]) {
    let mut printer = Printer::new(out);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.format.out.push(b' ');
        }
        printer.arg(arg, 'v');
    }
    out.push(b'\n');
}

/// `fmt.Sprintf`.
pub fn printf(out: &mut Vec<u8>, format: &[u8], args: &[Value]) {
    let mut printer = Printer::new(out);
    Directives { format, args, at: 0, arg: 0, after_index: false, reordered: false, good: true }
        .run(&mut printer);
}

/// `%v` of one value.
pub fn verb_v(out: &mut Vec<u8>, value: &Value) {
    Printer::new(out).arg(value, 'v');
}

/// `%#v` of one value.
pub(crate) fn verb_v_sharp(out: &mut Vec<u8>, value: &Value) {
    let mut printer = Printer::new(out);
    printer.format.flags.sharp_v = true;
    printer.arg(value, 'v');
}

/// `%v` as a text for messages.
pub(crate) fn text(value: &Value) -> String {
    let mut out = Vec::new();
    verb_v(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// `%s` as a text for messages.
pub(crate) fn text_s(value: &Value) -> String {
    let mut out = Vec::new();
    Printer::new(&mut out).arg(value, 's');
    String::from_utf8_lossy(&out).into_owned()
}

struct Printer<'o> {
    format: Format<'o>,
    erroring: bool,
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        Self { format: Format::new(out), erroring: false }
    }

    fn push(&mut self, text: &str) {
        self.format.out.extend_from_slice(text.as_bytes());
    }

    fn bad_verb(&mut self, verb: char, value: Option<&Value>, depth: usize) {
        self.erroring = true;
        self.push("%!");
        quote::push_char(self.format.out, verb);
        self.push("(");
        match value {
            None => self.push("<nil>"),
            Some(value) => {
                self.push(&value.type_name());
                self.push("=");
                self.value(value, 'v', depth);
            }
        }
        self.push(")");
        self.erroring = false;
    }

    /// One operand at the top.
    fn arg(&mut self, value: &Value, verb: char) {
        if value.is_nothing() {
            return match verb {
                'T' | 'v' => self.format.pad(b"<nil>"),
                _ => self.bad_verb(verb, None, 0),
            };
        }
        match verb {
            'T' => self.format.string(value.type_name().as_bytes()),
            // Addresses are never the same twice: no template that is compared prints them.
            'p' if pointer_like(value) => self.push("0xc000000000"),
            'p' => self.bad_verb(verb, Some(value), 0),
            'w' if !matches!(value, Value::Bytes(_)) => self.bad_verb(verb, Some(value), 0),
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > VALUE_DEPTH_MAX {
            return self.push("...");
        }
        match value {
            Value::NoValue | Value::Nil if self.format.flags.sharp_v => {
                self.push("interface {}(nil)");
            }
            // Inside a list or map it is an interface that holds nothing, whatever the verb.
            Value::NoValue | Value::Nil => self.push("<nil>"),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.format.pad(if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(verb, Some(value), depth),
            },
            Value::Int(number) | Value::Int64(number) => {
                self.integer(value, number.unsigned_abs(), *number < 0, true, verb, depth);
            }
            Value::Int32(number) => {
                let (magnitude, negative) = (u64::from(number.unsigned_abs()), *number < 0);
                self.integer(value, magnitude, negative, true, verb, depth);
            }
            Value::Uint8(number) => {
                self.integer(value, u64::from(*number), false, false, verb, depth);
            }
            Value::Uint64(number) => self.integer(value, *number, false, false, verb, depth),
            Value::Float(number) => self.float(value, *number, verb, depth),
            Value::Str(text) => match verb {
                'v' if self.format.flags.sharp_v => self.format.quoted(text),
                'v' | 's' => self.format.string(text),
                'x' | 'X' => self.format.hex_bytes(text, verb == 'X'),
                'q' => self.format.quoted(text),
                _ => self.bad_verb(verb, Some(value), depth),
            },
            Value::Bytes(bytes) => self.bytes(bytes, verb, depth),
            Value::List(list) => {
                self.items(&list.typ.name(), list.items(), verb, depth);
            }
            Value::Map(map) => self.entries(&map.typ.name(), &map.snapshot(), verb, depth),
            Value::Object(object) => self.object(object, verb, depth),
        }
    }

    fn integer(
        &mut self,
        value: &Value,
        magnitude: u64,
        negative: bool,
        signed: bool,
        verb: char,
        depth: usize,
    ) {
        let format = &mut self.format;
        // Characters and code points see the bits.
        let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
        match verb {
            'v' if format.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut format.flags.sharp, true);
                format.integer(magnitude, false, 16, 'v', false);
                format.flags.sharp = sharp;
            }
            'v' | 'd' => format.integer(magnitude, negative, 10, verb, false),
            'b' => format.integer(magnitude, negative, 2, verb, false),
            'o' | 'O' => format.integer(magnitude, negative, 8, verb, false),
            'x' => format.integer(magnitude, negative, 16, verb, false),
            'X' => format.integer(magnitude, negative, 16, verb, true),
            'c' => format.character(bits),
            'q' => format.quoted_character(bits),
            'U' => format.code_point(bits),
            _ => self.bad_verb(verb, Some(value), depth),
        }
    }

    fn float(&mut self, value: &Value, number: f64, verb: char, depth: usize) {
        match verb {
            'v' => self.format.float(number, b'g', None),
            'b' => self.format.float(number, b'b', None),
            'g' => self.format.float(number, b'g', None),
            'G' => self.format.float(number, b'G', None),
            'x' => self.format.float(number, b'x', None),
            'X' => self.format.float(number, b'X', None),
            'f' | 'F' => self.format.float(number, b'f', Some(6)),
            'e' => self.format.float(number, b'e', Some(6)),
            'E' => self.format.float(number, b'E', Some(6)),
            _ => self.bad_verb(verb, Some(value), depth),
        }
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, depth: usize) {
        match verb {
            's' => return self.format.string(bytes),
            'x' | 'X' => return self.format.hex_bytes(bytes, verb == 'X'),
            'q' => return self.format.quoted(bytes),
            _ => {}
        }
        let sharp_v = self.format.flags.sharp_v;
        // Go calls it `[]byte` only where it stands alone.
        let name = if depth == 0 && matches!(verb, 'v' | 'd') { "[]byte" } else { "[]uint8" };
        self.push(if sharp_v { name } else { "[" });
        self.push(if sharp_v { "{" } else { "" });
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                self.push(if sharp_v { ", " } else { " " });
            }
            self.value(&Value::Uint8(*byte), verb, depth + 1);
        }
        self.push(if sharp_v { "}" } else { "]" });
    }

    fn items(&mut self, name: &str, items: &[Value], verb: char, depth: usize) {
        let sharp_v = self.format.flags.sharp_v;
        self.push(if sharp_v { name } else { "[" });
        self.push(if sharp_v { "{" } else { "" });
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(if sharp_v { ", " } else { " " });
            }
            super::deep(|| self.value(item, verb, depth + 1));
        }
        self.push(if sharp_v { "}" } else { "]" });
    }

    fn entries(&mut self, name: &str, entries: &[(super::Str, Value)], verb: char, depth: usize) {
        let sharp_v = self.format.flags.sharp_v;
        self.push(if sharp_v { name } else { "map" });
        self.push(if sharp_v { "{" } else { "[" });
        for (index, (key, item)) in entries.iter().enumerate() {
            if index > 0 {
                self.push(if sharp_v { ", " } else { " " });
            }
            self.value(&Value::Str(key.clone()), verb, depth + 1);
            self.push(":");
            super::deep(|| self.value(item, verb, depth + 1));
        }
        self.push(if sharp_v { "}" } else { "]" });
    }

    fn fields(&mut self, object: &Rc<dyn Object>, verb: char, depth: usize) {
        let flags = self.format.flags;
        if flags.sharp_v {
            self.push(object.type_name().trim_start_matches('*'));
        }
        self.push("{");
        for (index, (name, value)) in object.fields().iter().enumerate() {
            if index > 0 {
                self.push(if flags.sharp_v { ", " } else { " " });
            }
            if flags.plus_v || flags.sharp_v {
                self.push(name);
                self.push(":");
            }
            super::deep(|| self.value(value, verb, depth + 1));
        }
        self.push("}");
    }

    fn object(&mut self, object: &Rc<dyn Object>, verb: char, depth: usize) {
        if !self.erroring
            && !self.format.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.text()
        {
            return self.value(&Value::Str(text), verb, depth);
        }
        match object.shape() {
            Shape::List(list) => self.items(object.type_name(), list.items(), verb, depth),
            Shape::Map(map) => self.entries(object.type_name(), &map.snapshot(), verb, depth),
            Shape::NilPointer => self.format.pad(b"<nil>"),
            Shape::Struct if object.type_name().starts_with('*') && depth > 0 => {
                // An address: never the same twice.
                self.push("0xc000000000");
            }
            Shape::Struct => {
                self.push(if object.type_name().starts_with('*') { "&" } else { "" });
                self.fields(object, verb, depth);
            }
        }
    }
}

/// What is behind a pointer, as a text for messages.
pub(crate) fn text_of_pointee(value: &Value) -> String {
    let mut out = Vec::new();
    match value {
        Value::Object(object)
            if matches!(object.shape(), Shape::Struct) && object.text().is_none() =>
        {
            Printer::new(&mut out).fields(object, 'v', 0);
        }
        _ => verb_v(&mut out, value),
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn pointer_like(value: &Value) -> bool {
    matches!(value, Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Object(_))
}

/// The walk over a format.
struct Directives<'a> {
    format: &'a [u8],
    args: &'a [Value],
    at: usize,
    arg: usize,
    after_index: bool,
    reordered: bool,
    good: bool,
}

impl Directives<'_> {
    fn run(&mut self, printer: &mut Printer<'_>) {
        while self.at < self.format.len() {
            self.good = true;
            let rest = &self.format[self.at..];
            let text = memchr::memchr(b'%', rest).unwrap_or(rest.len());
            printer.format.out.extend_from_slice(&rest[..text]);
            self.at += text;
            if self.at >= self.format.len() {
                break;
            }
            self.at += 1;
            if !self.directive(printer) {
                break;
            }
        }
        if !self.reordered && self.arg < self.args.len() {
            self.extra(printer);
        }
    }

    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// After the `%`; `false` at the end of the format.
    fn directive(&mut self, printer: &mut Printer<'_>) -> bool {
        printer.format.clear();
        while let Some(byte) = self.byte() {
            let flags = &mut printer.format.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let simple = self.byte().is_some_and(|byte| byte.is_ascii_lowercase());
        if !(simple && self.arg < self.args.len()) {
            self.index();
            self.width(printer);
            self.precision(printer);
            if !self.after_index {
                self.index();
            }
        }
        let Some(rest) = self.format.get(self.at..).filter(|rest| !rest.is_empty()) else {
            printer.push("%!(NOVERB)");
            return false;
        };
        let (verb, width) = quote::decode(rest);
        self.at += width;
        self.verb(printer, verb);
        true
    }

    fn verb(&mut self, printer: &mut Printer<'_>, verb: char) {
        let complaint = match verb {
            '%' => return printer.push("%"),
            _ if !self.good => "(BADINDEX)",
            _ if self.arg >= self.args.len() => "(MISSING)",
            _ => "",
        };
        if !complaint.is_empty() {
            printer.push("%!");
            quote::push_char(printer.format.out, verb);
            return printer.push(complaint);
        }
        let arg = &self.args[self.arg];
        self.arg += 1;
        if verb == 'v' || verb == 'w' {
            let flags = &mut printer.format.flags;
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        printer.arg(arg, verb);
    }

    /// `[3]`: which argument comes next.
    fn index(&mut self) {
        self.after_index = false;
        if self.byte() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let (index, width) = match rest.iter().position(|byte| *byte == b']') {
            Some(close) if rest.len() >= 3 => {
                let (number, used) = parse_number(&rest[1..close]);
                let whole = number.filter(|_| used == close - 1);
                (whole, close + 1)
            }
            _ => (None, 1),
        };
        self.at += width;
        self.after_index = index.is_some();
        match index.and_then(|index| index.checked_sub(1)) {
            Some(index) if index < self.args.len() => {
                self.arg = index;
                self.after_index = true;
            }
            _ => self.good = false,
        }
    }

    /// An argument as a width or precision.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.arg)?;
        self.arg += 1;
        let number = match arg.unsigned() {
            Some(number) => i64::try_from(number).ok(),
            None => arg.signed(),
        };
        number.filter(|number| (-LARGE..=LARGE).contains(number))
    }

    fn width(&mut self, printer: &mut Printer<'_>) {
        if self.byte() != Some(b'*') {
            let (width, used) = parse_number(&self.format[self.at.min(self.format.len())..]);
            self.at += used;
            printer.format.width = width;
            if self.after_index && width.is_some() {
                self.good = false;
            }
            return;
        }
        self.at += 1;
        let width = self.star();
        if width.is_none() {
            printer.push("%!(BADWIDTH)");
        }
        if width.is_some_and(|width| width < 0) {
            printer.format.flags.minus = true;
            printer.format.flags.zero = false;
        }
        printer.format.width = width.and_then(|width| usize::try_from(width.unsigned_abs()).ok());
        self.after_index = false;
    }

    fn precision(&mut self, printer: &mut Printer<'_>) {
        if self.byte() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good = false;
        }
        self.index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            let precision = self.star();
            printer.format.precision =
                precision.and_then(|precision| usize::try_from(precision).ok());
            if printer.format.precision.is_none() {
                printer.push("%!(BADPREC)");
            }
            self.after_index = false;
            return;
        }
        let (precision, used) = parse_number(&self.format[self.at.min(self.format.len())..]);
        self.at += used;
        printer.format.precision = Some(precision.unwrap_or(0));
    }

    fn extra(&mut self, printer: &mut Printer<'_>) {
        printer.format.clear();
        printer.push("%!(EXTRA ");
        for (index, arg) in self.args[self.arg..].iter().enumerate() {
            if index > 0 {
                printer.push(", ");
            }
            if arg.is_nothing() {
                printer.push("<nil>");
            } else {
                printer.push(&arg.type_name());
                printer.push("=");
                printer.arg(arg, 'v');
            }
        }
        printer.push(")");
    }
}

/// Decimal digits and how many were read; a crazy number reads everything and gives nothing.
fn parse_number(text: &[u8]) -> (Option<usize>, usize) {
    let mut number: Option<usize> = None;
    for (index, byte) in text.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return (number, index);
        }
        if number.is_some_and(|number| number > LARGE.unsigned_abs() as usize) {
            return (None, text.len());
        }
        number = Some(number.unwrap_or(0) * 10 + usize::from(byte - b'0'));
    }
    (number, text.len())
}
