//! Comparing names of persons and organisations.

use super::foreign;
use super::name::Kind;
use super::prepared::Prepared;
use crate::score::{LevelSpec, by_frequency, level};
use crate::text::fold::is_han;
use crate::text::han::look_alike;
use crate::text::similarity::edits;
use crate::text::sound::syllable;

/// How two names compare. The numbers are the levels of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameLevel {
    Missing = 0,
    Same = 1,
    SameSound = 2,
    OneChanged = 3,
    SurnameChanged = 4,
    TitleOnly = 5,
    Reordered = 6,
    Resembling = 7,
    SameSurname = 8,
    Different = 9,
    SameCore = 10,
    Contained = 11,
    CoreOneChanged = 12,
    ContactOnly = 13,
    DifferentOrganisations = 14,
    PersonAndOrganisation = 15,
}

pub(super) const LEVELS: &[LevelSpec] = &[
    by_frequency("same name", 0.80),
    by_frequency("name sounds the same", 0.03),
    level("one character of the given name changed or lost", 0.02),
    level("surname changed, same given name", 0.01),
    level("same surname with a title", 0.04),
    level("same characters in another order", 0.002),
    level("name resembles", 0.006),
    level("same surname only", 0.002),
    level("names differ", 0.002),
    by_frequency("same firm", 0.70),
    level("one name of the firm contains the other", 0.15),
    level("firm's name differs by one character", 0.03),
    level("contact of the firm", 0.02),
    level("firms differ", 0.005),
    level("person and organisation", 0.005),
];

impl NameLevel {
    pub(super) fn level(self) -> u8 {
        self as u8
    }

    /// Both names are full and have nothing that typing errors explain.
    pub(super) fn is_contradiction(self) -> bool {
        matches!(
            self,
            Self::SameSurname | Self::Different | Self::DifferentOrganisations
        )
    }
}

pub(super) fn compare(left: &Prepared, right: &Prepared) -> NameLevel {
    if left.name.is_empty() || right.name.is_empty() {
        return NameLevel::Missing;
    }
    match (
        left.kind == Kind::Organisation,
        right.kind == Kind::Organisation,
    ) {
        (true, true) => compare_organisations(left, right),
        (false, false) => compare_persons(left, right),
        (true, false) => compare_contact(left, right),
        (false, true) => compare_contact(right, left),
    }
}

fn compare_contact(organisation: &Prepared, person: &Prepared) -> NameLevel {
    if organisation.contact_sound != 0
        && organisation.contact_sound == person.sound
        && person.kind == Kind::Unclear
    {
        NameLevel::ContactOnly
    } else {
        NameLevel::PersonAndOrganisation
    }
}

/// A name as characters without allocation; longer names are cut.
fn characters<'a>(name: &str, buffer: &'a mut [char; 16]) -> &'a [char] {
    let mut length = 0;
    for (slot, character) in buffer.iter_mut().zip(name.chars()) {
        *slot = character;
        length += 1;
    }
    &buffer[..length]
}

fn compare_persons(left: &Prepared, right: &Prepared) -> NameLevel {
    let same_surname = left.surname_sound != 0 && left.surname_sound == right.surname_sound;
    if left.surname_only || right.surname_only {
        return match (same_surname, left.birth, right.birth) {
            // Father and son are both 王先生; a birthday tells them apart.
            (true, Some(a), Some(b))
                if a.year().abs_diff(b.year()) > 1 && a.month() != b.month() =>
            {
                NameLevel::Different
            }
            (true, ..) => NameLevel::TitleOnly,
            (false, ..) => NameLevel::Different,
        };
    }
    if left.name == right.name {
        return NameLevel::Same;
    }
    if left.sound == right.sound {
        return NameLevel::SameSound;
    }
    if foreign::is_foreign(&left.name) || foreign::is_foreign(&right.name) {
        return foreign::compare(&left.name, &right.name);
    }
    let (mut a_buffer, mut b_buffer) = (['\0'; 16], ['\0'; 16]);
    let (a, b) = (
        characters(&left.name, &mut a_buffer),
        characters(&right.name, &mut b_buffer),
    );
    if is_reordered(a, b) {
        return NameLevel::Reordered;
    }
    if is_shortened(a, b) || is_shortened(b, a) {
        return NameLevel::Resembling;
    }
    compare_characters(a, b, same_surname)
}

