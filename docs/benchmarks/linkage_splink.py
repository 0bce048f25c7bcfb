#!/usr/bin/env python3
"""Splink 5 on the two sets that the peer's script has no configuration for: restaurants and early_childhood.

usage: linkage_splink.py FILE.csv            prints one JSON line; the best of several thresholds on the truth is given too
"""
import csv, json, re, sys, time, logging, warnings
import duckdb
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
import splink.comparison_library as cl

warnings.filterwarnings("ignore")
logging.getLogger("splink").setLevel(logging.ERROR)
started = time.perf_counter()
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8-sig")))
pick = {"name": ("name", "Site name"), "address": ("addr", "Address"), "phone": ("phone", "Phone"), "zip": ("city", "Zip")}
value = lambda row, columns: next((row[c].strip().lower() for c in columns if row.get(c, "").strip()), None)
clean = []
for at, row in enumerate(rows):
    record = {"unique_id": at, **{k: value(row, c) for k, c in pick.items()}}
    record["phone"] = re.sub(r"\D", "", record["phone"] or "")[-7:] or None
    number = re.match(r"\d+", record["address"] or "")
    record["number"] = number[0] if number else None
    clean.append(record)
con = duckdb.connect()
con.execute("create table t(unique_id int, name varchar, address varchar, phone varchar, zip varchar, number varchar)")
con.executemany("insert into t values (?, ?, ?, ?, ?, ?)", [[r["unique_id"], r["name"], r["address"], r["phone"], r["zip"], r["number"]] for r in clean])
api = DuckDBAPI(connection=con)
settings = SettingsCreator(
    link_type="dedupe_only", unique_id_column_name="unique_id",
    comparisons=[
        cl.JaroWinklerAtThresholds("name", [0.92, 0.8, 0.7]), cl.JaroWinklerAtThresholds("address", [0.92, 0.8]),
        cl.LevenshteinAtThresholds("phone", [1]), cl.ExactMatch("number").configure(term_frequency_adjustments=True),
        cl.ExactMatch("zip").configure(term_frequency_adjustments=True)],
    blocking_rules_to_generate_predictions=[
        block_on("phone"), block_on("name"), block_on("number", "substr(name,1,3)"), block_on("number", "zip"), block_on("address"), block_on("substr(name,1,6)")])
linker = Linker(api.register("t"), settings)
linker.training.estimate_probability_two_random_records_match([block_on("phone", "number")], recall=0.7)
linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
for rule in (block_on("phone"), block_on("number", "zip"), block_on("name")):
    linker.training.estimate_parameters_using_expectation_maximisation(rule)
predicted = linker.inference.predict(threshold_match_probability=0.01)


def pairs(keys):
    sizes = {}
    for key in keys:
        sizes[key] = sizes.get(key, 0) + 1
    return sum(n * (n - 1) // 2 for n in sizes.values())


truth = [row["cluster"] for row in rows]


def figures(threshold):
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=threshold)
    of = dict(con.execute(f"select unique_id, cluster_id from {clusters.physical_name}").fetchall())
    found = [of[at] for at in range(len(rows))]
    right, implied, true = pairs(zip(found, truth)), pairs(found), pairs(truth)
    precision, recall = right / implied if implied else 1, right / true
    return {"precision": round(precision, 5), "recall": round(recall, 5), "f1": round(2 * precision * recall / (precision + recall), 5)}


result = figures(0.95)
seconds = round(time.perf_counter() - started, 2)
best = max((figures(t) | {"threshold": t} for t in (0.05, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999)), key=lambda f: f["f1"])
print(json.dumps({"n": len(rows), "seconds": seconds, **result, "threshold": 0.95, "best": best}))
