//! Placeholder while the crate is being filled in.
#![expect(missing_docs, reason = "placeholder")]
use crate::{Error, Exit, Launcher, Program, Signal, Spec, Unset};
use std::os::fd::OwnedFd;
use std::time::Duration;

#[derive(Debug)]
pub enum Sink { Null, Pipe, Descriptor(OwnedFd) }
#[derive(Debug)]
pub struct Output { pub stdout: Sink, pub stderr: Sink }
#[derive(Debug)]
pub struct Process {}
impl Process {
    pub fn id(&self) -> u32 { 0 }
    pub fn wait(&self) -> Result<Exit, Error> { Err(Error::Unfinished) }
    pub fn wait_timeout(&self, _timeout: Duration) -> Result<Option<Exit>, Error> { Err(Error::Unfinished) }
    pub fn signal(&self, _signal: Signal) -> Result<(), Error> { Err(Error::Unfinished) }
    pub fn kill_tree(&self) -> Result<(), Error> { Err(Error::Unfinished) }
    pub fn take_stdout(&mut self) -> Option<std::io::PipeReader> { None }
    pub fn take_stderr(&mut self) -> Option<std::io::PipeReader> { None }
    pub fn limits_unset(&self) -> &[Unset] { &[] }
}
pub fn start(_launcher: &Launcher, _spec: &Spec, _program: &Program, _output: Output) -> Result<Process, Error> { Err(Error::Unfinished) }
#[derive(Debug)]
pub struct Sandbox {}
impl Sandbox {
    pub fn open(_launcher: &Launcher, _spec: &Spec) -> Result<Self, Error> { Err(Error::Unfinished) }
    pub fn exec(&self, _program: &Program, _output: Output) -> Result<Process, Error> { Err(Error::Unfinished) }
    pub fn close(self) -> Result<(), Error> { Ok(()) }
    pub fn limits_unset(&self) -> &[Unset] { &[] }
}
pub mod network {
    use super::*;
    /// A pod's network namespace, held by a small process of its own.
    #[derive(Debug)]
    pub struct Namespace {}
    impl Namespace {
        pub fn create(_launcher: &Launcher) -> Result<Self, Error> { Err(Error::Unfinished) }
        pub fn socket(&self) -> Result<OwnedFd, Error> { Err(Error::Unfinished) }
        /// 1..=64 unconnected TCP sockets at once.
        pub fn sockets(&self, _count: usize) -> Result<Vec<OwnedFd>, Error> { Err(Error::Unfinished) }
        pub fn start(&self, _launcher: &Launcher, _spec: &Spec, _program: &Program, _output: Output) -> Result<Process, Error> { Err(Error::Unfinished) }
        pub fn open(&self, _launcher: &Launcher, _spec: &Spec) -> Result<Sandbox, Error> { Err(Error::Unfinished) }
        pub fn close(self) -> Result<(), Error> { Ok(()) }
    }
}
pub mod tool {
    use super::*;
    use std::path::PathBuf;
    #[derive(Clone, Debug)]
    pub struct Tool { pub program: PathBuf, pub arguments: Vec<String>, pub directory: PathBuf, pub environment: Vec<(String, String)>, pub input: Vec<u8>, pub timeout: Duration, pub output_bytes_max: usize }
    #[derive(Clone, Debug)]
    pub struct Output { pub exit: Exit, pub stdout: Vec<u8>, pub stderr: Vec<u8> }
    pub fn run(_tool: &Tool) -> Result<Output, Error> { Err(Error::Unfinished) }
}
pub mod detached {
    use super::*;
    use std::path::PathBuf;
    #[derive(Debug)]
    pub struct Detached { pub program: PathBuf, pub arguments: Vec<String>, pub environment: Vec<(String, String)>, pub directory: PathBuf, /** `None`: `/dev/null` */ pub log_file: Option<PathBuf>, pub inherited: Vec<(OwnedFd, i32)> }
    /// The new process's id.
    pub fn spawn(_detached: Detached) -> Result<u32, Error> { Err(Error::Unfinished) }
}
pub mod descriptors {
    use super::*;
    use std::os::fd::BorrowedFd;
    use std::os::unix::net::UnixStream;
    /// Sends `bytes` (at least one) and 0..=64 descriptors with the first of them.
    pub fn send(_socket: &UnixStream, _bytes: &[u8], _descriptors: &[BorrowedFd<'_>]) -> Result<(), Error> { Err(Error::Unfinished) }
    /// One `recvmsg`: how many bytes came (0 = the other side closed), and the descriptors.
    pub fn receive(_socket: &UnixStream, _buffer: &mut [u8]) -> Result<(usize, Vec<OwnedFd>), Error> { Err(Error::Unfinished) }
}
pub mod mask {
    #[derive(Clone)]
    pub struct Secret(pub String);
    #[derive(Debug)]
    pub struct Masker {}
    impl Masker {
        pub fn new(_secrets: &[Secret]) -> Self { Self {} }
        /// Adds for this masker and all its streams; returns warnings (a line so short that common text is masked).
        pub fn add(&self, _secret: &str) -> Vec<String> { Vec::new() }
        /// Another stream with the same, shared set of secrets.
        pub fn stream(&self) -> Self { Self {} }
        pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> { bytes.to_vec() }
        pub fn finish(&mut self) -> Vec<u8> { Vec::new() }
        /// A whole text at once.
        pub fn mask(&self, text: &str) -> String { text.to_owned() }
    }
}
pub mod ladder {
    use super::*;
    use std::path::Path;
    #[derive(Clone, Debug)]
    pub struct Row { pub name: String, pub ok: bool, pub detail: String, pub remedy: Option<String> }
    #[derive(Clone, Debug)]
    pub struct Ladder { pub rows: Vec<Row> }
    /// `scratch`: a folder in the state folder where overlays are tried.
    pub fn probe(_launcher: &Launcher, _scratch: &Path) -> Ladder { Ladder { rows: Vec::new() } }
}
pub mod toolchain {
    use super::*;
    use std::path::PathBuf;
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GoToolchain { pub root: PathBuf, pub version: String }
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NodeToolchain { pub root: PathBuf, pub version: String }
    /// The newest of those found. `search`: GOROOTs, or folders that hold a `go` program.
    pub fn find_go(_search: &[PathBuf]) -> Result<Option<GoToolchain>, Error> { Err(Error::Unfinished) }
    /// `search`: folders that hold a `node` program, or roots with `bin/node`.
    pub fn find_node(_search: &[PathBuf]) -> Result<Vec<NodeToolchain>, Error> { Err(Error::Unfinished) }
    /// `1.9` < `1.22rc1` < `1.22.0`; with or without `go`. `None` where it is no Go version.
    pub fn compare_go(_left: &str, _right: &str) -> Option<std::cmp::Ordering> { None }
}
pub fn init_main() -> ! { std::process::exit(70) }
