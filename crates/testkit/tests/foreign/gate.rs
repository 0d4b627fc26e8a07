//! A workflow whose coverage falls below the gate.

use crate::site::{DOCKERFILE, SERVER, Site, rollout};

const TEST: &str = "package main

import \"testing\"

func TestGreeting(t *testing.T) {
	if greeting(\"hi\") != \"hi \"+version || greeting(\"\") != version {
		t.Fatal(\"unexpected\")
	}
}
";

const UNTESTED: &str = "package main

func discount(cents int) int {
	if cents > 100 {
		cents -= 10
	}
	if cents > 1000 {
		cents -= 100
	}
	return cents
}
";

const WORKFLOW: &str = "\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: { go-version: '1.22' }
      - run: go test -covermode=atomic -coverprofile=coverage.out ./...
";

#[test]
fn coverage_below_the_gate_blocks_and_the_running_version_is_untouched() {
    let site = Site::with(
        &[
            ("go.mod", "module example.org/site\n\ngo 1.22\n"),
            ("main.go", SERVER),
            ("main_test.go", TEST),
            ("Dockerfile", DOCKERFILE),
            (".github/workflows/ci.yml", WORKFLOW),
            ("deploy/site.yaml", &rollout("site", "", "steps: []")),
        ],
        "reports: { coverage: coverage.out }\ngates: [\"coverage >= 20\"]\n",
    );
    site.repository.commit("tested");
    site.release().expect_exit(0);
    let pods = site.list("pods");

    site.repository.write("discount.go", UNTESTED);
    site.repository.edit("deploy/site.yaml", "replicas: 1", "replicas: 3");
    site.say("one", "two");
    let blocked = site.release().expect_exit(3);
    assert!(blocked.stderr.contains("coverage"), "{blocked}");
    assert_eq!(site.answer(), "one");
    assert_eq!(site.list("pods"), pods, "the same pods, never started again");
    assert_eq!(site.outcomes()[0], ("v0.0.1-build.2".to_owned(), "blocked".to_owned()));
    let environments = site.list("environments");
    assert_eq!(environments[0]["version"], "v0.0.1-build.1");
    let traced = site.run(&["trace", "v0.0.1-build.2"]);
    assert!(!traced.stdout.contains("serv"), "nothing of it was built: {traced}");

    // Tested, it passes.
    site.repository.write(
        "discount_test.go",
        "package main\n\nimport \"testing\"\n\nfunc TestDiscount(t *testing.T) {\n\
         \tif discount(2000) != 1890 {\n\t\tt.Fatal(discount(2000))\n\t}\n}\n",
    );
    site.repository.commit("tested again");
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "two");
}
