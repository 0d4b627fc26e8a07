//! A release that waits for a person, and another one that comes.

use crate::site::Site;
use bowline_testkit::Users;

fn waits() -> Site {
    let site = Site::plain();
    site.release().expect_exit(0);
    site.repository.edit("deploy/site.yaml", "{ duration: 1 }", "{}");
    site.say("one", "two");
    site
}

#[test]
fn another_revision_settles_the_one_that_waits_and_goes() {
    let site = waits();
    let mut first = site.world.start(site.repository.folder(), &["release"]);
    first.wait_for_talk("promote");
    let users = Users::arrive(site.repository.address(), 50, "/");

    // Its conductor lives: the other one is told whose turn it is.
    site.repository.edit("deploy/site.yaml", "pause: {}", "pause: { duration: 1 }");
    site.say("two", "three");
    let busy = site.release().expect_exit(2);
    assert!(busy.stderr.contains(&first.pid().to_string()), "{busy}");

    // It is gone: the other one takes its traffic back first, then goes its own way.
    first.kill();
    let settled = site.release().expect_exit(0);
    assert!(settled.stderr.contains("v0.0.1-build.2, which was left open"), "{settled}");
    assert_eq!(site.answer(), "three");
    let seen = users.leave();
    assert!(seen.requests > 20 && seen.failed == 0, "{seen:?}");
    let expected = [
        ("v0.0.1-build.3", "promoted"),
        ("v0.0.1-build.2", "rolled_back"),
        ("v0.0.1-build.1", "promoted"),
    ];
    assert_eq!(site.outcomes(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let why = site.run(&["why", "v0.0.1-build.2"]).expect_exit(0);
    assert!(
        why.stdout.contains("another commit was released") || why.stdout.contains("instead"),
        "{why}"
    );
}
