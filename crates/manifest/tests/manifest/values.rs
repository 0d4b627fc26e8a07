//! Places of values, and the image by name.

use bowline_diag::Diagnose;
use bowline_manifest::{File, Resource, read, set_image};
use bowline_model::Digest;

const ROLLOUT: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop, annotations: {a/b: c}}
spec:
  replicas: 3
  paused: no
  template:
    spec:
      initContainers:
        - {name: wait, image: \"busybox:1\"}
      containers:
        - name: app
          image: team/shop:latest
        - name: side
          image: registry.test:5000/team/shop
";

fn resources() -> Vec<Resource> {
    let file = File { path: "deploy/shop.yaml".into(), text: ROLLOUT.into() };
    read(&[file]).expect("a manifest that reads")
}

fn digest() -> Digest {
    Digest::from_sha256([7; 32])
}

#[test]
fn values_keep_their_places() {
    let resource = &resources()[0];
    for (pointer, line, column) in [
        ("", 1, 1),
        ("/spec/replicas", 5, 13),
        ("/spec/template/spec/containers/1/image", 15, 18),
        ("/metadata/annotations/a~1b", 3, 43),
        // Nothing is there: the nearest thing around it.
        ("/spec/template/spec/volumes/0", 9, 7),
        ("/spec/strategy", 5, 3),
    ] {
        let place = resource.place(pointer);
        assert_eq!((place.line, place.column), (line, column), "{pointer}");
    }
    let key = resource.key_place("/spec/replicas");
    assert_eq!((key.line, key.column, key.length), (5, 3, 8));
    assert_eq!(resource.value["spec"]["paused"], false);
}

#[test]
fn the_image_enters_by_its_exact_name() {
    let mut changed = resources();
    let set = set_image(&mut changed, "team/shop:whatever", &digest()).expect("a container");
    assert_eq!(set.len(), 1);
    assert_eq!(set[0].pointer, "/spec/template/spec/containers/0/image");
    assert_eq!(
        (set[0].resource.as_str(), set[0].before.as_str()),
        ("Rollout/shop", "team/shop:latest")
    );
    let image = changed[0].value.pointer(&set[0].pointer).and_then(|value| value.as_str());
    assert_eq!(image, Some(format!("team/shop@{}", digest()).as_str()));
    let other = &changed[0].value["spec"]["template"]["spec"]["containers"][1]["image"];
    assert_eq!(other, "registry.test:5000/team/shop");
    let again = set_image(&mut changed, "team/shop", &digest()).expect("still that name");
    assert_eq!(again[0].before, again[0].after);
}

#[test]
fn an_image_that_nobody_runs_names_those_that_are_run() {
    let error = set_image(&mut resources(), "shop", &digest()).expect_err("no such name");
    assert_eq!(error.seen, ["busybox", "registry.test:5000/team/shop", "team/shop"]);
    let diagnostic = &error.diagnose()[0];
    assert!(diagnostic.notes.iter().any(|note| note.contains("`team/shop`")), "{diagnostic:?}");
    let near = set_image(&mut resources(), "team/shpo", &digest()).expect_err("a slip");
    let help = near.diagnose()[0].help.clone();
    assert_eq!(help.as_deref(), Some("set `image: team/shop` in `bowline.yaml`"));
}

#[test]
fn an_order_to_argo_cd_is_refused_by_name() {
    let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: my-app }\n\
                spec: { source: { path: overlays/prod } }\n";
    let errors = read(&[File { path: "app.yaml".into(), text: text.into() }]).expect_err("refused");
    assert_eq!(errors.len(), 1, "{errors:?}");
    let place = (errors[0].code.as_str(), errors[0].labels[0].line, errors[0].labels[0].column);
    assert_eq!(place, ("BOW0608", 2, 7));
    assert!(errors[0].message.contains("`Application/my-app`"), "{}", errors[0].message);
    assert!(errors[0].help.as_ref().is_some_and(|help| help.contains("path: overlays/prod")));
}

#[test]
fn a_file_that_is_no_yaml_does_not_hide_errors_of_others() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let files = [file("a.yaml", "kind: Service\nkind: Service\n"), file("b.yaml", "kind: Pod\n")];
    let errors = read(&files).expect_err("two broken files");
    let places: Vec<_> = errors.iter().map(|e| (&*e.labels[0].file, e.labels[0].line)).collect();
    assert_eq!(places, [("a.yaml", 2), ("b.yaml", 1), ("b.yaml", 1)]);
}
