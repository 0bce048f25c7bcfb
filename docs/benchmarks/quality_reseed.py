"""Writes another file of the same kind: undoes the falsifications of a file whose truth is known and lets other dealers,
drawn at random, falsify at about the same rates. What was tuned on the one file is tried on these.

    python3 quality_reseed.py FILE.csv OUT.csv SEED [--customers SHARE] [--records SHARE] [--merge N] [--copies N] [--drop COLUMN,..] [--chinese]
                            [--dealers N] [--split N] [--only HABIT] [--odd] [--months N]

--customers: the part of the customers that is kept with all their records; --records: the part of the records that is kept;
--merge: so many dealers become one; --copies: the file so many times over, of other people and dealers each time;
--drop: columns that are left out; --chinese: Chinese headers; --dealers: so many of the dealers, drawn at random; --split: each
dealer becomes so many; --only: a third of the dealers has this one habit; --odd: honest dealers have oddities (see
quality_oddities.py); --months: all dates so many months later.
"""

import argparse
import calendar
import csv
import random
from collections import defaultdict

import quality_oddities

PHONES = {"sales_phone", "showroom_phone", "placeholder_phone", "sequential_phone"}
IDS = {"sales_id", "made_up_id"}
PLACEHOLDERS = ["00000000000", "11111111111", "12345678901", "13000000000", "13800138000", "13888888888", "13900000000", "18888888888"]
# Falsification, share of the dealers that do it, share of their records that bear it.
HABITS = {
    "salesphone": (0.12, (0.05, 0.11)),
    "showroom": (0.12, (0.06, 0.2)),
    "sequential": (0.11, (0.03, 0.1)),
    "placeholder": (0.11, (0.05, 0.07)),
    "fakeid": (0.06, (0.07, 0.13)),
    "copyaddr": (0.06, (0.09, 0.17)),
    "monthend": (0.05, (0.4, 0.55)),
}
CHINESE = {
    "dealer_id": "经销商代码", "source": "来源系统", "ctype": "客户类型", "name": "客户姓名", "id_no": "身份证号", "mobile": "手机号",
    "plate": "车牌号", "vin": "车架号", "address": "联系地址", "birthday": "出生日期", "gender": "性别", "contact": "联系人",
    "created_at": "建档日期", "mileage": "行驶里程",
}


def mobile():
    return "1" + random.choice("3578") + "".join(random.choice("0123456789") for _ in range(9))


def typed(phone):
    """A number as clerks type it: mostly as it is."""
    kind = random.random()
    if kind < 0.02:
        return phone.translate({48 + i: 0xFF10 + i for i in range(10)})
    if kind < 0.04:
        return f"{phone[:3]} {phone[3:7]}-{phone[7:]}"
    if kind < 0.05:
        place = random.randrange(3, 11)
        return phone[:place] + str((int(phone[place]) + random.randrange(1, 10)) % 10) + phone[place + 1:]
    return phone


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
        if own & PHONES and not (own & PHONES == {"placeholder_phone"} and record["honest"]):
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
    return checked(area + birth + "".join(random.choice("0123456789") for _ in range(3)))


def checked(body):
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(a) * w for a, w in zip(body, weights)) % 11]


def slip(number):
    """How far the check character is off: the same for a number and another one with the same slip."""
    checks = "10X98765432"
    return checks.index(number[17].upper()) - checks.index(checked(number[:17])[17])


def falsify(habit, records, flags, area):
    low, high = HABITS[habit][1]
    rate = random.uniform(low, high)
    staff = [mobile() for _ in range(random.randint(6, 10))]
    showroom, made_up, sequence = staff[:2], identity("130102")[:6], 0
    ids = [identity(made_up, f"19{random.randrange(60, 99)}0{random.randrange(1, 9)}1{random.randrange(9)}") for _ in range(3)]
    prefix = mobile()[:7]
    for record in (r for r in records if random.random() < rate):
        own = flags[record["rec_id"]]
        if habit in ("salesphone", "showroom", "sequential", "placeholder"):
            if own & PHONES or not record["mobile"]:
                continue
        if habit == "salesphone":
            record["mobile"], flag = typed(random.choice(staff)), "sales_phone"
        elif habit == "showroom":
            record["mobile"], flag = typed(random.choice(showroom)), "showroom_phone"
        elif habit == "sequential":
            sequence += 1
            record["mobile"], flag = typed(f"{prefix}{sequence:04}"), "sequential_phone"
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


