//! A module whose dependencies lie in `vendor/`.

use crate::site::{SERVER, Site, rollout};

const MONEY: &str = "// Package money shows amounts.\npackage money\n\nimport \"fmt\"\n\n\
    // Cents as euros.\nfunc Cents(n int) string { return fmt.Sprintf(\"€%d.%02d\", n/100, n%100) }\n";

const MAIN_TEST: &str = "package main

import \"testing\"

func TestGreeting(t *testing.T) {
	if got := greeting(\"hello\"); got != \"hello €12.50\" {
		t.Fatal(got)
	}
}
";

const WORKFLOW: &str = "\
name: build
on: [push, pull_request]
env:
  GOFLAGS: -mod=vendor
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with:
          go-version-file: go.mod
          cache: false
      - run: go vet ./...
      - run: go test -coverprofile=cover.out ./...
      - name: nothing is fetched
        run: test -z \"$(ls \"$(go env GOMODCACHE)\" | grep example.org)\"
";

#[test]
fn a_module_with_vendored_dependencies_is_built_without_a_proxy() {
    let main = SERVER
        .replace("const version = \"one\"", "var version = money.Cents(1250)")
        .replace("\t\"syscall\"\n", "\t\"syscall\"\n\n\t\"example.org/money\"\n");
    let site = Site::with(
        &[
            ("go.mod", "module example.org/shop\n\ngo 1.22\n\nrequire example.org/money v1.2.0\n"),
            (
                "vendor/modules.txt",
                "# example.org/money v1.2.0\n## explicit; go 1.22\nexample.org/money\n",
            ),
            ("vendor/example.org/money/money.go", MONEY),
            ("cmd/shop/main.go", &main),
            ("cmd/shop/main_test.go", MAIN_TEST),
            (".github/workflows/ci.yml", WORKFLOW),
            (
                "Dockerfile",
                "FROM golang:1.22 AS builder\nWORKDIR /go/src/shop\nCOPY go.mod ./\n\
                 COPY vendor ./vendor\nCOPY cmd ./cmd\n\
                 RUN CGO_ENABLED=0 GOOS=linux go build -mod=vendor -trimpath \
                 -ldflags=\"-s -w\" -o /shop ./cmd/shop\n\n\
                 FROM scratch\nCOPY --from=builder /shop /shop\nUSER 65532:65532\n\
                 ENTRYPOINT [\"/shop\"]\n",
            ),
            ("deploy/site.yaml", &rollout("site", "", "steps: []")),
        ],
        "reports: { coverage: cover.out }\ngates: [\"coverage >= 10\"]\n",
    );
    site.repository.commit("everything vendored");
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "€12.50");
}
