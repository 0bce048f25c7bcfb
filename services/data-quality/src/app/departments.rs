//! Where clerks work, which the network may say later than their records come, and otherwise than before.

use std::collections::HashMap;

use marque_db::Conn;

use super::{Departments, QualityApp};
use crate::{
    error::Result,
    storage::{self, Clerk},
};

/// What the network said last of each clerk, and what stands since: that it knows nothing of him makes nothing undone.
pub(super) type Said = HashMap<Clerk, (String, String)>;

impl QualityApp {
    /// Where clerks work, by what the network says of them now. Who works elsewhere than before takes his records along. The caller
    /// [remembers](Self::remember) it once it is committed.
    pub(super) fn work_in(&self, conn: &mut Conn<'_>, said: &Departments) -> Result<Departments> {
        let (mut stand, mut other) = (Departments::new(), Departments::new());
        let known = self.said.read();
        for (clerk, department) in said {
            match known.get(clerk) {
                Some((same, stands)) if same == department => {
                    stand.insert(clerk.clone(), stands.clone());
                }
                _ => {
                    other.insert(clerk.clone(), department.clone());
                }
            }
        }
        drop(known);
        stand.extend(storage::put_departments(conn, &other)?);
        Ok(stand)
    }

    /// Remembers what stands, so that the store is not asked again for what it has.
    pub(super) fn remember(&self, said: &Departments, stand: Departments) {
        let stand = stand.into_iter().filter_map(|(clerk, stands)| {
            let department = said.get(&clerk)?.clone();
            Some((clerk, (department, stands)))
        });
        self.said.write().extend(stand);
    }

    /// Dealers who have clerks.
    pub(crate) async fn dealers_with_clerks(&self) -> Result<Vec<String>> {
        self.db
            .scan(|conn: &mut Conn<'_>| Ok(storage::dealers_with_clerks(conn)?))
            .await
    }

    /// Whether the network says anything of clerks that it did not say before.
    fn is_news(&self, said: &Departments) -> bool {
        let known = self.said.read();
        said.iter().any(|(clerk, department)| {
            let before = known.get(clerk);
            before.is_none_or(|(before, _)| before != department)
        })
    }

    /// Takes in where the staff of a dealer work.
    pub(crate) async fn put_departments(&self, said: Departments) -> Result<()> {
        if !self.is_news(&said) {
            return Ok(());
        }
        let (app, told) = (self.clone(), said.clone());
        let work = move |conn: &mut Conn<'_>| -> Result<Departments> {
            storage::lock(conn)?;
            app.work_in(conn, &told)
        };
        let stand = self.db.bulk(work).await?;
        self.remember(&said, stand);
        Ok(())
    }
}
