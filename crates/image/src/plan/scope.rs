//! Which variables a stage sees: ENV beats ARG, ARG shows only what was declared.

use super::Facts;
use crate::words::Scope;
use std::collections::BTreeMap;

/// Build arguments that need no declaration: they reach RUN steps and nothing else.
const PROXIES: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Whether `name` is a build argument that needs no declaration.
pub(super) fn is_predefined(name: &str) -> bool {
    PROXIES.contains(&name)
}

/// The values of the platform arguments. Building and target machine are the same.
pub(super) fn platform(facts: &Facts) -> Vec<(&'static str, String)> {
    let architecture = &facts.architecture;
    let whole = format!("linux/{architecture}");
    let mut values = Vec::new();
    for [platform, os, arch, variant] in [
        ["BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"],
        ["TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT"],
    ] {
        values.push((platform, whole.clone()));
        values.push((os, "linux".to_owned()));
        values.push((arch, architecture.clone()));
        values.push((variant, String::new()));
    }
    values
}

/// The variables of a stage while its instructions are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// In the order in which they were first set.
    env: Vec<(String, String)>,
    args: BTreeMap<String, String>,
    /// What RUN steps see unless the stage says otherwise; no part of the configuration.
    defaults: Vec<(String, String)>,
}

impl Variables {
    /// From `NAME=value` lines of an inherited configuration.
    pub(super) fn inherited(env: &[String], defaults: Vec<(String, String)>) -> Self {
        let pairs = env.iter().filter_map(|line| line.split_once('='));
        let env = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { env, args: BTreeMap::new(), defaults }
    }

    pub(super) fn set_env(&mut self, name: &str, value: String) {
        match self.env.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.env.push((name.to_owned(), value)),
        }
    }

    pub(super) fn set_arg(&mut self, name: &str, value: String) {
        self.args.insert(name.to_owned(), value);
    }

    /// For the expansion of words.
    pub(super) fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        for (name, value) in &self.args {
            scope.set(name, value);
        }
        for (name, value) in &self.env {
            scope.set(name, value);
        }
        scope
    }

    /// `NAME=value`, as a configuration keeps them.
    pub(super) fn config(&self) -> Vec<String> {
        self.env.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// What a RUN step sees.
    pub(super) fn run(&self, facts: &Facts) -> Vec<(String, String)> {
        let mut all: BTreeMap<String, String> = self.defaults.iter().cloned().collect();
        for (name, value) in facts.build_args.iter().filter(|(name, _)| is_predefined(name)) {
            all.insert(name.clone(), value.clone());
        }
        all.extend(self.args.clone());
        all.extend(self.env.iter().cloned());
        all.into_iter().collect()
    }
}
