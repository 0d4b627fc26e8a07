//! How the edge and its shim are started, and the arguments of their hidden verbs.

use crate::{Error, limits::Limits};
use std::path::{Path, PathBuf};

/// The file of the control socket within the runtime folder.
pub const CONTROL_SOCKET: &str = "edge.sock";
/// The file of the socket between edge and shim within the runtime folder.
pub const SHIM_SOCKET: &str = "edge-shim.sock";
/// The file of the log within the state folder.
pub const LOG_FILE: &str = "edge.log";

/// How one edge runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where its table is kept (`<state>/edge`).
    pub state_dir: PathBuf,
    /// Its control socket (`<runtime>/edge.sock`).
    pub control_socket: PathBuf,
    /// The shim that holds its listeners; `None`: it binds them itself.
    pub shim_socket: Option<PathBuf>,
    /// Seed of the weighted split; `None`: from the machine's randomness.
    pub seed: Option<u64>,
    /// The limits.
    pub limits: Limits,
}

/// How the edge's shim runs.
#[derive(Clone, Debug)]
pub struct ShimOptions {
    /// The program of which `edge` is a verb, for example the path of `bowline`.
    pub program: PathBuf,
    /// What stands before the edge's own arguments, for example `["edge"]`.
    pub arguments: Vec<String>,
    /// The edge's state folder.
    pub state_dir: PathBuf,
    /// The edge's control socket; the shim holds its listener, too.
    pub control_socket: PathBuf,
    /// The shim's own socket.
    pub shim_socket: PathBuf,
    /// How long a stopping edge may finish its requests.
    pub limits: Limits,
}

impl Options {
    /// Everything else at its default.
    #[must_use]
    pub fn new(state_dir: &Path, control_socket: &Path) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            control_socket: control_socket.to_owned(),
            shim_socket: None,
            seed: None,
            limits: Limits::default(),
        }
    }

    /// Reads `<state folder> <control socket> [<shim socket>]`.
    ///
    /// # Errors
    /// [`Error::Arguments`] when there are fewer or more.
    pub fn parse(arguments: &[String]) -> Result<Self, Error> {
        match arguments {
            [state, control] => Ok(Self::new(Path::new(state), Path::new(control))),
            [state, control, shim] => {
                let options = Self::new(Path::new(state), Path::new(control));
                Ok(Self { shim_socket: Some(PathBuf::from(shim)), ..options })
            }
            _ => Err(Error::Arguments(
                "expected <state folder> <control socket> [<shim socket>]".to_owned(),
            )),
        }
    }
}

impl ShimOptions {
    /// Reads `<state folder> <control socket> <shim socket>`.
    ///
    /// # Errors
    /// [`Error::Arguments`] when there are fewer or more.
    pub fn parse(program: &Path, verb: &[&str], arguments: &[String]) -> Result<Self, Error> {
        let [state, control, shim] = arguments else {
            return Err(Error::Arguments(
                "expected <state folder> <control socket> <shim socket>".to_owned(),
            ));
        };
        Ok(Self {
            program: program.to_owned(),
            arguments: verb.iter().map(|word| (*word).to_owned()).collect(),
            state_dir: PathBuf::from(state),
            control_socket: PathBuf::from(control),
            shim_socket: PathBuf::from(shim),
            limits: Limits::default(),
        })
    }

    /// The edge's arguments behind the program.
    #[must_use]
    pub fn edge_arguments(&self) -> Vec<String> {
        let paths = [&self.state_dir, &self.control_socket, &self.shim_socket];
        let paths = paths.into_iter().map(|path| path.to_string_lossy().into_owned());
        self.arguments.iter().cloned().chain(paths).collect()
    }
}
