//! Numbers of cases, as they are said aloud.

use marque_api::complaint::v1 as pb;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, complaint};

store_test_suite!(
    numbers_of_cases_do_not_count_them,
    a_number_typed_in_full_width_is_read,
);

/// Who opens a case each evening could else read from his own how many the others had.
async fn numbers_of_cases_do_not_count_them(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let mut told: Vec<u64> = Vec::new();
    for n in 1..=8 {
        let case = world.open(complaint("D1", &format!("c{n}"))).await;
        assert_eq!(world.get(&case.number).await.id, case.id);
        let digits = case.number.strip_prefix('T').unwrap();
        assert_eq!(digits.len(), 8, "seven digits and their check");
        told.push(digits[..7].parse().unwrap());
    }
    // By chance one of two hundred thousand runs has a step so short.
    let mut steps = told.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(steps.all(|step| step > 3), "{told:?}");
}

async fn a_number_typed_in_full_width_is_read(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let widen = |plain: char| char::from_u32(u32::from(plain) + 0xFEE0).unwrap();
    let wide: String = case.number.chars().map(widen).collect();
    let spoken = format!("{}\u{3000}－{}", &case.number[..4], &case.number[4..]);
    for written in [&wide, &wide.replacen('Ｔ', "", 1), &spoken] {
        assert_eq!(world.get(written).await.id, case.id, "{written}");
        let desk = pb::GetDeskRequest {
            id: written.clone(),
        };
        let desk = world.complaints().get_desk(world.desk("D1", desk)).await;
        assert!(desk.is_ok(), "{written}");
    }
}
