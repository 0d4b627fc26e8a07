//! Two services in one repository.

use crate::site::{SERVER, Site, rollout};
use bowline_testkit::{console_lines, free_port, get};
use std::net::SocketAddr;

fn workflow(service: &str) -> String {
    format!(
        "name: {service}
on:
  push:
    branches: [main]
    paths:
      - 'services/{service}/**'
      - 'internal/**'
jobs:
  test:
    runs-on: ubuntu-latest
    defaults:
      run:
        working-directory: services/{service}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: {{ go-version-file: go.mod }}
      - run: go vet ./...
"
    )
}

fn dockerfile(service: &str) -> String {
    format!(
        "FROM golang:1.22 AS build\nWORKDIR /src\nCOPY go.mod ./\nCOPY internal ./internal\n\
         COPY services/{service} ./services/{service}\n\
         RUN CGO_ENABLED=0 go build -o /out/{service} ./services/{service}\n\n\
         FROM scratch\nCOPY --from=build /out/{service} /app\nENTRYPOINT [\"/app\"]\n"
    )
}

/// One module with two services, each with its own Dockerfile, manifests and workflow.
fn shop() -> (Site, [(&'static str, SocketAddr); 2]) {
    let site = Site::empty();
    let services = [("cart", free_port()), ("stock", free_port())];
    site.write(&[
        ("go.mod", "module example.org/shop\n\ngo 1.22\n"),
        ("internal/word/word.go", "package word\n\nconst Word = \"in the\"\n"),
        ("README.md", "two services\n"),
    ]);
    for (name, listen) in services {
        let main = SERVER
            .replace("const version = \"one\"", &format!("const version = word.Word + \" {name}\""))
            .replace("\t\"syscall\"\n", "\t\"syscall\"\n\n\t\"example.org/shop/internal/word\"\n");
        let own = format!(
            "workflows: [.github/workflows/{name}.yml]\ncontext: ../..\n\
             deploy: {{ path: deploy }}\nenvironments: {{ prod: {{ listen: \"{listen}\" }} }}\n"
        );
        site.write(&[
            (&format!("services/{name}/main.go"), &main),
            (&format!("services/{name}/Dockerfile"), &dockerfile(name)),
            (&format!("services/{name}/deploy/app.yaml"), &rollout(name, "", "steps: []")),
            (&format!("services/{name}/bowline.yaml"), &own),
            (&format!(".github/workflows/{name}.yml"), &workflow(name)),
        ]);
    }
    site.repository.commit("two services");
    (site, services)
}

#[track_caller]
fn says(address: SocketAddr, expected: &str) {
    assert_eq!(get(address, "/"), (200, expected.to_owned()));
}

#[test]
fn two_services_of_one_repository_live_side_by_side_and_apart() {
    let (site, [(_, cart), (_, stock)]) = shop();
    let here = site.release().expect_exit(2);
    assert!(here.stderr.contains("bowline -C services/cart release"), "{here}");
    site.run(&["-C", "services/cart", "check"]).expect_exit(0);
    site.run(&["-C", "services/cart", "release"]).expect_exit(0);
    site.run(&["-C", "services/stock", "release"]).expect_exit(0);
    says(cart, "in the cart");
    says(stock, "in the stock");

    // Named apart: both are `v0.0.1-build.1` in `prod`.
    let mut named: Vec<(String, String)> = site
        .list("environments")
        .iter()
        .map(|item| (item["app"].to_string(), item["address"].to_string()))
        .collect();
    named.sort();
    let address = |at: SocketAddr| format!("\"http://{at}\"");
    let expected = [("\"cart\"".into(), address(cart)), ("\"stock\"".into(), address(stock))];
    assert_eq!(named, expected);
    let traced = site.run(&["trace", "v0.0.1-build.1"]).expect_exit(0);
    for line in ["v0.0.1-build.1 of cart", "v0.0.1-build.1 of stock"] {
        traced.clone().expect_data(line);
    }
    let by_address = site.run(&["trace", &format!("http://{stock}")]).expect_exit(0);
    assert!(!by_address.stdout.contains("of cart"), "{by_address}");
    site.run(&["-C", "services/stock", "rollout", "get"]).expect_exit(0).expect_data("prod/stock");
    // A folder below a service is that service.
    site.run(&["-C", "services/cart/deploy", "rollout", "get"])
        .expect_exit(0)
        .expect_data("prod/cart");
    changed_alone(&site, cart, stock);
}

/// The commands of the page, in its order: release, look, back.
fn as_the_page_says(site: &Site, cart: SocketAddr) {
    let page = include_str!("../../../../docs/bowline-yaml.md");
    let lines = console_lines(page);
    assert!(lines.len() >= 3, "the page holds commands");
    for line in lines {
        let outcome = site.world.shell(site.repository.folder(), &line.command);
        let outcome = outcome.expect_exit(line.code);
        if line.command.ends_with(" release") {
            assert!(!outcome.stderr.contains("skipped"), "{outcome}");
            says(cart, "in the new cart");
        }
    }
}

/// A change of one service: the other's workflow is not for it.
fn changed_alone(site: &Site, cart: SocketAddr, stock: SocketAddr) {
    site.repository.edit("services/cart/main.go", " cart\"", " new cart\"");
    let commit = site.repository.commit("a new cart");
    let skipped = site.run(&["-C", "services/stock", "release"]).expect_exit(0);
    assert!(skipped.stderr.contains("skipped"), "{skipped}");
    as_the_page_says(site, cart);
    let traced = site.run(&["trace", &commit]).expect_exit(0);
    assert!(traced.stdout.contains("v0.0.1-build.2 of cart"), "{traced}");
    says(cart, "in the cart");
    says(stock, "in the stock");

    // Everything that a restart brings back is both.
    site.run(&["down"]).expect_exit(0);
    let up = site.run(&["up"]).expect_exit(0);
    assert!(up.stdout.contains("prod/cart") && up.stdout.contains("prod/stock"), "{up}");
    says(cart, "in the cart");
    says(stock, "in the stock");
}

#[test]
fn a_workspace_of_modules_is_built_from_each_service_own_folder() {
    let site = Site::empty();
    let listen = free_port();
    site.write(&[
        ("go.work", "go 1.22\n\nuse (\n\t./services/cart\n\t./libs/word\n)\n"),
        ("libs/word/go.mod", "module example.org/word\n\ngo 1.22\n"),
        ("libs/word/word.go", "package word\n\nconst Word = \"one work\"\n"),
        ("services/cart/go.mod", "module example.org/cart\n\ngo 1.22\n"),
        (
            "services/cart/main.go",
            &SERVER
                .replace("const version = \"one\"", "const version = word.Word")
                .replace("\t\"syscall\"\n", "\t\"syscall\"\n\n\t\"example.org/word\"\n"),
        ),
        (
            "services/cart/Dockerfile",
            "FROM golang:1.22 AS build\nWORKDIR /src\nCOPY . .\n\
             RUN CGO_ENABLED=0 go build -o /out/cart ./services/cart\nFROM scratch\n\
             COPY --from=build /out/cart /cart\nENTRYPOINT [\"/cart\"]\n",
        ),
        ("services/cart/k8s/all.yaml", &rollout("cart", "", "steps: []")),
        (
            "services/cart/bowline.yaml",
            &format!(
                "workflows: []\ncontext: ../../\ndeploy: {{ path: ./k8s/ }}\n\
                 environments: {{ prod: {{ listen: \"{listen}\" }} }}\n"
            ),
        ),
    ]);
    site.repository.commit("a workspace");
    site.run(&["-C", "services/cart", "release"]).expect_exit(0);
    says(listen, "one work");
    let outside = site.repository.read("services/cart/bowline.yaml");
    site.repository.write("services/cart/bowline.yaml", &outside.replace("../../", "../../.."));
    site.repository.commit("outside");
    let refused = site.run(&["-C", "services/cart", "release"]).expect_exit(2);
    assert!(refused.stderr.contains("inside the repository"), "{refused}");
    assert!(refused.stderr.contains("services/cart/bowline.yaml:2:"), "{refused}");
}
