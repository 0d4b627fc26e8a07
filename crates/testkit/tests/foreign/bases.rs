//! Dockerfiles with a base image below the program: refused at their line, before anything runs.

use crate::site::{DOCKERFILE, Site};

#[test]
fn a_base_image_is_refused_at_its_line_with_the_way_on() {
    let site = Site::plain();
    let alpine = DOCKERFILE
        .replace("FROM scratch\n", "FROM alpine:3.20\nRUN apk add --no-cache ca-certificates\n");
    let distroless = DOCKERFILE.replace("FROM scratch", "FROM gcr.io/distroless/static:nonroot");
    for (text, base) in
        [(&alpine, "alpine:3.20"), (&distroless, "gcr.io/distroless/static:nonroot")]
    {
        site.repository.write("Dockerfile", text);
        site.repository.commit(base);
        for verb in ["check", "release"] {
            let refused = site.run(&[verb]).expect_exit(2);
            let line = text.lines().position(|line| line.contains(base)).expect("a line") + 1;
            assert!(refused.stderr.contains(&format!("Dockerfile:{line}:")), "{refused}");
            assert!(refused.stderr.contains(base), "{refused}");
            assert!(refused.stderr.contains("FROM scratch"), "the way on: {refused}");
        }
    }
    assert!(site.list("releases").is_empty(), "nothing has begun");
}
