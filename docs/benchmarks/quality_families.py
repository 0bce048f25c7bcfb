"""Remakes a file whose truth is known in several ways and many times, and says what is found in each family.

    python3 quality_families.py FILE.csv QUALITY [FIRST_SEED]      QUALITY: the built example, target/…/examples/quality

Seeds below 400 were looked at while the tests were written.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from quality_truth import dealers, ratio, records

HERE = Path(__file__).parent
FAMILIES = [
    ("all records, 64 dealers", 8, []),
    ("a quarter of the customers, 16 dealers", 4, ["--customers", "0.25", "--merge", "4"]),
    ("half of the customers, 64 dealers", 3, ["--customers", "0.5"]),
    ("half of the records, 64 dealers", 3, ["--records", "0.5"]),
    ("three files of other people, 192 dealers", 2, ["--copies", "3"]),
    ("24 of the dealers", 4, ["--dealers", "24"]),
    ("each dealer as two, 128 dealers", 3, ["--split", "2"]),
    ("dates five months later", 2, ["--months", "5"]),
    ("honest oddities", 6, ["--odd"]),
    ("only staff phones", 2, ["--only", "salesphone"]),
    ("only showroom phones", 2, ["--only", "showroom"]),
    ("only sequential phones", 2, ["--only", "sequential"]),
    ("only placeholders", 2, ["--only", "placeholder"]),
    ("only ID numbers", 2, ["--only", "fakeid"]),
    ("only copied addresses", 2, ["--only", "copyaddr"]),
    ("only month's ends", 2, ["--only", "monthend"]),
    ("Chinese headers, no dates, no numbers of records", 2, ["--chinese", "--drop", "created_at,source,rec_id,cluster"]),
]


def measure(quality, source, seed, options, folder):
    file, out = folder / "f.csv", folder / "f.json"
    subprocess.run([sys.executable, HERE / "quality_reseed.py", source, file, str(seed), *options], check=True)
    subprocess.run([quality, file, "--json", out], check=True, stdout=subprocess.DEVNULL)
    found = json.loads(out.read_text(encoding="utf-8"))
    truth, signs = records(found, folder / "f.flags.csv")
    if "--drop" in options:  # what has no date cannot be told by it
        truth = {line: kinds - {"month_end_burst"} for line, kinds in truth.items() if kinds - {"month_end_burst"}}
    true, said, _ = dealers(found, folder / "f.dealers.csv")
    if "--drop" in options:
        true = {dealer: kinds - {"month_end_burst"} for dealer, kinds in true.items()}
    bad = {dealer for dealer, kinds in true.items() if kinds}
    hit = sum(1 for line in signs if line in truth)
    return hit, len(signs), len(truth), len(bad & said.keys()), len(bad), len(said.keys() - bad), len(true.keys() - bad)


def main(source, quality, first="401"):
    print("| family | files | precision | recall | lowest precision, recall | dealers found | wrongly named |")
    print("|---|---|---|---|---|---|---|")
    for number, (name, files, options) in enumerate(FAMILIES):
        with tempfile.TemporaryDirectory() as folder:
            seeds = range(int(first) + 10 * number, int(first) + 10 * number + files)
            rows = [measure(quality, source, seed, options, Path(folder)) for seed in seeds]
        hit, signs, truth, found, bad, wrong, honest = map(sum, zip(*rows))
        worst = (min(ratio(row[0], row[1]) for row in rows), min(ratio(row[0], row[2]) for row in rows))
        print(
            f"| {name} | {files} | {ratio(hit, signs):.3f} | {ratio(hit, truth):.3f} | {worst[0]:.3f}, {worst[1]:.3f} |"
            f" {found} of {bad} | {wrong} of {honest} |",
            flush=True,
        )


main(*sys.argv[1:4])
