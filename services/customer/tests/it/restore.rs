//! A store that was filled from a backup takes new customers.

use std::{path::Path, thread};

use marque_db::{Conn, Saved, Settings, StoreError, cut, fill_postgres};
use marque_testkit::{Rig, TestDb, a_customer, phone, store_test_suite};

use crate::common::{get, put};

store_test_suite!(who_is_new_after_a_restore_gets_a_number_of_his_own);

/// Saves the store and fills it again, as `marque restore` does.
fn save_and_restore(settings: Settings, folder: &Path) {
    let Settings::Postgres { url, schema, .. } = settings.clone() else {
        panic!("a file of SQLite is put in its place as it is")
    };
    let saved: Saved = cut(&[settings], || Ok(())).unwrap().views[0]
        .save(folder, "customer")
        .unwrap();
    fill_postgres(&url, &schema, folder, &saved, "customer_migrations").unwrap();
}

async fn who_is_new_after_a_restore_gets_a_number_of_his_own(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let mut rig = Rig::new(db).await;
    let mut before = Vec::new();
    for n in 1..=3 {
        let person = a_customer().named("王小明").with_phone(phone(n));
        let record = put(&rig, person.put("D1", &n.to_string())).await;
        before.push(get(&rig, &record.customer_id).await.number);
    }
    rig.crash().await;
    let (settings, folder) = (rig.customer_db().settings(), rig.customer_db().folder());
    let to_the_start = |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        for name in ["customers_number_seq", "source_records_seq_seq"] {
            let sql = format!("SELECT setval('{name}', 1, false)");
            conn.query_opt(&sql, &[], |row| row.get::<i64>(0))?;
        }
        Ok(())
    };
    // Of a schema that was just migrated.
    rig.customer_db().write(to_the_start).await.unwrap();
    thread::spawn(move || save_and_restore(settings, &folder))
        .join()
        .unwrap();
    rig.crash_and_restart().await;
    let person = a_customer().named("李新来").with_phone(phone(9));
    let record = put(&rig, person.put("D1", "9")).await;
    let number = get(&rig, &record.customer_id).await.number;
    assert!(!before.contains(&number), "{number}");
}
