//! The network's store: every statement of the service.

mod sealed;

pub use sealed::SEALED;

use marque_auth::Scope;
use marque_core::{DealerCode, PageRequest, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_vault::{Place, Vault};

use crate::{
    domain::{Dealer, Only, Staff},
    error::{Error, Result},
};

#[derive(Debug, Clone)]
pub(crate) struct NetworkStore {
    vault: Vault,
}

/// Key of the lock under which dealers are put: `dealers` in ASCII.
const DEALERS_LOCK: i64 = 0x0064_6561_6c65_7273;

const DEALER: &str = "code, name, region, dealer_group, departments, updated_at, version, phones";

#[expect(
    clippy::unused_self,
    reason = "a store is asked as one, whether or not a statement needs its vault"
)]
impl NetworkStore {
    pub(crate) fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// Serialises this transaction with every other that puts dealers, so that no version is given twice.
    pub(crate) fn lock_dealers(&self, conn: &mut Conn<'_>) -> Result<()> {
        Ok(conn.lock_keys(&mut vec![DEALERS_LOCK])?)
    }

    pub(crate) fn find_dealer(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        code: &DealerCode,
    ) -> Result<Option<Dealer>> {
        let (sql, key) = scope_clause(scope, 2);
        let sql = format!("SELECT {DEALER} FROM dealers WHERE code = ?1 AND {sql}");
        Ok(conn.query_opt(&sql, &[code.as_str().into(), key.into()], read_dealer)?)
    }

    pub(crate) fn list_dealers(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        region: &str,
        page: &PageRequest,
    ) -> Result<Vec<Dealer>> {
        let (clause, key) = scope_clause(scope, 1);
        let sql = format!(
            "SELECT {DEALER} FROM dealers WHERE {clause} AND (?2 = '' OR region = ?2) AND code > ?3
             ORDER BY code LIMIT ?4"
        );
        let after = page.after.as_ref().map_or("", |token| token.key.as_str());
        let values = [
            key.into(),
            region.into(),
            after.into(),
            Value::from(page.size),
        ];
        Ok(conn.query(&sql, &values, read_dealer)?)
    }

    pub(crate) fn put_dealer(&self, conn: &mut Conn<'_>, dealer: &Dealer) -> Result<()> {
        let [departments, phones] =
            [&dealer.departments, &dealer.phones].map(|lines| lines.join("\n"));
        conn.execute(
            "INSERT INTO dealers (code, name, region, dealer_group, departments, updated_at, version, phones)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (code) DO UPDATE SET name = excluded.name, region = excluded.region,
                 dealer_group = excluded.dealer_group, departments = excluded.departments,
                 updated_at = excluded.updated_at, version = excluded.version, phones = excluded.phones",
            &[
                dealer.code.as_str().into(),
                (&dealer.name).into(),
                (&dealer.region).into(),
                (&dealer.group).into(),
                (&departments).into(),
                dealer.updated_at.into(),
                dealer.version.into(),
                (&phones).into(),
            ],
        )?;
        Ok(())
    }

    /// Puts a member of staff; whether it did.
    pub(crate) fn put_staff(
        &self,
        conn: &mut Conn<'_>,
        staff: &Staff,
        only: Only,
        now: Timestamp,
    ) -> Result<bool> {
        let phone = self.seal_phone(staff)?;
        let known = match only {
            Only::New => "NOTHING",
            Only::Anybody => {
                "UPDATE SET name = excluded.name, department = excluded.department,
                     phone = excluded.phone, active = excluded.active, updated_at = excluded.updated_at"
            }
        };
        let sql = format!(
            "INSERT INTO staff (dealer, code, name, department, phone, active, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (dealer, code) DO {known}"
        );
        let put = conn.execute(
            &sql,
            &[
                staff.dealer.as_str().into(),
                (&staff.code).into(),
                (&staff.name).into(),
                (&staff.department).into(),
                (&phone).into(),
                staff.active.into(),
                now.into(),
            ],
        )?;
        Ok(put > 0)
    }

    fn seal_phone(&self, staff: &Staff) -> Result<Vec<u8>> {
        let row = row_of(staff.dealer.as_str(), &staff.code);
        Ok(self
            .vault
            .seal(Place::new("staff", &row, "phone"), staff.phone.as_bytes())?)
    }

    /// A member of a dealer's staff, who was found in the caller's scope.
    pub(crate) fn find_staff(
        &self,
        conn: &mut Conn<'_>,
        dealer: &DealerCode,
        code: &str,
    ) -> Result<Option<Staff>> {
        let sql = format!("SELECT {STAFF} FROM staff WHERE dealer = ?1 AND code = ?2");
        let kept = conn.query_opt(&sql, &[dealer.as_str().into(), code.into()], read_staff)?;
        kept.map(|kept| self.open_staff(dealer, kept)).transpose()
    }

    pub(crate) fn list_staff(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        dealer: &DealerCode,
        page: &PageRequest,
    ) -> Result<Vec<Staff>> {
        self.find_dealer(conn, scope, dealer)?
            .ok_or(Error::DealerUnknown)?;
        let after = page.after.as_ref().map_or("", |token| token.key.as_str());
        let sql = format!(
            "SELECT {STAFF} FROM staff WHERE dealer = ?1 AND code > ?2 ORDER BY code LIMIT ?3"
        );
        let values = [dealer.as_str().into(), after.into(), Value::from(page.size)];
        let rows = conn.query(&sql, &values, read_staff)?;
        rows.into_iter()
            .map(|kept| self.open_staff(dealer, kept))
            .collect()
    }

    fn open_staff(&self, dealer: &DealerCode, kept: KeptStaff) -> Result<Staff> {
        let (code, name, department, sealed, active) = kept;
        let row = row_of(dealer.as_str(), &code);
        let phone = self
            .vault
            .open(Place::new("staff", &row, "phone"), &sealed)?;
        Ok(Staff {
            dealer: dealer.clone(),
            code,
            name,
            department,
            phone: String::from_utf8_lossy(&phone).into_owned(),
            active,
        })
    }
}

/// Code, name, department, sealed phone, and whether he works there.
type KeptStaff = (String, String, String, Vec<u8>, bool);

const STAFF: &str = "code, name, department, phone, active";

fn read_staff(row: &Row<'_>) -> std::result::Result<KeptStaff, StoreError> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
}

/// The row a phone is sealed to.
fn row_of(dealer: &str, code: &str) -> String {
    format!("{dealer}\u{1f}{code}")
}

/// What a scope may see of the dealers, and the value it is bound to.
fn scope_clause(scope: &Scope, number: usize) -> (String, &str) {
    match scope {
        Scope::Headquarters => (format!("?{number} = ''"), ""),
        Scope::Region(region) => (format!("region = ?{number}"), region),
        Scope::Dealer(code) => (format!("code = ?{number}"), code.as_str()),
        Scope::Customer(_) => (format!("?{number} <> ''"), ""),
    }
}

fn read_dealer(row: &Row<'_>) -> std::result::Result<Dealer, StoreError> {
    let code: String = row.get(0)?;
    let (departments, phones): (String, String) = (row.get(4)?, row.get(7)?);
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    Ok(Dealer {
        code: code
            .parse()
            .map_err(|error: marque_core::InvalidDealerCode| StoreError::Decode {
                column: 0,
                source: error.into(),
            })?,
        name: row.get(1)?,
        region: row.get(2)?,
        group: row.get(3)?,
        departments: lines(departments),
        phones: lines(phones),
        updated_at: row.get(5)?,
        version: row.get(6)?,
    })
}
