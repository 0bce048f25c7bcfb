//! Comparing two prepared records field by field.

use super::doubt::Doubt;
use super::name::Kind;
use super::names::{self, NameLevel};
use super::prepared::{Identity, MAX_PHONES, Prepared};
use crate::codes;
use crate::score::{Correlation, FieldSpec, LevelSpec, Outcome, Tells, Veto, by_frequency, level};
use crate::text::han::{surname_len, surname_share};
use crate::text::similarity::edits;

/// Positions of the fields in an [`Outcome`].
pub(super) mod field {
    pub(crate) const NAME: usize = 0;
    pub(crate) const IDENTITY: usize = 1;
    pub(crate) const BIRTH: usize = 2;
    pub(crate) const PHONE: usize = 3;
    pub(crate) const CAR: usize = 4;
    pub(crate) const ADDRESS: usize = 5;
    pub(crate) const GENDER: usize = 6;
    pub(crate) const EMAIL: usize = 7;
    pub(crate) const CONTACT: usize = 8;
}

const IDENTITY_LEVELS: &[LevelSpec] = &[
    by_frequency("same number", 0.85),
    level("masked number fits", 0.04),
    level("number differs by one typing error", 0.04),
    level("numbers differ, one of them invalid", 0.03),
    level("numbers differ", 0.04),
];
const BIRTH_LEVELS: &[LevelSpec] = &[
    by_frequency("same birthday", 0.93),
    level(
        "birthday differs by one typing error or day and month swapped",
        0.03,
    ),
    level("birthdays differ", 0.04),
];
const PHONE_LEVELS: &[LevelSpec] = &[
    by_frequency("same phone", 0.80),
    level("phone differs by one typing error", 0.02),
    level("phones differ", 0.18),
];
const CAR_LEVELS: &[LevelSpec] = &[
    by_frequency("same VIN", 0.60),
    by_frequency("same end of VIN", 0.05),
    by_frequency("same plate", 0.05),
    level("VIN or plate differs by one typing error", 0.02),
    level("cars differ", 0.28),
];
const ADDRESS_LEVELS: &[LevelSpec] = &[
    by_frequency("same home", 0.60),
    by_frequency("same road and number", 0.20),
    by_frequency("same estate", 0.05),
    level("addresses differ", 0.15),
];
const GENDER_LEVELS: &[LevelSpec] = &[level("same gender", 0.97), level("genders differ", 0.03)];
const EMAIL_LEVELS: &[LevelSpec] = &[
    by_frequency("same e-mail", 0.85),
    level("e-mails differ", 0.15),
];
const CONTACT_LEVELS: &[LevelSpec] = &[level("same contact", 0.60), level("contacts differ", 0.40)];

/// Phone, car and address of one household go together: the strongest counts in full, the others to this share.
const HOUSEHOLD_SHARE: f32 = 0.5;
/// From so many different people on, a shared value says nothing.
pub(crate) const HUB: u32 = 8;
/// From so many different names on, an identity number was lent or invented.
const LENT: u32 = 3;
/// So many records are assumed in the background, so that a nearly empty store does not take every name to be common.
const BACKGROUND: f32 = 2_000.0;
/// No value is taken to be rarer than one in so many times the population.
const RAREST: f32 = 4.0;

/// How common the values of a record are among the people (or customers) known; counts include the record itself.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Frequencies {
    /// Different people who bear the name as written.
    pub name: u32,
    /// Different people whose name sounds the same.
    pub sound: u32,
    /// How probable the name is for its characters (see [`name_share`]); holds where few people are known yet.
    pub name_share: f32,
    /// The same for the name's sound.
    pub sound_share: f32,
    /// Different people (or customers) with each phone.
    pub phones: [u32; MAX_PHONES],
    /// Different people with the identity number.
    pub identity: u32,
    /// Different people with the VIN.
    pub vin: u32,
    /// Different people with the plate.
    pub plate: u32,
    /// Different people with the home or, lacking one, the whole address.
    pub address: u32,
    /// Records with the same birthday.
    pub birth: u32,
    /// Records in all.
    pub population: u32,
}

impl Default for Frequencies {
    /// Nothing shared with anyone, in an empty store.
    fn default() -> Self {
        Self {
            name: 1,
            sound: 1,
            name_share: 1e-5,
            sound_share: 3e-5,
            phones: [1; MAX_PHONES],
            identity: 1,
            vin: 1,
            plate: 1,
            address: 1,
            birth: 1,
            population: 1,
        }
    }
}

