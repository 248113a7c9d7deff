"""Kubernetes' kinds: what is read of each, and what is said of what is not."""

from __future__ import annotations

import pytest

from parsers.facts import Labels, Requirement, Selector
from parsers.facts.kubernetes import (
    ConfigMap,
    Ingress,
    IpBlock,
    Namespace,
    NetworkPolicy,
    Service,
    ServiceAccount,
    Workload,
)
from tests.parsers.builders import codes, every, only, read_yaml, told

POD = """
    containers:
    - name: app
      image: acme/app:1
      command: [python, app.py]
      args: ["--port", "80"]
      ports: [{containerPort: 80, name: http}]
      livenessProbe: {httpGet: {path: /, port: 80}}
      resources: {limits: {cpu: 1, memory: 1Gi}}
      envFrom: [{configMapRef: {name: cfg}, prefix: P_}, {secretRef: {name: s}}]
      env:
      - {name: A, value: b}
      - {name: C, valueFrom: {configMapKeyRef: {name: cfg, key: k, optional: true}}}
      - {name: D, valueFrom: {secretKeyRef: {name: s, key: k}}}
      - {name: E, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
      - {name: F}
    initContainers: [{name: init, image: acme/init}]
    serviceAccountName: sa
    hostNetwork: true
    volumes: []
"""


def workload(kind: str, api: str, before: str) -> str:
    body = POD.replace("\n", "\n" + " " * (len(before.rsplit("\n", 1)[-1]) - 4))
    head = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: w, namespace: shop}}\nspec:\n"
    return f"{head}{before.rpartition(chr(10))[0]}{body}"


@pytest.mark.parametrize(
    ("kind", "api", "before"),
    [
        (
            "Deployment",
            "apps/v1",
            "  replicas: 2\n  selector: {}\n  template:\n    metadata: {labels: {app: w}}\n    spec:\n      ",
        ),
        (
            "StatefulSet",
            "apps/v1",
            "  serviceName: w\n  template:\n    metadata: {labels: {app: w}}\n    spec:\n      ",
        ),
        ("DaemonSet", "apps/v1", "  template:\n    metadata: {labels: {app: w}}\n    spec:\n      "),
        ("ReplicaSet", "apps/v1", "  template:\n    metadata: {labels: {app: w}}\n    spec:\n      "),
        ("Job", "batch/v1", "  backoffLimit: 4\n  template:\n    metadata: {labels: {app: w}}\n    spec:\n      "),
        (
            "Rollout",
            "argoproj.io/v1alpha1",
            "  strategy: {canary: {}}\n  template:\n    metadata: {labels: {app: w}}\n    spec:\n      ",
        ),
        (
            "CronJob",
            "batch/v1",
            "  schedule: '* * * * *'\n  jobTemplate:\n    spec:\n      template:\n"
            "        metadata: {labels: {app: w}}\n        spec:\n          ",
        ),
    ],
)
def test_every_kind_that_runs_pods_is_a_workload(kind: str, api: str, before: str) -> None:
    found = read_yaml(workload(kind, api, before))
    read = only(found, Workload)
    assert codes(found) == []
    assert (read.kind, read.meta.name, read.meta.namespace, read.pod_labels) == (
        kind,
        "w",
        "shop",
        Labels({"app": "w"}),
    )
    assert (read.service_account, read.host_network) == ("sa", True)
    assert read.schedule == ("* * * * *" if kind == "CronJob" else None)
    assert [(c.name, c.init) for c in read.containers] == [("app", False), ("init", True)]


def test_a_pod_carries_its_own_labels() -> None:
    found = read_yaml("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\nspec:" + POD)
    assert only(found, Workload).pod_labels == Labels({"a": "b"})


