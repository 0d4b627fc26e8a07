//! What this machine permits: the sandbox's ladder, the tools, the disk.

use crate::house::{House, SCRATCH};
use bowline_host::{directories, files};
use bowline_sandbox::{ladder, toolchain};

/// Less than this much free disk is worth a warning, in bytes.
const DISK_FREE_BYTES_MIN: u64 = 1 << 30;

/// Rows of the sandbox's ladder that the main path cannot do without.
const NEEDED_ROWS: &[&str] =
    &["sandbox", "overlay", "pid, mount, ipc, uts, net", "programs in the state"];

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Whether the main path needs it.
    pub needed: bool,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// Looks at everything; changes nothing but a scratch folder in the state folder.
#[must_use]
pub fn examine(house: &House) -> Vec<Finding> {
    let mut findings = vec![state(house), disk(house)];
    findings.push(program(house, "git", "install it, for example `apt-get install git`"));
    findings.push(go(house));
    findings.push(node(house));
    let scratch = house.directories.state.join(SCRATCH);
    if files::create_private_dir(&scratch).is_ok() {
        let rows = ladder::probe(&house.launcher, &scratch).rows;
        findings.extend(rows.into_iter().map(|row| Finding {
            needed: NEEDED_ROWS.contains(&row.name.as_str()),
            name: row.name,
            ok: row.ok,
            detail: row.detail,
            remedy: row.remedy,
        }));
        files::remove_tree(&scratch).ok();
    }
    findings
}

fn state(house: &House) -> Finding {
    let created = house.directories.create();
    let path = house.directories.state.display().to_string();
    let remedy = match &created {
        Err(directories::Error::NotPrivate { .. }) => {
            format!("`chmod 700 {path}` if it is yours, else set `BOWLINE_STATE` to another folder")
        }
        _ => "set `BOWLINE_STATE` to a folder that can be written".to_owned(),
    };
    Finding {
        name: "state folder".into(),
        ok: created.is_ok(),
        needed: true,
        detail: match &created {
            Ok(()) => path,
            Err(error) => error.to_string(),
        },
        remedy: Some(remedy),
    }
}

fn disk(house: &House) -> Finding {
    let free = files::disk_free(&house.directories.state).unwrap_or(0);
    Finding {
        name: "free disk".into(),
        ok: free >= DISK_FREE_BYTES_MIN,
        needed: false,
        detail: format!("{:.1} GB", free as f64 / 1e9),
        remedy: Some("free some space on the state folder's disk".into()),
    }
}

fn program(house: &House, name: &str, remedy: &str) -> Finding {
    let found = house.search_path.iter().map(|dir| dir.join(name)).find(|path| files::exists(path));
    Finding {
        name: name.into(),
        ok: found.is_some(),
        needed: true,
        detail: found.map_or_else(|| "not in PATH".into(), |path| path.display().to_string()),
        remedy: Some(remedy.into()),
    }
}

fn go(house: &House) -> Finding {
    let found = toolchain::find_go(&house.search_path);
    let (ok, detail) = match found {
        Ok(Some(go)) => (true, format!("{} in {}", go.version, go.root.display())),
        Ok(None) => (false, "no Go toolchain".into()),
        Err(error) => (false, error.to_string()),
    };
    Finding {
        name: "go".into(),
        ok,
        needed: true,
        detail,
        remedy: Some("install it, for example `apt-get install golang-go`".into()),
    }
}

fn node(house: &House) -> Finding {
    let found = toolchain::find_node(&house.search_path).unwrap_or_default();
    let versions: Vec<String> = found.iter().map(|node| node.version.clone()).collect();
    Finding {
        name: "node".into(),
        ok: !versions.is_empty(),
        needed: false,
        detail: if versions.is_empty() { "not in PATH".into() } else { versions.join(", ") },
        remedy: Some("`actions/setup-node` brings the version that a workflow asks for".into()),
    }
}
