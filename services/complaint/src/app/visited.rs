//! The visit that a case is about: one to its dealer, with its car.

use marque_auth::CallContext;
use marque_core::{Timestamp, VisitId};
use marque_errors::Violation;
use marque_rpc::CallMeta;

use super::{
    CaseApp, Wanted,
    amend::{Amendment, Changed},
    draft::{self, Draft},
};
use crate::{
    domain::Case,
    error::{Error, Result},
};

/// Passes if a visit can be called so; nothing names none.
pub(super) fn check_id(visit: &str) -> std::result::Result<(), Violation> {
    if visit.is_empty() || visit.parse::<VisitId>().is_ok() {
        return Ok(());
    }
    let message = "write the id of a visit, vis_ and 32 digits, and not the number of its order";
    Err(Violation::new("visit_id", "FORMAT", message))
}

impl CaseApp {
    /// Gives a draft that names a visit its car, if it names none itself.
    pub(super) async fn take_car(
        &self,
        meta: &CallMeta,
        dealer: &str,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<()> {
        if draft.visit.is_empty() {
            return Ok(());
        }
        let car = self.car_of(meta, &draft.visit, dealer).await?;
        if draft.vin.is_empty() {
            let found = draft::findings_of_vin(&car, now);
            draft.words.findings.extend(found);
        }
        draft.vin = car_beside(&draft.vin, car)?;
        Ok(())
    }

    /// The car of the visit that a case is about by an amendment; nothing where it says nothing of either. A visit that the case names
    /// already keeps nobody from putting the vehicle right while it cannot be asked for.
    pub(super) async fn car_by(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        (wanted, amendment): (Wanted, &Amendment),
        heir: Option<&str>,
    ) -> Result<Option<String>> {
        let visit = amendment.visit.trim();
        let is_cleared = amendment.clear.iter().any(|field| field == "visit_id");
        if visit.is_empty() && (amendment.vin.trim().is_empty() || is_cleared) {
            return Ok(None);
        }
        check_id(visit).map_err(|violation| Error::Invalid(vec![violation]))?;
        let (app, caller) = (self.clone(), ctx.clone());
        let case = self
            .db
            .read(move |conn| app.find(conn, caller.scope(), wanted))
            .await?;
        if !visit.is_empty() {
            let dealer = heir.unwrap_or(&case.dealer);
            return Ok(Some(self.car_of(meta, visit, dealer).await?));
        }
        match self.car_of(meta, &case.visit, &case.dealer).await {
            Ok(car) => Ok(Some(car)),
            Err(Error::Visits(_) | Error::VisitUnknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The car of a visit to a dealer; nothing where what was given there cannot be a VIN.
    async fn car_of(&self, meta: &CallMeta, visit: &str, dealer: &str) -> Result<String> {
        let visit: VisitId = visit.parse().map_err(|_| Error::VisitUnknown)?;
        let vin = self.visits.vin_of(meta, visit, dealer).await?;
        Ok(draft::check_vin(&vin).unwrap_or_default())
    }
}

/// Gives a case that is amended the car of its visit, if it names none and is not to name none; answers what changed.
pub(super) fn give_car(
    case: &mut Case,
    car: String,
    amendment: &Amendment,
) -> Result<Option<Changed>> {
    let car = car_beside(&case.vin, car)?;
    let is_cleared = amendment.clear.iter().any(|field| field == "vin");
    if is_cleared || car == case.vin {
        return Ok(None);
    }
    let before = std::mem::replace(&mut case.vin, car);
    Ok(Some(("vin", before, case.vin.clone())))
}

/// The car of a case beside that of its visit, where both are known: they are the same.
fn car_beside(named: &str, visited: String) -> Result<String> {
    if named.is_empty() {
        return Ok(visited);
    }
    if visited.is_empty() || visited == named {
        return Ok(named.to_owned());
    }
    let message = "the visit was with another car than the case is about: put vin right, or leave the visit out";
    Err(Error::field("visit_id", "NOT_ALLOWED", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_named_by_its_id_alone() {
        assert!(check_id("").is_ok());
        assert!(check_id("vis_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b").is_ok());
        for wrong in ["x", "RO-17", "cmp_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"] {
            assert_eq!(check_id(wrong).unwrap_err().field, "visit_id", "{wrong}");
        }
    }

    #[test]
    fn a_case_is_of_the_car_of_its_visit() {
        let car = || "LATPAB071W1005301".to_owned();
        assert_eq!(car_beside("", car()).unwrap(), car());
        assert_eq!(car_beside(&car(), car()).unwrap(), car());
        assert_eq!(car_beside(&car(), String::new()).unwrap(), car());
        assert!(car_beside("LMVCA1A60R1000001", car()).is_err());
    }
}
