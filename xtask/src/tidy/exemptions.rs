//! What clippy cannot see: the bans of `clippy.toml` by token, so that one exemption in a
//! module does not lift all bans of that module, and `unsafe` outside `sandbox`.

use super::SourceFile;

/// Token, where it may stand, and the sentence.
const BANS: &[(&str, &[&str], &str)] = &[
    ("Command::new(", &["crates/sandbox/", "xtask/"], "start processes through `sandbox`"),
    ("SystemTime::now(", &["crates/host/src/clock", "xtask/"], "ask `host::clock`"),
    ("Instant::now(", &["crates/host/src/clock", "xtask/"], "ask `host::clock`"),
    ("std::fs::", &["crates/host/src/files", "crates/sandbox/", "xtask/"], "use `host::files`"),
    ("tokio::fs::", &[], "use `host::files`"),
    ("tokio::spawn(", &["crates/host/src/task"], "use `host::task`"),
    ("thread::spawn(", &["crates/host/src/task", "crates/sandbox/", "xtask/"], "use `host::task`"),
    ("process::exit(", &["crates/sandbox/", "crates/local/src/shim"], "return an exit code"),
    ("env::var(", &["crates/bowline/src/env_vars", "xtask/"], "list it in `env_vars`"),
    (".unwrap()", &[], "say why it cannot fail, or return an error"),
    ("unsafe {", &["crates/sandbox/"], "`sandbox` is the only place with `unsafe`"),
];

/// Findings of one file. Tests are exempt by folder and by `#[cfg(test)]` at the end of a file.
pub fn check(file: &SourceFile) -> Vec<String> {
    let in_tests = file.path.contains("/tests/")
        || file.path.ends_with("/tests.rs")
        || file.path.contains("/testkit/")
        || file.path.contains("/src/bin/")
        || file.path.contains("/examples/")
        || file.path.ends_with("xtask/src/tidy/exemptions.rs");
    if in_tests {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        // The type of an open file is no access to files.
        let code = line.split("//").next().unwrap_or_default();
        let code = code.replace("std::fs::File::", "std::fs::!").replace("std::fs::File", "File");
        for (token, places, sentence) in BANS {
            let allowed = places.iter().any(|place| file.path.starts_with(place));
            if code.contains(token) && !allowed {
                findings.push(format!("{}:{}: `{token}`: {sentence}", file.path, index + 1));
            }
        }
    }
    let crate_root = file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
    let exempt = file.path.starts_with("crates/sandbox/") || file.path.starts_with("xtask/");
    if crate_root && !exempt && !file.text.contains("#![forbid(unsafe_code)]") {
        findings.push(format!("{}:1: add `#![forbid(unsafe_code)]`", file.path));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, check};

    #[test]
    fn a_banned_token_is_found_where_it_is_banned() {
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let banned = "fn f() { std::fs::read(\"a\"); }\n";
        assert_eq!(check(&file("crates/gate/src/a.rs", banned)).len(), 1);
        assert!(check(&file("crates/host/src/files/a.rs", banned)).is_empty());
        assert!(check(&file("crates/gate/tests/a.rs", banned)).is_empty());
        let test = format!("#[cfg(test)]\nmod tests {{ {banned} }}\n");
        assert!(check(&file("crates/gate/src/a.rs", &test)).is_empty());
        assert_eq!(check(&file("crates/gate/src/lib.rs", "//! Gate.\n")).len(), 1);
    }
}
