"""What honest dealers' records look like now and then, and what must not make suspects of them. Called by quality_reseed.py.

Each honest dealer gets one of: a fleet whose drivers give the company's switchboard; a dormitory whose students give its address; a
clerk who enters the day's papers in the evening; a batch taken over from an older system, all at one moment (often the last of a
year); a village of one name and one address; a couple of drivers' numbers bought in a row by their company.
"""

import random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红文建国海燕"


def person():
    return random.choice(SURNAMES) + "".join(random.choice(GIVEN) for _ in range(random.choice([1, 2, 2])))


def some(records, least, most):
    """So many records, at most a tenth of all."""
    return random.sample(records, min(random.randint(least, most), max(3, len(records) // 10), len(records)))


def switchboard(records, area):
    company = f"{area[-3:-1]}{random.choice(['远航', '顺达', '恒通', '金桥'])}物流有限公司"
    phone = random.choice(["0" + str(random.randrange(311, 999)) + str(random.randrange(2_000_000, 9_000_000)), mobile()])
    street = f"{area}工业大道{random.randrange(1, 300)}号"
    boss = person()
    for record in some(records, 5, 12):
        record["mobile"], record["address"] = phone, street
        if random.random() < 0.5:
            record.update(ctype="O", name=company, id_no="", contact=boss, gender="", birthday="")
        else:
            record.update(contact=random.choice([company, boss, ""]))


def mobile():
    return "1" + random.choice("3578") + "".join(random.choice("0123456789") for _ in range(9))


def dormitory(records, area):
    house = f"{area}{random.choice(['职业技术学院', '师范学院', '理工大学'])}{random.choice(['学生公寓', '宿舍'])}{random.randrange(1, 9)}号楼"
    for record in some(records, 6, 15):
        record["address"] = house


def evenings(records, _area):
    for record in (r for r in records if r["created_at"]):
        record["created_at"] += f" {random.choice([19, 20, 20, 21])}:{random.randrange(60):02}:{random.randrange(60):02}"


def batch(records, _area):
    moment = random.choice(["2023-12-31 23:59:59", "2022-06-30 18:00:00", "2024-01-01 00:00:01", "2021-09-15 02:14:33"])
    share = random.uniform(0.2, 0.45)
    for record in records:
        if record["created_at"]:
            taken = random.random() < share
            record["created_at"] = moment if taken else f"{record['created_at']} {random.randrange(8, 18):02}:{random.randrange(60):02}:{random.randrange(60):02}"


def village(records, area):
    surname, place = random.choice(SURNAMES), f"{area}{random.choice('东西南北')}{random.choice('王李张马')}村{random.randrange(1, 9)}组"
    for record in some(records, 5, 12):
        if record["ctype"] == "P" and record["name"]:
            record["address"] = place
            if random.random() < 0.6:
                record["name"] = surname + person()[1:]


def block(records, area):
    """Numbers in a row, of one company's drivers."""
    first, company = int(mobile()) // 10 * 10, f"{area[-3:-1]}安顺运输有限公司"
    for i, record in enumerate(some(records, 3, 5)):
        record.update(ctype="O", name=company, mobile=str(first + i), id_no="", gender="", birthday="", contact=person())


HAPPENINGS = [switchboard, dormitory, evenings, batch, village, block]


def happen(records, area):
    if len(records) >= 20:
        random.choice(HAPPENINGS)(records, area)
