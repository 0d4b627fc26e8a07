//! Several applications on one machine, and versions that never get ready.

use crate::release::{release, released};
use bowline_testkit::get;

/// A second repository with the same objects must not take the first one's users away.
#[test]
fn an_application_does_not_touch_the_objects_of_another() {
    let (world, first) = released();
    let second = world.repository().with_quick_workflow();
    second.edit("bowline.yaml", "app: checkout", "app: other\nimage: checkout");
    second.commit("the same objects under another app");
    let refused = release(&world, &second).expect_exit(2);
    assert!(refused.stderr.contains("belongs to the app `checkout`"), "{refused}");
    assert_eq!(get(first.address(), "/checkout").0, 200);

    // Under names of their own both run, and a verb means the app of the folder it is typed in.
    for file in ["deploy/rollout.yaml", "deploy/service.yaml"] {
        let text = second.read(file);
        second.write(
            file,
            &text.replace("checkout", "other").replace("image: other", "image: checkout"),
        );
    }
    second.commit("objects of its own");
    release(&world, &second).expect_exit(0);
    assert_eq!(get(first.address(), "/checkout").0, 200);
    assert_eq!(get(second.address(), "/checkout").0, 200);
    let here = world.bowline(second.folder(), &["rollout", "get"]).expect_exit(0);
    assert!(here.stdout.contains("prod/other"), "{here}");
    let named = ["rollout", "get", "--app", "checkout"];
    let named = world.bowline(second.folder(), &named).expect_exit(0);
    assert!(named.stdout.contains("prod/checkout"), "{named}");
    let nowhere = world.bowline(world.root(), &["rollout", "get"]).expect_exit(2);
    assert!(nowhere.stderr.contains("--app NAME"), "{nowhere}");
}

/// What a probe was answered is the first question about a version that never got ready.
#[test]
fn a_version_that_is_never_ready_says_what_its_probe_was_answered() {
    let (world, repository) = released();
    repository.edit("shop.go", "fmt.Fprintln(w, \"ready\")", "http.Error(w, \"no database\", 503)");
    repository.edit(
        "shop_test.go",
        "[]string{\"/healthz\", \"/readyz\"}",
        "[]string{\"/healthz\"}",
    );
    repository.edit(
        "deploy/rollout.yaml",
        "progressDeadlineSeconds: 60",
        "progressDeadlineSeconds: 3",
    );
    repository.commit("never ready");
    let ended = release(&world, &repository).expect_exit(4);
    assert!(ended.stderr.contains("not ready:") && ended.stderr.contains("503"), "{ended}");
    assert!(ended.stderr.contains("serving on"), "the application's own log: {ended}");
    assert_eq!(get(repository.address(), "/checkout").0, 200);
}

/// A secret reaches the workflow of a release and is shown nowhere.
#[test]
fn a_release_takes_secrets_and_shows_none() {
    let (world, repository) = released();
    let step = "      - run: test -n \"$TOKEN\" && echo \"got $TOKEN\"\n        \
        env: { TOKEN: \"${{ secrets.TOKEN }}\" }\n";
    let text = repository.read(".github/workflows/ci.yml");
    repository
        .write(".github/workflows/ci.yml", &format!("{}{step}", text.trim_end().to_owned() + "\n"));
    repository.commit("a secret");
    let arguments = ["release", "--verbose", "-s", "TOKEN=planted-secret-7"];
    let ended = world.bowline(repository.folder(), &arguments).expect_exit(0);
    assert!(ended.stderr.contains("got ***"), "{ended}");
    assert!(!ended.stderr.contains("planted-secret-7"), "{ended}");
    let found =
        world.shell(world.root(), "grep -rl planted-secret-7 . --exclude-dir=checkout* || true");
    assert_eq!(found.stdout.trim(), "", "{found}");
}
