//! What one job may take of the machine, and where that is changed.

use crate::limits::{
    JOB_DISK_BYTES_MAX, JOB_DISK_FREE_BYTES_MIN, JOB_DISK_HARMLESS_BYTES_MAX, LOG_JOB_BYTES_MAX,
    LOG_STEP_BYTES_MAX,
};
use bowline_sandbox::disk::{Bounds, Excess};
use bowline_sandbox::limits::PROCESSES_MAX;

/// The bounds of one job. They are the machine's: a repository cannot change them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLimits {
    /// What the job may write to disk: workspace, home, `/tmp`.
    pub disk_bytes_max: u64,
    /// What stays free on the disk whatever the job does.
    pub disk_free_bytes_min: u64,
    /// Processes and threads at once; the kernel takes 301 or more.
    pub processes_max: u64,
    /// The stored output of one step.
    pub log_step_bytes_max: u64,
    /// The stored output of the whole job.
    pub log_job_bytes_max: u64,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            disk_bytes_max: JOB_DISK_BYTES_MAX,
            disk_free_bytes_min: JOB_DISK_FREE_BYTES_MIN,
            processes_max: PROCESSES_MAX,
            log_step_bytes_max: LOG_STEP_BYTES_MAX,
            log_job_bytes_max: LOG_JOB_BYTES_MAX,
        }
    }
}

/// The setting of [`JobLimits::disk_bytes_max`].
pub const DISK_VARIABLE: &str = "BOWLINE_JOB_DISK_MAX";
/// The setting of [`JobLimits::disk_free_bytes_min`].
pub const DISK_FREE_VARIABLE: &str = "BOWLINE_DISK_FREE_MIN";
/// The setting of [`JobLimits::processes_max`].
pub const PROCESSES_VARIABLE: &str = "BOWLINE_JOB_PROCESSES_MAX";
/// The setting of [`JobLimits::log_step_bytes_max`]; the whole job gets four times as much.
pub const LOG_VARIABLE: &str = "BOWLINE_STEP_LOG_MAX";

impl JobLimits {
    /// Takes over what `variable` gives for the settings; sizes end in `K`, `M`, `G` or `T`.
    ///
    /// # Errors
    /// The name of the setting whose value is no size, and the value.
    pub fn set(
        mut self,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, (&'static str, String)> {
        let read = |name: &'static str| match variable(name) {
            None => Ok(None),
            Some(text) => size(&text).map(Some).ok_or((name, text)),
        };
        self.disk_bytes_max = read(DISK_VARIABLE)?.unwrap_or(self.disk_bytes_max);
        self.disk_free_bytes_min = read(DISK_FREE_VARIABLE)?.unwrap_or(self.disk_free_bytes_min);
        self.processes_max = read(PROCESSES_VARIABLE)?.unwrap_or(self.processes_max);
        if let Some(bytes) = read(LOG_VARIABLE)? {
            self.log_step_bytes_max = bytes;
            self.log_job_bytes_max = bytes.saturating_mul(4);
        }
        Ok(self)
    }

    pub(crate) fn disk(&self) -> Bounds {
        Bounds {
            bytes_max: self.disk_bytes_max,
            free_bytes_min: self.disk_free_bytes_min,
            harmless_bytes_max: JOB_DISK_HARMLESS_BYTES_MAX.min(self.disk_bytes_max),
        }
    }
}

/// Where the bound that was passed is changed.
pub(crate) fn variable_of(excess: Excess) -> &'static str {
    match excess {
        Excess::Written { .. } => DISK_VARIABLE,
        Excess::Free { .. } => DISK_FREE_VARIABLE,
    }
}

/// `64M`, `2g`, `1000`: a whole number above zero, in bytes or in powers of 1,024.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, shift) = match text.chars().last()?.to_ascii_uppercase() {
        'K' => (&text[..text.len() - 1], 10),
        'M' => (&text[..text.len() - 1], 20),
        'G' => (&text[..text.len() - 1], 30),
        'T' => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::{DISK_VARIABLE, JobLimits, LOG_VARIABLE, size};

    #[test]
    fn sizes_are_read_and_nonsense_is_named() {
        for (text, expected) in [
            ("64M", Some(64 << 20)),
            ("2g", Some(2 << 30)),
            ("1000", Some(1_000)),
            ("0", None),
            ("-1", None),
            ("M", None),
            ("", None),
            ("99999999999T", None),
        ] {
            assert_eq!(size(text), expected, "{text:?}");
        }
        let given = |name: &str| (name == LOG_VARIABLE).then(|| "1M".to_owned());
        let limits = JobLimits::default().set(&given).expect("it is a size");
        assert_eq!((limits.log_step_bytes_max, limits.log_job_bytes_max), (1 << 20, 4 << 20));
        let wrong = |name: &str| (name == DISK_VARIABLE).then(|| "much".to_owned());
        assert_eq!(JobLimits::default().set(&wrong), Err((DISK_VARIABLE, "much".to_owned())));
    }
}
