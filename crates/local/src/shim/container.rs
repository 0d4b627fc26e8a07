//! One run of the container: a writable layer of its own over the image, one process tree.

use super::{log::Log, spec::PodFile, supervise::Order};
use bowline_host::{files, task};
use bowline_sandbox::{
    Exit, Identity, Limits, Mode, Mount, Network, Output, Process, Program, Root, Signal, Spec,
    mask::{Masker, Secret},
    network::Namespace,
};
use std::{
    path::Path,
    sync::{Arc, mpsc::Sender},
};

/// A running container. Dropping it ends it.
pub struct Container {
    process: Arc<Process>,
}

/// Why a container could not be started: the word of its status, and the sentence.
pub struct NotStarted {
    /// `CreateContainerError`, `RunContainerError`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

impl Container {
    /// Starts run number `run`. Its end is told to `orders`, after its last line of log.
    pub fn start(
        pod: &PodFile,
        folder: &Path,
        run: u64,
        namespace: &Namespace,
        log: &Arc<Log>,
        orders: &Sender<Order>,
    ) -> Result<Self, NotStarted> {
        let spec = spec(pod, folder, run)
            .map_err(|e| NotStarted { reason: "CreateContainerError", message: e.to_string() })?;
        let program = Program {
            arguments: pod.arguments.clone(),
            environment: pod.environment.clone(),
            directory: pod.directory.clone(),
        };
        let failed = |e: bowline_sandbox::Error| NotStarted {
            reason: "RunContainerError",
            message: e.to_string(),
        };
        let (output, reader) = Output::one_pipe().map_err(failed)?;
        let started = namespace.start(&pod.launcher(), &spec, &program, output);
        let process = Arc::new(started.map_err(failed)?);
        let taken = log.clone();
        let secrets: Vec<Secret> = pod.secrets.iter().cloned().map(Secret).collect();
        let masker = Masker::new(&secrets);
        let reading = task::thread("log", move || taken.take_all(reader, masker));
        let (waited, orders) = (process.clone(), orders.clone());
        task::thread("wait", move || {
            let exit = waited.wait().unwrap_or(Exit::Signal(Signal::KILL.0));
            // The tree is gone with its first process, so its outputs are closed.
            let _ = waited.kill_tree();
            let _ = reading.join();
            let _ = orders.send(Order::Exited { run, exit });
        });
        Ok(Self { process })
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        // It may have ended already; its end is told in any case.
        let _ = self.process.signal(Signal::TERMINATE);
    }

    /// Ends the whole tree.
    pub fn kill(&self) {
        let _ = self.process.kill_tree();
    }

    /// Limits that this machine cannot set, with the reason.
    pub fn limits_unset(&self) -> Vec<String> {
        let unset = self.process.limits_unset().iter();
        unset.map(|unset| format!("{}: {}", unset.limit, unset.reason)).collect()
    }
}

fn spec(pod: &PodFile, folder: &Path, run: u64) -> Result<Spec, files::Error> {
    // A restarted container begins with the image as it is; the layer before is of no use.
    if run > 1 {
        files::remove_tree(folder.join(format!("run-{}", run - 1)))?;
    }
    let layer = folder.join(format!("run-{run}"));
    files::remove_tree(&layer)?;
    let (upper, work) = (layer.join("upper"), layer.join("work"));
    files::create_dirs(&upper)?;
    files::create_dirs(&work)?;
    let mut mounts = Vec::new();
    for volume in &pod.folders {
        let source = folder.join("volumes").join(&volume.name);
        files::create_dirs(&source)?;
        let (target, read_only) = (volume.target.clone(), volume.read_only);
        mounts.push(Mount::Bind { source, target, read_only });
    }
    for file in &pod.files {
        let (target, content, mode) = (file.target.clone(), file.content.clone(), file.mode);
        mounts.push(Mount::File { target, content, mode });
    }
    let identity = match (pod.user, pod.group) {
        (0, 0) => Identity::Root,
        (uid, gid) => Identity::Ids { uid, gid },
    };
    Ok(Spec {
        hostname: pod.hostname.clone(),
        root: Root::Layers { lower: pod.lower.clone(), upper, work },
        mounts,
        network: Network::Inherit,
        limits: Limits { memory_bytes_max: pod.memory_bytes_max, ..Limits::usual() },
        identity,
        mode: Mode::Sealed,
    })
}
