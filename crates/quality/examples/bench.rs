//! Rows a second of cleaning with all record rules, on one core: `bench [FILE.csv]`.
//!
//! Without a file the rows are invented here: most are good, one in five carries a flaw of the usual kinds. A file is read
//! into memory first, so that the rules alone are measured.

use std::{hint::black_box, time::Instant};

use chrono::NaiveDate;
use marque_quality::{CustomerRow, Field, RecordKind, clean_customer};
use marque_tabular::{Limits, Next, Reader, Row};

const SURNAMES: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄"];
const GIVEN: [&str; 8] = ["晓岚", "志强", "海燕", "建国", "丽", "伟", "雪梅", "子涵"];
const ADDRESSES: [&str; 4] = [
    "河北省石家庄市裕华区槐安路88号样例小区3号楼2单元501室",
    "潍坊市高密市大牟家镇青年西路759号样例名城",
    "辽宁省营口市西市区振兴路259号样例城5栋1401",
    "新疆维吾尔自治区伊犁哈萨克自治州新源县样例街12号",
];

/// One row as owned cells, because the rows of the measured loop borrow them.
struct Cells {
    key: String,
    name: String,
    id_number: String,
    phone: String,
    plate: String,
    vin: String,
    address: &'static str,
    recorded_at: String,
    gender: &'static str,
    birthday: String,
}

const WANTED: usize = 1_000_000;

fn main() -> anyhow::Result<()> {
    if let Some(path) = std::env::args().nth(1) {
        let (columns, cells) = read(&path)?;
        measure(&cells, |cells| {
            let mut row = CustomerRow::default();
            for (field, cell) in columns.iter().zip(cells) {
                if let Some(field) = field {
                    row.set(*field, Some(cell));
                }
            }
            row
        });
    } else {
        let cells: Vec<Cells> = (0..20_000).map(invent).collect();
        measure(&cells, row);
    }
    Ok(())
}

/// Cleans the rows over and over until a million are done.
fn measure<'a, C>(cells: &'a [C], row: impl Fn(&'a C) -> CustomerRow<'a>) {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let (started, before) = (Instant::now(), cpu_seconds());
    let (mut rows, mut findings) = (0, 0);
    while rows < WANTED {
        for cell in cells {
            findings += black_box(clean_customer(&row(cell), today)).findings.len();
        }
        rows += cells.len();
    }
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - before);
    let rate = rows as f64 / cpu;
    eprintln!(
        "marque-quality: {rows} rows, {findings} findings in {cpu:.2} s of CPU ({wall:.2} s): {rate:.0} rows/s on one core"
    );
}

/// Seconds this process has run on a CPU: on a shared machine the clock on the wall measures the neighbours.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = text
        .split(' ')
        .next()
        .and_then(|first| first.parse().ok())
        .unwrap_or(0.0);
    nanoseconds / 1e9
}

/// The field of each column, where one is recognised, and the cells of each row.
type File = (Vec<Option<Field>>, Vec<Vec<String>>);

fn read(path: &str) -> anyhow::Result<File> {
    let file = std::io::BufReader::new(std::fs::File::open(path)?);
    let mut reader = Reader::open(file, None, Limits::default())?;
    let columns = reader
        .headers()
        .iter()
        .map(|header| Field::recognise(RecordKind::Customers, header))
        .collect();
    let (mut row, mut rows) = (Row::new(), Vec::new());
    while reader.next_row(&mut row)? == Next::Row {
        rows.push(row.iter().map(str::to_owned).collect());
    }
    Ok((columns, rows))
}

fn row(cells: &Cells) -> CustomerRow<'_> {
    CustomerRow {
        source_key: Some(&cells.key),
        kind: Some("个人"),
        name: Some(&cells.name),
        id_number: Some(&cells.id_number),
        phone: Some(&cells.phone),
        gender: Some(cells.gender),
        birthday: Some(&cells.birthday),
        address: Some(cells.address),
        plate: Some(&cells.plate),
        vin: Some(&cells.vin),
        clerk: Some("S0123"),
        recorded_at: Some(&cells.recorded_at),
        ..CustomerRow::default()
    }
}

fn invent(i: usize) -> Cells {
    let flawed = i.is_multiple_of(5);
    let digits = i * 7919 % 100_000_000;
    let mut cells = Cells {
        key: format!("C{i:06}"),
        name: format!("{}{}", SURNAMES[i % 8], GIVEN[i / 8 % 8]),
        id_number: id_number(i),
        phone: format!("139{digits:08}"),
        plate: format!("冀A{:05}", i % 100_000),
        vin: vin(i),
        address: ADDRESSES[i % 4],
        recorded_at: format!("2026-{:02}-{:02}", i % 10 + 1, i % 28 + 1),
        gender: if i % 2 == 1 { "男" } else { "女" },
        birthday: format!("19{:02}-{:02}-{:02}", 50 + i % 50, i % 12 + 1, i % 28 + 1),
    };
    if flawed {
        match i / 5 % 6 {
            0 => "１３８ 0000 0000".clone_into(&mut cells.phone),
            1 => cells.name += "女士",
            2 => cells.vin.replace_range(16.., "O"),
            3 => cells.plate.insert(4, '·'),
            4 => std::mem::swap(&mut cells.phone, &mut cells.id_number),
            _ => "2026年3月5日".clone_into(&mut cells.recorded_at),
        }
    }
    cells
}

fn id_number(i: usize) -> String {
    let body = format!(
        "13010819{:02}{:02}{:02}{:03}",
        50 + i % 50,
        i % 12 + 1,
        i % 28 + 1,
        i % 1000
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| usize::from(digit - b'0') * weight)
        .sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}

/// A VIN of an invented maker with its check digit, found by trying.
fn vin(i: usize) -> String {
    (0..11)
        .map(|check| format!("LZZ1EEKR{}7R{i:06}", char::from(b"0123456789X"[check])))
        .find(|vin| marque_quality::vin::Vin::parse(vin).is_ok())
        .expect("one of eleven check digits is right")
}
