//! Files and what became of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
};

use marque_api::intake::v1::Import;
use marque_auth::{Role, Scope};
use marque_db::Database;
use marque_testkit::{ImportFile, Rig, id_number, phone};

const NAMES: [&str; 8] = [
    "王小明",
    "李小红",
    "赵大力",
    "陈建国",
    "周晓燕",
    "吴志强",
    "郑秀英",
    "孙伟",
];

/// `rows` clean rows of customers; every fifth is the person of the row before.
pub(crate) fn clean_file(rows: u32) -> String {
    let mut file = String::from("客户编号,姓名,身份证号,手机\r\n");
    for n in 0..rows {
        let person = if n % 5 == 4 { n - 1 } else { n };
        let name = NAMES[person as usize % NAMES.len()];
        file.push_str(&format!(
            "C{n},{name},{},{}\r\n",
            id_number(person),
            phone(person)
        ));
    }
    file
}

/// The import of a file that waits while nobody works.
pub(crate) async fn queued(rig: &mut Rig, bytes: impl Into<Vec<u8>>) -> Import {
    rig.crash().await;
    let file = ImportFile::of_customers("D1", bytes);
    rig.send_as(Role::HqAdmin, Scope::Headquarters, file)
        .await
        .unwrap()
}

/// Takes the file of an import aside, so that the disk fails where it lay; answers its place and where it is now. Moving it back
/// mends the disk.
pub(crate) fn withhold(rig: &Rig, import: &Import) -> (PathBuf, PathBuf) {
    let (spooled, aside) = (rig.spooled(&import.id), rig.spool().join("aside"));
    fs::rename(&spooled, &aside).unwrap();
    // What leads to itself cannot be opened, and is there all the same.
    symlink(&spooled, &spooled).unwrap();
    (spooled, aside)
}

pub(crate) async fn count(db: &Database, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    db.read(move |conn| conn.query_opt(&sql, &[], |row| row.get(0)))
        .await
        .unwrap()
        .unwrap()
}

/// Pairs of token and record, whether in the large table or still in segments.
async fn tokens_in(db: &Database) -> usize {
    let (mut pairs, segments) = db
        .read(|conn| {
            let sql = "SELECT token, record FROM record_keys";
            let pairs: Vec<(i64, i64)> =
                conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let sql = "SELECT tokens FROM key_segments";
            let segments: Vec<Vec<u8>> = conn.query(sql, &[], |row| row.get(0))?;
            Ok::<_, marque_db::StoreError>((BTreeSet::from_iter(pairs), segments))
        })
        .await
        .unwrap();
    let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap());
    let unsettled = segments.iter().flat_map(|segment| segment.chunks_exact(16));
    pairs.extend(unsettled.map(|pair| (number(&pair[..8]), number(&pair[8..]))));
    pairs.len()
}

/// What an import leaves: which records stand together, at which version; how many events and tokens there are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    groups: BTreeSet<Vec<(String, String, i64)>>,
    tokens: usize,
    quarantined: i64,
}

pub(crate) async fn left_by(rig: &Rig) -> Left {
    let db = rig.customer_db();
    let records: Vec<(i64, (String, String, i64))> = db
        .read(|conn| {
            let sql = "SELECT customer, dealer, source_key, version FROM source_records ORDER BY dealer, source_key";
            conn.query(sql, &[], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))
        })
        .await
        .unwrap();
    let mut groups: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (customer, record) in records {
        groups.entry(customer).or_default().push(record);
    }
    Left {
        groups: groups.into_values().collect(),
        tokens: tokens_in(db).await,
        quarantined: count(db, "import_quarantine").await,
    }
}