def test_the_environment_says_where_each_value_comes_from() -> None:
    found = read_yaml("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:" + POD)
    container = only(found, Workload).containers[0]
    assert [(e.name, e.value, e.config_map, e.secret, e.key, e.field_path) for e in container.env] == [
        ("A", "b", None, None, None, None),
        ("C", None, "cfg", None, "k", None),
        ("D", None, None, "s", "k", None),
        ("E", None, None, None, None, "metadata.namespace"),
        ("F", "", None, None, None, None),
    ]
    assert [(e.config_map, e.secret, e.prefix) for e in container.env_from] == [("cfg", None, "P_"), (None, "s", "")]
    assert (container.command, container.args) == (("python", "app.py"), ("--port", "80"))
    assert container.limits == Labels({"cpu": "1", "memory": "1Gi"})


def test_a_field_that_kubernetes_does_not_have_is_reported() -> None:
    found = read_yaml("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: a, imagine: b}]\n")
    assert told(found) == ["a.yaml:5: P102 $.spec.containers[0].imagine: not understood, so not modelled"]


def test_an_object_without_a_name_is_no_fact() -> None:
    found = read_yaml("apiVersion: apps/v1\nkind: Deployment\nmetadata: {labels: {a: b}}\n")
    assert every(found, Workload) == []
    assert "P104" in codes(found)


@pytest.mark.parametrize(
    "spec", ["spec: 3", "spec: []", "spec: {template: x}", "spec: {template: {spec: {containers: {}}}}"]
)
def test_a_spec_of_the_wrong_type_is_reported_and_the_rest_read(spec: str) -> None:
    found = read_yaml(f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w}}\n{spec}\n")
    assert only(found, Workload).meta.name == "w"
    assert "P101" in codes(found)


def test_a_service_names_ports_and_what_it_selects() -> None:
    found = read_yaml("""\
        apiVersion: v1
        kind: Service
        metadata: {name: s}
        spec:
          type: NodePort
          clusterIP: None
          selector: {app: s}
          sessionAffinity: None
          ports:
          - {name: http, port: 80, targetPort: web, nodePort: 30000, appProtocol: http2}
          - {port: 53, protocol: UDP}
          - {name: broken}
        """)
    read = only(found, Service)
    assert (read.type, read.headless, read.selector) == ("NodePort", True, Labels({"app": "s"}))
    assert [(p.name, p.port, p.target_port, p.protocol, p.app_protocol, p.node_port) for p in read.ports] == [
        ("http", 80, "web", "TCP", "http2", 30000),
        (None, 53, None, "UDP", None, None),
    ]
    assert told(found) == ["a.yaml:12: P104 $.spec.ports[2]: a port without its number"]


def test_an_external_name_is_kept() -> None:
    found = read_yaml(
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: ExternalName, externalName: x.org}"
    )
    assert only(found, Service).external_name == "x.org"


def test_a_config_map_keeps_text_and_a_secret_only_what_is_clear() -> None:
    found = read_yaml("""\
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: c}
        data: {A: "1", B: 2}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        type: Opaque
        data: {P: c2VjcmV0}
        stringData: {U: u}
        """)
    clear, secret = every(found, ConfigMap)
    assert [(e.key, e.value) for e in clear.entries] == [("A", "1"), ("B", "2")]
    assert (secret.secret, [(e.key, e.value) for e in secret.entries]) == (True, [("U", "u")])
    assert told(found) == ["a.yaml:4: P101 $.data.B: expected a string, got a number"]


def test_namespaces_and_accounts_keep_their_labels() -> None:
    found = read_yaml("""\
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
        - {apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, automountServiceAccountToken: false}
        """)
    assert only(found, Namespace).meta.labels == Labels({"istio-injection": "enabled"})
    assert only(found, ServiceAccount).meta.name == "a"
    assert codes(found) == []


def test_a_typed_list_lends_its_kind_to_its_items() -> None:
    found = read_yaml(
        "apiVersion: v1\nkind: ServiceList\nitems: [{metadata: {name: a}, spec: {}}, {metadata: {name: b}}]\n"
    )
    assert [s.meta.name for s in every(found, Service)] == ["a", "b"]


