"""Writes another file of the same kind: undoes the falsifications of a file whose truth is known and lets other dealers,
drawn at random, falsify at the same rates. What was tuned on the one file is tried on these.

    python3 quality_reseed.py FILE.csv OUT.csv SEED [SHARE]      SHARE: the part of the records that is kept (1.0)
"""

import calendar
import csv
import random
import sys
from collections import defaultdict

PHONES = {"sales_phone", "showroom_phone", "placeholder_phone", "sequential_phone"}
IDS = {"sales_id", "made_up_id"}
PLACEHOLDERS = ["00000000000", "11111111111", "12345678901", "13000000000", "13800138000", "13888888888", "13900000000", "18888888888"]
# Falsification, share of the dealers that do it, share of their records that bear it.
HABITS = {
    "salesphone": (0.12, (0.05, 0.13)),
    "showroom": (0.12, (0.06, 0.2)),
    "sequential": (0.11, (0.03, 0.1)),
    "placeholder": (0.11, (0.05, 0.07)),
    "fakeid": (0.06, (0.07, 0.13)),
    "copyaddr": (0.06, (0.09, 0.17)),
    "monthend": (0.05, (0.4, 0.55)),
}


def mobile():
    return "1" + random.choice("3578") + "".join(random.choice("0123456789") for _ in range(9))


def same_month(record, last):
    """A day of the month the record was made in, so that readings of the car still fit."""
    if not record["created_at"]:
        return ""
    year, month = (int(part) for part in record["created_at"].replace("/", "-").replace(".", "-").split("-")[:2])
    days = calendar.monthrange(year, month)[1]
    return f"{year}-{month:02}-{random.randint(days - 1, days) if last else random.randint(1, days):02}"


def undo(records, flags):
    """Puts the customer's own values back, from his other records where there are any."""
    clusters = defaultdict(list)
    for record in records:
        clusters[record["cluster"]].append(record)
    for record in records:
        own = flags[record["rec_id"]]
        others = [(o, flags[o["rec_id"]]) for o in clusters[record["cluster"]] if o is not record]
        if own & PHONES and not (own == {"placeholder_phone"} and record["honest"]):
            known = [o["mobile"] for o, theirs in others if o["mobile"] and not theirs & PHONES]
            record["mobile"] = random.choice(known) if known else mobile()
            own -= PHONES
        if own & IDS:
            known = [o["id_no"] for o, theirs in others if not theirs & IDS]
            record["id_no"] = random.choice(known) if known else ""
            own -= IDS
        if "copied_address" in own:
            known = [o["address"] for o, theirs in others if "copied_address" not in theirs]
            record["address"] = random.choice(known) if known else ""
            own.discard("copied_address")
        if "monthend" in own:
            record["created_at"] = same_month(record, False)
            own.discard("monthend")


def identity(area, birth="19900101"):
    body = area + birth + "".join(random.choice("0123456789") for _ in range(3))
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(a) * w for a, w in zip(body, weights)) % 11]


def falsify(habit, records, flags, area):
    low, high = HABITS[habit][1]
    rate = random.uniform(low, high)
    staff = [mobile() for _ in range(random.randint(4, 12))]
    showroom, made_up, sequence = staff[:2], identity("130102")[:6], 0
    ids = [identity(made_up, f"19{random.randrange(60, 99)}0{random.randrange(1, 9)}1{random.randrange(9)}") for _ in range(3)]
    prefix = mobile()[:7]
    for record in (r for r in records if random.random() < rate):
        own = flags[record["rec_id"]]
        if habit in ("salesphone", "showroom", "sequential", "placeholder"):
            if own & PHONES or not record["mobile"]:
                continue
        if habit == "salesphone":
            record["mobile"], flag = random.choice(staff), "sales_phone"
        elif habit == "showroom":
            record["mobile"], flag = random.choice(showroom), "showroom_phone"
        elif habit == "sequential":
            sequence += 1
            record["mobile"], flag = f"{prefix}{sequence:04}", "sequential_phone"
        elif habit == "placeholder":
            record["mobile"], flag = random.choice(PLACEHOLDERS), "placeholder_phone"
        elif habit == "fakeid":
            flag = random.choice(["sales_id", "made_up_id"])
            record["id_no"] = random.choice(ids) if flag == "sales_id" else identity(made_up)
        elif habit == "copyaddr":
            record["address"], flag = area + "汽车城1号", "copied_address"
        else:
            record["created_at"], flag = same_month(record, True), "monthend"
        own.add(flag)


def read(path):
    return list(csv.DictReader(open(path, encoding="utf-8")))


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def main(source, out, seed, share="1.0"):
    random.seed(int(seed))
    stem, target = source.removesuffix(".csv"), out.removesuffix(".csv")
    records, dealers = read(source), read(stem + ".dealers.csv")
    columns = list(records[0])
    flags = defaultdict(set)
    for row in read(stem + ".flags.csv"):
        flags[row["rec_id"]] = set(row["flags"].split(";"))
    bad = {d["dealer_id"]: d["bad"] for d in dealers}
    of = defaultdict(list)
    for record in records:
        record["honest"] = "placeholder" not in bad[record["dealer_id"]]
        of[record["dealer_id"]].append(record)
    undo(records, flags)
    records = [r for r in records if random.random() < float(share)]
    kept = {id(r) for r in records}
    for dealer in dealers:
        mine = [r for r in of[dealer["dealer_id"]] if id(r) in kept]
        habits = [h for h, (chance, _) in HABITS.items() if random.random() < chance]
        dealer["records"] = len(mine)
        for habit in habits:
            falsify(habit, mine, flags, dealer["area"])
        dealer["bad"] = ";".join(habits)
    numbered = []
    for number, record in enumerate(records, 1):
        numbered.append({"rec_id": number, "flags": ";".join(sorted(flags[record["rec_id"]] - {""}))})
        record["rec_id"] = number
    write(out, columns, records)
    write(target + ".flags.csv", ["rec_id", "flags"], [row for row in numbered if row["flags"]])
    write(target + ".dealers.csv", list(dealers[0]), dealers)


main(*sys.argv[1:])
