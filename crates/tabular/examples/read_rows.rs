//! Measures how fast plain CSV, NDJSON and XLSX-free text is read: `cargo run --release --example read_rows -- 1000000`.

use std::{
    io::{Cursor, Write},
    time::Instant,
};

use marque_tabular::{CUSTOMERS, Limits, Next, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: usize = std::env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let mut csv = b"source_key,kind,name,id_number,phone,gender,birthday,address,plate,vin,clerk,recorded_at\n".to_vec();
    let mut ndjson = Vec::new();
    for row in 0..rows {
        let (name, address) = (
            "欧阳晓明",
            "河北省石家庄市裕华区建设南大街一百二十八号翡翠小区十二号楼三单元一八零二室",
        );
        let (id, phone) = (
            130_108_198_501_010_000 + row as u64 % 10_000,
            13_800_000_000 + row as u64,
        );
        writeln!(
            csv,
            "K{row:09},person,{name},{id},{phone},男,1985-01-01,{address},冀A12345,LSVAF4C32MN{:06},clerk-07,2024-05-06",
            row % 1_000_000
        )?;
        writeln!(
            ndjson,
            r#"{{"source_key":"K{row:09}","name":"{name}","id_number":"{id}","phone":"{phone}","gender":"男","address":"{address}","vin":"LSVAF4C32MN{:06}"}}"#,
            row % 1_000_000
        )?;
    }
    for (what, bytes) in [("csv", csv), ("ndjson", ndjson)] {
        let size = bytes.len();
        let mut table = Table::open(
            Cursor::new(bytes),
            None,
            Limits::default(),
            &CUSTOMERS,
            None,
        )?;
        let phone = CUSTOMERS.column("phone").expect("customers have a phone");
        let began = Instant::now();
        let (mut read, mut digits) = (0_u64, 0_usize);
        while table.next_row()? == Next::Row {
            read += 1;
            digits += table.get(phone).len();
        }
        let seconds = began.elapsed().as_secs_f64();
        let mut out = std::io::stdout();
        writeln!(
            out,
            "{what}: {read} rows of {} bytes in {seconds:.3} s = {:.2} M rows/s, {:.0} MB/s ({digits} digits)",
            size / rows,
            read as f64 / seconds / 1e6,
            size as f64 / seconds / 1e6
        )?;
    }
    Ok(())
}
