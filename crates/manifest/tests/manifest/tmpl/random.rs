//! Random templates over random data, from a seed that is printed.

use super::oracle::{Row, differences};

/// A small generator: equal seeds give equal rows.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.next(of.len())]
    }

    fn data(&mut self, depth: usize) -> serde_json::Value {
        use serde_json::json;
        match self.next(if depth > 3 { 7 } else { 10 }) {
            0 => json!(null),
            1 => json!(self.next(2) == 0),
            2 => json!(self.next(2_000_000) as f64 - 1000.0),
            3 => json!((self.next(1_000_000_000) as f64) * 1.7e-3 - 20.0),
            4 => json!(10f64.powi(self.next(46) as i32 - 20) * (1.0 + self.next(90) as f64)),
            5 => json!(self.one(&["", "a", "b c", "<x&y>", "é日", "q\"\\\n", "%d", "{{.a}}"])),
            6 => json!(self.next(5)),
            7 | 8 => {
                let mut map = serde_json::Map::new();
                for key in ["a", "b", "c", "d"] {
                    if self.next(3) > 0 {
                        map.insert(key.to_owned(), self.data(depth + 1));
                    }
                }
                serde_json::Value::Object(map)
            }
            _ => (0..self.next(4)).map(|_| self.data(depth + 1)).collect(),
        }
    }

    fn operand(&mut self, depth: usize) -> String {
        let fields = [".a", ".b", ".a.b", ".c.d", ".b.a.c", "$.a", "$.b.c", ".", "$", "$x", "$y.a"];
        match self.next(if depth > 2 { 8 } else { 11 }) {
            0..=3 => self.one(&fields).to_owned(),
            4 => {
                self.one(&["1", "0", "-3", "2.5", "1e7", "0x1F", "'a'", "1_000", "0b11"]).to_owned()
            }
            5 => self.one(&["\"s\"", "`r w`", "\"\\n%v\"", "\"a\"", "\"\""]).to_owned(),
            6 => self.one(&["true", "false", "nil", "seven", "nothing"]).to_owned(),
            7 => self
                .one(&["labels", "thing.Name", "version", "set_of", "(list 1 \"x\")"])
                .to_owned(),
            8 => format!("({}).{}", self.pipeline(depth + 1), self.one(&["a", "b.c", "Name"])),
            _ => format!("({})", self.pipeline(depth + 1)),
        }
    }

    fn command(&mut self, depth: usize) -> String {
        let words = [
            "print", "println", "printf", "len", "index", "slice", "eq", "ne", "lt", "le", "gt",
            "ge", "and", "or", "not", "html", "js", "urlquery", "upper", "count", "first", "half",
            "flip", "add", "i64", "same", "list", "dict", "set", "bytes", "strings", "call",
        ];
        if self.next(3) == 0 {
            return self.operand(depth);
        }
        let mut text = self.one(&words).to_owned();
        if text == "printf" {
            text.push(' ');
            text.push_str(self.one(&[
                "\"%v\"",
                "\"%d|%s\"",
                "\"%q\"",
                "\"%T\"",
                "\"%5.2f\"",
                "\"%x\"",
                "\"%[2]v %[1]v\"",
                "\"%\"",
                "\"%-8v|\"",
                "\"%+v\"",
                "\"%#v\"",
                "\"%08d\"",
                "\"%t\"",
                "\"%!\"",
                "\"a\"",
            ]));
        }
        for _ in 0..self.next(4) {
            text.push(' ');
            text.push_str(&self.operand(depth + 1));
        }
        text
    }

    fn pipeline(&mut self, depth: usize) -> String {
        let mut text = self.command(depth);
        for _ in 0..self.next(3) / 2 + self.next(5) / 4 {
            text.push_str(" | ");
            text.push_str(self.one(&[
                "print",
                "len",
                "not",
                "printf \"%v\"",
                "html",
                "same",
                "upper",
            ]));
        }
        text
    }

    fn open(&mut self) -> &'static str {
        self.one(&["{{", "{{ ", "{{- ", "{{-\n", "{{"])
    }

    fn close(&mut self) -> &'static str {
        self.one(&["}}", " }}", " -}}", "\n-}}", "}}"])
    }

    fn body(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..=self.next(4) {
            text.push_str(self.one(&["a", " b ", "\n  c: ", "", "{ }", "\t\n", "é"]));
            let (open, close) = (self.open(), self.close());
            let (open_end, close_end) = (self.open(), self.close());
            let inside = self.pipeline(0);
            let kind = self.next(if depth > 2 { 4 } else { 10 });
            let action = match kind {
                0..=2 => format!("{open}{inside}{close}"),
                3 => self.one(&["{{/* c */}}", "{{- /* c */ -}}", "{{- /* c\n */}}"]).to_owned(),
                4 => format!("{open}$x := {inside}{close}{{{{ $x }}}}"),
                5 => format!("{open}$y = {inside}{close}"),
                6 => {
                    let (yes, no) = (self.body(depth + 1), self.body(depth + 1));
                    let word = self.one(&["if", "with"]);
                    let chain = self.one(&["else", "else", ""]);
                    let otherwise = if chain.is_empty() {
                        String::new()
                    } else {
                        format!("{{{{{chain}}}}}{no}")
                    };
                    format!("{open}{word} {inside}{close}{yes}{otherwise}{open_end}end{close_end}")
                }
                7 | 8 => {
                    let head = self.one(&["", "$x := ", "$i, $x := ", "$y = ", "$x, $y = "]);
                    let jump = self.one(&["", "", "{{if .}}{{break}}{{end}}", "{{continue}}"]);
                    let (turn, no) = (self.body(depth + 1), self.one(&["", "{{else}}none"]));
                    format!(
                        "{open}range {head}{inside}{close}[{turn}{jump}]{no}{open_end}end{close_end}"
                    )
                }
                _ => {
                    let name = self.one(&["one", "two", "absent"]);
                    let call = self.one(&["template", "include"]);
                    let wrap = format!("{call} \"{name}\" {}", self.operand(3));
                    format!("{open}{wrap}{close}")
                }
            };
            text.push_str(&action);
        }
        text
    }

    fn row(&mut self) -> Row {
        let mut template = String::from("{{$x := .c}}{{$y := .d}}");
        template.push_str(&self.body(0));
        template.push_str("{{define \"one\"}}1:{{.}}{{end}}{{define `two`}}2:{{.a}}{{end}}");
        if self.next(12) == 0 {
            // Torn texts must fail with Go's sentence.
            let mut cut = self.next(template.len());
            while !template.is_char_boundary(cut) {
                cut -= 1;
            }
            if self.next(2) == 0 { template.truncate(cut) } else { template.insert(cut, '(') }
        }
        let missing = ["", "zero", "zero", "error"][self.next(4)];
        Row {
            template,
            data: serde_json::json!({
                "a": self.data(0), "b": self.data(0), "c": self.data(0)
            }),
            missing,
        }
    }
}

#[test]
fn random_templates_give_what_go_gives() {
    let count: usize =
        std::env::var("TEMPLATE_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let seed: u64 =
        std::env::var("TEMPLATE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_251);
    println!("seed {seed}, {count} rows (TEMPLATE_SEED, TEMPLATE_ROWS)");
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let rows: Vec<Row> = (0..count).map(|_| random.row()).collect();
    if let Some(report) = differences(&rows) {
        let shown = report.len().min(12);
        assert!(
            report.is_empty(),
            "{} of {count} differ:\n{}",
            report.len(),
            report[..shown].join("\n\n")
        );
    }
}
