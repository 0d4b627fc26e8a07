//! Manifests, configurations, layouts, golden bytes.

use crate::Bench;
use bowline_host::files;
use bowline_model::Digest;
use bowline_oci::{
    Descriptor, Empty, Error, History, ImageConfig, Index, Layer, image,
    layer::{Content, LayerBuilder, Owner},
    layout, media_type,
};
use bowline_store::{Store, digest_of};

/// A layer with every kind of entry, long names, a big owner, more than one gzip member.
fn sample_layer(store: &Store) -> Layer {
    let mut layer = LayerBuilder::new();
    let mut random = bowline_host::random::Seeded::new(42);
    let noise: Vec<u8> = (0..300_000).flat_map(|_| random.next_u64().to_le_bytes()).collect();
    let text = |text: &str| Content::Bytes(text.as_bytes().to_vec());
    let owner = Owner { uid: 3_000_000, gid: 4_000_000 };
    layer.file("etc/passwd", text("root:x:0:0::/:/bin/sh\n"), 0o644, Owner::default()).unwrap();
    layer.file("app/server", Content::Bytes(noise), 0o755, owner).unwrap();
    layer.dir("app", 0o755, Owner::default()).unwrap();
    layer.symlink("app/current", "server", Owner::default()).unwrap();
    layer.hard_link("app/server2", "app/server").unwrap();
    let long = format!("app/{}/{}", "d".repeat(160), "f".repeat(101));
    layer.file(&long, text("long"), 0o600, Owner::default()).unwrap();
    layer.whiteout("var/cache").unwrap();
    layer.opaque("srv").unwrap();
    layer.write(store).unwrap()
}

fn sample_image(store: &Store) -> Digest {
    let mut config = ImageConfig::new("amd64");
    config.config.entrypoint = vec!["/app/server".to_owned()];
    config.config.env = vec!["PATH=/usr/bin:/bin".to_owned()];
    config.config.exposed_ports.insert("8080/tcp".to_owned(), Empty {});
    let step = |text: &str, empty_layer| History {
        created: Some(image::CREATED.to_owned()),
        created_by: Some(text.to_owned()),
        comment: None,
        empty_layer,
    };
    config.history = vec![step("COPY server /app/server", false), step("EXPOSE 8080", true)];
    image::write(store, &config, &[sample_layer(store)]).unwrap()
}

/// These digests may only change on purpose: every image of every user changes with them. A
/// new version of libdeflate that packs differently shows here.
#[test]
fn the_same_content_gives_the_same_bytes_for_ever() {
    let bench = Bench::start();
    let layer = sample_layer(&bench.store);
    let golden = [
        (
            layer.diff_id.to_string(),
            "sha256:4fa07c99072a932da7a56b1af74407177f8c9599768bf2de796f2f1227a24052",
        ),
        (
            layer.digest.to_string(),
            "sha256:2b58436a0c5029f59b5c9dd40f447a7b3a260610f2bc403a4eab61bace6cba47",
        ),
        (
            sample_image(&bench.store).to_string(),
            "sha256:4a98d8cdf94a4437679616ec2236337d911159a08d20300879cb09f000ae1a87",
        ),
    ];
    for (found, expected) in golden {
        assert_eq!(found, expected);
    }
    let again = Bench::start();
    assert_eq!(sample_layer(&again.store), layer, "another store, the same layer");
}

#[test]
fn the_order_in_which_entries_come_does_not_matter() {
    let bench = Bench::start();
    let write = |paths: &[&str]| {
        let mut layer = LayerBuilder::new();
        for path in paths {
            let content = Content::Bytes(path.as_bytes().to_vec());
            layer.file(path, content, 0o644, Owner::default()).unwrap();
        }
        layer.write(&bench.store).unwrap()
    };
    assert_eq!(write(&["b", "a-b", "a/b"]), write(&["a/b", "b", "a-b"]));
}

#[test]
fn a_file_on_disk_is_packed_like_the_same_bytes_in_memory() {
    let bench = Bench::start();
    let path = bench.folder.path().join("outside");
    let write = |content| {
        let mut layer = LayerBuilder::new();
        layer.file("f", content, 0o644, Owner::default()).unwrap();
        layer.write(&bench.store).unwrap()
    };
    let memory = Content::Bytes(b"untouched".to_vec());
    assert_eq!(write(Content::File(path)), write(memory));
}

