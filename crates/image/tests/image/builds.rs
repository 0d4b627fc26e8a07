//! Whole builds with the real Go toolchain in real sandboxes; skipped with a loud line where
//! there is no Go.

use bowline_diag::Diagnose as _;
use bowline_image::{BuildEvent, BuildRequest, Built, Caches, Error, build};
use bowline_oci::{Image, image, unpack};
use bowline_sandbox::{Exit, Launcher, toolchain};
use bowline_store::Store;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;

const MAIN: &str =
    "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"hi\\n\") }\n";

struct Sample {
    folder: TempDir,
    request: BuildRequest,
}

impl Sample {
    /// `None` where there is no Go. The Go cache is kept between tests and runs.
    fn new(dockerfile: &str) -> Option<Self> {
        let search = ["/usr/local/go", "/usr/lib/go", "/usr/bin"].map(PathBuf::from);
        let Some(go) = toolchain::find_go(&search).expect("a toolchain or none") else {
            eprintln!("SKIPPED: Go is not installed");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("image-caches");
        let request = BuildRequest {
            context: folder.path().join("context"),
            dockerfile: "Dockerfile".into(),
            text: dockerfile.into(),
            build_args: BTreeMap::new(),
            target: None,
            launcher: Launcher {
                program: env!("CARGO_BIN_EXE_image-init").into(),
                arguments: Vec::new(),
            },
            go: Some(go),
            caches: Caches { go_build: cache.join("build"), go_mod: cache.join("mod") },
            store: Store::open(folder.path().join("store")).expect("a store"),
            scratch: folder.path().join("scratch"),
            environment: vec![("GOPROXY".into(), "off".into())],
            cancel: Arc::new(AtomicBool::new(false)),
        };
        let sample = Self { folder, request };
        sample.write("go.mod", "module example.test/shop\n\ngo 1.21\n");
        sample.write("main.go", MAIN);
        Some(sample)
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.request.context.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    fn build(&self) -> Result<Built, Error> {
        let result = build(&self.request, &mut |_| {});
        let left = fs::read_dir(&self.request.scratch).map(Iterator::count).unwrap_or(0);
        assert_eq!(left, 0, "the scratch folder is empty after a build");
        result
    }

    fn built(&self) -> Built {
        self.build().unwrap_or_else(|error| panic!("{error}: {:?}", error.diagnose()))
    }

    fn image(&self, built: &Built) -> Image {
        image::read(&self.request.store, &built.digest).expect("an image")
    }

    fn rootfs(&self, built: &Built) -> PathBuf {
        let folders = unpack::rootfs(&self.request.store, &built.digest).expect("a root");
        folders[0].clone()
    }

    fn refused(&self) -> String {
        match self.build() {
            Err(Error::Refused(list)) => {
                let one = &list[0];
                let line = one.labels.first().map_or(0, |label| label.line);
                format!("{line} {} | {}", one.message, one.help.as_deref().unwrap_or("-"))
            }
            other => panic!("{other:?}"),
        }
    }
}

const ARTICLE: &str = "\
FROM golang:1.21 AS builder
WORKDIR /app
COPY go.mod .
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=linux go build -o main .
FROM scratch
WORKDIR /root/
COPY --from=builder /app/main .
ENV MODE=production
EXPOSE 8080
CMD [\"./main\"]
";

#[test]
fn the_articles_dockerfile_gives_the_same_image_from_any_folder() {
    let (Some(first), Some(second)) = (Sample::new(ARTICLE), Sample::new(ARTICLE)) else { return };
    let built = first.built();
    // A change that the program does not depend on, in another folder, with another store.
    second.write("README.md", "documentation");
    let again = second.built();
    assert_eq!(built.digest, again.digest);
    println!("the article's image is {}", built.digest);
    assert_eq!(built.layers, again.layers);
    assert_eq!(built.layers.len(), 2);
    let config = first.image(&built).config;
    assert_eq!(config.config.cmd, ["./main"]);
    assert_eq!(config.config.working_dir, "/root");
    assert!(config.config.env.contains(&"MODE=production".to_owned()));
    assert!(config.config.exposed_ports.contains_key("8080/tcp"));
    let root = first.rootfs(&built);
    let program = root.join("root/main");
    let output = Command::new(&program).env_clear().output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hi\n");
    assert_eq!(fs::metadata(&program).expect("metadata").mode() & 0o777, 0o755);
    assert_eq!(fs::read_dir(&root).expect("a root").count(), 1, "nothing else is in the image");
    let run = built.steps.iter().find(|step| step.line == 6).expect("the RUN step");
    assert_eq!(run.text, "RUN CGO_ENABLED=0 GOOS=linux go build -o main .");
    assert_eq!(built.toolchain["go"], first.request.go.as_ref().expect("Go").version);
    assert!(built.notes.iter().any(|note| note.contains("golang:1.21")), "{:?}", built.notes);
    second.write("main.go", &MAIN.replace("hi", "ho"));
    assert_ne!(second.built().digest, built.digest);
}

#[test]
fn a_failing_run_shows_its_last_lines_and_leaves_nothing() {
    let text = "FROM golang\nWORKDIR /app\nCOPY . .\nRUN echo one && go vet . && \\\n  go build\n\
                FROM scratch\nCOPY --from=0 /app/shop /\n";
    let Some(sample) = Sample::new(text) else { return };
    sample.write("main.go", "package main\n\nfunc main() { undefined() }\n");
    let mut lines = Vec::new();
    let result = build(&sample.request, &mut |event| {
        if let BuildEvent::Output { line, text } = event {
            lines.push((line, text));
        }
    });
    let Err(Error::Run(failure)) = &result else { panic!("{result:?}") };
    assert_eq!((failure.line, failure.last_lines[0].as_str()), (4, "one"));
    assert!(failure.last_lines.iter().any(|line| line.contains("undefined")), "{failure:?}");
    assert_eq!(lines[0], (4, "one".to_owned()));
    let error = result.expect_err("a failure");
    assert_eq!(error.exit_code(), 1);
    assert!(error.diagnose()[0].notes.iter().any(|note| note.contains("undefined")));
    assert!(sample.build().is_err());
}

#[test]
fn a_program_that_is_not_there_fails_the_step() {
    let text = "FROM golang\nRUN [\"/no/such/program\"]\nFROM scratch\nCOPY --from=0 /go /\n";
    let Some(sample) = Sample::new(text) else { return };
    let Err(Error::Run(failure)) = sample.build() else { panic!("it was built") };
    assert_eq!((failure.line, failure.exit), (2, Some(Exit::Code(127))));
    assert!(failure.last_lines[0].contains("/no/such/program"), "{failure:?}");
}

#[test]
fn a_stage_may_write_anywhere_and_read_what_its_image_would_have() {
    let text = "\
FROM golang AS builder
RUN <<EOF
set -e
mkdir -p /out/bin
printf tool > /usr/local/bin/tool
printf '%s' \"$HOME $PWD $(id -u) $SOURCE_DATE_EPOCH\" > /out/facts
ln -s /usr/local/bin/tool /out/bin/link
rm /etc/group
chmod 0700 /out/bin
EOF
COPY <<EOF /bin/from-copy
x
EOF
FROM builder AS second
RUN test -f /usr/bin/from-copy && test -f /out/facts && test ! -e /etc/group && rm /out/facts
RUN --network=none test \"$(cat /proc/net/dev | grep -c :)\" = 1
FROM scratch AS base
COPY --from=builder --chown=7:8 /out/ /x/
COPY --from=builder /out/bin/link /usr/local/bin/tool /tools/
COPY --from=second /bin/from-copy /y
COPY --from=builder /etc/passwd /etc/ssl/certs/ca-certificates.crt /etc/
FROM base
COPY --chmod=600 main.go /x/bin/
";
    let Some(sample) = Sample::new(text) else { return };
    let built = sample.built();
    let root = sample.rootfs(&built);
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a file");
    assert_eq!(read("x/facts"), "/root /go 0 315532800");
    assert_eq!((read("tools/tool").as_str(), read("tools/link").as_str()), ("tool", "tool"));
    assert_eq!(read("y"), "x\n");
    assert!(read("etc/passwd").starts_with("root:x:0:0"));
    let link = fs::read_link(root.join("x/bin/link")).expect("a link");
    assert_eq!(link, Path::new("/usr/local/bin/tool"));
    let mode = |path: &str| fs::metadata(root.join(path)).expect("metadata").mode() & 0o777;
    assert_eq!((mode("x/bin"), mode("x/bin/main.go")), (0o700, 0o600));
    assert!(!Path::new("/usr/local/bin/tool").exists(), "the host is untouched");
    let note = "`/etc/ssl/certs/ca-certificates.crt` is this machine's own";
    assert!(built.notes.iter().any(|found| found.ends_with(note)), "{:?}", built.notes);
    assert!(built.notes.iter().any(|note| note.contains("neither ENTRYPOINT nor CMD")));
    // Four copies of the base and one more.
    assert_eq!(built.layers.len(), 5);
    assert_eq!(sample.image(&built).config.history.len(), 5);
}

#[test]
fn what_copy_does_not_find_is_an_error_at_its_place() {
    let from_context = "FROM scratch\nCOPY mian.go /\n";
    let Some(mut sample) = Sample::new(from_context) else { return };
    let context = "does not exist in the build context";
    assert_eq!(sample.refused(), format!("2 `mian.go` {context} | did you mean `main.go`?"));
    sample.request.text = "FROM scratch\nCOPY main.go /\n".into();
    sample.write(".dockerignore", "*.go\n");
    let help = "it is there, but `.dockerignore` excludes it";
    assert_eq!(sample.refused(), format!("2 `main.go` {context} | {help}"));
    sample.request.text =
        "FROM golang AS b\nFROM scratch\nCOPY --from=b \\\n  /app/main /\n".into();
    let refused = sample.refused();
    assert!(refused.starts_with("4 `/app/main` does not exist in that stage"), "{refused}");
    // A link that points out of the context is resolved inside it.
    std::os::unix::fs::symlink("/etc/passwd", sample.request.context.join("out")).expect("a link");
    sample.request.text = "FROM scratch\nCOPY out /\n".into();
    assert!(sample.refused().starts_with("2 `out` does not exist"), "{}", sample.refused());
}

#[test]
fn a_cancelled_build_ends_at_once_and_leaves_no_process() {
    let text = "FROM golang\nRUN echo ready && sleep 86399\nFROM scratch\nCOPY --from=0 /x /\n";
    let Some(sample) = Sample::new(text) else { return };
    let cancel = Arc::clone(&sample.request.cancel);
    let result = build(&sample.request, &mut |event| {
        if matches!(&event, BuildEvent::Output { text, .. } if text == "ready") {
            cancel.store(true, Ordering::SeqCst);
        }
    });
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    let sleeping = fs::read_dir("/proc").expect("/proc").flatten().any(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        line.windows(5).any(|window| window == b"86399")
    });
    assert!(!sleeping, "the step is gone");
}

#[test]
fn a_stage_never_writes_through_a_link_to_the_host() {
    let text = "FROM golang\nRUN ln -s \"$OUTSIDE\" /out\nCOPY main.go /out/planted\nFROM scratch\n\
                COPY --from=0 /go /\n";
    let Some(mut sample) = Sample::new(text) else { return };
    let outside = sample.folder.path().join("outside");
    fs::create_dir(&outside).expect("a folder");
    let value = outside.to_string_lossy().into_owned();
    sample.request.environment.push(("OUTSIDE".into(), value));
    sample.built();
    assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
}

#[test]
fn a_dynamic_program_on_scratch_is_noted() {
    let text = "FROM golang\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=1 go build -o main .\n\
                FROM scratch\nCOPY --from=0 /app/main /main\nENTRYPOINT [\"/main\"]\n";
    let Some(sample) = Sample::new(text) else { return };
    if !Path::new("/usr/bin/gcc").exists() {
        eprintln!("SKIPPED: there is no C compiler");
        return;
    }
    sample.write(
        "c.go",
        "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nvar One = C.one()\n",
    );
    let built = sample.built();
    assert!(built.notes.iter().any(|note| note.contains("CGO_ENABLED=0")), "{:?}", built.notes);
}
