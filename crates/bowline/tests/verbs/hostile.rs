//! Files of a hostile repository through `bowline check`: each is refused at its place, in a
//! moment, and nothing of it commands the terminal.

use crate::world;
use bowline_host::files;
use bowline_testkit::{Outcome, Repository};
use std::fmt::Write as _;

const CONFIG: &str = "bowline.yaml";
const WORKFLOW: &str = ".github/workflows/ci.yml";
const DOCKERFILE: &str = "Dockerfile";
const MANIFEST: &str = "deploy/rollout.yaml";

/// A screen at most: a line of a megabyte is no message.
const TALK_BYTES_MAX: usize = 12_000;

/// Lists of lists of lists: ten thousand million nodes when it is unfolded.
fn bomb() -> String {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    text
}

/// What is put behind a good file: a name and the text.
fn additions() -> Vec<(&'static str, String)> {
    let keys = (0..20_000).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "k{n}: 1");
        text
    });
    vec![
        ("ten megabytes", format!("# {}\n", "x".repeat(10_000_000))),
        ("a bomb of aliases", bomb()),
        ("deep lists", format!("x: {}{}\n", "[".repeat(100_000), "]".repeat(100_000))),
        ("deep mappings", format!("x: {}{}\n", "{a: ".repeat(50_000), "}".repeat(50_000))),
        ("an alias inside itself", "x: &a [*a]\n".to_owned()),
        ("a key of a megabyte", format!("{}: 1\n", "k".repeat(900_000))),
        ("many keys", keys),
        ("control characters", "\"evil\\e]0;x\\a\\e[2J\\u202e\": 1\n".to_owned()),
        ("zero bytes", "x: \0\n".to_owned()),
    ]
}

/// Refused, briefly, harmlessly, with a place in `file`.
#[track_caller]
fn refused(what: &str, file: &str, outcome: Outcome) {
    assert_eq!(outcome.code, 2, "{what} of {file}: exit {}", outcome.code);
    let talk = &outcome.stderr;
    assert!(talk.len() < TALK_BYTES_MAX, "{what} of {file}: {} bytes of talk", talk.len());
    assert!(talk.contains(&format!("{file}:")), "{what} of {file} has no place:\n{talk}");
    let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!talk.contains(acts), "{what} of {file} commands the terminal: {talk:?}");
}

fn check(world: &bowline_testkit::World, repository: &Repository) -> Outcome {
    // Address space: the machine must not pay for a hostile file.
    let line = "ulimit -v 1500000; bowline check --progress plain";
    world.shell(repository.folder(), line)
}

#[test]
fn row_11_bombs_and_giants_are_refused_at_their_place() {
    let world = world();
    let repository = world.repository();
    check(&world, &repository).expect_exit(0);
    for file in [CONFIG, WORKFLOW, MANIFEST] {
        let good = repository.read(file);
        for (what, text) in additions() {
            repository.write(file, &format!("{good}{text}"));
            refused(what, file, check(&world, &repository));
        }
        repository.write(file, &format!("\u{feff}{good}"));
        check(&world, &repository).expect_exit(0);
        repository.write(file, &good);
    }
    let good = repository.read(DOCKERFILE);
    let nested = format!("ENV a={}{}\n", "${a:-".repeat(50_000), "}".repeat(50_000));
    for (what, text) in [
        ("ten megabytes", format!("# {}\n", "x".repeat(10_000_000))),
        ("deep substitutions", nested),
        ("many instructions", "RUN true\n".repeat(100_000)),
        ("control characters", "\u{1b}[2JEVIL x\n".to_owned()),
    ] {
        repository.write(DOCKERFILE, &format!("{good}{text}"));
        refused(what, DOCKERFILE, check(&world, &repository));
    }
    repository.write(DOCKERFILE, &good);
    let gates = format!("[{}]", vec!["\"coverage >= 1\""; 10_000].join(","));
    let config = repository.read(CONFIG);
    let without = config.split("gates:").next().expect("a text").to_owned();
    repository.write(CONFIG, &format!("{without}gates: {gates}\n"));
    refused("ten thousand gates", CONFIG, check(&world, &repository));
}

#[test]
fn paths_and_links_that_leave_the_repository_are_refused() {
    let world = world();
    let repository = world.repository();
    let folder = repository.folder();
    for file in [CONFIG, WORKFLOW, DOCKERFILE, MANIFEST] {
        let good = repository.read(file);
        for target in ["/etc/hostname", "/proc/self/environ", "/dev/zero"] {
            repository.remove(file);
            files::symlink(target, folder.join(file)).expect("a link");
            refused(target, file, check(&world, &repository));
        }
        // The benign twin: a link that stays inside.
        repository.remove(file);
        let inside = folder.join("elsewhere");
        files::write(&inside, good.as_bytes()).expect("a file");
        let up = "../".repeat(file.matches('/').count());
        files::symlink(format!("{up}elsewhere"), folder.join(file)).expect("a link");
        check(&world, &repository).expect_exit(0);
        repository.remove(file);
        repository.remove("elsewhere");
        repository.write(file, &good);
    }
    let good = repository.read(CONFIG);
    for path in ["../other", "/etc", "deploy/../../etc"] {
        repository.edit(CONFIG, "path: deploy", &format!("path: {path}"));
        refused(path, CONFIG, check(&world, &repository));
        repository.write(CONFIG, &good);
    }
    files::rename(folder.join("deploy"), world.root().join("outside")).expect("moved");
    files::symlink("../outside", folder.join("deploy")).expect("a link");
    refused("a folder outside", "deploy", check(&world, &repository));
    files::rename(world.root().join("outside"), folder.join("real")).expect("moved");
    repository.remove("deploy");
    files::symlink("real", folder.join("deploy")).expect("a link");
    check(&world, &repository).expect_exit(0);
}
