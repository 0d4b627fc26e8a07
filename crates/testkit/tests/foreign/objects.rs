//! A plain `Deployment` with its Service, ConfigMap and Secret in one file.

use crate::site::{DOCKERFILE, SERVER, Site, WORKFLOW};

const ALL: &str = "\
# Everything that the service needs.
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: site-config
  labels: { app.kubernetes.io/name: site }
data:
  GREETING: hello
  limits.json: |
    { \"rate\": 5 }
---
apiVersion: v1
kind: Secret
metadata:
  name: site-secret
type: Opaque
stringData:
  token: planted-secret-9
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
  labels: { app.kubernetes.io/name: site }
spec:
  replicas: 2
  revisionHistoryLimit: 3
  selector:
    matchLabels: { app.kubernetes.io/name: site }
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  template:
    metadata:
      labels: { app.kubernetes.io/name: site }
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: site
          image: registry.example.org/team/site:1.0
          imagePullPolicy: IfNotPresent
          envFrom:
            - configMapRef: { name: site-config }
          env:
            - name: TOKEN
              valueFrom:
                secretKeyRef: { name: site-secret, key: token }
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests: { cpu: 50m, memory: 32Mi }
            limits: { memory: 128Mi }
          readinessProbe:
            httpGet: { path: /, port: http }
            periodSeconds: 2
---
apiVersion: v1
kind: Service
metadata:
  name: site
spec:
  type: ClusterIP
  selector: { app.kubernetes.io/name: site }
  ports:
    - name: http
      port: 80
      targetPort: http
---
";

#[test]
fn a_deployment_with_its_configuration_in_one_file_is_released_and_rolled_back() {
    let main = SERVER.replace(
        "\tstop, cancel",
        "\tfmt.Println(\"token\", os.Getenv(\"TOKEN\"))\n\tstop, cancel",
    );
    let site = Site::with(
        &[
            ("go.mod", "module example.org/site\n\ngo 1.22\n"),
            ("main.go", &main),
            ("Dockerfile", DOCKERFILE),
            (".github/workflows/ci.yml", WORKFLOW),
            ("deploy/all.yaml", ALL),
        ],
        "image: registry.example.org/team/site\n",
    );
    site.repository.commit("a deployment");
    site.run(&["check"]).expect_exit(0);
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "hello one");
    assert_eq!(site.list("pods").len(), 2);
    let logs = site.run(&["logs"]).expect_exit(0);
    assert!(logs.stdout.contains("token ***"), "{logs}");
    assert!(!logs.stdout.contains("planted-secret-9"), "{logs}");

    site.say("one", "two");
    site.release().expect_exit(0);
    assert_eq!(site.answer(), "hello two");
    site.run(&["rollback"]).expect_exit(0).expect_data("v0.0.1-build.1");
    assert_eq!(site.answer(), "hello one");
}

/// Another release of the same content has one name wherever it is asked for.
#[test]
fn a_release_of_what_runs_already_gives_it_its_name_everywhere() {
    let site = Site::plain();
    site.release().expect_exit(0);
    site.repository.write("README.md", "words\n");
    site.repository.commit("only words");
    site.release().expect_exit(0);
    let name = "v0.0.1-build.2";
    site.run(&["rollout", "get"]).expect_exit(0).expect_data(&format!("stable   {name}"));
    site.run(&["up"]).expect_exit(0).expect_data(name);
    site.run(&["ls", "environments"]).expect_exit(0).expect_data(name);
    site.say("one", "two");
    site.release().expect_exit(0);
    site.run(&["rollback"]).expect_exit(0).expect_data(name);
    site.run(&["ls", "environments"]).expect_exit(0).expect_data(name);
    assert_eq!(site.answer(), "one");
}
