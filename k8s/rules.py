#!/usr/bin/env python3
"""Rules of our own over rendered manifests: what no schema knows.

    rules.py RENDERED.yaml...              prints each breach, ends with 1 if there is one
    rules.py --self-test RENDERED.yaml...  plants a fault for each rule and sees that it is found
    rules.py --builtin-only FILE           prints the objects of Kubernetes itself, for validators without other schemas
    rules.py --monitoring                  the rules of alerts and dashboards over k8s/monitoring as it lies, without rendering
"""

import copy
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPONENT = "app.kubernetes.io/component"
WORKLOADS = ("Deployment", "StatefulSet", "Job")


def load(path):
    return [obj for obj in yaml.safe_load_all(Path(path).read_text()) if obj]


def name_of(obj):
    return f"{obj['kind']}/{obj['metadata']['name']}"


def of_kind(objects, *kinds):
    return [obj for obj in objects if obj["kind"] in kinds]


def pod_of(workload):
    return workload["spec"]["template"]


def labels_of(workload):
    return pod_of(workload)["metadata"].get("labels", {})


def container_of(workload):
    return pod_of(workload)["spec"]["containers"][0]


def selects(selector, labels):
    """Whether a label selector takes these labels."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        if rule["operator"] == "In" and labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def policies_of(objects, labels, direction):
    """Policies that select the labels and name something in that direction."""
    found = []
    for policy in of_kind(objects, "NetworkPolicy"):
        spec = policy["spec"]
        if direction in spec["policyTypes"] and selects(spec["podSelector"], labels):
            found.append(policy)
    return found


# --- rules: each yields a breach in words -----------------------------------------------------------------------------


def network_is_closed_by_default(objects):
    closed = [
        policy
        for policy in of_kind(objects, "NetworkPolicy")
        if policy["spec"]["podSelector"] == {}
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not policy["spec"].get("ingress")
        and not policy["spec"].get("egress")
    ]
    if not closed:
        yield "no policy closes the network in both directions for all pods"


def policies_name_whom_they_allow(objects):
    for policy in of_kind(objects, "NetworkPolicy"):
        spec = policy["spec"]
        for direction, key in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction) or []:
                if not rule.get("ports"):
                    yield f"{name_of(policy)}: an {direction} rule names no port"
                if not rule.get(key):
                    yield f"{name_of(policy)}: an {direction} rule is open to everybody"
                for peer in rule.get(key) or []:
                    if not any(peer.get(part) for part in ("podSelector", "namespaceSelector", "ipBlock")):
                        yield f"{name_of(policy)}: a peer of {direction} is empty, which is everybody"


def every_workload_has_policies(objects):
    for workload in of_kind(objects, *WORKLOADS):
        labels = labels_of(workload)
        wanted = ["Egress"] if workload["kind"] == "Job" else ["Ingress", "Egress"]
        for direction in wanted:
            named = [p for p in policies_of(objects, labels, direction) if p["spec"]["podSelector"] != {}]
            if not named:
                yield f"{name_of(workload)}: no policy names its {direction.lower()}"


def calls_are_those_of_the_architecture(objects):
    """The table "Who calls whom" and the policies say the same, in both directions."""
    deployments = {labels_of(d).get(COMPONENT) for d in of_kind(objects, "Deployment")}
    if not deployments:
        return
    table = calls_of_architecture()
    if deployments != set(table):
        yield f"roles deployed {sorted(deployments, key=str)} are not those of ARCHITECTURE.md {sorted(table)}"
    for caller, callees in table.items():
        allowed = peers_of(objects, caller, "Egress", "egress", "to")
        if allowed != callees:
            yield f"{caller} may call {sorted(allowed)}; ARCHITECTURE.md says {sorted(callees)}"
        callers = {other for other, called in table.items() if caller in called}
        allowed = peers_of(objects, caller, "Ingress", "ingress", "from")
        if allowed != callers:
            yield f"{caller} may be called by {sorted(allowed)}; ARCHITECTURE.md says {sorted(callers)}"


def calls_of_architecture():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rows = text.split("### Who calls whom")[1].split("\n## ")[0]
    table = {}
    for line in rows.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "service":
            table[cells[0]] = set(re.findall(r"[a-z-]{3,}", f"{cells[1]}, {cells[2]}"))
    return table


def peers_of(objects, component, kind, direction, key):
    """Components that policies of one component name."""
    named = set()
    for policy in policies_of(objects, {COMPONENT: component}, kind):
        for rule in policy["spec"].get(direction) or []:
            for peer in rule.get(key) or []:
                for expression in peer.get("podSelector", {}).get("matchExpressions") or []:
                    if expression["key"] == COMPONENT and not peer.get("namespaceSelector"):
                        named.update(expression["values"])
    return named


def pods_are_restricted(objects):
    for workload in of_kind(objects, *WORKLOADS):
        pod = pod_of(workload)["spec"]
        security = pod.get("securityContext", {})
        inner = container_of(workload).get("securityContext", {})
        wrong = [
            said
            for said, right in (
                ("may run as root", security.get("runAsNonRoot") is True and security.get("runAsUser", 0) >= 10000),
                ("has no seccomp profile", security.get("seccompProfile", {}).get("type") == "RuntimeDefault"),
                ("may gain privileges", inner.get("allowPrivilegeEscalation") is False),
                ("may write its root", inner.get("readOnlyRootFilesystem") is True),
                ("keeps capabilities", inner.get("capabilities", {}).get("drop") == ["ALL"]),
                ("gets a token of the API server", pod.get("automountServiceAccountToken") is False),
            )
            if not right
        ]
        for said in wrong:
            yield f"{name_of(workload)}: {said}"


def images_are_pinned(objects):
    for workload in of_kind(objects, *WORKLOADS):
        image = container_of(workload)["image"]
        if not re.search(r"(@sha256:[0-9a-f]{64}|:v?\d+\.\d+\.\d+)$", image):
            yield f"{name_of(workload)}: the image {image} is not pinned to a version or digest"


def secrets_are_files(objects):
    for workload in of_kind(objects, *WORKLOADS):
        container = container_of(workload)
        for variable in container.get("env") or []:
            if "secretKeyRef" in (variable.get("valueFrom") or {}):
                yield f"{name_of(workload)}: {variable['name']} is a secret in the environment; mount it as a file"
        if any("secretRef" in source for source in container.get("envFrom") or []):
            yield f"{name_of(workload)}: a whole secret is put into the environment; mount it as files"
    for secret in of_kind(objects, "Secret"):
        yield f"{name_of(secret)}: a secret lies in the manifests"


def roles_have_certificates_of_their_own(objects):
    """A certificate says which role calls; who had another's could do what that one may."""
    for deployment in of_kind(objects, "Deployment"):
        role = labels_of(deployment).get(COMPONENT)
        volumes = pod_of(deployment)["spec"]["volumes"]
        mounted = [volume["secret"]["secretName"] for volume in volumes if volume["name"] == "tls"]
        if mounted != [f"marque-tls-{role}"]:
            yield f"{name_of(deployment)}: mounts the certificates {mounted}, not marque-tls-{role} alone"