impl Frequencies {
    /// The records of the store and the background together.
    pub(super) fn effective_population(&self) -> f32 {
        self.population as f32 + BACKGROUND
    }

    fn share_of(&self, count: u32) -> f32 {
        count.max(1) as f32 / self.effective_population()
    }

    /// Of `people` who bear a name all but the one in question are others.
    fn share_of_name(&self, people: u32, by_characters: f32) -> f32 {
        let population = self.effective_population();
        (people.saturating_sub(1) as f32 / population)
            .max(by_characters)
            .max(1.0 / (RAREST * population))
    }
}

/// How probable a person's name is, judged by its surname and length alone: for stores that hold too few names to count.
pub fn name_share(record: &Prepared) -> f32 {
    let characters: Vec<char> = record.name.chars().collect();
    let given = characters.len().saturating_sub(surname_len(&characters)) as i32;
    // A given name's character is one of some two hundred in practice.
    characters.first().map_or(1.0, |surname| {
        surname_share(*surname) * 0.005_f32.powi(given.min(2))
    })
}

/// The fields of a dealer comparison.
pub(super) fn field_specs() -> Vec<FieldSpec> {
    let plain = |name: &str, levels| FieldSpec {
        name: name.to_owned(),
        correlation: None,
        tells: Tells::Circumstance,
        levels,
    };
    let household = |name: &str, side, levels| FieldSpec {
        name: name.to_owned(),
        correlation: Some(Correlation {
            group: 0,
            side,
            share: HOUSEHOLD_SHARE,
        }),
        tells: Tells::Circumstance,
        levels,
    };
    vec![
        plain("name", names::LEVELS),
        plain("identity", IDENTITY_LEVELS),
        plain("birthday", BIRTH_LEVELS),
        household("phone", 0, PHONE_LEVELS),
        household("car", 1, CAR_LEVELS),
        household("address", 2, ADDRESS_LEVELS),
        plain("gender", GENDER_LEVELS),
        plain("email", EMAIL_LEVELS),
        plain("contact", CONTACT_LEVELS),
    ]
}

/// The classes of pairs of a dealer comparison.
pub(super) const CLASSES: &[&str] = &["person", "organisation"];

/// Compares two records, given how common the values of each are. Of values that both hold the left frequencies count;
/// of the right ones only the identity number's is needed, to know a number that was lent to many.
pub fn compare(
    left: &Prepared,
    right: &Prepared,
    shared: &Frequencies,
    right_frequencies: &Frequencies,
) -> Outcome {
    let mut outcome = Outcome {
        class: class_of(left, right),
        ..Outcome::default()
    };
    let name = names::compare(left, right);
    match name.level() {
        0 => {}
        found if name == NameLevel::Same || name == NameLevel::SameCore => {
            outcome.set_shared(
                field::NAME,
                found,
                shared.share_of_name(shared.name, shared.name_share),
            );
        }
        found if name == NameLevel::SameSound => outcome.set_shared(
            field::NAME,
            found,
            shared.share_of_name(shared.sound, shared.sound_share),
        ),
        found => outcome.set(field::NAME, found),
    }
    let people = shared.identity.max(right_frequencies.identity);
    let identity = compare_identity(left, right, shared, people, &mut outcome);
    if identity != IdentityFinding::Same {
        compare_birth(left, right, shared, &mut outcome);
    }
    compare_phones(left, right, shared, &mut outcome);
    compare_cars(left, right, shared, &mut outcome);
    compare_addresses(left, right, shared, &mut outcome);
    compare_rest(left, right, shared, &mut outcome);
    outcome.veto = veto(left, right, name, identity);
    outcome
}

/// A pair with its evidence.
pub(super) struct Weighed {
    /// log2 odds that the two are one, bounded where there is doubt.
    pub(super) bits: f32,
    /// What was found.
    pub(super) outcome: Outcome,
    /// Why a person should look at it.
    pub(super) doubt: Option<Doubt>,
    /// Both say of which branch of their firm they are.
    pub(super) has_branches: bool,
}

