"""Writes a harder variant of a file whose truth is known, to see how the tests hold up.

    python3 quality_perturb.py FILE.csv OUT.csv half|third|round|random SEED

half, third: that part of the records, drawn at random, so that dealers are small and signs few.
round: eight dealers get round, sentinel or random readings in 10 to 50 % of theirs; random: random ones alone.
"""

import csv
import random
import sys

ROUND = [5000, 10000, 20000, 30000, 50000, 60000]
SENTINELS = [99999, 12345, 11111, 88888, 123456]


def invent(records, flags, dealers, only_random):
    for i, dealer in enumerate(random.sample(dealers, 8)):
        dealer["bad"] = ";".join(filter(None, [dealer["bad"], "mileage"]))
        rate = random.choice([0.1, 0.2, 0.3, 0.5])
        for record in records:
            if record["dealer_id"] == dealer["dealer_id"] and record["mileage"] and random.random() < rate:
                kind = 2 if only_random else i % 3
                record["mileage"] = str([random.choice(ROUND), random.choice(SENTINELS), random.randrange(100, 200000)][kind])
                flags.setdefault(record["rec_id"], []).append("mileage")


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def read(path):
    return list(csv.DictReader(open(path, encoding="utf-8")))


def main(source, out, mode, seed):
    random.seed(int(seed))
    stem, target = source.removesuffix(".csv"), out.removesuffix(".csv")
    records, dealers = read(source), read(stem + ".dealers.csv")
    flags = {row["rec_id"]: row["flags"].split(";") for row in read(stem + ".flags.csv")}
    if mode in ("half", "third"):
        share = 0.5 if mode == "half" else 1 / 3
        records = [record for record in records if random.random() < share]
    else:
        invent(records, flags, dealers, mode == "random")
    numbered = []
    for number, record in enumerate(records, 1):
        numbered.append({"rec_id": number, "flags": ";".join(flags.get(record["rec_id"], []))})
        record["rec_id"] = number
    write(out, records[0].keys(), records)
    write(target + ".flags.csv", ["rec_id", "flags"], [row for row in numbered if row["flags"]])
    write(target + ".dealers.csv", dealers[0].keys(), dealers)


main(*sys.argv[1:5])