def disguise(record, copy):
    """Other people: the digits of everything a person is known by are shifted."""
    # By an even number, so that the gender digit of ID numbers stays what it is.
    turn = str.maketrans("0123456789", "0123456789"[2 * copy:] + "0123456789"[:2 * copy])
    for column in ("mobile", "plate", "vin"):
        record[column] = record[column][:-6] + record[column][-6:].translate(turn)
    if len(record["id_no"]) == 18 and record["id_no"][:17].isdigit() and record["id_no"].isascii():
        checks = "10X98765432"
        body = record["id_no"][:14] + record["id_no"][14:17].translate(turn)
        record["id_no"] = body + checks[(checks.index(checked(body)[17]) + slip(record["id_no"])) % 11]
    record["cluster"] += f"-{copy}"


def read(path):
    return list(csv.DictReader(open(path, encoding="utf-8")))


def write(path, columns, rows, headers=None):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writerow(headers or {column: column for column in columns})
        writer.writerows(rows)


def load(source, copy, merge):
    """Records, dealers and flags of one copy of the file, before anything is falsified."""
    stem = source.removesuffix(".csv")
    records, dealers = read(source), read(stem + ".dealers.csv")
    flags = defaultdict(set)
    for row in read(stem + ".flags.csv"):
        flags[row["rec_id"]] = set(row["flags"].split(";"))
    bad = {d["dealer_id"]: d["bad"] for d in dealers}
    for record in records:
        record["honest"] = "placeholder" not in bad[record["dealer_id"]]
    undo(records, flags)
    place = {d["dealer_id"]: i // merge for i, d in enumerate(dealers)}
    dealers = dealers[::merge]
    for record in records:
        record["own"] = flags[record["rec_id"]]
        record["dealer_id"] = f"{dealers[place[record['dealer_id']]]['dealer_id']}{'-' + str(copy) if copy else ''}"
        if copy:
            disguise(record, copy)
    for dealer in dealers:
        dealer["dealer_id"] += f"-{copy}" if copy else ""
    return records, dealers


def recut(records, dealers, args):
    """Fewer dealers, smaller ones, other months."""
    if args.dealers:
        dealers = random.sample(dealers, args.dealers)
        chosen = {dealer["dealer_id"] for dealer in dealers}
        records = [record for record in records if record["dealer_id"] in chosen]
    if args.split > 1:
        part = {cluster: random.randrange(args.split) for cluster in sorted({r["cluster"] for r in records})}
        for record in records:
            record["dealer_id"] += f".{part[record['cluster']]}"
        dealers = [{**dealer, "dealer_id": f"{dealer['dealer_id']}.{i}"} for dealer in dealers for i in range(args.split)]
    for record in records:
        if args.months and record["created_at"]:
            year, month, day = (int(part) for part in record["created_at"].replace("/", "-").replace(".", "-").split("-")[:3])
            year, month = year + (month - 1 + args.months) // 12, (month - 1 + args.months) % 12 + 1
            record["created_at"] = f"{year}-{month:02}-{min(day, calendar.monthrange(year, month)[1]):02}"
    return records, dealers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("out")
    parser.add_argument("seed", type=int)
    parser.add_argument("--customers", type=float, default=1.0)
    parser.add_argument("--records", type=float, default=1.0)
    parser.add_argument("--merge", type=int, default=1)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--drop", default="")
    parser.add_argument("--chinese", action="store_true")
    parser.add_argument("--dealers", type=int, default=0)
    parser.add_argument("--split", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--months", type=int, default=0)
    args = parser.parse_args()
    random.seed(args.seed)
    records, dealers = [], []
    for copy in range(args.copies):
        more, others = load(args.source, copy, args.merge)
        records += more
        dealers += others
    records, dealers = recut(records, dealers, args)
    columns = [column for column in records[0] if column not in ("own", "honest") and column not in args.drop.split(",")]
    kept = {cluster for cluster in sorted({r["cluster"] for r in records}) if random.random() < args.customers}
    records = [r for r in records if r["cluster"] in kept and random.random() < args.records]
    random.shuffle(records)
    flags, of = {}, defaultdict(list)
    for number, record in enumerate(records, 1):
        record["rec_id"] = number
        flags[number] = record["own"] - {""}
        of[record["dealer_id"]].append(record)
    for dealer in dealers:
        mine = of[dealer["dealer_id"]]
        dealer["records"] = len(mine)
        if args.only:
            habits = [args.only] if random.random() < 0.35 else []
        else:
            habits = [habit for habit, (chance, _) in HABITS.items() if random.random() < chance]
        for habit in habits:
            falsify(habit, mine, flags, dealer["area"])
        dealer["bad"] = ";".join(habits)
        if args.odd and not habits:
            quality_oddities.happen(mine, dealer["area"])
    target = args.out.removesuffix(".csv")
    write(args.out, columns, records, {c: CHINESE.get(c, c) for c in columns} if args.chinese else None)
    rows = [{"rec_id": number, "flags": ";".join(sorted(own))} for number, own in flags.items() if own]
    write(target + ".flags.csv", ["rec_id", "flags"], rows)
    write(target + ".dealers.csv", list(dealers[0]), dealers)


main()
