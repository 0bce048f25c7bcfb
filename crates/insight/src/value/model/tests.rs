use proptest::prelude::*;

use super::super::Fact;
use super::*;

fn given(values: [Option<&str>; 6]) -> Inputs {
    Inputs {
        given: values.map(|value| value.map(|text| Points::parse(text.as_bytes()).unwrap())),
        ..Inputs::default()
    }
}

#[test]
fn the_shipped_model_scores_the_seed_example() {
    let model = Model::shipped();
    let inputs = given([
        Some("80"),
        Some("60"),
        Some("70"),
        Some("50"),
        Some("90"),
        Some("100"),
    ]);
    let assessment = model.assess(&inputs).unwrap();
    assert_eq!(model.score(assessment.sum).to_string(), "73.50");
    assert_eq!(assessment.confidence, 100);
}

#[test]
fn the_shipped_model_has_a_curve_for_every_indicator_and_reads_every_fact() {
    let model = Model::shipped();
    let features = Indicator::ALL
        .into_iter()
        .flat_map(|each| model.terms(each))
        .map(|term| term.feature);
    let facts: Vec<Fact> = features
        .flat_map(|feature| feature.facts().iter().copied())
        .collect();
    assert!(
        Indicator::ALL
            .into_iter()
            .all(|indicator| !model.terms(indicator).is_empty())
    );
    assert!(Fact::ALL.into_iter().all(|fact| facts.contains(&fact)));
}

#[test]
fn missing_indicators_are_neutral_and_lower_the_confidence() {
    let model = Model::shipped();
    let assessment = model
        .assess(&given([Some("100"), None, None, None, None, None]))
        .unwrap();
    assert_eq!(model.score(assessment.sum).to_string(), "60.00");
    assert_eq!(assessment.confidence, 20);
}

#[test]
fn a_customer_without_any_basis_is_unscored() {
    assert_eq!(Model::shipped().assess(&Inputs::default()), None);
}

#[test]
fn an_indicator_that_does_not_count_is_no_basis() {
    let weights = Weights::new([0.0, 1.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
    let model = Model::shipped().with_weights("what-if", weights);
    assert_eq!(
        model.assess(&given([Some("100"), None, None, None, None, None])),
        None
    );
}

#[test]
fn a_given_indicator_wins_over_facts() {
    let model = Model::shipped();
    let facts = Facts::default().with(Fact::PurchaseAmount, 1e9);
    let inputs = Inputs {
        facts,
        ..given([Some("10"), None, None, None, None, None])
    };
    assert_eq!(model.assess(&inputs).unwrap().points[0].to_string(), "10");
}

#[test]
fn half_known_indicators_count_half() {
    let model = Model::shipped();
    let inputs = Inputs {
        facts: Facts::default().with(Fact::ReferralCount, 3.0),
        ..Inputs::default()
    };
    let assessment = model.assess(&inputs).unwrap();
    let share = assessment.known[Indicator::SocialInfluence as usize];
    assert!(
        share > 0.0 && share < 1.0,
        "standing is unknown, so {share} must be a part"
    );
}

#[test]
fn the_file_is_read_back_unchanged() {
    let model = Model::shipped();
    assert_eq!(Model::from_toml(&model.to_toml()).unwrap(), model);
}

#[test]
fn broken_model_files_say_what_is_wrong() {
    let weights = "[weights]\ntransaction_amount = 1\n";
    let term = |term: &str| {
        format!("version = \"x\"\n{weights}[[terms.credit]]\nfeature = \"overdue\"\n{term}")
    };
    for (text, expected) in [
        ("version = 3".to_owned(), "line 1"),
        (format!("version = \"\"\n{weights}"), "needs a version"),
        (
            format!("version = \"x\"\nneutral = 0\n{weights}"),
            "neutral is 0",
        ),
        (
            "version = \"x\"\n[weights]\ncredit = -1".to_owned(),
            "weight of credit",
        ),
        ("version = \"x\"\n[weights]\nluck = 1".to_owned(), "luck"),
        (
            term("weight = 0\ncurve = { knots = [[0, 1], [1, 2]] }"),
            "term of credit",
        ),
        (term("curve = { knots = [[0, 1]] }"), "at least two knots"),
        (
            term("prior = { events = -1, exposure = 1 }\ncurve = { knots = [[0, 1], [1, 2]] }"),
            "prior of credit",
        ),
    ] {
        let error = Model::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

proptest! {
    #[test]
    fn more_money_never_lowers_a_score(low in 0.0_f64..1e7, more in 0.0_f64..1e7) {
        let model = Model::shipped();
        let sum = |amount| {
            let facts = Facts::default().with(Fact::PurchaseAmount, amount).with(Fact::VisitCount, 2.0);
            model.assess(&Inputs { facts, ..Inputs::default() }).unwrap().sum
        };
        prop_assert!(sum(low) <= sum(low + more));
    }

    #[test]
    fn scores_stay_on_the_scale(values in proptest::array::uniform15(proptest::option::of(0.0_f64..1e5))) {
        let model = Model::shipped();
        let mut facts = Facts::default();
        for (fact, value) in Fact::ALL.into_iter().zip(values) {
            facts.set(fact, value.unwrap_or(f64::NAN));
        }
        if let Some(assessment) = model.assess(&Inputs { facts, ..Inputs::default() }) {
            let hundredths = model.score(assessment.sum).hundredths();
            prop_assert!((100..=10_000).contains(&hundredths));
            prop_assert!(assessment.confidence <= 100);
        }
    }
}
