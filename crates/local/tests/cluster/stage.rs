//! A cluster in a temporary folder, and an image with a small server in its store.

use bowline_host::directories::Directories;
use bowline_local::{Local, Options, router::ServiceKey};
use bowline_model::Digest;
use bowline_oci::{
    ImageConfig, image,
    layer::{Content, LayerBuilder, Owner},
    native_architecture,
};
use bowline_sandbox::Launcher;
use bowline_store::Store;
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt as _,
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

/// A test that waits longer than this for something has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server of `fixtures/server`, built once; `None` where there is no Go toolchain.
fn server() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server");
        let built = std::process::Command::new("go")
            .args(["build", "-trimpath", "-ldflags=-s -w", "-o"])
            .arg(&folder)
            .arg(".")
            .env("CGO_ENABLED", "0")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/server"))
            .status();
        match built {
            Ok(status) => {
                assert!(status.success(), "the test's own server does not build");
                Some(folder)
            }
            Err(error) => {
                // Past the harness, which would show it only when a test fails.
                let said = writeln!(
                    std::io::stderr(),
                    "SKIPPED: pods are not tested, there is no Go toolchain: {error}"
                );
                said.expect("a terminal or a log");
                None
            }
        }
    });
    built.as_deref()
}

/// A cluster in a folder of its own; ended with the test, also when it fails.
pub struct Stage {
    pub local: Local,
    pub image: String,
    pub listen: SocketAddr,
    folder: Folder,
}

/// The folder. Nothing outlives a failed test: the shims' own files say who they are.
struct Folder(tempfile::TempDir);

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let directories = Directories::below(self.0.path());
            for folder in std::fs::read_dir(directories.pods()).into_iter().flatten().flatten() {
                end(&folder.path().join("shim.json"));
            }
            end(&directories.edge().join("shim.json"));
        }
    }
}

fn launcher(verb: &str) -> Launcher {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_local-test"));
    Launcher { program, arguments: vec![verb.to_owned()] }
}

fn options(folder: &Path, listen: SocketAddr) -> Options {
    Options {
        directories: Directories::below(folder),
        sandbox: launcher("__init"),
        shim: launcher("shim"),
        edge_shim: launcher("edge-shim"),
        listen: BTreeMap::from([(service(), listen)]),
        namespace: "default".to_owned(),
        epoch: 1,
    }
}

/// The service of all tests.
pub fn service() -> ServiceKey {
    ServiceKey::new("default", "web")
}

fn write_image(folder: &Path, server: &Path) -> Digest {
    let directories = Directories::below(folder);
    directories.create().expect("private folders");
    let store = Store::open(directories.store()).expect("a store");
    let mut layer = LayerBuilder::new();
    let root = Owner { uid: 0, gid: 0 };
    layer.dir("tmp", 0o1777, root).expect("a folder");
    layer.file("server", Content::File(server.to_owned()), 0o755, root).expect("a file");
    let layer = layer.write(&store).expect("a layer");
    let mut config = ImageConfig::new(native_architecture());
    config.config.entrypoint = vec!["/server".to_owned()];
    config.config.env = vec!["FROM_IMAGE=yes".to_owned(), "VERSION=none".to_owned()];
    image::write(&store, &config, &[layer]).expect("an image")
}

impl Stage {
    /// `None`: skipped, and said so.
    pub async fn open() -> Option<Self> {
        let server = server()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let digest = write_image(folder.path(), server);
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = free.local_addr().expect("bound");
        drop(free);
        let local = Local::start(options(folder.path(), listen)).await.expect("starts");
        local.up().await.expect("comes up");
        Some(Self { local, image: format!("shop@{digest}"), listen, folder: Folder(folder) })
    }

    /// The conductor goes away and another one comes; pods and edge live on.
    pub async fn restart(self) -> Self {
        let Self { local, image, listen, folder } = self;
        drop(local);
        let local = Local::start(options(folder.0.path(), listen)).await.expect("starts again");
        local.up().await.expect("comes up again");
        Self { local, image, listen, folder }
    }

