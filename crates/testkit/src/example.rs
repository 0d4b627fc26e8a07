//! The files of `examples/checkout`, embedded, so that a test binary runs from any folder.

/// Path and content of every file.
pub const FILES: &[(&str, &str)] = &[
    (".dockerignore", include_str!("../../../examples/checkout/.dockerignore")),
    (".gitignore", include_str!("../../../examples/checkout/.gitignore")),
    (
        ".github/workflows/ci.yml",
        include_str!("../../../examples/checkout/.github/workflows/ci.yml"),
    ),
    ("Dockerfile", include_str!("../../../examples/checkout/Dockerfile")),
    ("bowline.yaml", include_str!("../../../examples/checkout/bowline.yaml")),
    ("deploy/rollout.yaml", include_str!("../../../examples/checkout/deploy/rollout.yaml")),
    ("deploy/service.yaml", include_str!("../../../examples/checkout/deploy/service.yaml")),
    ("go.mod", include_str!("../../../examples/checkout/go.mod")),
    ("main.go", include_str!("../../../examples/checkout/main.go")),
    ("main_test.go", include_str!("../../../examples/checkout/main_test.go")),
    ("price.go", include_str!("../../../examples/checkout/price.go")),
    ("shop.go", include_str!("../../../examples/checkout/shop.go")),
    ("shop_test.go", include_str!("../../../examples/checkout/shop_test.go")),
];

#[cfg(test)]
mod tests {
    use super::FILES;
    use bowline_host::files::{self, Kind};
    use std::path::Path;

    #[test]
    fn every_file_of_the_example_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/checkout");
        let entries = files::walk(folder, 1000).unwrap().into_iter();
        let there: Vec<String> =
            entries.filter(|entry| entry.kind == Kind::File).map(|entry| entry.relative).collect();
        let embedded: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        let missing: Vec<&String> =
            there.iter().filter(|path| !embedded.contains(&path.as_str())).collect();
        assert!(missing.is_empty(), "add to FILES here and in `bowline::demo`: {missing:?}");
    }
}