def services_stay_available(objects):
    for deployment in of_kind(objects, "Deployment"):
        labels, spec, container = labels_of(deployment), pod_of(deployment)["spec"], container_of(deployment)
        name = name_of(deployment)
        budgets = [b for b in of_kind(objects, "PodDisruptionBudget") if selects(b["spec"]["selector"], labels)]
        if len(budgets) != 1:
            yield f"{name}: {len(budgets)} disruption budgets select it, one is right"
        scalers = [
            scaler
            for scaler in of_kind(objects, "HorizontalPodAutoscaler")
            if scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        ]
        if len(scalers) != 1 or scalers[0]["spec"]["minReplicas"] < 3:
            yield f"{name}: it needs one autoscaler with three replicas or more"
        if deployment["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield f"{name}: a rollout takes replicas away before new ones are there"
        spread = spec.get("topologySpreadConstraints") or []
        if not any(selects(rule["labelSelector"], labels) and rule["labelSelector"]["matchLabels"].get(COMPONENT) for rule in spread):
            yield f"{name}: its replicas are not spread"
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe not in container:
                yield f"{name}: it has no {probe}"
        if container.get("livenessProbe", {}).get("httpGet", {}).get("path") != "/livez":
            yield f"{name}: its liveness depends on others; /livez does not"
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if pause < 5 or spec.get("terminationGracePeriodSeconds", 30) < pause + 25 + 5:
            yield f"{name}: it is ended before it has drained: preStop at least 5 s, grace at least preStop + 25 s + 5 s"


def one_writer_a_sqlite_file(objects):
    """Whoever is not told of PostgreSQL keeps SQLite files, and those have one writer."""
    configs = {config["metadata"]["name"]: "\n".join(config.get("data", {}).values()) for config in of_kind(objects, "ConfigMap")}
    for workload in of_kind(objects, "Deployment", "StatefulSet"):
        pod, container = pod_of(workload)["spec"], container_of(workload)
        mounted = [configs.get(volume["configMap"]["name"], "") for volume in pod.get("volumes", []) if "configMap" in volume]
        variables = {variable["name"] for variable in container.get("env") or []}
        has_postgres = any(re.search(r"(?m)^url(_file)? *=", text) for text in mounted)
        if has_postgres or any(name.startswith("MARQUE__STORE__URL") for name in variables):
            continue
        if workload["kind"] != "StatefulSet" or workload["spec"].get("replicas", 1) != 1:
            yield f"{name_of(workload)}: it keeps SQLite files, so it must be a StatefulSet of one replica"
        for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
            if scaler["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]:
                yield f"{name_of(workload)}: it keeps SQLite files and is scaled by {name_of(scaler)}"


def services_reach_pods(objects):
    for service in of_kind(objects, "Service"):
        pods = [w for w in of_kind(objects, "Deployment", "StatefulSet") if selects({"matchLabels": service["spec"]["selector"]}, labels_of(w))]
        if len(pods) != 1:
            yield f"{name_of(service)}: it selects {len(pods)} workloads, one is right"
            continue
        ports = {port["name"] for port in container_of(pods[0]).get("ports", [])}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"{name_of(service)}: its port {port['name']} leads to no port of {name_of(pods[0])}"


def peers_have_services(objects):
    """Each address in a configuration is a service of ours."""
    known = {f"{service['metadata']['name']}.{service['metadata'].get('namespace')}.svc" for service in of_kind(objects, "Service")}
    for config in of_kind(objects, "ConfigMap"):
        text = "\n".join(config.get("data", {}).values())
        for host in re.findall(r"(?m)^[a-z-]+ = \"https://([a-z.-]+\.svc):8443\"", text):
            if host not in known:
                yield f"{name_of(config)}: there is no service {host}"


def alerts_use_metrics_there_are(objects):
    """Names in alerts and dashboards are names the sources record."""
    known = metrics_of_sources()
    recorded = {entry["record"] for entry in alerting(objects) if "record" in entry}
    for where, expression in expressions(objects):
        for metric in sorted(metrics_in(expression) - known - recorded):
            yield f"{where}: nobody records {metric}"


def alerts_use_labels_there_are(objects):
    """Labels in alerts and dashboards are words of the sources."""
    known = LABELS_OF_PROMETHEUS | words_of_sources()
    for where, expression in expressions(objects):
        for label in sorted(labels_in(expression) - known):
            yield f"{where}: no metric has the label {label}"


def what_increases_begins_at_zero(objects):
    """A counter whose increase is asked for is there from the start: an increase from nothing is none to Prometheus."""
    begun = set()
    for path in sources():
        begun |= set(re.findall(r'counter!\(\s*"([a-z0-9_]+)"[^;]*?\.increment\(0\)', path.read_text()))
    for where, expression in expressions(objects):
        for metric in re.findall(r"\bincrease\(([a-z0-9_]+)", expression):
            if metric not in begun:
                yield f"{where}: nothing counts 0 of {metric} at the start"


def alerts_have_their_section(objects):
    """Each alert leads to a section of its name in the manual, and no section is left of an alert that is gone."""
    alerts = [entry for entry in alerting(objects) if "alert" in entry]
    sections = set(re.findall(r"(?m)^### (Marque\w+)$", (ROOT / "docs/operations.md").read_text()))
    for alert in alerts:
        name = alert["alert"]
        if name not in sections:
            yield f"{name}: docs/operations.md has no section of this name"
        if alert["annotations"].get("runbook") != f"docs/operations.md#{name.lower()}":
            yield f"{name}: its runbook does not lead to its section of docs/operations.md"
    for section in sorted(sections - {alert["alert"] for alert in alerts}) if alerts else []:
        yield f"docs/operations.md: there is no alert {section}"


def alerting(objects):
    """Entries of all rules of Prometheus: alerts, and what is recorded for them."""
    rules = of_kind(objects, "PrometheusRule")
    return [entry for rule in rules for group in rule["spec"]["groups"] for entry in group["rules"]]


def expressions(objects):
    """Every expression of alerts and dashboards, and where it stands."""
    for entry in alerting(objects):
        yield entry.get("alert") or entry.get("record"), entry["expr"]
    for config in of_kind(objects, "ConfigMap"):
        for text in config.get("data", {}).values():
            for expression in re.findall(r'"expr": "(.*)"', text):
                yield name_of(config), expression.replace('\\"', '"')


LABELS_OF_PROMETHEUS = {"le", "job", "instance"}


def labels_in(expression):
    matched = re.findall(r"([a-z_]+) *(?:=~|!~|!=|=)", " ".join(re.findall(r"\{([^}]*)\}", expression)))
    grouped = re.findall(r"\b(?:by|without) *\(([^)]*)\)", expression)
    return set(matched) | {label.strip() for labels in grouped for label in labels.split(",") if label.strip()}


def words_of_sources():
    """Every name that stands in the sources as a text, as Prometheus writes it."""
    literals = (re.findall(r'"([a-z][a-z_.]*)"', path.read_text()) for path in sources())
    return {word.replace(".", "_") for words in literals for word in words}


def sources():
    return [*ROOT.glob("crates/*/src/**/*.rs"), *ROOT.glob("services/*/src/**/*.rs")]


FUNCTIONS = set("sum rate increase max min by le histogram_quantile topk absent and or unless time vector up max_over_time".split())


def metrics_in(expression):
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    bare = re.sub(r"\b(by|without) *\([^)]*\)", " ", bare)
    return {word for word in re.findall(r"[a-z_:][a-z0-9_:]*", bare) if word not in FUNCTIONS}


def metrics_of_sources():
    """Every metric in the sources, under the names Prometheus sees."""
    found = set()
    constants = {}
    for path in sources():
        text = path.read_text()
        constants.update(re.findall(r"const ([A-Z_]+): &str = \"([a-z._]+)\"", text))
        for kind, name in re.findall(r"\b(counter|gauge|histogram)!\(\s*(\"[a-z0-9._]+\"|[A-Z_]+|self\.side\.metric\(\))", text):
            names = ["rpc.server.call.duration", "rpc.client.call.duration"] if name.startswith("self") else [name.strip('"')]
            for one in names:
                found.update(exposed(kind, constants.get(one, one)))
    return found


def exposed(kind, name):
    base = name.replace(".", "_")
    unit = {"duration": "_seconds", "usage": "_bytes", "time": "_seconds"}.get(name.split(".")[-1], "") if "." in name else ""
    base += unit
    if kind == "counter":
        return {base if base.endswith("_total") else f"{base}_total"}
    if kind == "histogram":
        return {f"{base}_bucket", f"{base}_count", f"{base}_sum"}
    return {base}


RULES = [
    network_is_closed_by_default,
    policies_name_whom_they_allow,
    every_workload_has_policies,
    calls_are_those_of_the_architecture,
    pods_are_restricted,
    images_are_pinned,
    secrets_are_files,
    roles_have_certificates_of_their_own,
    services_stay_available,
    one_writer_a_sqlite_file,
    services_reach_pods,
    peers_have_services,
    alerts_use_metrics_there_are,
    what_increases_begins_at_zero,
    alerts_use_labels_there_are,
    alerts_have_their_section,
]

MONITORING = [alerts_use_metrics_there_are, what_increases_begins_at_zero, alerts_use_labels_there_are, alerts_have_their_section]


def breaches(objects, rules=RULES):
    return [breach for rule in rules for breach in rule(objects)]


def monitoring():
    """k8s/monitoring as it lies."""
    folder = ROOT / "k8s/monitoring"
    dashboards = {path.name: path.read_text() for path in folder.glob("*.json")}
    return [*load(folder / "alerts.yaml"), {"kind": "ConfigMap", "metadata": {"name": "dashboards"}, "data": dashboards}]


# --- self-test: a fault for each rule ---------------------------------------------------------------------------------


def first(objects, kind, name=None):
    return next(obj for obj in of_kind(objects, kind) if name in (None, obj["metadata"]["name"]))


FAULTS = [
    (network_is_closed_by_default, "prod", lambda o: o.remove(first(o, "NetworkPolicy", "default-deny"))),
    (policies_name_whom_they_allow, "prod", lambda o: first(o, "NetworkPolicy", "to-otlp")["spec"]["egress"][0].update(to=[{}])),
    (policies_name_whom_they_allow, "prod", lambda o: first(o, "NetworkPolicy", "to-dns")["spec"]["egress"][0].pop("ports")),
    (every_workload_has_policies, "dev", lambda o: labels_of(first(o, "StatefulSet")).clear()),
    (calls_are_those_of_the_architecture, "prod", lambda o: o.remove(first(o, "NetworkPolicy", "role-vehicle"))),
    (calls_are_those_of_the_architecture, "prod", lambda o: o.remove(first(o, "Deployment", "marque-scoring"))),
    (pods_are_restricted, "prod", lambda o: pod_of(first(o, "Deployment"))["spec"]["securityContext"].pop("runAsNonRoot")),
    (pods_are_restricted, "dev", lambda o: container_of(first(o, "StatefulSet"))["securityContext"].update(readOnlyRootFilesystem=False)),
    (images_are_pinned, "prod", lambda o: container_of(first(o, "Job")).update(image="marque:latest")),
    (
        roles_have_certificates_of_their_own,
        "prod",
        lambda o: next(v for v in pod_of(first(o, "Deployment"))["spec"]["volumes"] if v["name"] == "tls")["secret"].update(secretName="marque-tls"),
    ),
    (secrets_are_files, "prod", lambda o: container_of(first(o, "Deployment")).setdefault("env", []).append({"name": "X", "valueFrom": {"secretKeyRef": {}}})),
    (services_stay_available, "prod", lambda o: o.remove(first(o, "PodDisruptionBudget"))),
    (services_stay_available, "prod", lambda o: first(o, "HorizontalPodAutoscaler")["spec"].update(minReplicas=1)),
    (services_stay_available, "prod", lambda o: container_of(first(o, "Deployment")).pop("lifecycle")),
    (one_writer_a_sqlite_file, "dev", lambda o: first(o, "StatefulSet")["spec"].update(replicas=2)),
    (one_writer_a_sqlite_file, "prod", lambda o: first(o, "ConfigMap")["data"].update({"marque.toml": "[store]"})),
    (services_reach_pods, "prod", lambda o: first(o, "Service")["spec"]["selector"].update({COMPONENT: "nobody"})),
    (peers_have_services, "prod", lambda o: o.remove(first(o, "Service", "marque-network"))),
    (alerts_use_metrics_there_are, "prod", lambda o: alerting(o)[0].update(expr="rate(marque_wishes_total[5m])")),
    (alerts_use_labels_there_are, "prod", lambda o: alerting(o)[0].update(expr='sum by (wished_for) (marque_event_lag{producer="x"})')),
    (what_increases_begins_at_zero, "prod", lambda o: alerting(o)[0].update(expr="increase(marque_import_rows_total[5m])")),
    (alerts_have_their_section, "prod", lambda o: alerting(o)[-1].update(alert="MarqueWishes")),
    (alerts_have_their_section, "prod", lambda o: alerting(o)[-1]["annotations"].pop("runbook")),
    (alerts_have_their_section, "prod", lambda o: first(o, "PrometheusRule")["spec"]["groups"][-1]["rules"].pop()),
]


def self_test(overlays):
    missed = 0
    for rule, overlay, plant in FAULTS:
        objects = copy.deepcopy(overlays[overlay])
        plant(objects)
        if not list(rule(objects)):
            print(f"{rule.__name__} does not find a fault planted in {overlay}")
            missed += 1
    untried = {rule.__name__ for rule in RULES} - {rule.__name__ for rule, _, _ in FAULTS}
    for name in sorted(untried):
        print(f"no fault is planted for {name}")
    print(f"{len(FAULTS) - missed} of {len(FAULTS)} planted faults found")
    return missed + len(untried)


def main(arguments):
    if arguments[:1] == ["--builtin-only"]:
        kept = [obj for obj in load(arguments[1]) if "monitoring.coreos.com" not in obj["apiVersion"]]
        print(yaml.safe_dump_all(kept, sort_keys=False), end="")
        return 0
    if arguments[:1] == ["--self-test"]:
        return min(1, self_test({Path(path).stem: load(path) for path in arguments[1:]}))
    if arguments[:1] == ["--monitoring"]:
        rules, found = MONITORING, breaches(monitoring(), MONITORING)
    else:
        rules, found = RULES, [f"{path}: {breach}" for path in arguments for breach in breaches(load(path))]
    for breach in found:
        print(breach)
    print(f"{len(rules)} rules, {len(found)} breaches")
    return min(1, len(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