fn class_of(left: &Prepared, right: &Prepared) -> u8 {
    u8::from(left.kind == Kind::Organisation || right.kind == Kind::Organisation)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IdentityFinding {
    Unknown,
    Same,
    Near,
    Unsound,
    Different,
}

fn compare_identity(
    left: &Prepared,
    right: &Prepared,
    shared: &Frequencies,
    people: u32,
    outcome: &mut Outcome,
) -> IdentityFinding {
    let finding = identity_finding(&left.identity, &right.identity);
    match finding {
        (IdentityFinding::Same, 1) if people >= LENT => return IdentityFinding::Unknown,
        (IdentityFinding::Unknown, _) => {}
        (_, 1) => outcome.set_shared(field::IDENTITY, 1, shared.share_of(shared.identity)),
        (_, level) => outcome.set(field::IDENTITY, level),
    }
    // A number that several people were given says nothing when it differs either.
    if finding.0 == IdentityFinding::Different && people >= LENT {
        outcome.set(field::IDENTITY, 4);
        return IdentityFinding::Unsound;
    }
    finding.0
}

fn identity_finding(left: &Identity, right: &Identity) -> (IdentityFinding, u8) {
    match (left, right) {
        (Identity::Resident(a, a_sound), Identity::Resident(b, b_sound)) => match () {
            () if a == b => (IdentityFinding::Same, 1),
            () if edits(a, b, 1) <= 1
                || edits(&a[..], &b[..], 2) == 2 && a[..6] == b[..6] && !(*a_sound && *b_sound) =>
            {
                (IdentityFinding::Near, 3)
            }
            () if *a_sound && *b_sound => (IdentityFinding::Different, 5),
            () => (IdentityFinding::Unsound, 4),
        },
        (Identity::Masked(division, tail), Identity::Resident(whole, _))
        | (Identity::Resident(whole, _), Identity::Masked(division, tail)) => {
            if whole[..6] == division[..] && whole[14..] == tail[..] {
                (IdentityFinding::Same, 2)
            } else {
                (IdentityFinding::Unsound, 4)
            }
        }
        (Identity::Masked(a, a_tail), Identity::Masked(b, b_tail)) => {
            if a == b && a_tail == b_tail {
                (IdentityFinding::Same, 2)
            } else {
                (IdentityFinding::Unsound, 4)
            }
        }
        (Identity::Credit(a), Identity::Credit(b)) => match edits(a, b, 2) {
            0 => (IdentityFinding::Same, 1),
            1 | 2 => (IdentityFinding::Near, 3),
            // Only what is a code of somebody's can be another's.
            _ if codes::is_sound_credit_code(a) && codes::is_sound_credit_code(b) => {
                (IdentityFinding::Different, 5)
            }
            _ => (IdentityFinding::Unsound, 4),
        },
        _ => (IdentityFinding::Unknown, 0),
    }
}

fn compare_birth(left: &Prepared, right: &Prepared, shared: &Frequencies, outcome: &mut Outcome) {
    let (Some(a), Some(b)) = (left.birth, right.birth) else {
        return;
    };
    let is_swapped = a.year() == b.year() && a.month() == b.day() && a.day() == b.month();
    if a == b {
        let share = shared.share_of(shared.birth).max(1.0 / 30_000.0);
        outcome.set_shared(field::BIRTH, 1, share);
    } else if is_swapped || edits(&a.digits(), &b.digits(), 1) <= 1 {
        outcome.set(field::BIRTH, 2);
    } else {
        outcome.set(field::BIRTH, 3);
    }
}

fn compare_phones(left: &Prepared, right: &Prepared, shared: &Frequencies, outcome: &mut Outcome) {
    let known = |record: &Prepared| record.phones[0] != 0;
    if !known(left) || !known(right) {
        return;
    }
    // Of the phones that both have the rarest says most; a rare one that only one of them has says nothing here.
    let same = left
        .phones
        .iter()
        .zip(shared.phones)
        .filter(|(phone, _)| **phone != 0 && right.phones.contains(phone))
        .map(|(_, people)| people)
        .min();
    if let Some(people) = same {
        // A phone of many people is as good as no phone.
        if people < HUB {
            outcome.set_shared(field::PHONE, 1, shared.share_of(people));
        }
        return;
    }
    match [left.phones[0], right.phones[0]].map(codes::is_mobile) {
        // Who gives a mobile here and a land line there has both.
        [true, false] | [false, true] => {}
        // Lines of one exchange follow one another: only of mobiles a near number is a typing error.
        [true, true] if is_near_phone(left.phones[0], right.phones[0]) => {
            outcome.set(field::PHONE, 2);
        }
        _ => outcome.set(field::PHONE, 3),
    }
}

fn is_near_phone(left: u64, right: u64) -> bool {
    let spell = |mut number: u64| {
        let mut digits = [0_u8; 11];
        for digit in digits.iter_mut().rev() {
            *digit = (number % 10) as u8;
            number /= 10;
        }
        let from = digits.iter().position(|digit| *digit != 0).unwrap_or(0);
        (digits, from)
    };
    let ((a, a_from), (b, b_from)) = (spell(left), spell(right));
    edits(&a[a_from..], &b[b_from..], 1) <= 1
}

fn compare_cars(left: &Prepared, right: &Prepared, shared: &Frequencies, outcome: &mut Outcome) {
    let (has_vins, has_plates) = (
        !left.vin.is_empty() && !right.vin.is_empty(),
        !left.plate.is_empty() && !right.plate.is_empty(),
    );
    if !has_vins && !has_plates {
        return;
    }
    let same_vin = has_vins && (left.vin.ends_with(&*right.vin) || right.vin.ends_with(&*left.vin));
    let same_plate = has_plates && left.plate == right.plate;
    let near = |a: &str, b: &str| {
        a.chars().count() == b.chars().count() && edits(a.as_bytes(), b.as_bytes(), 1) <= 1
    };
    if same_vin && shared.vin < HUB {
        let level = if left.vin.len() == right.vin.len() && left.vin.len() == 17 {
            1
        } else {
            2
        };
        outcome.set_shared(field::CAR, level, shared.share_of(shared.vin));
    } else if same_plate && shared.plate < HUB {
        outcome.set_shared(field::CAR, 3, shared.share_of(shared.plate));
    } else if (has_vins && near(&left.vin, &right.vin))
        || (has_plates && near(&left.plate, &right.plate))
    {
        outcome.set(field::CAR, 4);
    } else if !same_vin && !same_plate {
        outcome.set(field::CAR, 5);
    }
}

fn compare_addresses(
    left: &Prepared,
    right: &Prepared,
    shared: &Frequencies,
    outcome: &mut Outcome,
) {
    let (a, b) = (&left.address, &right.address);
    if a.is_empty() || b.is_empty() || shared.address >= HUB {
        return;
    }
    let same = |x: u64, y: u64| x != 0 && x == y;
    if same(a.home, b.home) || same(a.whole, b.whole) {
        outcome.set_shared(field::ADDRESS, 1, shared.share_of(shared.address));
    } else if same(a.road, b.road) {
        outcome.set_shared(field::ADDRESS, 2, 4.0 * shared.share_of(shared.address));
    } else if same(a.estate, b.estate) && (a.home == 0 || b.home == 0) {
        outcome.set(field::ADDRESS, 3);
    } else if a.contradicts(b) {
        outcome.set(field::ADDRESS, 4);
    }
}

fn compare_rest(left: &Prepared, right: &Prepared, shared: &Frequencies, outcome: &mut Outcome) {
    if left.gender != 0 && right.gender != 0 {
        outcome.set(
            field::GENDER,
            if left.gender == right.gender { 1 } else { 2 },
        );
    }
    if left.email != 0 && right.email != 0 {
        if left.email == right.email {
            outcome.set_shared(field::EMAIL, 1, shared.share_of(1));
        } else {
            outcome.set(field::EMAIL, 2);
        }
    }
    if left.contact_sound != 0 && right.contact_sound != 0 {
        outcome.set(
            field::CONTACT,
            if left.contact_sound == right.contact_sound {
                1
            } else {
                2
            },
        );
    }
}

fn veto(
    left: &Prepared,
    right: &Prepared,
    name: NameLevel,
    identity: IdentityFinding,
) -> Option<Veto> {
    if identity == IdentityFinding::Different {
        return Some(Veto::DifferentIdentityNumbers);
    }
    let is_clear = |record: &Prepared| record.kind != Kind::Unclear;
    if name == NameLevel::PersonAndOrganisation
        && is_clear(left)
        && is_clear(right)
        && identity != IdentityFinding::Same
    {
        return Some(Veto::PersonAndOrganisation);
    }
    // Firms are written in too many ways, and an unclear name may be that of any of their contacts: there the weights decide.
    let are_persons = left.kind == Kind::Person && right.kind == Kind::Person;
    if are_persons && name.is_contradiction() && identity != IdentityFinding::Same {
        return Some(Veto::DifferentNames);
    }
    let far_apart = match (left.birth, right.birth) {
        (Some(a), Some(b)) => {
            a.year().abs_diff(b.year()) >= 2 && a.month() != b.month() && a.day() != b.day()
        }
        _ => false,
    };
    let differ = left.gender != 0 && right.gender != 0 && left.gender != right.gender;
    (differ && far_apart && identity == IdentityFinding::Unknown)
        .then_some(Veto::DifferentGenderAndBirthday)
}
