"""Runs schemathesis with the token of each role and sums up.

    try.py                each operation by one of the roles that may call it, one seed
    try.py full [SEED…]   every operation by every role, with each seed

URL and ADMIN are the server's, RESULTS is the folder of `fill.py`'s files and of the logs, SCHEMATHESIS the program `st`.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

# What changes most comes last, so that the others find the records still there.
ROLES = "customer technician sales service dms analyst agent manager steward hq_admin".split()
SHORT_EXAMPLES = 3
FULL_EXAMPLES = 20
RESULTS = pathlib.Path(os.environ["RESULTS"])


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def operations():
    """Operation ids with the roles that may call them, in the order of the document."""
    document = json.loads(fetch(os.environ["URL"] + "/openapi.json"))
    items = (operation for path in document["paths"].values() for operation in path.values())
    return {operation["operationId"]: operation["x-roles"] for operation in items}


def shared_out(known):
    """Each operation for one role that may call it: whoever has the fewest so far."""
    shares = {role: [] for role in ROLES}
    for operation, allowed in sorted(known.items(), key=lambda item: len(item[1])):
        least = min(allowed, key=lambda role: (len(shares[role]), ROLES.index(role)))
        shares[least].append(operation)
    return shares


def attempt(role, seed, chosen, examples):
    """One run of schemathesis; answers with its cases and whether all was well, and shows what was not."""
    command = [os.environ["SCHEMATHESIS"], "--no-color", "--config-file", str(RESULTS / "schemathesis.toml"), "run"]
    command += [os.environ["URL"] + "/openapi.json", f"--seed={seed}", f"--max-examples={examples}"]
    command += [f"--include-operation-id={operation}" for operation in chosen]
    environment = os.environ | {"MARQUE_TOKEN": os.environ[f"MARQUE_TOKEN_{role}"]}
    done = subprocess.run(command, env=environment, cwd=RESULTS, capture_output=True, text=True, check=False)
    (RESULTS / f"{role}.{seed}.log").write_text(done.stdout + done.stderr)
    cases = sum(int(count) for count in re.findall(r"^  (\d+) generated", done.stdout, re.MULTILINE))
    print(f"contract: {role}, seed {seed}: {len(chosen)} operations, {cases} cases, {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
    if done.returncode != 0:
        print((done.stdout + done.stderr).split("= WARNINGS =")[0][-8000:])
    return cases, done.returncode == 0


def reached():
    """Operations that answered with a success at least once, by the server's own metrics."""
    lines = fetch(os.environ["ADMIN"] + "/metrics").splitlines()
    good = [line for line in lines if re.match(r'http_server_request_duration\w*_count\{.*status_code="2', line)]
    label = re.compile(r'(http_request_method|http_route)="([^"]*)"')
    return len({tuple(sorted(label.findall(line))) for line in good if "/v1/" in line})


def main():
    known = operations()
    full, *seeds = sys.argv[1:] or [""]
    if full == "full":
        shares, seeds, examples = dict.fromkeys(ROLES, list(known)), seeds or ["1", "2", "3"], FULL_EXAMPLES
    else:
        shares, seeds, examples = shared_out(known), ["1"], SHORT_EXAMPLES
    runs = [attempt(role, seed, shares[role], examples) for seed in seeds for role in ROLES]
    cases, failed = sum(cases for cases, _ in runs), sum(not good for _, good in runs)
    print(f"contract: {cases} cases over {len(known)} operations, of which {reached()} succeeded at least once; {failed} of {len(runs)} runs failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
