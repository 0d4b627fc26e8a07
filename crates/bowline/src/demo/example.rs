//! The files of `examples/checkout`, embedded in the binary.

/// Path and content of every file.
pub const FILES: &[(&str, &str)] = &[
    (".dockerignore", include_str!("../../../../examples/checkout/.dockerignore")),
    (".gitignore", include_str!("../../../../examples/checkout/.gitignore")),
    (
        ".github/workflows/ci.yml",
        include_str!("../../../../examples/checkout/.github/workflows/ci.yml"),
    ),
    ("Dockerfile", include_str!("../../../../examples/checkout/Dockerfile")),
    ("bowline.yaml", include_str!("../../../../examples/checkout/bowline.yaml")),
    ("deploy/rollout.yaml", include_str!("../../../../examples/checkout/deploy/rollout.yaml")),
    ("deploy/service.yaml", include_str!("../../../../examples/checkout/deploy/service.yaml")),
    ("go.mod", include_str!("../../../../examples/checkout/go.mod")),
    ("main.go", include_str!("../../../../examples/checkout/main.go")),
    ("main_test.go", include_str!("../../../../examples/checkout/main_test.go")),
    ("price.go", include_str!("../../../../examples/checkout/price.go")),
    ("shop.go", include_str!("../../../../examples/checkout/shop.go")),
    ("shop_test.go", include_str!("../../../../examples/checkout/shop_test.go")),
];
