//! Probes as in Kubernetes, asked through sockets that are made inside the pod.
//!
//! Stated deviation: until their first success, readiness and startup probes are asked after
//! 1, 2, 3 … at most 100 ms instead of by their period, so that a release does not wait for
//! nothing. A startup probe still fails only after `failureThreshold` × `periodSeconds`, and a
//! readiness probe that never succeeded has nothing to fail. The first liveness probe comes
//! after one period at the earliest (Kubernetes: somewhere within it).

use super::spec::{Action, Probe};
use crate::limits::{EAGER_PROBE_MS_MAX, PROBE_HEAD_BYTES_MAX};
use bowline_host::clock::Stopwatch;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{SocketAddrV4, connect, sockopt},
};
use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    os::fd::OwnedFd,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

/// Which probe it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Holds the other two back.
    Startup,
    /// Decides about requests.
    Readiness,
    /// Decides about restarts.
    Liveness,
}

impl Role {
    /// The word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        }
    }
}

/// What a probe concluded, told when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// So many successes in a row as the threshold asks.
    Passes,
    /// So many failures in a row as the threshold asks.
    Fails(String),
}

/// Counts answers towards a verdict.
#[derive(Debug)]
pub struct Count {
    role: Role,
    success_threshold: u64,
    failure_threshold: u64,
    successes: u64,
    failures: u64,
    passing: Option<bool>,
}

impl Count {
    /// Begins with nothing known.
    pub fn new(role: Role, probe: &Probe) -> Self {
        Self {
            role,
            success_threshold: probe.success_threshold.max(1),
            failure_threshold: probe.failure_threshold.max(1),
            successes: 0,
            failures: 0,
            passing: None,
        }
    }

    /// Whether it has ever passed.
    pub fn has_passed(&self) -> bool {
        self.passing.is_some()
    }

    /// Takes one answer. `counts`: whether a failure counts (an eager one of a startup probe
    /// does not). A verdict is given when it changes; a failing liveness or startup probe gives
    /// it at once, because the container is ended for it.
    pub fn take(&mut self, answer: Result<(), String>, counts: bool) -> Option<Verdict> {
        match answer {
            Ok(()) => {
                self.failures = 0;
                self.successes += 1;
                let changes =
                    self.passing != Some(true) && self.successes >= self.success_threshold;
                changes.then(|| {
                    self.passing = Some(true);
                    Verdict::Passes
                })
            }
            Err(message) => {
                self.successes = 0;
                self.failures += u64::from(counts);
                let known = self.role == Role::Readiness && self.passing != Some(true);
                let changes = !known && self.failures >= self.failure_threshold;
                changes.then(|| {
                    self.passing = Some(false);
                    self.failures = 0;
                    Verdict::Fails(message)
                })
            }
        }
    }
}

/// A pod that is not ready after this long says what its probe was answered, though the
/// threshold is not reached: nothing else tells why it gets no traffic.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// Asks until the other end of `stop` is dropped. `socket` makes sockets inside the pod;
/// `tell` takes verdicts, and the last message of a probe that has not passed yet.
pub fn run(
    role: Role,
    probe: &Probe,
    socket: impl Fn() -> Result<OwnedFd, String>,
    stop: &Receiver<()>,
    tell: impl Fn(Verdict),
) {
    let period = Duration::from_secs(probe.period_seconds.max(1));
    let mut count = Count::new(role, probe);
    let mut eager = Duration::from_millis(1);
    let mut tick = Duration::ZERO;
    // A liveness probe in the first milliseconds would only find a program that still starts.
    let first = if role == Role::Liveness { period } else { Duration::ZERO };
    if stopped(stop, Duration::from_secs(probe.initial_delay_seconds).max(first)) {
        return;
    }
    let watch = Stopwatch::start();
    loop {
        let answer = ask(probe, &socket);
        let late = role == Role::Readiness && watch.elapsed() >= FIRST_WORD;
        if let (true, None, Err(message)) = (late, count.passing, &answer) {
            count.passing = Some(false);
            tell(Verdict::Fails(message.clone()));
        }
        let counts = role == Role::Liveness || watch.elapsed() >= tick + period;
        while watch.elapsed() >= tick + period {
            tick += period;
        }
        if let Some(verdict) = count.take(answer, counts || count.has_passed()) {
            tell(verdict);
        }
        let wait = if count.has_passed() || role == Role::Liveness {
            period
        } else {
            eager = (eager * 3 / 2).min(Duration::from_millis(EAGER_PROBE_MS_MAX)).min(period);
            eager
        };
        if (role == Role::Startup && count.has_passed()) || stopped(stop, wait) {
            return;
        }
    }
}

