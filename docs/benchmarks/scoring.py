"""The Python half of scoring.sh: DuckDB doing the same scoring, lifetimes doing the same fit, both compared row by row."""

import os
import resource
import subprocess
import sys
import time

WEIGHTS = dict(transaction_amount=20, transaction_frequency=15, interaction=15,
               social_influence=20, future_value=20, credit=10)

# Half to even on exact integers: 100 * score is sum / 1, since the weights add up to 100 and the points are whole.
DUCKDB = """
COPY (
  WITH scored AS (
    SELECT *, ({sum}) AS total, {confidence} AS confidence FROM read_csv('{source}', header = true, delim = ',', quote = '"',
      columns = {{'id': 'VARCHAR', 'kind': 'VARCHAR', {columns}}})
  ), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY total DESC, id) AS rank, count(*) OVER (PARTITION BY kind) AS n
    FROM scored
  )
  SELECT id, kind, {names}, printf('%d.%02d', total // 100, total % 100) AS score, rank,
    CASE WHEN 100 * rank <= n THEN 'vip' WHEN 20 * rank <= n THEN 'major' WHEN 5 * rank <= n THEN 'ordinary' ELSE 'small' END AS tier,
    confidence
  FROM ranked
) TO '{out}' (HEADER)
"""


def generate(path, count):
    """Writes `count` customers with whole points, one in twenty an organisation, a few cells empty, ids not in order."""
    import duckdb
    point = "CASE WHEN hash(i * 7 + {k}) % 50 = 0 THEN NULL ELSE 1 + hash(i * 11 + {k}) % 100 END AS {name}"
    columns = ", ".join(point.format(k=k * 1_000_003, name=name) for k, name in enumerate(WEIGHTS))
    duckdb.sql(f"""
        COPY (SELECT printf('C%012d', (i * 7919) % 1000000007) AS id,
                     CASE WHEN i % 20 = 0 THEN 'organization' ELSE 'person' END AS kind, {columns}
              FROM range({count}) AS numbers(i) WHERE i < 1000000007)
        TO '{path}' (HEADER)""")


def duckdb_sql(source, out):
    # A row in which all six are missing is unscored in Marque; the generator makes none, one in 15 thousand million would be.
    names = ", ".join(WEIGHTS)
    return DUCKDB.format(
        source=source, out=out, names=names,
        sum=" + ".join(f"{weight} * coalesce({name}, 50)" for name, weight in WEIGHTS.items()),
        confidence=" + ".join(f"{weight} * ({name} IS NOT NULL)::INT" for name, weight in WEIGHTS.items()),
        columns=", ".join(f"'{name}': 'INTEGER'" for name in WEIGHTS))


def timed(label, command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{label}: {wall:.2f} s wall, {cpu:.2f} s CPU", flush=True)
    return wall


def compare_files(work, count, rounds, score):
    import duckdb
    source, ours, theirs = f"{work}/in-{count}.csv", f"{work}/ours.csv", f"{work}/theirs.csv"
    if not os.path.exists(source):
        generate(source, count)
    print(f"DuckDB {duckdb.__version__}; {count} customers, {os.path.getsize(source) / 1e6:.0f} MB")
    times = {"marque": [], "duckdb": []}
    script = f"{work}/duck.py"
    with open(script, "w") as file:
        file.write(f"import duckdb\nduckdb.sql('SET preserve_insertion_order=false')\nduckdb.sql('''{duckdb_sql(source, theirs)}''')\n")
    for _ in range(rounds):
        times["marque"].append(timed("marque", [score, source, "--out", ours]))
        times["duckdb"].append(timed("duckdb", [sys.executable, script]))
    print("best of", rounds, {name: round(min(each), 2) for name, each in times.items()})
    read = "SELECT id, score::VARCHAR AS score, rank::BIGINT AS rank, tier, confidence::INT AS confidence FROM read_csv('{}', all_varchar = true)"
    differ = duckdb.sql(f"""
        SELECT count(*), count(*) FILTER (ours.score IS DISTINCT FROM theirs.score OR ours.rank <> theirs.rank
                                          OR ours.tier <> theirs.tier OR ours.confidence <> theirs.confidence)
        FROM ({read.format(ours)}) ours FULL JOIN ({read.format(theirs)}) theirs USING (id)""").fetchall()[0]
    print(f"rows compared {differ[0]}, different {differ[1]}")


def compare_cdnow(work, cdnow):
    from lifetimes import BetaGeoFitter
    from lifetimes.datasets import load_cdnow_summary, load_dataset
    from lifetimes.utils import calibration_and_holdout_data
    summary = load_cdnow_summary(index_col=[0])
    fitter = BetaGeoFitter(penalizer_coef=0.0).fit(summary["frequency"], summary["recency"], summary["T"])
    print("published summary, lifetimes:", {name: round(value, 6) for name, value in fitter.params_.items()})
    path = f"{work}/cdnow.csv"
    summary.rename(columns={"T": "age"}).to_csv(path, columns=["frequency", "recency", "age"], index=False)
    print("published summary, marque:   ", subprocess.run([cdnow, path], check=True, text=True, capture_output=True).stdout.strip())

    orders = load_dataset("CDNOW_sample.txt", header=None, sep=r"\s+", names=["_", "id", "date", "count", "value"])
    import pandas
    orders["date"] = pandas.to_datetime(orders["date"], format="%Y%m%d")
    split = calibration_and_holdout_data(orders, "id", "date", calibration_period_end="1997-09-30",
                                         observation_period_end="1998-06-30", freq="W")
    fitter = BetaGeoFitter(penalizer_coef=0.0).fit(split["frequency_cal"], split["recency_cal"], split["T_cal"])
    expected = fitter.conditional_expected_number_of_purchases_up_to_time(
        split["duration_holdout"], split["frequency_cal"], split["recency_cal"], split["T_cal"])
    error = expected - split["frequency_holdout"]
    print(f"39 weeks held out, lifetimes: {len(split)} customers, "
          f"mean absolute error {error.abs().mean():.5f}, root mean square {(error ** 2).mean() ** 0.5:.5f}")
    path = f"{work}/cdnow-split.csv"
    split.rename(columns={"frequency_cal": "frequency", "recency_cal": "recency", "T_cal": "age",
                          "frequency_holdout": "held_out", "duration_holdout": "window"}).to_csv(
        path, columns=["frequency", "recency", "age", "held_out", "window"], index=False)
    print("39 weeks held out, marque:   ", subprocess.run([cdnow, path], check=True, text=True, capture_output=True).stdout.strip())


if __name__ == "__main__":
    if sys.argv[1] == "file":
        compare_files(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    else:
        compare_cdnow(sys.argv[2], sys.argv[3])
