//! The machine's facts, so that figures can be read by somebody else.

use std::process::Command;

/// One line a fact.
pub fn facts() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let mut facts = vec![format!("cores: {cores}")];
    for (name, program, arguments) in [
        ("kernel", "uname", &["-sr"][..]),
        ("rust", "rustc", &["--version"]),
        ("go", "go", &["version"]),
    ] {
        let output = Command::new(program).args(arguments).output();
        let text = output.ok().map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
        facts.push(format!("{name}: {}", text.unwrap_or_else(|| "not there".into())));
    }
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory.lines().next().unwrap_or_default();
    facts.push(total.split_whitespace().collect::<Vec<_>>().join(" "));
    facts
}
