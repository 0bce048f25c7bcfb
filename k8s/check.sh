#!/usr/bin/env bash
# Checks the manifests without a cluster: they render, every object has the form of its kind (kubernetes-validate), checkov
# finds nothing that is not skipped with a reason, and our own rules hold. Tools come from PyPI, a virtual environment each,
# since checkov pins what others want newer. Needs python3, and kubectl or kustomize to render: without these two only the alerts, the
# dashboard and the Dockerfile are checked, and it says so. `k8s/check.sh --tools` gets the tools and checks nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

TOOLS="${CARGO_TARGET_DIR:-$PWD/target}/tools"
RENDERED="$TOOLS/k8s"
# The schemas are those of this version of Kubernetes.
VERSION=1.32

# tool NAME PACKAGE…: an environment of its own under target/tools.
tool() {
    local venv="$TOOLS/$1"
    shift
    [[ -f "$venv/.complete" ]] && return
    python3 -m venv "$venv"
    "$venv/bin/pip" -q install "$@"
    touch "$venv/.complete"
}

render() {
    if command -v kustomize >/dev/null; then kustomize build "$1"; else kubectl kustomize "$1"; fi
}

mkdir -p "$RENDERED"
tool kubernetes-validate kubernetes-validate==1.37.0 PyYAML==6.0.2
tool checkov checkov==3.3.30
[[ "${1:-}" != --tools ]] || exit 0
failed=0
step() { local name="$1"; shift; if "$@"; then echo "ok: $name"; else echo "FAILED: $name"; failed=1; fi; }

rules() { "$TOOLS/kubernetes-validate/bin/python" k8s/rules.py "$@"; }

validate() {
    # What the operator of Prometheus defines has no schema here; rules.py looks at it.
    rules --builtin-only "$1" >"$1.builtin"
    "$TOOLS/kubernetes-validate/bin/kubernetes-validate" --strict -k "$VERSION" "$1.builtin" >"$1.log" 2>&1 || { cat "$1.log"; return 1; }
}

checkov() {
    "$TOOLS/checkov/bin/checkov" --quiet --compact --skip-download --framework "$@" >"$RENDERED/checkov.log" 2>&1 </dev/null || { cat "$RENDERED/checkov.log"; return 1; }
}

step "Dockerfile: checkov" checkov dockerfile --file Dockerfile
if ! command -v kustomize >/dev/null && ! command -v kubectl >/dev/null; then
    step "alerts and dashboard" rules --monitoring
    echo "skipped: everything that needs rendered manifests; install kubectl (1.27 or newer) or kustomize (5 or newer)"
    exit "$failed"
fi
for overlay in dev prod; do
    render "k8s/overlays/$overlay" >"$RENDERED/$overlay.yaml"
    step "$overlay: forms (kubernetes-validate $VERSION)" validate "$RENDERED/$overlay.yaml"
    step "$overlay: checkov" checkov kubernetes --file "$RENDERED/$overlay.yaml"
done
step "rules find planted faults" rules --self-test "$RENDERED/prod.yaml" "$RENDERED/dev.yaml"
step "rules" rules "$RENDERED/prod.yaml" "$RENDERED/dev.yaml"
exit "$failed"