#[test]
fn paths_that_cannot_stand_in_a_layer_are_refused() {
    let mut layer = LayerBuilder::new();
    for path in ["", "/a", "a/", "a//b", "./a", "../a", "a/..", ".wh.a", "a/.wh..wh..opq", "a\0b"] {
        let result = layer.dir(path, 0o755, Owner::default());
        assert!(matches!(result, Err(Error::Path { .. })), "{path}");
    }
    assert!(matches!(layer.hard_link("a", "b"), Err(Error::Path { .. })));
    assert!(layer.is_empty());
    layer.hard_link("b", "a").unwrap();
    let bench = Bench::start();
    let error = layer.write(&bench.store).unwrap_err().to_string();
    assert!(error.contains("needs a file of the same layer"), "{error}");
}

#[test]
fn an_image_reads_back_as_it_was_written() {
    let bench = Bench::start();
    let digest = sample_image(&bench.store);
    let found = image::read(&bench.store, &digest).unwrap();
    assert_eq!(found.config.created.as_deref(), Some("1980-01-01T00:00:00Z"));
    assert_eq!(found.layers(), [sample_layer(&bench.store)]);
    assert_eq!(found.config.config.entrypoint, ["/app/server"]);
    let text = bench.store.get(&found.manifest.config.digest, 10_000).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(r#""ExposedPorts":{"8080/tcp":{}}"#), "{text}");
    assert!(text.contains(r#""rootfs":{"type":"layers","diff_ids":["sha256:"#), "{text}");
}

#[test]
fn an_image_whose_parts_contradict_each_other_is_refused() {
    let bench = Bench::start();
    let layer = sample_layer(&bench.store);
    let mut config = ImageConfig::new("amd64");
    config.history = vec![History::default(), History::default()];
    let error = image::write(&bench.store, &config, std::slice::from_ref(&layer)).unwrap_err();
    assert!(error.to_string().contains("history has 2 steps"), "{error}");
    let wrong_size = Layer { size: layer.size + 1, ..layer };
    let error = image::write(&bench.store, &ImageConfig::new("amd64"), &[wrong_size]).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

fn edited(bench: &Bench, digest: &Digest, edit: impl Fn(&mut serde_json::Value)) -> Digest {
    let bytes = bench.store.get(digest, 1 << 20).unwrap();
    let mut document = serde_json::from_slice(&bytes).unwrap();
    edit(&mut document);
    bench.store.put(document.to_string().as_bytes()).unwrap()
}

#[test]
fn documents_of_other_tools_are_read_and_ambiguous_ones_refused() {
    let bench = Bench::start();
    let digest = sample_image(&bench.store);
    let docker = edited(&bench, &digest, |manifest| {
        manifest["mediaType"] = media_type::DOCKER_MANIFEST.into();
        manifest["config"]["mediaType"] = media_type::DOCKER_CONFIG.into();
        manifest["layers"][0]["mediaType"] = media_type::DOCKER_LAYER_GZIP.into();
        manifest["annotations"] = serde_json::Value::Null;
        manifest["unknown"] = 1.into();
    });
    assert_eq!(image::read(&bench.store, &docker).unwrap().config.os, "linux");
    type Edit<'a> = &'a dyn Fn(&mut serde_json::Value);
    let cases: [(&str, Edit<'_>); 6] = [
        ("index and manifest at once", &|m| m["manifests"] = serde_json::json!([])),
        ("schema 1", &|m| {
            m["schemaVersion"] = 1.into();
            m.as_object_mut().unwrap().remove("mediaType");
        }),
        ("media type `text/plain`", &|m| m["mediaType"] = "text/plain".into()),
        ("has 1 diff ids", &|m| m["layers"] = serde_json::json!([])),
        ("not a digest", &|m| m["config"]["digest"] = "sha512:00".into()),
        ("bytes, not", &|m| m["config"]["size"] = 1.into()),
    ];
    for (wanted, edit) in cases {
        let changed = edited(&bench, &digest, edit);
        let message = image::read(&bench.store, &changed).unwrap_err().to_string();
        let wanted = if wanted == "has 1 diff ids" { "0 layers and 1 diff ids" } else { wanted };
        assert!(message.contains(wanted), "{wanted}: {message}");
    }
}

#[test]
fn nulls_of_other_tools_read_as_empty() {
    let text = r#"{"architecture":"amd64","os":"linux","created":null,"config":{"Env":null,
        "Cmd":null,"Labels":null,"Volumes":null,"ExposedPorts":null,"OnBuild":null,
        "User":null,"Healthcheck":null},"rootfs":{"type":"layers","diff_ids":null},
        "history":null}"#;
    let config: ImageConfig = serde_json::from_str(text).unwrap();
    assert_eq!((config.config.env.len(), config.rootfs.diff_ids.len()), (0, 0));
}

#[test]
fn of_an_index_the_image_for_this_machine_is_taken() {
    let bench = Bench::start();
    let digest = sample_image(&bench.store);
    let size = bench.store.size(&digest).unwrap();
    let mut native = Descriptor::new(media_type::MANIFEST, digest.clone(), size);
    native.platform = Some(ImageConfig::new(bowline_oci::native_architecture()).platform());
    let mut foreign = Descriptor::new(media_type::MANIFEST, digest_of(b"absent"), 1);
    foreign.platform = Some(ImageConfig::new("s390x").platform());
    let put = |manifests: &[&Descriptor]| {
        let index = Index {
            schema_version: 2,
            media_type: media_type::INDEX.to_owned(),
            manifests: manifests.iter().map(|one| (*one).clone()).collect(),
            annotations: std::collections::BTreeMap::new(),
        };
        bench.store.put(&serde_json::to_vec(&index).unwrap()).unwrap()
    };
    let found = image::read(&bench.store, &put(&[&foreign, &native])).unwrap();
    assert_eq!(found.digest, digest);
    let error = image::read(&bench.store, &put(&[&foreign])).unwrap_err().to_string();
    assert!(error.contains("no image for linux/"), "{error}");
}

#[test]
fn a_layout_goes_out_and_comes_back() {
    let bench = Bench::start();
    let digest = sample_image(&bench.store);
    let out = bench.folder.path().join("layout");
    layout::export_named(&bench.store, &digest, &out, Some("v1.4.2")).unwrap();
    // The form that the specification prescribes.
    let text = |path: &str| std::fs::read_to_string(out.join(path)).unwrap();
    assert_eq!(text("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index: serde_json::Value = serde_json::from_str(&text("index.json")).unwrap();
    assert_eq!(index["schemaVersion"], 2);
    let descriptor = &index["manifests"][0];
    assert_eq!(descriptor["digest"], digest.as_str());
    assert_eq!(descriptor["mediaType"], media_type::MANIFEST);
    assert_eq!(descriptor["platform"]["os"], "linux");
    assert_eq!(descriptor["annotations"]["org.opencontainers.image.ref.name"], "v1.4.2");
    let blobs = files::list(out.join("blobs/sha256")).unwrap();
    assert_eq!(blobs.len(), 3, "layer, configuration, manifest");
    for blob in blobs {
        let content = std::fs::read(out.join("blobs/sha256").join(&blob.name)).unwrap();
        assert_eq!(digest_of(&content).hex(), blob.name);
    }
    for name in [None, Some("v1.4.2")] {
        let other = Bench::start();
        let found = layout::import(&other.store, &out, name).unwrap();
        assert_eq!(found, image::read(&bench.store, &digest).unwrap());
    }
    let other = Bench::start();
    assert!(layout::import(&other.store, &out, Some("v9")).is_err());
    let config = image::read(&bench.store, &digest).unwrap().manifest.config.digest;
    let blob = out.join("blobs/sha256").join(config.hex());
    let mut content = std::fs::read(&blob).unwrap();
    content[10] ^= 1;
    std::fs::write(&blob, content).unwrap();
    let error = layout::import(&other.store, &out, None).unwrap_err().to_string();
    assert!(error.contains("its content is"), "{error}");
}
