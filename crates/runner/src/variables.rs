//! Variables of a step: what it starts with, in layers.
//!
//! From the bottom: the base of every job, `env` of workflow and job, what steps wrote to
//! `GITHUB_ENV`, `env` of the step; the runner's own names lie on top of all.
//!
//! Absent on purpose: anything of the caller's environment.

use crate::envfile;
use crate::layout;

/// Names and values in the order in which they came; a later value wins. Names have case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// Sets a name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Sets many.
    pub fn extend(&mut self, pairs: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in pairs {
            self.set(name, value);
        }
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All of them, by value.
    #[must_use]
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

/// The folders of `PATH` that every job has, after those of its tools.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";

/// What every job starts with. `has_go`: the toolchain is mounted.
#[must_use]
pub fn base(has_go: bool) -> Variables {
    let mut base = Variables::default();
    let go_path = format!("{}/bin:{}/go/bin:", layout::GO_ROOT, layout::HOME);
    let tools = if has_go { go_path.as_str() } else { "" };
    let path = format!("{}/.local/bin:{tools}{SYSTEM_PATH}", layout::HOME);
    for (name, value) in [
        ("HOME", layout::HOME),
        ("USER", "runner"),
        ("LOGNAME", "runner"),
        ("SHELL", "/bin/bash"),
        ("LANG", "C.UTF-8"),
        ("PATH", path.as_str()),
        ("TMPDIR", "/tmp"),
        ("CI", "true"),
        ("GOTOOLCHAIN", "local"),
        ("GOCACHE", layout::GO_BUILD_CACHE),
        ("GOMODCACHE", layout::GO_MODULE_CACHE),
        ("npm_config_cache", layout::NPM_CACHE),
        ("npm_config_update_notifier", "false"),
    ] {
        base.set(name, value);
    }
    if has_go {
        base.set("GOROOT", layout::GO_ROOT);
        base.set("GOPATH", format!("{}/go", layout::HOME));
    }
    base
}

/// Lays the folders that steps added in front of the value of `PATH`.
pub fn prepend_path(variables: &mut Variables, in_front: &[String]) {
    if in_front.is_empty() {
        return;
    }
    let path = variables.get("PATH").unwrap_or(SYSTEM_PATH);
    let mut folders: Vec<&str> = in_front.iter().map(String::as_str).collect();
    folders.extend(path.split(':').filter(|folder| !in_front.iter().any(|it| it == folder)));
    let joined = folders.join(":");
    variables.set("PATH", joined);
}

/// Whether the runner sets `name` itself, so that neither `env:` nor `GITHUB_ENV` may.
pub fn owned_by_runner(own: &Variables) -> impl Fn(&str) -> bool {
    let files: Vec<&str> = envfile::FileKind::ALL.iter().map(|kind| kind.variable()).collect();
    move |name| files.contains(&name) || own.get(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_values_win_and_names_have_case() {
        let mut variables = Variables::default();
        variables.extend([("a".into(), "1".into()), ("A".into(), "2".into())]);
        variables.set("a", "3");
        assert_eq!(variables.pairs().collect::<Vec<_>>(), [("a", "3"), ("A", "2")]);
    }

    #[test]
    fn folders_that_steps_added_come_first_and_once() {
        let mut variables = Variables::default();
        variables.set("PATH", "/usr/bin:/x:/bin");
        prepend_path(&mut variables, &["/y".into(), "/x".into()]);
        assert_eq!(variables.get("PATH"), Some("/y:/x:/usr/bin:/bin"));
    }

    #[test]
    fn go_is_in_front_when_it_is_mounted() {
        assert!(base(true).get("PATH").is_some_and(|path| path.contains("/opt/bowline/go/bin:")));
        assert_eq!(base(false).get("GOROOT"), None);
        assert_eq!(base(true).get("GOFLAGS"), None);
    }
}