fn stopped(stop: &Receiver<()>, wait: Duration) -> bool {
    stop.recv_timeout(wait) != Err(RecvTimeoutError::Timeout)
}

/// Asks once.
fn ask(probe: &Probe, socket: &impl Fn() -> Result<OwnedFd, String>) -> Result<(), String> {
    let timeout = Duration::from_secs(probe.timeout_seconds.max(1));
    let watch = Stopwatch::start();
    let port = match &probe.action {
        Action::HttpGet { port, .. } | Action::TcpSocket { port } => *port,
    };
    let stream = connect_within(socket()?, port, timeout)?;
    match &probe.action {
        Action::TcpSocket { .. } => Ok(()),
        Action::HttpGet { port, path, headers } => {
            let left = timeout.saturating_sub(watch.elapsed()).max(Duration::from_millis(1));
            get(stream, *port, path, headers, left)
        }
    }
}

fn connect_within(socket: OwnedFd, port: u16, timeout: Duration) -> Result<TcpStream, String> {
    let failed = |error: Errno| {
        let error = std::io::Error::from(error);
        format!("connect to port {port}: {error}")
    };
    rustix::io::ioctl_fionbio(&socket, true).map_err(failed)?;
    match connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)) {
        Ok(()) => {}
        Err(Errno::INPROGRESS) => {
            let time = Timespec {
                tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: timeout.subsec_nanos().into(),
            };
            let mut waited = [PollFd::new(&socket, PollFlags::OUT)];
            if poll(&mut waited, Some(&time)).map_err(failed)? == 0 {
                return Err(format!("connect to port {port}: no answer in {timeout:?}"));
            }
            sockopt::socket_error(&socket).map_err(failed)?.map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    rustix::io::ioctl_fionbio(&socket, false).map_err(failed)?;
    Ok(TcpStream::from(socket))
}

/// HTTP/1.1 `GET` by hand: only the status line is of interest.
fn get(
    mut stream: TcpStream,
    port: u16,
    path: &str,
    headers: &[(String, String)],
    timeout: Duration,
) -> Result<(), String> {
    let watch = Stopwatch::start();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            format!("GET {path}: no answer in {} s", timeout.as_secs_f32())
        }
        _ => format!("GET {path}: {error}"),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut request = format!("GET {slash}{path} HTTP/1.1\r\n");
    let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    if !given("host") {
        request.push_str(&format!("Host: 127.0.0.1:{port}\r\n"));
    }
    if !given("user-agent") {
        request.push_str("User-Agent: kube-probe/1.37\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("Accept: */*\r\nConnection: close\r\n\r\n");
    stream.set_write_timeout(Some(timeout)).map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.contains(&b'\n') && head.len() < PROBE_HEAD_BYTES_MAX {
        let left = timeout.saturating_sub(watch.elapsed()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left)).map_err(failed)?;
        match stream.read(&mut buffer).map_err(failed)? {
            0 => return Err(format!("GET {path}: the server closed the connection")),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    match status_of(&head) {
        Some(code) if (200..400).contains(&code) => Ok(()),
        Some(code) => Err(format!("GET {path}: HTTP status {code}")),
        None => Err(format!("GET {path}: the answer is not HTTP")),
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    let version = words.next()?;
    let code = words.next()?;
    (version.starts_with("HTTP/1.") && code.len() == 3).then(|| code.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{Action, Count, Probe, Role, Verdict, ask, status_of};
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        os::fd::OwnedFd,
    };

    fn probe(action: Action, success_threshold: u64, failure_threshold: u64) -> Probe {
        Probe {
            action,
            initial_delay_seconds: 0,
            period_seconds: 10,
            timeout_seconds: 5,
            success_threshold,
            failure_threshold,
        }
    }

    /// `s` success, `f` failure; the verdicts as `P` and `F`, `.` for none.
    fn verdicts(role: Role, success: u64, failure: u64, answers: &str) -> String {
        let mut count = Count::new(role, &probe(Action::TcpSocket { port: 1 }, success, failure));
        let taken = answers.chars().map(|answer| {
            let answer = if answer == 's' { Ok(()) } else { Err("no".to_owned()) };
            match count.take(answer, true) {
                None => '.',
                Some(Verdict::Passes) => 'P',
                Some(Verdict::Fails(_)) => 'F',
            }
        });
        taken.collect()
    }

    #[test]
    fn thresholds_count_answers_in_a_row() {
        for (role, success, failure, answers, expected) in [
            (Role::Readiness, 1, 3, "ffffs", "....P"),
            (Role::Readiness, 1, 3, "sffsfffs", "P.....FP"),
            (Role::Readiness, 3, 1, "ssfsss", ".....P"),
            (Role::Liveness, 1, 3, "sfffs", "P..FP"),
            (Role::Liveness, 1, 2, "ffff", ".F.F"),
            (Role::Startup, 1, 3, "fff", "..F"),
        ] {
            assert_eq!(verdicts(role, success, failure, answers), expected, "{role:?} {answers}");
        }
    }

    #[test]
    fn only_a_status_from_200_to_399_passes() {
        for (head, code) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 503 no\n", Some(503)),
            ("HTTP/1.1 20 x\r\n", None),
            ("SSH-2.0\r\n", None),
            ("", None),
        ] {
            assert_eq!(status_of(head.as_bytes()), code, "{head}");
        }
    }

    fn socket() -> Result<OwnedFd, String> {
        use rustix::net::{AddressFamily, SocketType, socket};
        socket(AddressFamily::INET, SocketType::STREAM, None).map_err(|e| e.to_string())
    }

    #[test]
    fn an_http_probe_sends_its_headers_and_reads_the_status() {
        for (status, passes) in [("204 No Content", true), ("500 Oops", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = listener.local_addr().expect("bound").port();
            let server = bowline_host::task::thread("server", move || {
                let (mut stream, _) = listener.accept().expect("one probe");
                let mut request = Vec::new();
                let mut buffer = [0; 512];
                while !request.ends_with(b"\r\n\r\n") {
                    let count = stream.read(&mut buffer).expect("a request");
                    request.extend_from_slice(&buffer[..count]);
                }
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").expect("sent");
                String::from_utf8(request).expect("text")
            });
            let headers = vec![("X-Probe".to_owned(), "1".to_owned())];
            let path = "ready?deep=1".to_owned();
            let action = Action::HttpGet { port, path, headers };
            assert_eq!(ask(&probe(action, 1, 1), &socket).is_ok(), passes, "{status}");
            let request = server.join().expect("served");
            assert!(request.starts_with("GET /ready?deep=1 HTTP/1.1\r\n"), "{request}");
            assert!(request.contains("X-Probe: 1\r\n"), "{request}");
        }
    }

    #[test]
    fn a_closed_port_fails_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let open = probe(Action::TcpSocket { port }, 1, 1);
        assert_eq!(ask(&open, &socket), Ok(()));
        drop(listener);
        assert!(ask(&open, &socket).expect_err("closed").contains("refused"));
    }
}
