//! What honest dealers' records look like now and then: none of it makes a suspect.

use super::tests::{Row, id_number, network};
use super::{Kind, Sign};

/// Nobody is named when dealer 7's rows are changed so, and no row of his bears a sign of that kind.
fn is_honest(kind: Kind, change: impl Fn(u64, &mut Row)) {
    let (assessment, entries) = network(change);
    assert!(assessment.suspects.is_empty(), "{:?}", assessment.suspects);
    let bears = |sign: &Sign| sign.kind == kind;
    let signs = entries
        .iter()
        .filter(|entry| assessment.signs("D7", entry).iter().any(bears));
    assert_eq!(signs.count(), 0);
}

#[test]
fn a_file_taken_over_on_the_last_day_of_a_year_is_no_burst() {
    is_honest(Kind::EntryBurst, |i, row| {
        if i % 3 == 0 {
            "2024-12-31 23:59:59".clone_into(&mut row.recorded_at);
        }
    });
    is_honest(Kind::MonthEndBurst, |i, row| {
        if i % 3 == 0 {
            "2024-12-31".clone_into(&mut row.recorded_at);
        }
    });
}

#[test]
fn a_clerk_who_enters_the_days_papers_in_the_evening_is_no_burst() {
    is_honest(Kind::EntryBurst, |i, row| {
        let day = row.recorded_at[..10].to_owned();
        row.recorded_at = format!("{day} {}:{:02}", 19 + i % 3, i * 7 % 60);
    });
}

#[test]
fn students_of_one_dormitory_are_no_copied_address() {
    is_honest(Kind::CopiedAddress, |i, row| {
        if i < 25 {
            "河北省石家庄市裕华区样例学院学生公寓3号楼".clone_into(&mut row.address);
        }
    });
}

#[test]
fn a_village_without_numbers_is_no_copied_address() {
    is_honest(Kind::CopiedAddress, |i, row| {
        if i % 10 < 3 {
            "河北省石家庄市裕华区样例村6组".clone_into(&mut row.address);
        }
    });
}

#[test]
fn the_houses_of_a_long_street_are_no_copied_address() {
    is_honest(Kind::CopiedAddress, |i, row| {
        if i % 2 == 0 {
            row.address = format!("湖南省岳阳市华容县沿江大道{}号", i * i % 61 + 1);
        }
    });
}

#[test]
fn a_works_numbers_of_one_block_are_no_sequence() {
    is_honest(Kind::SequentialPhone, |i, row| {
        if i < 40 {
            row.phone = format!("13912340{:03}", i * i * 7 % 997);
            row.address = format!("河北省石家庄市裕华区工业大道12号员工宿舍{}栋", i % 8 + 1);
        }
    });
}

#[test]
fn a_mobile_and_a_landline_in_one_cell_are_no_id_number() {
    is_honest(Kind::FakeId, |i, row| {
        if i % 3 == 0 {
            row.phone = format!("138123{:05} 87654{:02}", i * 37, i % 100);
        }
    });
}

#[test]
fn id_numbers_of_which_a_spreadsheet_kept_fifteen_digits_are_not_invented() {
    is_honest(Kind::FakeId, |i, row| {
        row.id_number = format!("{}000", &id_number(i)[..15]);
    });
}

#[test]
fn a_schools_credit_code_under_id_number_is_no_invented_one() {
    is_honest(Kind::FakeId, |i, row| {
        if i == 3 {
            "样例小学".clone_into(&mut row.name);
            "52100000500000007R".clone_into(&mut row.id_number);
        }
    });
}

#[test]
fn drivers_who_give_their_companys_phone_and_address_are_one() {
    for kind in [Kind::ShowroomPhone, Kind::CopiedAddress] {
        is_honest(kind, |i, row| {
            if i < 12 {
                "031187654321".clone_into(&mut row.phone);
                "河北省石家庄市裕华区样例大道17号".clone_into(&mut row.address);
            }
        });
    }
}

#[test]
fn one_id_number_on_a_second_customer_is_a_slip() {
    is_honest(Kind::FakeId, |i, row| {
        if i < 2 {
            "130108198507230033".clone_into(&mut row.id_number);
        }
    });
}

/// Neither as a showroom's phone nor as a member of staff's.
fn shares_phones_honestly(change: impl Fn(u64, &mut Row)) {
    for kind in [Kind::ShowroomPhone, Kind::StaffPhone] {
        is_honest(kind, &change);
    }
}

#[test]
fn a_company_and_its_people_who_live_apart_have_one_switchboard() {
    for people in [4, 6, 12] {
        shares_phones_honestly(|i, row| {
            if i < people {
                "031187654321".clone_into(&mut row.phone);
            }
            if i == 0 {
                "石家庄样例机械有限公司".clone_into(&mut row.name);
            }
        });
    }
}

#[test]
fn five_people_of_a_company_that_is_no_customer_have_one_switchboard() {
    shares_phones_honestly(|i, row| {
        if i < 5 {
            "031187654321".clone_into(&mut row.phone);
        }
    });
}

#[test]
fn a_father_and_his_children_whose_names_stand_after_his_are_a_family() {
    shares_phones_honestly(|i, row| {
        let own = |n: u64| char::from_u32(0x6C00 + n as u32).expect("an ideograph");
        let father = format!("艾{}", own(i / 4));
        if i < 80 {
            row.phone = format!("1361234{:04}", i / 4 * 137);
            row.name = match i % 4 {
                0 => format!("{father}·买买提"),
                _ => format!("古{}·{father}", own(200 + i)),
            };
        }
    });
}

#[test]
fn couples_of_a_village_of_one_family_name_share_phones() {
    shares_phones_honestly(|i, row| {
        if i < 60 {
            row.name.replace_range(..3, "王");
        }
        if i < 100 {
            row.phone = format!("1361234{:04}", i / 2 * 137);
            "河北省石家庄市裕华区样例镇王家村".clone_into(&mut row.address);
        }
    });
}
