//! Lists of households: relatives share surname, home and phone in every list, and there are more pairs of them than pairs of
//! one person, so that training left to itself takes the household for the entity.
//!
//! What tells persons of one household apart is known beforehand: given name, birthday or age, gender. Where training finds
//! "one entity" to differ in these as a rule, it begins anew with the relatives as look-alikes that share all but these.

use super::model::{ClassModel, FieldModel, Model};

/// Of one person's records no more than this share differ in what is personal; beyond it the entity is a household.
const MOST_DIFFER: f64 = 0.15;
/// Learnt to differ in so large a share, one entity is plainly no person.
const PLAINLY_DIFFER: f64 = 0.3;
/// Learnt to differ in the given name alone in so large a share, it is twins.
const NAMES_DIFFER: f64 = 0.4;
/// Where relatives begin: they share nearly all but what is personal.
const SHARED_BY_RELATIVES: f64 = 0.9;
const PERSONAL_BY_RELATIVES: f64 = 0.05;

/// True if "one entity" came out as a household.
pub(super) fn was_learnt(model: &Model, personal: u16, given: u16) -> bool {
    let differs_by = |field: &FieldModel, share: f64| {
        let differ = field.levels.last();
        differ.is_some_and(|level| level.m > share)
    };
    let shows = |class: &ClassModel| {
        personal_fields(class, personal)
            .filter(|field| differs_by(field, PLAINLY_DIFFER))
            .count()
    };
    let are_twins = |class: &ClassModel| {
        personal_fields(class, given).any(|field| differs_by(field, NAMES_DIFFER))
    };
    // One alone may be a poor column.
    let mut classes = model.classes.iter();
    classes.any(|class| shows(class) >= 2 || are_twins(class))
}

/// Puts the model back to where learning begins, relatives told apart from the start.
pub(super) fn begin(model: &mut Model, untrained: &Model, personal: u16) {
    model.matches_per_record = untrained.matches_per_record;
    model.lookalikes_per_record = untrained.matches_per_record;
    for (class, first) in model.classes.iter_mut().zip(&untrained.classes) {
        for (at, (field, first)) in class.fields.iter_mut().zip(&first.fields).enumerate() {
            for (level, first) in field.levels.iter_mut().zip(&first.levels) {
                level.m = first.m;
            }
            field.lookalikes_share = Some(if is_among(personal, at) {
                PERSONAL_BY_RELATIVES
            } else {
                SHARED_BY_RELATIVES
            });
        }
    }
}

/// Holds look-alikes to given names of their own. Whoever shares that too, and of whom no more is known, is one person rather than
/// another of the house; left to itself learning splits pairs like these between the two, and joins none.
pub(super) fn call_apart(model: &mut Model, given: u16) {
    for class in &mut model.classes {
        for (at, field) in class.fields.iter_mut().enumerate() {
            if is_among(given, at) {
                let share = field.lookalikes_share;
                field.lookalikes_share = share.map(|share| share.min(PERSONAL_BY_RELATIVES));
            }
        }
    }
}

/// Holds one entity to being a person, where look-alikes are learnt: in most records it has its own name, birthday and gender,
/// `steady` fields all; else namesakes of all families would become one.
pub(super) fn hold(model: &mut Model, steady: u16) {
    if model.lookalikes_per_record == 0.0 {
        return;
    }
    for (at, field) in model
        .classes
        .iter_mut()
        .flat_map(|class| class.fields.iter_mut().enumerate())
    {
        if is_among(steady, at) {
            hold_field(field);
        }
    }
}

fn hold_field(field: &mut FieldModel) {
    let Some((differ, others)) = field.levels.split_last_mut() else {
        return;
    };
    if differ.m <= MOST_DIFFER {
        return;
    }
    let rest: f64 = others.iter().map(|level| level.m).sum();
    for level in others {
        level.m *= (1.0 - MOST_DIFFER) / rest.max(1e-9);
    }
    differ.m = MOST_DIFFER;
}

fn is_among(fields: u16, field: usize) -> bool {
    fields >> field & 1 == 1
}

fn personal_fields(class: &ClassModel, personal: u16) -> impl Iterator<Item = &FieldModel> {
    class
        .fields
        .iter()
        .enumerate()
        .filter(move |(at, _)| is_among(personal, *at))
        .map(|(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::super::{FieldSpec, LevelSpec, Outcome, Sample, Tells, TrainOptions, level, train};
    use super::*;

    const LEVELS: &[LevelSpec] = &[level("same", 0.9), level("differs", 0.1)];
    const PERSONAL: u16 = 0b110;

    /// Home, given name, birthday and surname of 1,000 households of three, each person in three lists.
    fn learnt(personal: u16) -> Model {
        let specs: Vec<FieldSpec> = ["home", "given name", "birthday", "surname"]
            .iter()
            .enumerate()
            .map(|(at, name)| FieldSpec {
                name: (*name).to_owned(),
                correlation: None,
                tells: if is_among(personal, at) {
                    Tells::Person
                } else {
                    Tells::Circumstance
                },
                levels: LEVELS,
            })
            .collect();
        let outcome = |levels: [u8; 4]| {
            let mut outcome = Outcome::default();
            for (field, level) in levels.into_iter().enumerate() {
                outcome.set(field, level);
            }
            outcome
        };
        let (mut random, mut blocked) = (Sample::default(), Sample::default());
        random.add(&outcome([2, 2, 2, 2]), 1_000_000.0);
        for field in 0..4 {
            let mut levels = [2; 4];
            levels[field] = 1;
            random.add(&outcome(levels), 5_000.0);
            blocked.add(&outcome(levels), 50_000.0);
        }
        let noisy = |blocked: &mut Sample, levels: [u8; 4], pairs: f64| {
            blocked.add(&outcome(levels), 0.8 * pairs);
            for field in 0..4 {
                let mut noisy = levels;
                noisy[field] = 2;
                blocked.add(&outcome(noisy), 0.05 * pairs);
            }
        };
        noisy(&mut blocked, [1, 1, 1, 1], 9_000.0);
        noisy(&mut blocked, [1, 2, 2, 1], 27_000.0);
        let mut model = Model::untrained("test", &specs, &["pair"]);
        let options = TrainOptions {
            lookalikes: true,
            personal,
            ..TrainOptions::default()
        };
        train(&mut model, &random, &blocked, 9_000, options);
        model
    }

    #[test]
    fn persons_are_found_in_lists_of_households() {
        let differ = |model: &Model| model.classes[0].fields[1].levels[1].m;
        let persons = learnt(PERSONAL);
        assert!(differ(&learnt(0)) > 0.5, "nothing to mend");
        assert!(differ(&persons) < 0.12, "{}", differ(&persons));
        assert!(
            (1.5..3.0).contains(&persons.matches_per_record),
            "{}",
            persons.matches_per_record
        );
        assert!(persons.lookalikes_per_record > 4.0);
    }

    #[test]
    fn one_poor_column_is_no_household() {
        let mut model = learnt(0);
        for field in &mut model.classes[0].fields {
            (field.levels[0].m, field.levels[1].m) = (0.95, 0.05);
        }
        (
            model.classes[0].fields[1].levels[0].m,
            model.classes[0].fields[1].levels[1].m,
        ) = (0.4, 0.6);
        assert!(!was_learnt(&model, PERSONAL, 0));
        assert!(was_learnt(&model, PERSONAL, 0b10), "twins");
    }
}