    /// What another conductor of the same folder is told.
    pub async fn second(&self) -> Result<Local, bowline_local::Error> {
        Local::start(options(self.folder.0.path(), self.listen)).await
    }

    pub fn pods(&self) -> Api<Pod> {
        Api::default_namespaced(self.local.client())
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::default_namespaced(self.local.client())
    }

    /// A pod of the image; `container` is merged into its container.
    pub fn pod(&self, name: &str, hash: &str, container: Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": name, "labels": labels(hash)},
            "spec": self.spec(container),
        }))
        .expect("a pod")
    }

    /// A pod's `spec`.
    pub fn spec(&self, container: Value) -> Value {
        let mut all = json!({
            "name": "web", "image": self.image,
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
        });
        for (name, value) in container.as_object().expect("an object") {
            all[name] = value.clone();
        }
        json!({"terminationGracePeriodSeconds": 5, "containers": [all]})
    }

    /// Waits, by watching, until a pod is as `wanted` says.
    pub async fn until(&self, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let api = self.pods();
        let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let mut changes = watcher(api, config).applied_objects().boxed();
        let mut last = Value::Null;
        let found = tokio::time::timeout(PATIENCE, async {
            while let Some(pod) = changes.try_next().await.expect("the watch goes on") {
                last = serde_json::to_value(&pod).expect("JSON");
                if wanted(&last) {
                    return;
                }
            }
        });
        if found.await.is_err() {
            self.local.down().await.expect("goes down");
            panic!("pod {name} did not become {what}: {last:#}");
        }
        last
    }

    /// Waits until there is no such pod.
    pub async fn until_gone(&self, name: &str) {
        let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let mut events = watcher(self.pods(), config).boxed();
        let gone = tokio::time::timeout(PATIENCE, async {
            let mut seen = false;
            loop {
                match events.try_next().await.expect("the watch goes on") {
                    Some(watcher::Event::Delete(_)) => return,
                    Some(watcher::Event::InitDone) if !seen => return,
                    Some(watcher::Event::InitApply(_)) => seen = true,
                    _ => {}
                }
            }
        });
        assert!(gone.await.is_ok(), "pod {name} is still there");
    }

    /// `GET` through the edge: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        get(self.listen, path).await
    }

    /// The uid of a pod.
    pub async fn uid(&self, name: &str) -> String {
        self.pods().get(name).await.expect("a pod").uid().expect("a uid")
    }

    pub fn pod_folder(&self, uid: &str) -> PathBuf {
        self.local.directories().pods().join(uid)
    }

    /// The process id of a pod's shim.
    pub fn shim(&self, uid: &str) -> u32 {
        let text = std::fs::read(self.pod_folder(uid).join("shim.json")).expect("a holder");
        let holder: Value = serde_json::from_slice(&text).expect("JSON");
        u32::try_from(holder["pid"].as_u64().expect("a number")).expect("a process id")
    }
}

fn end(holder: &Path) {
    let text = std::fs::read(holder).unwrap_or_default();
    let holder: Value = serde_json::from_slice(&text).unwrap_or_default();
    if let Some(pid) = holder["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()) {
        let _ = bowline_sandbox::process::kill(pid, bowline_sandbox::Signal::TERMINATE);
    }
}

/// The labels of a pod with this template hash.
pub fn labels(hash: &str) -> Value {
    json!({"app": "web", "rollouts-pod-template-hash": hash})
}

/// Whether a pod is ready.
pub fn ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|c| c["type"] == "Ready" && c["status"] == "True")
}

/// `GET` by hand over a connection of its own.
pub async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("the edge listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answered");
        String::from_utf8(answer).expect("text")
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await.expect("in time");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    (code, if chunked { unchunk(body) } else { body.to_owned() })
}

fn unchunk(body: &str) -> String {
    let (mut text, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
        if size == 0 {
            break;
        }
        text.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    text
}