def test_an_ingress_sends_paths_to_services() -> None:
    found = read_yaml("""\
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: i, annotations: {kubernetes.io/ingress.class: nginx}}
        spec:
          tls: []
          defaultBackend: {service: {name: d, port: {number: 80}}}
          rules:
          - host: x.org
            http: {paths: [{path: /a, pathType: Exact, backend: {service: {name: s, port: {name: http}}}}]}
        """)
    read = only(found, Ingress)
    assert read.class_name == "nginx"
    assert [(p.host, p.path, p.path_type, p.service, p.port) for p in read.paths] == [
        (None, "/", "Prefix", "d", 80),
        ("x.org", "/a", "Exact", "s", "http"),
    ]
    assert codes(found) == []


def test_the_older_ingress_is_read_too() -> None:
    found = read_yaml("""\
        apiVersion: extensions/v1beta1
        kind: Ingress
        metadata: {name: i}
        spec: {rules: [{http: {paths: [{backend: {serviceName: s, servicePort: 80}}]}}]}
        """)
    assert [(p.service, p.port) for p in only(found, Ingress).paths] == [("s", 80)]


def test_a_backend_without_a_service_is_reported() -> None:
    found = read_yaml(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {defaultBackend: {}}\n"
    )
    assert codes(found) == ["P104"]


def test_a_network_policy_tells_absent_from_empty() -> None:
    found = read_yaml("""\
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: p}
        spec:
          podSelector: {matchLabels: {a: b}, matchExpressions: [{key: k, operator: In, values: [v]}]}
          policyTypes: [Ingress]
          ingress:
          - from:
            - podSelector: {}
              namespaceSelector: {matchLabels: {n: m}}
            - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
            ports: [{port: 80, endPort: 90}, {port: http, protocol: SCTP}, {}]
          - {}
        """)
    read = only(found, NetworkPolicy)
    assert read.pod_selector == Selector(Labels({"a": "b"}), (Requirement("k", "In", ("v",)),))
    assert read.policy_types == ("Ingress",)
    assert read.egress is None
    assert read.ingress is not None
    first, second = read.ingress
    assert first.peers[0].pod_selector == Selector()
    assert first.peers[0].namespace_selector == Selector(Labels({"n": "m"}))
    assert first.peers[1].ip_block == IpBlock("10.0.0.0/8", ("10.1.0.0/16",))
    assert [(p.port, p.end_port, p.protocol) for p in first.ports] == [
        (80, 90, "TCP"),
        ("http", None, "SCTP"),
        (None, None, "TCP"),
    ]
    assert (second.peers, second.ports) == ((), ())
    assert codes(found) == []


def test_an_empty_ingress_list_denies_and_is_kept() -> None:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
    found = read_yaml(f"{head}spec: {{podSelector: {{}}, ingress: []}}\n")
    assert only(found, NetworkPolicy).ingress == ()


def test_a_knative_service_is_a_workload_and_a_name() -> None:
    found = read_yaml("""\
        apiVersion: serving.knative.dev/v1
        kind: Service
        metadata: {name: k, labels: {networking.knative.dev/visibility: cluster-local}}
        spec:
          template:
            metadata: {annotations: {autoscaling.knative.dev/minScale: "1"}}
            spec: {containerConcurrency: 3, containers: [{image: acme/k, ports: [{containerPort: 9000}]}]}
        """)
    service = only(found, Service)
    assert (service.type, service.ports[0].port, service.ports[0].target_port) == ("ClusterIP", 80, 9000)
    assert only(found, Workload).pod_labels.contains(service.selector)
    assert codes(found) == []


def test_a_patch_that_deletes_an_object_does_not_define_it() -> None:
    found = read_yaml("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\n$patch: delete\n")
    assert (found.facts, found.diagnostics) == ((), ())


def test_a_generated_name_stands_in_for_one_and_is_never_unknown() -> None:
    found = read_yaml(
        "apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p-1, generateName: p-}\n"
    )
    assert [w.meta.name for w in every(found, Workload)] == ["p-", "p-1"]
    assert codes(found) == []
