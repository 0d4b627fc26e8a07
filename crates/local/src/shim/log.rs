//! The container's log: one file that is turned over at a size, and its last lines.

use super::state::{LOG_FILE, OLDER_LOG_FILE};
use crate::limits::{LAST_LOG_LINES_MAX, LOG_BYTES_MAX, LOG_LINE_BYTES_MAX};
use bowline_host::files;
use bowline_sandbox::mask::Masker;
use std::{
    collections::VecDeque,
    fs::File,
    io::{Read, Write as _},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// Takes what a container writes.
pub struct Log {
    folder: PathBuf,
    bytes_max: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    file: Option<File>,
    bytes: u64,
    lines: VecDeque<String>,
    /// The line that has no end yet.
    open: Vec<u8>,
}

impl Log {
    /// Goes on with the log in `folder`.
    pub fn open(folder: PathBuf) -> Self {
        Self::with_limit(folder, LOG_BYTES_MAX)
    }

    fn with_limit(folder: PathBuf, bytes_max: u64) -> Self {
        let path = folder.join(LOG_FILE);
        let bytes = files::metadata(&path).map_or(0, |metadata| metadata.size);
        let file = files::append(&path);
        if let Err(error) = &file {
            super::complain(&format!("the log is not kept: {error}"));
        }
        let inner = Inner { file: file.ok(), bytes, lines: VecDeque::new(), open: Vec::new() };
        Self { folder, bytes_max, inner: Mutex::new(inner) }
    }

    /// Reads until the container's outputs are closed; only what is masked is kept.
    pub fn take_all(&self, mut output: impl Read, mut masker: Masker) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match output.read(&mut buffer) {
                Ok(count) if count > 0 => self.take(&masker.push(&buffer[..count])),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.take(&masker.finish());
                    return self.end();
                }
            }
        }
    }

    fn take(&self, bytes: &[u8]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.bytes + bytes.len() as u64 > self.bytes_max {
            self.turn_over(&mut inner);
        }
        if let Some(file) = &mut inner.file {
            // A full disk loses log lines, never the container.
            let _ = file.write_all(bytes);
            inner.bytes += bytes.len() as u64;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LOG_LINE_BYTES_MAX.saturating_sub(inner.open.len());
            inner.open.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                inner.close_line();
            }
        }
    }

    fn turn_over(&self, inner: &mut Inner) {
        let path = self.folder.join(LOG_FILE);
        inner.file = None;
        let turned = files::rename(&path, self.folder.join(OLDER_LOG_FILE))
            .and_then(|()| files::append(&path));
        match turned {
            Ok(file) => inner.file = Some(file),
            Err(error) => super::complain(&format!("the log is not kept: {error}")),
        }
        inner.bytes = 0;
    }

    fn end(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.open.is_empty() {
            inner.close_line();
        }
    }

    /// The last lines; they are forgotten here, for the next container.
    pub fn last_lines(&self) -> Vec<String> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut inner.lines).into()
    }
}

impl Inner {
    fn close_line(&mut self) {
        let open = std::mem::take(&mut self.open);
        let text = String::from_utf8_lossy(&open);
        self.lines.push_back(text.trim_end_matches(['\n', '\r']).to_owned());
        while self.lines.len() > LAST_LOG_LINES_MAX {
            self.lines.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LOG_FILE, Log, OLDER_LOG_FILE};
    use crate::limits::LAST_LOG_LINES_MAX;
    use bowline_sandbox::mask::{Masker, Secret};

    #[test]
    fn a_secret_is_in_neither_the_file_nor_the_last_lines() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let log = Log::open(folder.path().to_owned());
        let masker = Masker::new(&[Secret("hunter2hunter2".to_owned())]);
        log.take_all("cannot log in with hunter2hunter2\nbye hunter2".as_bytes(), masker);
        let lines = log.last_lines();
        assert_eq!(lines, ["cannot log in with ***", "bye hunter2"]);
        let kept = super::files::read(folder.path().join(LOG_FILE), 1000).expect("a log");
        assert_eq!(kept, b"cannot log in with ***\nbye hunter2");
    }

    #[test]
    fn the_last_lines_are_kept_and_the_file_is_turned_over() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let log = Log::with_limit(folder.path().to_owned(), 400);
        for number in 0..100 {
            log.take(format!("line {number}\n").as_bytes());
        }
        log.take(b"no end");
        log.end();
        let lines = log.last_lines();
        assert_eq!(lines.len(), LAST_LOG_LINES_MAX);
        assert_eq!(lines[LAST_LOG_LINES_MAX - 2..], ["line 99", "no end"]);
        assert!(log.last_lines().is_empty(), "the next container begins without lines");
        for file in [LOG_FILE, OLDER_LOG_FILE] {
            let size = super::files::metadata(folder.path().join(file)).expect(file).size;
            assert!(size > 0 && size <= 400, "{file} has {size} bytes");
        }
    }
}
