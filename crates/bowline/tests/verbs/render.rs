//! `bowline render`: charts and overlays. The bytes beside them were written by Helm 4.1.4 and
//! `kubectl` 1.35.2; `cargo xtask score` compares with hundreds more.

use crate::world;
use bowline_testkit::Repository;

/// A chart with a values file of its own and one of an environment, and an overlay.
const FILES: &[(&str, &str)] = &[
    ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\n"),
    (
        "charts/shop/values.yaml",
        "replicaCount: 1\nlimit: 10485760\nlabels: { b10: x, b2: \"yes\" }\n",
    ),
    (
        "charts/shop/templates/_names.tpl",
        "{{- define \"name\" }}{{ .Release.Name }}\
         -{{ .Chart.Name }}{{ end -}}\n",
    ),
    (
        "charts/shop/templates/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"name\" . }}\n  labels:\n    \
         {{- toYaml .Values.labels | nindent 4 }}\ndata:\n  \
         replicas: {{ .Values.replicaCount | quote }}\n  \
         limit: {{ .Values.limit }}\n",
    ),
    ("values-prod.yaml", "labels: { tier: gold }\n"),
    ("overlays/base/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: shop }\n"),
    ("overlays/base/kustomization.yaml", "resources: [service.yaml]\n"),
    (
        "overlays/prod/kustomization.yaml",
        "resources: [../base]\nnamePrefix: prod-\nnamespace: prod\n",
    ),
];

/// Writes them into the work tree.
pub fn write_chart_and_overlay(repository: &Repository) {
    for (path, text) in FILES {
        repository.write(path, text);
    }
}

#[test]
fn a_chart_is_printed_as_helm_prints_it() {
    let world = world();
    let repository = world.empty_repository("shop");
    write_chart_and_overlay(&repository);
    let arguments = ["render", "rel", "charts/shop", "-f", "values-prod.yaml"];
    let plain = world.bowline(repository.folder(), &arguments).expect_exit(0);
    assert_eq!(plain.stdout, CHART);
    let more = [&arguments[..], &["--set", "replicaCount=3,labels=null"]].concat();
    let set = world.bowline(repository.folder(), &more).expect_exit(0);
    assert!(set.stdout.contains("  replicas: \"3\"\n"), "{set}");
    assert!(set.stdout.contains("  labels:\n    null\n"), "{set}");
    assert_eq!(plain.stderr, "");
}

#[test]
fn an_overlay_is_printed_as_kubectl_prints_it() {
    let world = world();
    let repository = world.empty_repository("shop");
    write_chart_and_overlay(&repository);
    let built = world.bowline(repository.folder(), &["render", "overlays/prod"]).expect_exit(0);
    let expected =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: prod-shop\n  namespace: prod\n";
    assert_eq!(built.stdout, expected);
    let refused = world.bowline(repository.folder(), &["render", "overlays/prod", "--set", "a=b"]);
    assert!(refused.expect_exit(2).stderr.contains("`--set` is for charts"));
}

#[test]
fn what_fails_names_the_template_and_the_values() {
    let world = world();
    let repository = world.empty_repository("shop");
    write_chart_and_overlay(&repository);
    repository.edit("charts/shop/templates/config.yaml", ".Values.limit", ".Values.limit.of.it");
    let failed = world.bowline(repository.folder(), &["render", "charts/shop"]).expect_exit(1);
    assert!(failed.stderr.contains("shop/templates/config.yaml:9:13"), "{failed}");
    assert!(failed.stderr.contains("values.yaml:2:"), "{failed}");
    assert_eq!(failed.stdout, "");
    for (arguments, words) in [
        (&["render", "nowhere"][..], "nowhere"),
        (&["render", "charts/shop", "-f", "none.yaml"], "none.yaml"),
        (&["render", "charts/shop", "-f", "https://example.org/v.yaml"], "values are files"),
        (&["render", "charts/shop", "--helm-profile", "helm-9"], "no profile `helm-9`"),
        (&["render", "charts/shop", "--kube-version", "new"], "no version of Kubernetes"),
    ] {
        let refused = world.bowline(repository.folder(), arguments).expect_exit(2);
        assert!(refused.stderr.contains(words), "{refused}");
    }
}

/// What Helm prints with `values-prod.yaml`.
const CHART: &str = r#"---
# Source: shop/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: rel-shop
  labels:
    b2: "yes"
    b10: x
    tier: gold
data:
  replicas: "1"
  limit: 1.048576e+07
"#;
