"""Compares the signs of `marque quality --json` with the truth beside an invented file.

    python3 quality_truth.py OUT.json FILE.flags.csv FILE.dealers.csv

Prints precision and recall of falsified records in all and by kind, and the dealers found, missed and wrongly named.
Which flags count as falsification and which as honest dirt is the table KIND.
"""

import csv
import json
import sys
from collections import Counter, defaultdict

KIND = {
    "showroom_phone": "showroom_phone",
    "placeholder_phone": "placeholder_phone",
    "sequential_phone": "sequential_phone",
    "sales_phone": "staff_phone",
    "sales_id": "fake_id",
    "made_up_id": "fake_id",
    "copied_address": "copied_address",
    "monthend": "month_end_burst",
    "mileage": "fake_mileage",
    "fake_mileage": "fake_mileage",
    "badmileage": "fake_mileage",
    "mileage_round": "fake_mileage",
    "mileage_back": "fake_mileage",
}
DEALER = {
    "showroom": "showroom_phone",
    "placeholder": "placeholder_phone",
    "sequential": "sequential_phone",
    "salesphone": "staff_phone",
    "fakeid": "fake_id",
    "copyaddr": "copied_address",
    "monthend": "month_end_burst",
    "mileage": "fake_mileage",
    "badmileage": "fake_mileage",
}


def ratio(part, whole):
    return part / whole if whole else 1.0


def records(found, flags_path):
    """The kinds of each falsified line, and the kinds of the signs on each line."""
    truth, signs = {}, defaultdict(set)
    for row in csv.DictReader(open(flags_path, encoding="utf-8")):
        kinds = {KIND[flag] for flag in row["flags"].split(";") if flag in KIND}
        if kinds:
            truth[int(row["rec_id"]) + 1] = kinds  # the header is line 1
    for finding in found["findings"]:
        if finding["kind"]:
            signs[finding["line"]].add(finding["kind"])
    return truth, signs


def dealers(found, dealers_path):
    """The kinds by which each dealer falsifies, by which each is named, and words that are not known."""
    true, unknown, said = {}, Counter(), defaultdict(set)
    for row in csv.DictReader(open(dealers_path, encoding="utf-8")):
        kinds = set()
        for word in filter(None, row["bad"].split(";")):
            kinds.add(DEALER.get(word, word))
            unknown[word] += word not in DEALER
        true[row["dealer_id"]] = kinds
    for suspect in found["suspects"]["dealers"]:
        said[suspect["dealer"]].add(suspect["kind"])
    return true, said, +unknown


def main(found_path, flags_path, dealers_path):
    found = json.load(open(found_path, encoding="utf-8"))
    truth, signs = records(found, flags_path)
    hit = sum(1 for line in signs if line in truth)
    print(f"records: precision {ratio(hit, len(signs)):.3f} recall {ratio(hit, len(truth)):.3f} ({len(truth)} falsified, {len(signs)} with a sign)")
    for kind in sorted({k for kinds in truth.values() for k in kinds} | {k for kinds in signs.values() for k in kinds}):
        true = {line for line, kinds in truth.items() if kind in kinds}
        said = {line for line, kinds in signs.items() if kind in kinds}
        print(f"  {kind:18} precision {ratio(len(true & said), len(said)):.3f} recall {ratio(len(true & said), len(true)):.3f} ({len(true)} true, {len(said)} said)")
    true, said, unknown = dealers(found, dealers_path)
    bad = {dealer for dealer, kinds in true.items() if kinds}
    print(f"dealers: {len(bad)} of {len(true)} falsify; found {len(bad & said.keys())}, missed {sorted(bad - said.keys())}, wrongly named {sorted(said.keys() - bad)}")
    pairs = {(d, k) for d, kinds in true.items() for k in kinds}
    named = {(d, k) for d, kinds in said.items() for k in kinds}
    print(f"dealers by kind: {len(pairs)} true; missed {sorted(pairs - named)}; wrongly {sorted(named - pairs)}")
    if unknown:
        print(f"unknown words in the truth: {dict(unknown)}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
