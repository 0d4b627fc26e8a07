//! Every environment variable that Bowline reads, in one list.
#![expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]

/// Name and meaning of each variable; the documentation is made from this table.
pub const VARIABLES: &[(&str, &str)] = &[
    ("BOWLINE_STATE", "the state folder; `$XDG_STATE_HOME/bowline` when absent"),
    ("BOWLINE_JOB_DISK_MAX", "what a job may write to disk, such as `32G`, which is the default"),
    ("BOWLINE_DISK_FREE_MIN", "what jobs leave free on the disk; `512M` when absent"),
    ("BOWLINE_JOB_PROCESSES_MAX", "processes and threads of a job at once; 4,096 when absent"),
    ("BOWLINE_STEP_LOG_MAX", "the stored output of a step, `64M`; a job's is four times as much"),
    ("BOWLINE_ACCESSIBLE", "`1`: errors without box drawing, positions as words"),
    (
        "BOWLINE_CACHE_GB",
        "what all caches may take together before they are pruned; 10 when absent",
    ),
    (
        "BOWLINE_CRASH",
        "for tests: the point of the crash matrix to end at; `list` tells all that are passed",
    ),
    (
        "BOWLINE_CLOCK_JUMP",
        "for tests, in debug builds: the wall clock is off by so many milliseconds",
    ),
    ("XDG_STATE_HOME", "where state folders live; `~/.local/state` when absent"),
    ("XDG_RUNTIME_DIR", "where sockets live; `/tmp` when absent"),
    ("HOME", "the user's home"),
    ("PATH", "where `git`, `go` and `node` are looked for"),
    ("NO_COLOR", "any value: no colour"),
    ("CI", "any value: one line an event, no live region"),
    ("TERM", "`dumb`: no live region, no colour"),
    ("COLUMNS", "the terminal's width when it cannot be asked"),
    ("LC_ALL", "a locale that is not UTF-8: signs in ASCII"),
    ("LC_CTYPE", "as `LC_ALL`, when that is absent"),
    ("LANG", "as `LC_CTYPE`, when that is absent"),
    ("HTTPS_PROXY", "proxy for outbound HTTPS"),
    ("HTTP_PROXY", "proxy for outbound HTTP"),
    ("NO_PROXY", "hosts that are reached without the proxy"),
    ("https_proxy", "as `HTTPS_PROXY`"),
    ("http_proxy", "as `HTTP_PROXY`"),
    ("no_proxy", "as `NO_PROXY`"),
    ("npm_config_registry", "the npm registry; what npm itself is set to when absent"),
    ("NPM_CONFIG_REGISTRY", "as `npm_config_registry`"),
    ("GOPROXY", "the Go module proxy for workflows and builds"),
    ("GOSUMDB", "the Go checksum database for workflows and builds"),
    ("GONOSUMDB", "modules without a checksum look-up"),
    ("NODE_EXTRA_CA_CERTS", "root certificates for Node in workflows"),
    ("SSL_CERT_FILE", "root certificates for tools in workflows and builds"),
    ("SSL_CERT_DIR", "a folder of root certificates, as above"),
    ("CURL_CA_BUNDLE", "root certificates for curl in workflows"),
    ("REQUESTS_CA_BUNDLE", "root certificates for Python in workflows"),
    ("GIT_SSL_CAINFO", "root certificates for git in workflows"),
    ("GOFLAGS", "flags that workflows and builds give to `go`"),
];

/// The value of a variable that stands in [`VARIABLES`]; empty reads as absent.
pub fn get(name: &str) -> Option<String> {
    debug_assert!(VARIABLES.iter().any(|(known, _)| *known == name), "{name} is not listed");
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The value of a variable that the user named: a secret. Empty reads as absent.
pub fn named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Variables that begin with `BOWLINE_` and are not known, with the nearest known name.
pub fn unknown() -> Vec<(String, Option<&'static str>)> {
    let known = || VARIABLES.iter().map(|(name, _)| *name);
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("BOWLINE_") && !known().any(|known| known == name))
        .map(|name| {
            let near = bowline_diag::nearest(&name, known());
            (name, near)
        })
        .collect()
}
