//! What every verb is given: folders, the launcher, colour, the environment's few facts.

use crate::env_vars;
use crate::flags::{Color, Common, OutputForm};
use crate::printer;
use bowline_diag::Diagnostic;
use bowline_engine::Failure;
use bowline_engine::house::House;
use bowline_engine::notice::Watcher;
use bowline_engine::prune;
use bowline_engine::read::Reader;
use bowline_host::directories;
use bowline_runner::JobLimits;
use bowline_sandbox::Launcher;
use std::path::PathBuf;
use std::sync::Arc;

/// What every verb is given.
pub struct Context {
    /// Where things are and what the machine offers.
    pub house: House,
    /// The folder that the verb works on.
    pub folder: PathBuf,
    /// The common flags.
    pub common: Common,
    /// Whether talk may be coloured.
    pub color: bool,
}

impl Context {
    /// From flags and environment.
    ///
    /// # Errors
    /// No home, or a folder that is not there.
    pub fn new(common: Common) -> Result<Self, Failure> {
        let directories = directories::resolve(&env_vars::get)?;
        let program = std::env::current_exe().map_err(|error| {
            Failure::bug(format!("the program's own path cannot be read: {error}"))
        })?;
        let current = std::env::current_dir().map_err(|error| {
            let message = format!("the current folder cannot be read: {error}");
            Failure::usage(Diagnostic::error("BOW1801", message))
        })?;
        let folder = common.directory.as_ref().map_or(current.clone(), |given| current.join(given));
        if !bowline_host::files::is_dir(&folder) {
            let message = format!("`{}` is not a folder", folder.display());
            return Err(Failure::usage(Diagnostic::error("BOW1801", message)));
        }
        let search_path = env_vars::get("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let house = House {
            directories,
            launcher: Launcher { program, arguments: vec!["__init".into()] },
            search_path: std::env::split_paths(&search_path).collect(),
            network_environment: network_environment(),
            job_limits: job_limits()?,
            bowline_version: env!("CARGO_PKG_VERSION").into(),
            cache_bytes_max: cache_bytes_max()?,
        };
        let color = color(common.color);
        Ok(Self { house, folder, common, color })
    }

    /// Those who follow what happens, as `--progress` says.
    pub fn watcher(&self) -> Arc<dyn Watcher> {
        self.common.progress.watcher(self.color, self.common.verbose)
    }

    /// The journal, for reading. Where not all of it can be read, that is said first: what
    /// follows ends before the entry that is named.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn reader(&self) -> Result<Reader, Failure> {
        let reader = Reader::open(&self.house)?;
        if let Some(trouble) = reader.trouble() {
            self.tell_failure(trouble);
            printer::talk("shown is what the journal says before that; nothing is written");
        }
        Ok(reader)
    }

    /// Whether the answer is JSON.
    pub fn json(&self) -> bool {
        self.common.output == Some(OutputForm::Json)
    }

    /// Prints diagnostics in the form that fits: JSON, for people, or plain.
    pub fn tell_failure(&self, failure: &Failure) {
        tell_failure(failure, self.json(), self.color);
    }
}

fn job_limits() -> Result<JobLimits, Failure> {
    JobLimits::default().set(&env_vars::get).map_err(|(name, value)| {
        let message = format!("`{name}` is `{value}`, which is no number above zero");
        let help = "write a whole number, or a size such as `512M` or `32G`";
        Failure::usage(Diagnostic::error("BOW1801", message).help(help))
    })
}

/// Prints diagnostics in the form that fits: JSON, for people, or plain.
pub fn tell_failure(failure: &Failure, json: bool, color: bool) {
    let diagnostics = &failure.diagnostics;
    if json {
        printer::talk(&bowline_diag::json(diagnostics));
        return;
    }
    let accessible = env_vars::get("BOWLINE_ACCESSIBLE").is_some();
    let text = if printer::stderr_is_terminal() && !accessible {
        bowline_diag::people(diagnostics, color, printer::columns().clamp(40, 100))
    } else {
        bowline_diag::plain(diagnostics)
    };
    printer::talk(text.trim_end());
    if let Some(first) = diagnostics.first() {
        printer::talk(&format!("  explain: bowline explain {}", first.code));
    }
}

/// `BOWLINE_CACHE_GB` in bytes.
fn cache_bytes_max() -> Result<u64, Failure> {
    const VARIABLE: &str = "BOWLINE_CACHE_GB";
    let Some(text) = env_vars::get(VARIABLE) else { return Ok(prune::CACHE_BYTES_DEFAULT) };
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1e6).contains(&number) => Ok((number * 1e9) as u64),
        _ => {
            let message = format!("`{VARIABLE}` is `{text}`, not a number of gigabytes");
            let help = format!("for example `{VARIABLE}=20`");
            Err(Failure::usage(Diagnostic::error("BOW1820", message).help(help)))
        }
    }
}

fn color(choice: Color) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = env_vars::get("TERM").is_none_or(|term| term == "dumb");
            printer::stderr_is_terminal() && env_vars::get("NO_COLOR").is_none() && !dumb
        }
    }
}

/// The variables by which tools inside a job reach their registries; nothing else of the
/// caller's environment enters a job.
fn network_environment() -> Vec<(String, String)> {
    let names = [
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "https_proxy",
        "http_proxy",
        "no_proxy",
        "npm_config_registry",
        "NPM_CONFIG_REGISTRY",
        "GOPROXY",
        "GOSUMDB",
        "GONOSUMDB",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "GOFLAGS",
    ];
    let given = |name: &str| env_vars::get(name).map(|value| (name.to_owned(), value));
    names.iter().filter_map(|name| given(name)).collect()
}
