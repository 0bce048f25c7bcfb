//! Maintenance plans by the name of a model.

use marque_db::{Conn, Row, StoreError};
use marque_insight::mileage::{MaintenancePlan, Step};

/// Maintenance plans by model.
pub(crate) fn list_plans(
    conn: &mut Conn<'_>,
) -> Result<Vec<(String, MaintenancePlan)>, StoreError> {
    let sql = "SELECT model, first_km, first_months, every_km, every_months FROM maintenance_plans ORDER BY model";
    let step = |row: &Row<'_>, from: usize| -> Result<Step, StoreError> {
        let number =
            |place| Ok::<_, StoreError>(row.get::<i64>(place)?.max(0).unsigned_abs() as u32);
        Ok(Step {
            km: number(from)?,
            months: number(from + 1)?,
        })
    };
    conn.query(sql, &[], |row| {
        let plan = MaintenancePlan {
            first: step(row, 1)?,
            every: step(row, 3)?,
        };
        Ok((row.get(0)?, plan))
    })
}

/// Keeps the plan of a model.
pub(crate) fn put_plan(
    conn: &mut Conn<'_>,
    model: &str,
    plan: &MaintenancePlan,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO maintenance_plans (model, first_km, first_months, every_km, every_months)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (model) DO UPDATE SET first_km = excluded.first_km, first_months = excluded.first_months,
             every_km = excluded.every_km, every_months = excluded.every_months",
        &[
            model.into(),
            plan.first.km.into(),
            plan.first.months.into(),
            plan.every.km.into(),
            plan.every.months.into(),
        ],
    )?;
    Ok(())
}
