//! What steps there are to be of a case, and whether they came as they ought to.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use marque_core::{ComplaintId, Timestamp};

use crate::simulation::seeds::expect;

const MINUTE: Duration = Duration::from_secs(60);

/// The steps, the lowest first.
pub(super) const STEPS: [&str; 5] = ["warning", "agent", "manager", "region", "headquarters"];
/// Steps of a clock, in minutes after its begin: of a grave case at a dealer who never closes.
pub(super) const LADDERS: [Ladder; 3] = [
    Ladder {
        kind: 1,
        clock: "first_response",
        minutes: [45, 60, 90, 120, 150],
    },
    Ladder {
        kind: 2,
        clock: "next_update",
        minutes: [405, 540, 810, 1_080, 1_350],
    },
    Ladder {
        kind: 3,
        clock: "resolution",
        minutes: [1_215, 1_620, 2_160, 2_700, 3_240],
    },
];

#[derive(Debug, Clone, Copy)]
pub(super) struct Ladder {
    pub(super) kind: i64,
    pub(super) clock: &'static str,
    pub(super) minutes: [u32; 5],
}

/// A case, and when the desk answered its customer.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) id: ComplaintId,
    pub(super) dealer: String,
    pub(super) opened_at: Timestamp,
    pub(super) answered_at: Option<Timestamp>,
}

/// A step as the store has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) case: ComplaintId,
    pub(super) kind: i64,
    pub(super) round: i64,
    pub(super) step: i64,
    pub(super) due_at: Timestamp,
    pub(super) taken_at: Timestamp,
}

/// A step as the others heard of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) case: ComplaintId,
    pub(super) kind: i64,
    pub(super) step: i64,
}

/// A clock between two beginnings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) ladder: Ladder,
    pub(super) number: i64,
    pub(super) begun_at: Timestamp,
    /// When what it waited for came; steps that were not taken by then never come.
    pub(super) ended_at: Option<Timestamp>,
}

/// The rounds of a case's clocks: with the answer the first ends, and the next word to the customer is due anew.
pub(super) fn rounds(case: &Case) -> Vec<Round> {
    let begun = |ladder, number, begun_at, ended_at| Round {
        ladder,
        number,
        begun_at,
        ended_at,
    };
    let [first_response, next_update, resolution] = LADDERS;
    let (opened, answered) = (case.opened_at, case.answered_at);
    let mut rounds = vec![
        begun(first_response, 1, opened, answered),
        begun(next_update, 1, opened, answered),
        begun(resolution, 1, opened, None),
    ];
    rounds.extend(answered.map(|at| begun(next_update, 2, at, None)));
    rounds
}

pub(super) fn of_round(steps: &[Step], case: ComplaintId, round: &Round) -> Vec<Step> {
    let is_its = |step: &&Step| {
        step.case == case && step.kind == round.ladder.kind && step.round == round.number
    };
    steps.iter().filter(is_its).copied().collect()
}

/// How many rounds of clocks there are steps of.
pub(super) fn rounds_of(steps: &[Step]) -> usize {
    let same = |one: &Step, other: &Step| {
        (one.case, one.kind, one.round) == (other.case, other.kind, other.round)
    };
    steps.chunk_by(same).count()
}

/// Whether a ladder was climbed from its foot, each step when it was due, and to its end unless the clock ended before.
pub(super) fn is_climbed(round: &Round, steps: &[Step]) -> Result<(), String> {
    for (at, step) in steps.iter().enumerate() {
        let due_at = round.begun_at.plus(MINUTE * round.ladder.minutes[at]);
        expect(step.step == at as i64 + 1, || {
            format!("{step:?} was taken and not the one before it")
        })?;
        expect(step.due_at == due_at, || {
            format!("{step:?} was due at {due_at}")
        })?;
        expect(step.taken_at >= due_at, || format!("{step:?} came early"))?;
        expect(
            round.ended_at.is_none_or(|end| step.taken_at <= end),
            || format!("{step:?} came when nothing was waited for"),
        )?;
    }
    let is_whole = steps.len() == STEPS.len();
    expect(is_whole || round.ended_at.is_some(), || {
        format!("{round:?} has only {} steps", steps.len())
    })
}

/// When each step that was told of was due. Each that was taken is told of once, those of a clock in their order.
pub(super) fn dues(told: &[Told], steps: &[Step]) -> Result<Vec<Timestamp>, String> {
    let mut ladders: HashMap<(ComplaintId, i64), VecDeque<&Step>> = HashMap::new();
    for step in steps {
        let ladder = ladders.entry((step.case, step.kind)).or_default();
        ladder.push_back(step);
    }
    let mut dues = Vec::with_capacity(told.len());
    for told in told {
        let next = ladders.get_mut(&(told.case, told.kind));
        let step = next
            .and_then(VecDeque::pop_front)
            .ok_or_else(|| format!("{told:?} was told of and not taken"))?;
        expect(step.step == told.step, || {
            format!("{told:?} was told of, and {step:?} not before it")
        })?;
        dues.push(step.due_at);
    }
    let untold: usize = ladders.values().map(VecDeque::len).sum();
    expect(untold == 0, || {
        format!("{untold} steps were taken and not told of")
    })?;
    Ok(dues)
}
