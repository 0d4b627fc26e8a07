//! GitHub's patterns and the events that they let in.

use bowline_workflow::filter::{Pattern, matches};
use bowline_workflow::{Event, read};

#[test]
fn patterns_are_githubs_and_not_a_shells() {
    for (pattern, name, expected) in [
        ("main", "main", true),
        ("main", "Main", false),
        ("*", "feature", true),
        ("*", "feature/x", false),
        ("**", "feature/x/y", true),
        ("releases/**", "releases/10/rc", true),
        ("releases/**-alpha", "releases/beta/3-alpha", true),
        ("feature/*", "feature/a/b", false),
        ("**/docs/**", "docs/hello.md", true),
        ("**/docs/**", "dir/docs/my-file.txt", true),
        ("**/README.md", "README.md", true),
        ("**/*src/**", "a/src/app.js", true),
        ("**/*-post.md", "path/their-post.md", true),
        ("*.jsx?", "page.js", true),
        ("*.jsx?", "page.jsx", true),
        ("*.jsx?", "page.jsxx", false),
        ("v[12].[0-9]+.[0-9]+", "v1.10.1", true),
        ("v[12].[0-9]+.[0-9]+", "v3.10.1", false),
        ("v2*", "v2.9", true),
        ("?", "?", true),
        ("+a", "+a", true),
        ("a+", "aaa", true),
        ("\\*", "*", true),
        ("\\*", "x", false),
        ("[CB]at", "Bat", true),
        ("[1-2]00", "300", false),
        ("a.b", "axb", false),
        ("*.md", ".md", true),
        ("**.js", "src/js/app.js", true),
    ] {
        let found = Pattern::new(pattern).expect(pattern).is_match(name);
        assert_eq!(found, expected, "{pattern} on {name}");
    }
    for broken in ["", "!", "[", "[]", "[z-a]", "a\\", "[^a]"] {
        assert!(Pattern::new(broken).is_err(), "{broken}");
    }
}

fn runs(on: &str, event: &Event) -> bool {
    let text = format!("on: {on}\njobs: {{ a: {{ runs-on: linux }} }}\n");
    let workflow = read("ci.yml", &text).unwrap_or_else(|errors| panic!("{on}: {errors:?}"));
    matches(&workflow.on, event).runs()
}

fn push(reference: &str, files: &[&str]) -> Event {
    Event::push(reference, "c0ffee", files.iter().map(|file| (*file).to_owned()).collect())
}

#[test]
fn a_push_runs_what_its_branch_tag_and_files_select() {
    let (main, tag) = ("refs/heads/main", "refs/tags/v1");
    for (on, reference, files, expected) in [
        ("push", main, vec!["a"], true),
        ("[push, pull_request]", main, vec!["a"], true),
        ("pull_request", main, vec!["a"], false),
        ("{ push: { branches: [release] } }", main, vec!["a"], false),
        ("{ push: { branches: main } }", main, vec!["a"], true),
        ("{ push: { branches: [main] } }", tag, vec!["a"], false),
        ("{ push: { tags: ['v*'] } }", tag, vec!["a"], true),
        ("{ push: { tags: ['v*'] } }", main, vec!["a"], false),
        ("{ push: { branches: [main], tags: ['v*'] } }", tag, vec!["a"], true),
        ("{ push: { branches-ignore: [main] } }", main, vec!["a"], false),
        ("{ push: { branches-ignore: [x] } }", main, vec!["a"], true),
        ("{ push: { branches: ['**', '!main'] } }", main, vec!["a"], false),
        ("{ push: { branches: ['!main', '**'] } }", main, vec!["a"], true),
        ("{ push: { branches: ['**', '!ma*', 'main'] } }", main, vec!["a"], true),
        ("{ push: { paths: ['docs/**'] } }", main, vec!["a.go"], false),
        ("{ push: { paths: ['docs/**'] } }", main, vec!["a.go", "docs/x"], true),
        ("{ push: { paths: ['docs/**'] } }", tag, vec!["a.go"], true),
        ("{ push: { paths: ['**', '!docs/**'] } }", main, vec!["docs/x"], false),
        ("{ push: { paths-ignore: ['docs/**'] } }", main, vec!["docs/x"], false),
        ("{ push: { paths-ignore: ['docs/**'] } }", main, vec!["docs/x", "a"], true),
    ] {
        assert_eq!(runs(on, &push(reference, &files)), expected, "{on} {reference} {files:?}");
    }
}

#[test]
fn unknown_changed_files_never_hide_a_run() {
    let event = Event { changed_files: None, ..push("refs/heads/main", &[]) };
    assert!(runs("{ push: { paths: ['docs/**'] } }", &event));
}

#[test]
fn pull_requests_look_at_their_base_and_their_type() {
    let request = |action: &str| Event {
        name: "pull_request".to_owned(),
        action: Some(action.to_owned()),
        base: Some("main".to_owned()),
        reference: "refs/pull/7/merge".to_owned(),
        ..Event::default()
    };
    for (on, action, expected) in [
        ("pull_request", "opened", true),
        ("pull_request", "closed", false),
        ("{ pull_request: { types: [closed] } }", "closed", true),
        ("{ pull_request: { types: [closed] } }", "opened", false),
        ("{ pull_request: { branches: [main] } }", "opened", true),
        ("{ pull_request: { branches: [release] } }", "opened", false),
    ] {
        assert_eq!(runs(on, &request(action)), expected, "{on} {action}");
    }
}
