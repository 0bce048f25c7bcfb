use proptest::prelude::*;

use super::*;

fn of(part: &str, model: &str, model_year: i64, numbers: [i64; 3]) -> Count {
    Count {
        cluster: Cluster {
            part: part.to_owned(),
            model: model.to_owned(),
            model_year,
        },
        hit: numbers[0],
        past_hit: numbers[1],
        fleet: numbers[2],
    }
}

#[test]
fn years_in_which_nobody_complained_are_compared_with_too() {
    let cluster = |model_year| of("gearbox", "S5", model_year, [0, 0, 0]).cluster;
    let complained = [(cluster(2025), [5, 1])];
    let fleets = [("S5", 2024, 300), ("S5", 2025, 100), ("X7", 2024, 900)]
        .map(|(model, year, cars)| ((model.to_owned(), year), cars))
        .into_iter()
        .collect();
    let counts = count(&complained, &fleets);
    assert_eq!(
        counts,
        [
            of("gearbox", "S5", 2024, [0, 0, 300]),
            of("gearbox", "S5", 2025, [5, 1, 100])
        ]
    );
}

#[test]
fn the_tail_of_the_binomial_is_as_in_tables() {
    // Of ten throws of a coin, eight heads or more: 56 of 1024.
    assert!((at_least(8, 10, 0.5) - 56.0 / 1_024.0).abs() < 1e-12);
    assert!((at_least(1, 3, 0.1) - (1.0 - 0.9_f64.powi(3))).abs() < 1e-12);
    assert!((at_least(5, 5, 0.2) - 0.2_f64.powi(5)).abs() < 1e-15);
    assert!((at_least(0, 7, 0.3) - 1.0).abs() < 1e-12);
}

#[test]
fn a_batch_that_fails_is_found_and_the_ordinary_is_not() {
    let counts = [
        of("gearbox", "S5", 2025, [14, 0, 900]),
        of("gearbox", "S5", 2024, [3, 9, 1_100]),
        of("gearbox", "X7", 2024, [4, 11, 1_300]),
        of("wiper", "S5", 2024, [6, 20, 1_100]),
        of("wiper", "X7", 2024, [7, 24, 1_300]),
    ];
    let found = find_clusters(&counts, 4.0, &ClusterRules::default());
    assert_eq!(found.len(), 1, "{found:?}");
    let found = &found[0];
    assert_eq!(
        (found.cluster.part.as_str(), found.cluster.model_year),
        ("gearbox", 2025)
    );
    assert_eq!(
        (found.baseline, found.baseline_hit, found.baseline_fleet),
        (Baseline::OtherCars, 7, 2_400.0)
    );
    assert!((found.expected - 7.0 * 900.0 / 2_400.0).abs() < 1e-9);
    assert!(found.p_value <= found.q_value && found.q_value < 0.01);
}

#[test]
fn a_part_that_only_one_car_has_is_compared_with_its_own_past() {
    let rules = ClusterRules::default();
    // Forty a span before, forty-two now: nothing new.
    let steady = [of("roof", "C1", 2023, [42, 160, 5_000])];
    assert!(find_clusters(&steady, 4.0, &rules).is_empty());
    let risen = [of("roof", "C1", 2023, [42, 16, 5_000])];
    let found = find_clusters(&risen, 4.0, &rules);
    assert_eq!(found[0].baseline, Baseline::Past);
    assert!((found[0].expected - 4.0).abs() < 1e-9);
}

#[test]
fn one_that_stands_out_among_few_does_not_among_a_thousand() {
    let mut counts = vec![
        of("p", "A", 2024, [5, 0, 100]),
        of("p", "B", 2024, [10, 0, 900]),
    ];
    let rules = ClusterRules {
        false_share: 0.05,
        ..ClusterRules::default()
    };
    assert_eq!(find_clusters(&counts, 4.0, &rules).len(), 1);
    for other in 0..1_000 {
        counts.push(of(&format!("q{other}"), "A", 2024, [1, 4, 100]));
    }
    assert!(find_clusters(&counts, 4.0, &rules).is_empty());
}

#[test]
fn among_clusters_of_equal_rates_hardly_one_is_told() {
    // 2,000 parts, each with two halves of a fleet and ten cars thrown to either half by a fixed generator.
    let mut seed = 7_u64;
    let mut coin = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed >> 63 == 1
    };
    let mut counts = Vec::new();
    for part in 0..2_000 {
        let left = (0..10).filter(|_| coin()).count() as i64;
        counts.push(of(&format!("p{part}"), "A", 2024, [left, 1, 500]));
        counts.push(of(&format!("p{part}"), "B", 2024, [10 - left, 1, 500]));
    }
    assert!(find_clusters(&counts, 4.0, &ClusterRules::default()).is_empty());
}

proptest! {
    #[test]
    fn tails_add_up_to_one(all in 1_i64..400, hit in 1_i64..400, chance in 0.001_f64..0.999) {
        let hit = hit.min(all);
        // At least `hit` successes, or at least `all - hit + 1` failures.
        let sum = at_least(hit, all, chance) + at_least(all - hit + 1, all, 1.0 - chance);
        prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }
}
