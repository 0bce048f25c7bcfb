"""Fills a fresh `marque serve` with invented records of every kind and says what their ids are.

    fill.py URL FOLDER_OF_SAMPLE FOLDER_FOR_RESULTS

takes tokens from the environment (MARQUE_TOKEN_hq_admin and so on), sends what `marque sample` wrote, and leaves a file of ids
for each kind of thing, so that requests reach records and not only "there is no such thing". It prints the id of a customer.
"""

import csv
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

IMPORTED = ["customers", "vehicles", "visits", "complaints"]
URL, SAMPLE, RESULTS = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])


def call(role, method, path, body=None, kind="application/json"):
    """One request by a role; the answer as JSON. A refusal ends the program with what the server said."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    head = {"Authorization": "Bearer " + os.environ["MARQUE_TOKEN_" + role]}
    if data is not None:
        head["Content-Type"] = kind
    request = urllib.request.Request(URL + path, data, head, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{method} {path}: {refusal.code} {refusal.read().decode()}")


def until(what, ready):
    """Waits up to a minute for what background work makes."""
    for _ in range(600):
        if found := ready():
            return found
        time.sleep(0.1)
    sys.exit(f"waited a minute for {what}")


def send_files(dealers):
    """Imports every file of every dealer; answers with the ids of the imports."""
    sent = []
    for dealer in dealers:
        for kind in IMPORTED:
            rows = (SAMPLE / dealer / f"{kind}.csv").read_bytes()
            path = f"/v1/imports?kind={kind}&dealer={dealer}&source=dms"
            begun = call("hq_admin", "POST", path, rows, "text/csv")["id"]

            def ended(begun=begun):
                return call("hq_admin", "GET", f"/v1/imports/{begun}")["state"] in ("succeeded", "failed")

            until(f"import {begun}", ended)
            sent.append(begun)
    return sent


def page(role, path, name="id"):
    """The values under a name in the first page of a list."""
    [items] = [value for value in call(role, "GET", path).values() if isinstance(value, list)]
    return [item[name] for item in items]


def of_profiles(customers):
    """The ids of the cars and of the visits of these customers."""
    profiles = [call("hq_admin", "GET", f"/v1/customers/{customer}/profile") for customer in customers]
    cars = {car["vehicle"]["id"] for profile in profiles for car in profile["vehicles"]["vehicles"]}
    visits = {visit["id"] for profile in profiles for visit in profile["visits"]["visits"]}
    return {"vehicles": sorted(cars), "visits": sorted(visits)}


def of_files(dealers):
    """Keys of customers and VINs, as the first dealer wrote them."""
    with (SAMPLE / dealers[0] / "vehicles.csv").open() as rows:
        cars = list(csv.DictReader(rows))[:20]
    return {"customer_keys": [car["owner_key"] for car in cars], "vins": [car["vin"] for car in cars]}


def open_case(ids):
    """A case with everything a case can have; its id goes first."""
    complaint = {"dealer": "D001", "source": "dms", "channel": "phone", "category": "service.repair", "text": "Brakes squeak"}
    complaint["customer_id"] = ids["customers"][0]
    case = call("agent", "POST", "/v1/complaints", complaint)["id"]
    ids["complaints"].insert(0, case)
    at = f"/v1/complaints/{case}"
    task = call("agent", "POST", f"{at}/tasks", {"text": "Call back", "department": "service"})
    claim = call("agent", "POST", f"{at}/compensations", {"kind": "voucher", "amount": "100.00", "reason": "goodwill"})
    paper = call("agent", "POST", f"{at}/attachments", b"%PDF-1.4\n%%EOF\n", "application/octet-stream")
    ids |= {"tasks": [task["id"]], "compensations": [claim["id"]], "attachments": [paper["id"]]}


def doubt():
    """Two records of one phone and name and two ID numbers: a steward has to look."""
    for dealer, serial in (("D001", "001"), ("D002", "003")):
        digits = "11010119900101" + serial
        check = "10X98765432"[sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(digits)) % 11]
        columns = {"kind": "person", "name": "钱无忌", "phone": "13900000001", "id_number": digits + check}
        call("hq_admin", "PUT", f"/v1/source-records/{dealer}/web/walk-in", columns)


def act(ids):
    """What nobody imports: knowledge, a work list, a wish to be forgotten, two files made one."""
    solution = {"title": "Squeaking brakes", "text": "Clean the caliper and grease the guide pins."}
    ids["solutions"] = [call("agent", "POST", "/v1/solutions", solution)["id"]]
    wanted = {"dealer": "D001", "size": 5, "seed": 1}
    ids["work_lists"] = [call("steward", "POST", "/v1/quality/work-lists", wanted)["id"]]
    *_, kept, gone, leaves = ids["customers"]
    forget = call("hq_admin", "POST", f"/v1/customers/{leaves}/erasure", {"ground": "consent_withdrawn"})
    merge = call("steward", "POST", f"/v1/customers/{gone}/merge", {"into": kept, "reason": "one man"})
    ids |= {"erasures": [forget["id"]], "merges": [merge["merge_id"]]}


def main():
    call("hq_admin", "POST", "/v1/network", (SAMPLE / "network.toml").read_bytes(), "application/toml")
    dealers = sorted(folder.name for folder in SAMPLE.glob("D*"))
    ids = {"dealers": dealers, "imports": send_files(dealers)}
    ids["complaints"] = until("complaints", lambda: page("hq_admin", "/v1/complaints?page_size=20"))
    ids["customers"] = until("scores", lambda: page("hq_admin", "/v1/scores?page_size=20", "customer_id"))
    ids |= of_profiles(ids["customers"])
    records = call("hq_admin", "GET", f"/v1/customers/{ids['customers'][0]}/source-records")["source_records"]
    ids["source_records"] = [record["id"] for record in records]
    doubt()
    ids["duplicates"] = until("a duplicate", lambda: page("steward", "/v1/duplicates"))
    ids["findings"] = until("findings", lambda: page("steward", "/v1/quality/findings?page_size=20"))
    open_case(ids)
    act(ids)
    for kind, values in (ids | of_files(dealers)).items():
        # A line each, in the quotes that schemathesis wants of its dictionaries.
        (RESULTS / f"{kind}.txt").write_text("".join(json.dumps(value) + "\n" for value in values))
    print(ids["customers"][0])


if __name__ == "__main__":
    main()
