//! Every state, every move, every role; and the picture in the guide is the table's.

use std::fmt::Write as _;

use super::*;

const READY: Facts = Facts {
    has_note: true,
    open_tasks: 0,
    may_reopen: true,
    is_erased: false,
};

#[test]
fn every_state_move_and_role_is_as_the_table_says_and_a_refusal_names_what_is_allowed() {
    let mut tried = 0;
    for from in State::ALL {
        for to in State::ALL {
            for role in Role::ALL {
                let is_listed = MOVES
                    .iter()
                    .any(|step| step.from == from && step.to == to && step.who.contains(&role));
                match check(from, to, role.into(), READY) {
                    Ok(()) => assert!(is_listed, "{from:?} → {to:?} by {role}"),
                    Err(refusal) => {
                        assert!(!is_listed, "{from:?} → {to:?} by {role}");
                        let allowed = allowed(from, role.into(), READY);
                        assert!(!allowed.contains(&to));
                        assert_eq!(refusal, Refusal::NotAllowed { from, to, allowed });
                    }
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 11 * 11 * 11);
}

#[test]
fn the_table_names_a_move_once_and_leaves_no_state_out() {
    for (at, step) in MOVES.iter().enumerate() {
        let twin = MOVES[at + 1..]
            .iter()
            .any(|other| (other.from, other.to) == (step.from, step.to));
        assert!(!twin, "{:?} → {:?} stands twice", step.from, step.to);
        assert_ne!(step.from, step.to);
    }
    for state in State::ALL {
        assert_eq!(State::parse(state.code()), Some(state));
        assert!(state == State::Received || MOVES.iter().any(|step| step.to == state));
        assert!(MOVES.iter().any(|step| step.from == state));
    }
    assert!(MOVES.iter().any(|step| (step.from, step.to) == BY_ITSELF));
}

#[test]
fn a_move_without_what_it_needs_is_refused_by_its_need() {
    let desk = Role::Service.into();
    for step in MOVES
        .iter()
        .filter(|step| step.who.contains(&Role::Service))
    {
        for need in step.needs {
            let facts = Facts {
                has_note: *need != Need::Note,
                open_tasks: usize::from(*need == Need::TasksDone),
                may_reopen: *need != Need::InTime,
                is_erased: false,
            };
            let expected = match need {
                Need::Note => Refusal::NoteMissing,
                Need::TasksDone => Refusal::TasksOpen(1),
                Need::InTime => Refusal::TooLate,
            };
            assert_eq!(check(step.from, step.to, desk, facts), Err(expected));
        }
    }
}

#[test]
fn what_is_allowed_now_is_what_would_not_be_refused() {
    for open_tasks in [0, 1] {
        for may_reopen in [true, false] {
            let facts = Facts {
                has_note: true,
                open_tasks,
                may_reopen,
                is_erased: false,
            };
            for from in State::ALL {
                for role in Role::ALL {
                    let allowed = allowed(from, role.into(), facts);
                    for to in State::ALL {
                        let is_refused = check(from, to, role.into(), facts).is_err();
                        assert_eq!(allowed.contains(&to), !is_refused, "{from:?} → {to:?}");
                    }
                }
            }
        }
    }
    for state in State::ALL {
        let waits = matches!(state, State::InProgress | State::FollowedUp);
        assert_eq!(state.waits_for_tasks(), waits);
    }
}

#[test]
fn the_case_of_who_is_erased_is_not_opened_again() {
    let facts = Facts {
        is_erased: true,
        ..READY
    };
    for step in MOVES.iter().filter(|step| step.to == State::Reopened) {
        let refused = check(step.from, step.to, step.who[0].into(), facts);
        assert_eq!(refused, Err(Refusal::Erased));
        assert!(!allowed(step.from, step.who[0].into(), facts).contains(&State::Reopened));
    }
}

#[test]
fn every_case_can_be_brought_to_its_end() {
    for start in State::ALL {
        let mut reached = vec![start];
        let mut at = 0;
        while at < reached.len() {
            for next in allowed(reached[at], Role::Agent.into(), READY) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            at += 1;
        }
        assert!(reached.contains(&State::Closed), "{start:?}");
    }
}

/// The table as a Mermaid diagram.
fn diagram() -> String {
    let mut text = String::from("```mermaid\nstateDiagram-v2\n    [*] --> received\n");
    for step in MOVES {
        let mut words: Vec<&str> = step
            .needs
            .iter()
            .map(|need| match need {
                Need::Note => "note",
                Need::TasksDone => "tasks done",
                Need::InTime => "in time",
            })
            .collect();
        if (step.from, step.to) == BY_ITSELF {
            words.push("by itself if nobody does it");
        }
        let label = if words.is_empty() {
            String::new()
        } else {
            format!(" : {}", words.join(", "))
        };
        writeln!(
            text,
            "    {} --> {}{label}",
            step.from.code(),
            step.to.code()
        )
        .unwrap();
    }
    text.push_str("    closed --> [*]\n    withdrawn --> [*]\n```\n");
    text
}

#[test]
fn the_diagram_in_the_guide_is_the_table() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guides/complaints.md"
    );
    let guide = std::fs::read_to_string(path).unwrap();
    let diagram = diagram();
    assert!(
        guide.contains(&diagram),
        "put this into docs/guides/complaints.md:\n{diagram}"
    );
}
