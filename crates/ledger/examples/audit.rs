//! What the chain costs, and how fast it is verified: `cargo run --profile release-fast -p marque-ledger --example audit`.

#![expect(clippy::print_stdout, reason = "an example prints its figures")]

use std::time::Instant;

use marque_auth::{CallContext, Identity, Role, Scope};
use marque_core::Timestamp;
use marque_db::StoreError;
use marque_ledger::{Entry, Verification, heads, record};
use marque_testkit::TestDb;

const RECORDS: u32 = 500_000;
const DEALERS: u32 = 500;
const BATCH: u32 = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StoreError> {
    let db = TestDb::sqlite()
        .migrated(&marque_migrations::CUSTOMER)
        .await;
    let identity = Identity {
        subject: "clerk-17".into(),
        roles: Role::Sales.into(),
        scope: Scope::Headquarters,
        expires_at: Timestamp::default(),
    };
    let ctx = CallContext::request(&identity, "01J000000000000000000000");
    let began = Instant::now();
    for batch in 0..RECORDS / BATCH {
        let ctx = ctx.clone();
        db.bulk(move |conn| {
            for n in batch * BATCH..(batch + 1) * BATCH {
                let (dealer, subject) = (format!("D{:03}", n % DEALERS), format!("cus_{n:026}"));
                let entry = Entry {
                    act: "linked",
                    subject: &subject,
                    dealer: &dealer,
                    detail: "src_00000000000000000000000000",
                };
                record(conn, &ctx, Timestamp::from_micros(i64::from(n)), &entry)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    }
    tell("recorded", began);
    let began = Instant::now();
    let verdict = db
        .scan(|conn| {
            let mut verification = Verification::new(heads(conn)?);
            while verification.step(conn)? {}
            verification.finish(conn)
        })
        .await?;
    tell("verified", began);
    println!(
        "{} chains, {} signed heads, {} faults",
        verdict.chains,
        verdict.signed,
        verdict.faults.len()
    );
    Ok(())
}

fn tell(what: &str, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{what} {RECORDS} in {seconds:.2} s: {:.0} records/s, {:.2} us each",
        f64::from(RECORDS) / seconds,
        seconds * 1e6 / f64::from(RECORDS)
    );
}
