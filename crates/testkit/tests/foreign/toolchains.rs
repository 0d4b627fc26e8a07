//! Modules that want what is not there.

use crate::site::Site;

/// A module with a requirement and no `go.sum`: Go's own words, at the step.
#[test]
fn a_module_without_go_sum_fails_with_the_words_of_go() {
    let site = Site::plain();
    site.repository.write(
        "go.mod",
        "module example.org/site\n\ngo 1.22\n\nrequire example.org/money v1.2.0\n",
    );
    site.repository.edit(
        "main.go",
        "\t\"syscall\"\n",
        "\t\"syscall\"\n\n\t\"example.org/money\"\n",
    );
    site.repository.edit("main.go", "version = \"one\"", "version = money.Word");
    site.repository.commit("no go.sum");
    let failed = site.release().expect_exit(1);
    assert!(failed.stderr.contains("missing go.sum entry"), "{failed}");
    assert_eq!(site.outcomes()[0].1, "failed");
}

/// A module without requirements needs none.
#[test]
fn a_module_that_needs_a_newer_go_is_told_which_one_and_which_is_there() {
    let site = Site::plain();
    site.repository.write("go.mod", "module example.org/site\n\ngo 1.99.1\n");
    site.repository.edit(
        ".github/workflows/ci.yml",
        "      - run: test -f go.mod\n",
        "      - uses: actions/setup-go@v5\n        with: { go-version-file: go.mod }\n      \
         - run: go build ./...\n",
    );
    site.repository.commit("a newer go");
    let refused = site.release().expect_exit(2);
    assert!(refused.stderr.contains("1.99"), "{refused}");
    assert!(refused.stderr.contains("go1."), "what is there: {refused}");

    // Nobody asks in the workflow: the image's own build finds it out.
    site.repository.write(".github/workflows/ci.yml", crate::site::WORKFLOW);
    site.repository.commit("nobody asks");
    let failed = site.release();
    assert!(matches!(failed.code, 1 | 2), "{failed}");
    assert!(failed.stderr.contains("1.99.1"), "{failed}");
}