/// Whether names that compare so may well be those of two people who share a phone or a home: given names that differ in a
/// character which neither sounds nor looks alike, as siblings' do, or names that merely resemble one another.
pub(super) fn may_be_two(left: &Prepared, right: &Prepared, level: u8) -> bool {
    if level != NameLevel::OneChanged.level() {
        return [NameLevel::Resembling, NameLevel::Reordered]
            .iter()
            .any(|name| name.level() == level);
    }
    let is_written_in_han = |name: &str| name.chars().all(is_han);
    is_written_in_han(&left.name)
        && is_written_in_han(&right.name)
        && left.name.chars().count() == right.name.chars().count()
        && left
            .name
            .chars()
            .zip(right.name.chars())
            .any(|(x, y)| !are_alike(x, y) && !near_syllable(x, y))
}

/// Characters that are taken for one another by ear or by eye.
fn are_alike(x: char, y: char) -> bool {
    x == y || look_alike(x, y) || (syllable(x).is_some() && syllable(x) == syllable(y))
}

/// 迪丽热巴 of 迪丽热巴·迪力木拉提: a name written at length goes on with the father's.
fn is_shortened(short: &[char], long: &[char]) -> bool {
    long.len() >= 5 && short.len() >= 2 && long.len() >= short.len() + 2 && long.starts_with(short)
}

fn compare_characters(a: &[char], b: &[char], same_surname: bool) -> NameLevel {
    if a.len() != b.len() {
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        let is_lost =
            long.len() == short.len() + 1 && short.len() >= 2 && edits(short, long, 1) == 1;
        return match (is_lost, same_surname) {
            (true, _) => NameLevel::OneChanged,
            (false, true) => NameLevel::SameSurname,
            (false, false) => NameLevel::Different,
        };
    }
    let changed = a.iter().zip(b).filter(|(x, y)| x != y).count();
    if changed == a.len() && !same_surname {
        return NameLevel::Different;
    }
    let unlike = a
        .iter()
        .zip(b)
        .filter(|(x, y)| !are_alike(**x, **y))
        .count();
    match (changed, unlike, a.len()) {
        (_, 0, _) => {
            if same_surname {
                NameLevel::OneChanged
            } else {
                NameLevel::SurnameChanged
            }
        }
        (1, _, 3..) if a[0] == b[0] => NameLevel::OneChanged,
        (1, _, 3..) => NameLevel::SurnameChanged,
        (_, 1, 3..) => NameLevel::Resembling,
        (1, _, 2) if same_surname && near_syllable(a[1], b[1]) => NameLevel::OneChanged,
        _ if same_surname => NameLevel::SameSurname,
        _ => NameLevel::Different,
    }
}

/// Readings that accents of Chinese confuse: one letter apart.
fn near_syllable(a: char, b: char) -> bool {
    match (syllable(a), syllable(b)) {
        (Some(a), Some(b)) => edits(a.as_bytes(), b.as_bytes(), 1) <= 1,
        _ => false,
    }
}

fn is_reordered(a: &[char], b: &[char]) -> bool {
    let mut sorted = [['\0'; 16]; 2];
    for (buffer, name) in sorted.iter_mut().zip([a, b]) {
        buffer[..name.len()].copy_from_slice(name);
        buffer[..name.len()].sort_unstable();
    }
    a.len() == b.len() && sorted[0] == sorted[1]
}

fn compare_organisations(left: &Prepared, right: &Prepared) -> NameLevel {
    if left.name == right.name {
        return NameLevel::SameCore;
    }
    if left.sound == right.sound {
        return NameLevel::SameSound;
    }
    let (mut a_buffer, mut b_buffer) = (['\0'; 16], ['\0'; 16]);
    let (a, b) = (
        characters(&left.name, &mut a_buffer),
        characters(&right.name, &mut b_buffer),
    );
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let readings =
        |x: &char, y: &char| x == y || (syllable(*x).is_some() && syllable(*x) == syllable(*y));
    let is_inside = short.len() >= 2
        && long
            .windows(short.len())
            .any(|part| part.iter().zip(short).all(|(x, y)| readings(x, y)));
    if is_inside {
        return NameLevel::Contained;
    }
    if short.len() >= 4 && edits(a, b, 1) == 1 {
        return NameLevel::CoreOneChanged;
    }
    NameLevel::DifferentOrganisations
}
